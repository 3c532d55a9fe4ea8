import { basename, dirname, join } from "node:path";
import { explainStorageError } from "./errors.ts";

/**
 * Writes a file so that a kill or a loss of power at any moment leaves the old content or the new, never a part: into a
 * sibling first, to the disk, then renamed over `path`. Folders that are missing are made.
 *
 * @throws {StoreError} when the disk is full or the folder cannot be written; the old file is then as it was
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { writeFileAtomic } from "./atomic.ts";
 *
 * const folder = Deno.makeTempDirSync();
 * await writeFileAtomic(`${folder}/config.json`, "{}");
 * assert.equal(Deno.readTextFileSync(`${folder}/config.json`), "{}");
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    await Deno.mkdir(folder, { recursive: true });
    await writeFileDurably(temporary, data);
    await Deno.rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw explainStorageError(error, `write ${path}`, folder);
  }
}

/** Writes a new file and waits until the disk has it. Not atomic: for files in a folder that nobody reads yet. */
export async function writeFileDurably(path: string, data: string | Uint8Array): Promise<void> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

/**
 * Renames a folder and waits until the disk has it, so that what lies under `to` is whole or absent. Both must be on one
 * file system, the files inside must have been written durably, and `to` must not exist.
 */
export async function moveFolderDurably(from: string, to: string): Promise<void> {
  await syncFolders(from);
  const missing = await missingParents(to);
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.rename(from, to);
  await syncFolder(dirname(to));
  for (const folder of missing) await syncFolder(dirname(folder));
}

/** Waits until the disk has a folder's list of names. */
export async function syncFolder(path: string): Promise<void> {
  // A folder cannot be opened on Windows, whose file systems keep their own journal of names.
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}

async function syncFolders(path: string): Promise<void> {
  for await (const entry of Deno.readDir(path)) {
    if (entry.isDirectory) await syncFolders(join(path, entry.name));
  }
  await syncFolder(path);
}

/** The folders above `path` that do not exist yet, innermost first. */
async function missingParents(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (await Deno.stat(folder).then(() => true, () => false)) break;
    missing.push(folder);
  }
  return missing;
}
