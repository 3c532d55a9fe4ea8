// Writes what make_ids.py reads: our tokenizer into this folder, the corpus and the cases into the folder named.
//   deno run -A tests/golden/text/write_inputs.ts <folder> && python tests/golden/text/make_ids.py <folder>
import { trainWordPiece } from "../../../src/text/wordpiece_train.ts";
import { tokenizerCases, tokenizerCorpus } from "../../text/corpus.ts";

const here = new URL(".", import.meta.url);
const corpus = tokenizerCorpus();
const { tokenizer, config } = trainWordPiece(corpus, { vocabSize: 1500 });
Deno.writeTextFileSync(new URL("tokenizer.json", here), JSON.stringify(tokenizer) + "\n");
Deno.writeTextFileSync(new URL("tokenizer_config.json", here), JSON.stringify(config) + "\n");
Deno.writeTextFileSync(`${Deno.args[0]}/corpus.json`, JSON.stringify(corpus));
Deno.writeTextFileSync(`${Deno.args[0]}/cases.json`, JSON.stringify(tokenizerCases()));
