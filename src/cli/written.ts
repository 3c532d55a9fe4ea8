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
  const found = kindOf(folder);
  if (found === undefined) throw new InvalidArgumentError(`There is no folder ${folder}: make it first.`);
  if (found === "file") throw new InvalidArgumentError(`${folder} is a file, not a folder.`);
  if (kindOf(path) === "folder") throw new InvalidArgumentError("It is a folder: name a file in it.");
  return path;
}

/** What lies at a path; undefined where there is nothing. */
function kindOf(path: string): "file" | "folder" | undefined {
  try {
    return Deno.statSync(path).isDirectory ? "folder" : "file";
  } catch {
    return undefined;
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
