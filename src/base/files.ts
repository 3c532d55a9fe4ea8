/**
 * Files that are whole or absent whatever happens while they are written, and reads that stop at a limit.
 *
 * Errors of the operating system pass through as they are: the caller knows what was attempted.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { UserError } from "./errors.ts";

/**
 * What a file will hold: a text as UTF-8, bytes, or its parts one after the other, so that a large file is never in memory
 * whole.
 */
export type FileContent = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes a file so that a kill or a loss of power at any moment leaves the old content or the new, never a part: into a
 * sibling of a name of its own first, to the disk, then renamed over `path`. Folders that are missing are made. Several
 * writers of one path do not disturb each other; the last to finish wins.
 *
 * @throws an error of the operating system when the disk is full or the folder cannot be written; the old file is then as it was
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { writeFileAtomic } from "./files.ts";
 *
 * const folder = Deno.makeTempDirSync();
 * await writeFileAtomic(`${folder}/config.json`, "{}");
 * assert.equal(Deno.readTextFileSync(`${folder}/config.json`), "{}");
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function writeFileAtomic(path: string, content: FileContent): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${crypto.randomUUID()}.tmp`);
  try {
    await Deno.mkdir(folder, { recursive: true });
    await writeFileDurably(temporary, content);
    await Deno.rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Writes a new file and waits until the disk has it. Not atomic: for files in a folder that nobody reads yet. */
export async function writeFileDurably(path: string, content: FileContent): Promise<void> {
  const parts = typeof content === "string"
    ? [new TextEncoder().encode(content)]
    : content instanceof Uint8Array
    ? [content]
    : content;
  using file = await Deno.open(path, { write: true, createNew: true });
  for await (const bytes of parts) {
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  }
  await file.sync();
}

/**
 * Removes what writers that were killed left of {@linkcode writeFileAtomic} in a folder. Only for one who knows that nobody
 * writes there now.
 */
export async function removeUnfinishedFiles(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (/^\..+\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/.test(name)) {
      await Deno.remove(join(folder, name));
    }
  }
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

/** What {@linkcode openForReading} lets through. */
export interface OpenOptions {
  /** The most bytes that a file may have. */
  readonly maxBytes?: number;
  /** Also FIFOs and terminals, which have no size and may never end: for what a user names to be read as a stream. */
  readonly streams?: boolean;
}

/**
 * Opens a file that may come from anywhere. Links are followed, as caches of checkpoints are made of them, and what they lead
 * to must be a regular file: a FIFO waits for a writer, a device never ends. Where a link itself is refused, as inside a
 * bundle, the caller looks for it.
 *
 * @throws {UserError} when it is a folder, a FIFO, a socket or a device, larger than `maxBytes`, or a link that leads nowhere
 *   but to itself; an error of the operating system when it is missing or may not be read.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openForReading } from "./files.ts";
 *
 * const folder = Deno.makeTempDirSync();
 * await assert.rejects(openForReading(folder), { message: `${folder} is a folder; a file was expected` });
 * Deno.removeSync(folder);
 * ```
 */
export async function openForReading(path: string, options: OpenOptions = {}): Promise<Deno.FsFile> {
  try {
    // Before it is opened, which waits where it is a FIFO; and after, in case it was exchanged between the two.
    checkKind(path, await Deno.stat(path), options);
    const file = await Deno.open(path);
    try {
      checkKind(path, await file.stat(), options);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  } catch (error) {
    throw explainLoop(path, error);
  }
}

/**
 * A file's bytes, or undefined where there is none. It may come from anywhere, so it is opened as
 * {@linkcode openForReading} does it and not read past `maxBytes`, also when it grows meanwhile.
 *
 * @throws {UserError} when it is larger, or no regular file.
 */
export async function readLimited(
  path: string,
  maxBytes: number,
  { streams = false }: Pick<OpenOptions, "streams"> = {},
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let file: Deno.FsFile;
  try {
    file = await openForReading(path, { maxBytes, streams });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  using _ = file;
  const { size } = await file.stat();
  let bytes = new Uint8Array(size), length = 0;
  const further = new Uint8Array(1); // what is past the size that the file had
  for (;;) {
    const full = length === bytes.length;
    const n = await file.read(full ? further : bytes.subarray(length));
    if (n === null) break;
    if (length + n > maxBytes) throw tooLarge(path, `over ${maxBytes}`, maxBytes);
    if (full) {
      const grown = new Uint8Array(Math.min(maxBytes, 2 * length + 65_536));
      grown.set(bytes);
      grown[length] = further[0];
      bytes = grown;
    }
    length += n;
  }
  return length === bytes.length ? bytes : bytes.slice(0, length);
}

/**
 * The same for code that cannot wait, such as what is read while a device is opened.
 *
 * @throws {UserError} when it is larger, or no regular file.
 */
export function readLimitedSync(path: string, maxBytes: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    checkKind(path, Deno.statSync(path), { maxBytes });
    using file = Deno.openSync(path);
    const info = file.statSync();
    checkKind(path, info, { maxBytes });
    const bytes = new Uint8Array(info.size);
    let length = 0;
    while (length < bytes.length) {
      const n = file.readSync(bytes.subarray(length));
      if (n === null) break;
      length += n;
    }
    return length === bytes.length ? bytes : bytes.slice(0, length);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw explainLoop(path, error);
  }
}

/** Whether there is anything at a path, also what is no file: then reading it says what it is. */
export async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => !isMissing(error));
}

/** What a path leads to, as errors name it: "a file", "a link", "a folder", "a FIFO", "a socket" or "a device". */
export function kindOf(info: Deno.FileInfo): string {
  return info.isFile
    ? "a file"
    : info.isSymlink
    ? "a link"
    : info.isDirectory
    ? "a folder"
    : info.isFifo
    ? "a FIFO"
    : info.isSocket
    ? "a socket"
    : "a device";
}

function checkKind(
  path: string,
  info: Deno.FileInfo,
  { maxBytes = Infinity, streams = false }: OpenOptions,
): void {
  const isStream = streams && (info.isFifo || info.isCharDevice);
  if (!info.isFile && !isStream) throw new UserError(`${path} is ${kindOf(info)}; a file was expected`);
  if (info.size > maxBytes) throw tooLarge(path, info.size, maxBytes);
}

function tooLarge(path: string, bytes: number | string, maxBytes: number): UserError {
  return new UserError(`${path} has ${bytes} bytes; the limit is ${maxBytes}`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

function explainLoop(path: string, error: unknown): unknown {
  return error instanceof Deno.errors.FilesystemLoop || (error as { code?: unknown } | null)?.code === "ELOOP"
    ? new UserError(`${path} is a link that leads to itself; a file was expected`)
    : error;
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
