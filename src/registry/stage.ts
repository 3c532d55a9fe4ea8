/**
 * A bundle on its way into the registry: copied aside, sealed with its version, put in place; and the clean-up after a
 * publish that died.
 *
 * @module
 */
import { dirname, join } from "node:path";
import {
  moveFolderDurably,
  readLimited,
  syncFolder,
  writeFileAtomic,
  writeFileDurably,
} from "../base/files.ts";
import { hashFile, sha256 } from "../base/hash.ts";
import { BundleError } from "../bundle/errors.ts";
import { checkEntry, listFiles, manifestName, readManifestBytes } from "../bundle/files.ts";
import {
  type FileEntry,
  type Manifest,
  type ManifestDraft,
  manifestLimits,
  parseManifest,
  parseManifestDraft,
  unknownArchitecture,
} from "../bundle/manifest.ts";
import { bundleLimits, parseObject, withArchitecture } from "../bundle/reader.ts";
import { checkedPaths, jsonText } from "../bundle/writer.ts";
import { explainStorageError } from "../store/errors.ts";
import { type CardOptions, modelCard } from "./card.ts";
import { RegistryError } from "./errors.ts";
import { checkName } from "./names.ts";
import { formatVersion, parseVersion } from "./versions.ts";

/** Where a bundle comes from: a folder to copy, or contents by path. */
export type BundleSource = { readonly directory: string } | {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
};

/** A copy of a bundle in the staging area, on the disk but for its manifest, which lacks the version. */
export interface Staged {
  readonly directory: string;
  readonly draft: ManifestDraft;
  readonly files: Readonly<Record<string, FileEntry>>;
}

/**
 * Copies a bundle into `target`, which must not exist, checking each file against weir.json where that lists it.
 *
 * @throws {BundleError} When the source is no bundle or is damaged.
 * @throws {StoreError} When the disk is full or cannot be written.
 */
export async function stageBundle(source: BundleSource, target: string): Promise<Staged> {
  const from = "directory" in source ? source.directory : "the bundle";
  const manifest = "directory" in source ? await readManifestBytes(from) : source.files[manifestName];
  if (manifest === undefined) throw new BundleError(`${from} has no ${manifestName}.`);
  const draft = parseManifestDraft(manifest, "directory" in source ? join(from, manifestName) : manifestName);
  const paths = "directory" in source
    ? await listFiles(from)
    : checkedPaths(Object.keys(source.files).filter((path) => path !== manifestName));
  const listed = draft.files ?? {};
  const missing = Object.keys(listed).find((path) => !paths.includes(path));
  if (missing !== undefined) {
    throw new BundleError(`${from} is damaged: ${missing} is listed in ${manifestName} and missing.`);
  }
  const files: Record<string, FileEntry> = {};
  try {
    await Deno.mkdir(target, { recursive: true });
    for (const path of paths) {
      await Deno.mkdir(dirname(join(target, path)), { recursive: true });
      files[path] = "directory" in source
        ? await copyFile(join(source.directory, path), join(target, path))
        : await writeContent(source.files[path], join(target, path));
      if (Object.hasOwn(listed, path)) checkEntry(from, path, files[path], listed[path]);
    }
    return { directory: target, draft: await completed(draft, target, from, files), files };
  } catch (error) {
    throw explainStorageError(error, `copy ${from} into the registry`, target);
  }
}

/** Gives a staged bundle its name and version, writes weir.json and, where there is none, the model card. */
export async function sealBundle(
  staged: Staged,
  name: string,
  version: string,
  card: CardOptions,
): Promise<Manifest> {
  const unlisted = { ...staged.draft, name, version, files: { ...staged.files } };
  const manifest = parseManifest(unlisted, `${name} ${version}: ${manifestName}`);
  const files = { ...manifest.files };
  if (!Object.hasOwn(files, "README.md")) {
    files["README.md"] = await writeContent(modelCard(manifest, card), join(staged.directory, "README.md"));
  }
  const sealed = { ...manifest, files };
  await writeFileDurably(join(staged.directory, manifestName), jsonText(sealed));
  return sealed;
}

/**
 * Puts a sealed bundle into its place. `journal` is written before, so that {@linkcode removeUnfinished} can undo the
 * move when the process dies before the database knows the version.
 */
export async function placeBundle(
  staged: Staged,
  target: string,
  journal: { path: string; entry: JournalEntry },
): Promise<void> {
  await writeFileAtomic(journal.path, JSON.stringify(journal.entry));
  await moveFolderDurably(staged.directory, target);
}

/** Which version a publish was about to make, for the one who cleans up after it. */
export interface JournalEntry {
  readonly name: string;
  readonly version: string;
}

/**
 * Removes what publishes that died have left in `staging`: copies, and bundles in place that `isRegistered` denies. Only
 * for one who knows that no publish is under way.
 */
export async function removeUnfinished(
  staging: string,
  modelPath: (entry: JournalEntry) => string,
  isRegistered: (entry: JournalEntry) => Promise<boolean>,
): Promise<void> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(staging));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const entry of entries) {
    const path = join(staging, entry.name);
    if (entry.name.endsWith(journalSuffix) && !entry.name.startsWith(".")) {
      const unfinished = parseJournal(await readLimited(path, MAX_JOURNAL_BYTES), path);
      if (!await isRegistered(unfinished)) await removeBundle(modelPath(unfinished));
    }
    await Deno.remove(path, { recursive: true });
  }
}

/** Removes a bundle's folder, if it is there, and waits until the disk knows, so that its journal may go after it. */
export async function removeBundle(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
    await syncFolder(dirname(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** How the names of journal files end. */
export const journalSuffix = ".journal.json";

const MAX_JOURNAL_BYTES = 65_536;

/** What a journal names is removed from the disk, so nothing but a model's name and a version will do. */
function parseJournal(bytes: Uint8Array | undefined, path: string): JournalEntry {
  try {
    const { name, version } = JSON.parse(new TextDecoder().decode(bytes));
    return { name: checkName("model", name), version: formatVersion(parseVersion(version)) };
  } catch {
    throw new RegistryError(`${path} is no journal of the registry: move it away and run again.`);
  }
}

async function copyFile(from: string, to: string): Promise<FileEntry> {
  using file = await Deno.open(to, { write: true, createNew: true });
  const entry = await hashFile(from, async (chunk) => {
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
  }, { maxBytes: manifestLimits.fileBytes });
  await file.sync();
  return entry;
}

async function writeContent(content: string | Uint8Array, to: string): Promise<FileEntry> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await writeFileDurably(to, bytes);
  return { sizeBytes: bytes.length, sha256: sha256(bytes) };
}

/** A draft with its architecture: that of format 1 names none, and the copied config.json does. */
async function completed(
  draft: ManifestDraft,
  target: string,
  from: string,
  files: Readonly<Record<string, FileEntry>>,
): Promise<ManifestDraft> {
  if (draft.architecture !== unknownArchitecture || !Object.hasOwn(files, "config.json")) return draft;
  const bytes = await readLimited(join(target, "config.json"), bundleLimits.configBytes);
  const config = parseObject(bytes!, from, "config.json"); // it was copied there
  return withArchitecture(draft, config);
}
