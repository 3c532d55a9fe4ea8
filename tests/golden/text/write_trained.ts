// Writes what make_trained.py reads into the folder named: corpora, and the tokenizers that are trained on them here.
//   deno run -A tests/golden/text/write_trained.ts <folder> && python tests/golden/text/make_trained.py <folder>
import { trainByteLevelBpe } from "../../../src/text/bpe_train.ts";
import { trainWordPiece } from "../../../src/text/wordpiece_train.ts";
import { tieCorpora, tokenizerCases, tokenizerCorpus, trainings } from "../../text/corpus.ts";

const [folder] = Deno.args;
const write = (name: string, value: unknown) =>
  Deno.writeTextFileSync(`${folder}/${name}`, JSON.stringify(value));
write("corpus.json", tokenizerCorpus().map((text) => text.toWellFormed()));
write("ties.json", tieCorpora());
write("cases.json", tokenizerCases());
for (const [name, { kind, options }] of Object.entries(trainings)) {
  const { tokenizer, config } = kind === "bpe"
    ? trainByteLevelBpe(tokenizerCorpus(), options)
    : trainWordPiece(tokenizerCorpus(), options);
  Deno.mkdirSync(`${folder}/${name}`, { recursive: true });
  write(`${name}/tokenizer.json`, tokenizer);
  write(`${name}/tokenizer_config.json`, config);
  write(`${name}/options.json`, { kind, ...options });
}
