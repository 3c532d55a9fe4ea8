/**
 * Files that a command writes: what is wrong with them is said before its work, not after.
 *
 * @module
 */
import { InvalidArgumentError } from "commander";
import { dirname, resolve } from "node:path";
import { UsageError } from "./output.ts";

/**
 * Reads an option that names a file to write.
 *
 * @throws {InvalidArgumentError} when its folder is not there, or it is a folder itself.
 */
export function writtenFile(path: string): string {
  const folder = dirname(path);
  if (!isFolder(folder)) throw new InvalidArgumentError(`There is no folder ${folder}: make it first.`);
  if (isFolder(path)) throw new InvalidArgumentError("It is a folder: name a file in it.");
  return path;
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/**
 * Refuses to write over a file that is read, under whatever name.
 *
 * @param read paths, and what is none, such as `-`; what is undefined is not read
 * @throws {UsageError} naming the file.
 */
export async function refuseOverwriting(
  read: readonly (string | undefined)[],
  written: readonly (string | undefined)[],
): Promise<void> {
  const real = async (path: string) => await Deno.realPath(path).catch(() => resolve(path));
  const known = new Set(await Promise.all(read.filter((path) => path !== undefined).map(real)));
  for (const path of written) {
    if (path !== undefined && known.has(await real(path))) {
      throw new UsageError(`${path} is the file that is read: write to another`);
    }
  }
}
