/**
 * The small tokenizer of the golden files, for checkpoints that are made up.
 *
 * @module
 */
import { loadTokenizer } from "../../src/text/tokenizer.ts";

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../golden/text/${name}`, import.meta.url)));

/** Its files, and what they are loaded as. */
export const goldenTokenizer = (() => {
  const tokenizerFiles = { tokenizer: read("tokenizer.json"), config: read("tokenizer_config.json") };
  return { tokenizerFiles, tokenizer: loadTokenizer(tokenizerFiles.tokenizer, tokenizerFiles.config) };
})();
