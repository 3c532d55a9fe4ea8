import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { readLimited } from "../base/files.ts";
import { type FileDigest, hashFile } from "../base/hash.ts";
import { explainStorageError } from "../store/errors.ts";
import { RegistryError } from "./errors.ts";
import { isBundlePath, type Manifest, manifestLimits, parseManifest } from "./manifest.ts";

/** The name of the manifest inside a bundle. */
export const manifestName = "weir.json";

/**
 * Reads a bundle's weir.json.
 *
 * @throws {RegistryError} when it is missing or not valid
 */
export async function readManifest(directory: string): Promise<Manifest> {
  return parseManifest(await readManifestText(directory), join(directory, manifestName));
}

/** The text of a bundle's weir.json, with a limit on its size. */
export async function readManifestText(directory: string): Promise<string> {
  const path = join(directory, manifestName);
  try {
    const bytes = await readLimited(path, manifestLimits.manifestBytes);
    if (bytes) return new TextDecoder().decode(bytes);
  } catch (error) {
    if (error instanceof UserError) throw new RegistryError(`${error.message}: it is no manifest.`);
    throw explainStorageError(error, `read ${path}`, directory);
  }
  throw new RegistryError(
    `${directory} is no bundle: it has no ${manifestName}. weir train and weir export write one.`,
  );
}

/**
 * Checks that a bundle is whole: every file that weir.json lists is there with its size and SHA-256, and no other.
 *
 * @returns the manifest
 * @throws {RegistryError} naming the first file that is missing, changed or not listed
 */
export async function verifyBundle(directory: string): Promise<Manifest> {
  const manifest = await readManifest(directory);
  const present = new Set(await listFiles(directory));
  for (const [path, entry] of Object.entries(manifest.files)) {
    if (!present.delete(path)) {
      throw new RegistryError(`${directory} is damaged: ${path} is listed in ${manifestName} and missing.`);
    }
    checkEntry(directory, path, await hashFile(join(directory, path)), entry);
  }
  const [extra] = present;
  if (extra !== undefined) {
    throw new RegistryError(`${directory} is damaged: ${extra} is not listed in ${manifestName}.`);
  }
  return manifest;
}

/**
 * The files of a bundle but weir.json, as sorted paths with forward slashes.
 *
 * @throws {RegistryError} when it holds a link, a device, a name that is unsafe elsewhere, or too many files
 */
export async function listFiles(directory: string): Promise<string[]> {
  const paths: string[] = [];
  async function walk(prefix: string): Promise<void> {
    for await (const entry of Deno.readDir(join(directory, prefix))) {
      const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      if (!isBundlePath(path)) {
        throw new RegistryError(
          `${directory} holds ${JSON.stringify(path)}: a name that is not safe in a bundle. Rename it.`,
        );
      }
      if (entry.isDirectory) await walk(path);
      else if (!entry.isFile) {
        throw new RegistryError(
          `${directory} holds ${path}, which is a link or a device: a bundle holds plain files.`,
        );
      } else if (path !== manifestName) paths.push(path);
      if (paths.length > manifestLimits.files) {
        throw new RegistryError(
          `${directory} holds more than ${manifestLimits.files} files: it is no bundle.`,
        );
      }
    }
  }
  try {
    await walk("");
  } catch (error) {
    throw explainStorageError(error, `read the bundle`, directory);
  }
  return paths.sort();
}

/** Compares what a file is with what the manifest says. */
export function checkEntry(directory: string, path: string, found: FileDigest, wanted: FileDigest): void {
  if (found.sizeBytes !== wanted.sizeBytes) {
    throw new RegistryError(
      `${directory} is damaged: ${path} has ${found.sizeBytes} bytes and ${manifestName} says ${wanted.sizeBytes}.`,
    );
  }
  if (found.sha256 !== wanted.sha256) {
    throw new RegistryError(
      `${directory} is damaged: the content of ${path} does not match its SHA-256 in ${manifestName}.`,
    );
  }
}
