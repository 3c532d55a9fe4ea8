import { dirname, join } from "node:path";
import { moveFolderDurably, syncFolder, writeFileAtomic, writeFileDurably } from "../base/files.ts";
import { hashFile } from "../base/hash.ts";
import { explainStorageError } from "../store/errors.ts";
import { checkEntry, listFiles, manifestName, readManifestText } from "./bundle.ts";
import { modelCard } from "./card.ts";
import { RegistryError } from "./errors.ts";
import {
  checkName,
  type FileEntry,
  isBundlePath,
  type Manifest,
  type ManifestDraft,
  parseManifestDraft,
} from "./manifest.ts";
import { formatVersion, parseVersion } from "./versions.ts";

/** Where a bundle comes from: a folder to copy, or contents by path. */
export type BundleSource = { directory: string } | { files: Record<string, string | Uint8Array> };

/** A copy of a bundle in the staging area, on the disk but for its manifest, which lacks the version. */
export interface Staged {
  directory: string;
  draft: ManifestDraft;
  files: Record<string, FileEntry>;
}

/**
 * Copies a bundle into `target`, which must not exist, checking each file against weir.json where that lists it.
 *
 * @throws {RegistryError} when the source is no bundle or is damaged
 * @throws {StoreError} when the disk is full or cannot be written
 */
export async function stageBundle(source: BundleSource, target: string): Promise<Staged> {
  const from = "directory" in source ? source.directory : "the bundle";
  const text = "directory" in source ? await readManifestText(from) : contentText(source.files[manifestName]);
  if (text === undefined) throw new RegistryError(`the bundle has no ${manifestName}.`);
  const draft = parseManifestDraft(text, "directory" in source ? join(from, manifestName) : manifestName);
  const paths = "directory" in source ? await listFiles(from) : safeKeys(source.files);
  const listed = draft.files ?? {};
  const missing = Object.keys(listed).find((path) => !paths.includes(path));
  if (missing !== undefined) {
    throw new RegistryError(`${from} is damaged: ${missing} is listed in ${manifestName} and missing.`);
  }
  const files: Record<string, FileEntry> = {};
  try {
    await Deno.mkdir(target, { recursive: true });
    for (const path of paths) {
      await Deno.mkdir(dirname(join(target, path)), { recursive: true });
      files[path] = "directory" in source
        ? await copyFile(join(source.directory, path), join(target, path))
        : await writeContent(source.files[path], join(target, path));
      if (listed[path] !== undefined) checkEntry(from, path, files[path], listed[path]);
    }
  } catch (error) {
    throw explainStorageError(error, `copy ${from} into the registry`, target);
  }
  return { directory: target, draft, files };
}

/** Gives a staged bundle its name and version, writes weir.json and, where there is none, the model card. */
export async function sealBundle(staged: Staged, name: string, version: string): Promise<Manifest> {
  const manifest: Manifest = { ...staged.draft, name, version, files: { ...staged.files } };
  if (manifest.files["README.md"] === undefined) {
    const path = join(staged.directory, "README.md");
    await writeFileDurably(path, modelCard(manifest));
    manifest.files["README.md"] = await hashFile(path);
  }
  await writeFileDurably(join(staged.directory, manifestName), JSON.stringify(manifest, null, 2) + "\n");
  return manifest;
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
  name: string;
  version: string;
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
      const unfinished = parseJournal(await Deno.readTextFile(path), path);
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

/** What a journal names is removed from the disk, so nothing but a model's name and a version will do. */
function parseJournal(text: string, path: string): JournalEntry {
  try {
    const { name, version } = JSON.parse(text);
    return { name: checkName("model", name), version: formatVersion(parseVersion(version)) };
  } catch {
    throw new RegistryError(`${path} is no journal of the registry: move it away and run again.`);
  }
}

async function copyFile(from: string, to: string): Promise<FileEntry> {
  using file = await Deno.open(to, { write: true, createNew: true });
  const entry = await hashFile(from, async (chunk) => {
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
  });
  await file.sync();
  return entry;
}

async function writeContent(content: string | Uint8Array, to: string): Promise<FileEntry> {
  await writeFileDurably(to, content);
  return await hashFile(to);
}

function safeKeys(files: Record<string, unknown>): string[] {
  const paths = Object.keys(files).filter((path) => path !== manifestName);
  const unsafe = paths.find((path) => !isBundlePath(path));
  if (unsafe !== undefined) {
    throw new RegistryError(
      `${JSON.stringify(unsafe)} is no path inside a bundle: wanted one such as onnx/model.onnx.`,
    );
  }
  return paths.sort();
}

function contentText(content: string | Uint8Array | undefined): string | undefined {
  return content instanceof Uint8Array ? new TextDecoder().decode(content) : content;
}
