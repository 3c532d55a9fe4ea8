import { CommandError } from "./output.ts";

/**
 * A file's bytes, if it is there.
 *
 * @throws {CommandError} When it is larger than `maxBytes`: it may come from anywhere, and is not read then.
 */
export async function readLimited(
  path: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const { size } = await Deno.stat(path);
    if (size > maxBytes) {
      throw new CommandError(`${path} has ${size} bytes; the limit is ${maxBytes}`);
    }
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
