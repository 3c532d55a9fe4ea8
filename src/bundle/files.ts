/**
 * The files of a bundle, read so that nothing but a plain file is opened and nothing past its listed size is read.
 *
 * @module
 */
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { kindOf, readLimited } from "../base/files.ts";
import { hashFile } from "../base/hash.ts";
import { show } from "../base/text.ts";
import { BundleError } from "./errors.ts";
import { type FileEntry, manifestLimits } from "./manifest.ts";
import { isBundlePath } from "./names.ts";

/** The name of the manifest inside a bundle. */
export const manifestName = "weir.json";

/** The bytes of a bundle's weir.json. */
export async function readManifestBytes(directory: string): Promise<Uint8Array> {
  const path = join(directory, manifestName);
  try {
    await checkPlain(directory, manifestName);
    const bytes = await readLimited(path, manifestLimits.bytes);
    if (bytes !== undefined) return bytes;
  } catch (error) {
    if (error instanceof BundleError) throw error;
    if (error instanceof UserError) throw new BundleError(`${error.message}: it is no bundle manifest.`);
    if (!isMissing(error)) throw explain(error, directory, manifestName);
  }
  throw new BundleError(
    `${directory} is no bundle: it has no ${manifestName}. weir train writes bundles; give the folder of one.`,
  );
}

/**
 * Reads a file that the manifest lists, once, and compares its size and SHA-256 as it comes in.
 *
 * @param options `maxBytes`: larger files are refused; `shared`: whether the bytes shall lie in shared memory.
 * @throws {BundleError} When it is missing, not a plain file, too large, or not what the manifest says.
 */
export async function readListed<S extends boolean>(
  directory: string,
  path: string,
  wanted: FileEntry,
  { maxBytes, shared }: { readonly maxBytes: number; readonly shared: S },
): Promise<Uint8Array<S extends true ? SharedArrayBuffer : ArrayBuffer>> {
  if (wanted.sizeBytes > maxBytes) {
    throw damaged(directory, path, `has ${wanted.sizeBytes} bytes, and at most ${maxBytes} are read`);
  }
  const allocate = (size: number) =>
    new Uint8Array(shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size));
  let bytes = allocate(0);
  await hashListed(directory, path, wanted, (chunk, at) => {
    if (at === 0) bytes = allocate(wanted.sizeBytes); // now it is known that the file has this size
    bytes.set(chunk, at);
  });
  return bytes as Uint8Array<S extends true ? SharedArrayBuffer : ArrayBuffer>;
}

/**
 * Compares the size and SHA-256 of a file that the manifest lists with what it says. `onChunk` is given each piece and where it
 * begins.
 *
 * @throws {BundleError} When it is missing, not a plain file, or not what the manifest says.
 */
export async function hashListed(
  directory: string,
  path: string,
  wanted: FileEntry,
  onChunk?: (chunk: Uint8Array, at: number) => void,
): Promise<void> {
  try {
    const { size } = await checkPlain(directory, path);
    if (size !== wanted.sizeBytes) throw wrongSize(directory, path, size, wanted);
    let at = 0;
    const found = await hashFile(join(directory, path), (chunk) => {
      if (at + chunk.length > size) throw damaged(directory, path, "grows while it is read");
      onChunk?.(chunk, at);
      at += chunk.length;
      return Promise.resolve();
    });
    checkEntry(directory, path, found, wanted);
  } catch (error) {
    throw explain(error, directory, path);
  }
}

/** Compares what a file is with what the manifest says. */
export function checkEntry(directory: string, path: string, found: FileEntry, wanted: FileEntry): void {
  if (found.sizeBytes !== wanted.sizeBytes) throw wrongSize(directory, path, found.sizeBytes, wanted);
  if (found.sha256 !== wanted.sha256) {
    throw damaged(directory, path, `does not match its SHA-256 in ${manifestName}`);
  }
}

/**
 * The files of a bundle but weir.json, as sorted paths with forward slashes.
 *
 * @throws {BundleError} When it holds a link, a device, a name that is unsafe elsewhere, or too many files.
 */
export async function listFiles(directory: string): Promise<string[]> {
  const paths: string[] = [];
  async function walk(prefix: string): Promise<void> {
    for await (const entry of Deno.readDir(join(directory, prefix))) {
      const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      if (!isBundlePath(path)) {
        throw new BundleError(
          `${directory} holds ${show(path)}: a name that is not safe in a bundle. Rename it.`,
        );
      }
      if (entry.isDirectory) await walk(path);
      else if (!entry.isFile) {
        throw new BundleError(
          `${directory} holds ${path}, which is a link or a device: a bundle holds plain files.`,
        );
      } else if (path !== manifestName) paths.push(path);
      if (paths.length > manifestLimits.files) {
        throw new BundleError(`${directory} holds more than ${manifestLimits.files} files: it is no bundle.`);
      }
    }
  }
  try {
    await walk("");
  } catch (error) {
    if (isMissing(error)) throw new BundleError(`${directory} is no bundle: it is no folder.`);
    throw explain(error, directory, "its list of files");
  }
  return paths.sort();
}

/** An error about one file of a bundle. */
export function damaged(directory: string, path: string, problem: string): BundleError {
  return new BundleError(`${directory} is damaged: ${path} ${problem}.`);
}

function wrongSize(directory: string, path: string, size: number, wanted: FileEntry): BundleError {
  return damaged(directory, path, `has ${size} bytes and ${manifestName} says ${wanted.sizeBytes}`);
}

/**
 * Refuses all but a plain file that lies in the bundle itself: opening a FIFO blocks until it is written to, and a link leads
 * elsewhere.
 */
async function checkPlain(directory: string, path: string): Promise<Deno.FileInfo> {
  const parts = path.split("/");
  for (let i = 1; i < parts.length; i++) {
    const folder = parts.slice(0, i).join("/");
    const info = await Deno.lstat(join(directory, folder));
    if (!info.isDirectory) {
      throw damaged(directory, folder, `is ${kindOf(info)}, and the bundle has a folder there`);
    }
  }
  const info = await Deno.lstat(join(directory, path));
  if (!info.isFile) throw damaged(directory, path, `is ${kindOf(info)}; a bundle holds plain files`);
  return info;
}

/** An error of the operating system as one for the user; others as they are. */
function explain(error: unknown, directory: string, path: string): unknown {
  if (isMissing(error)) return damaged(directory, path, `is listed in ${manifestName} and missing`);
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return new BundleError(`Cannot read the bundle ${directory}: ${path} may not be read.`);
  }
  return error;
}

function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
