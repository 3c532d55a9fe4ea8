import assert from "node:assert/strict";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import { trainWordPiece } from "../../src/text/wordpiece_train.ts";
import { tokenizerCases, tokenizerCorpus } from "./corpus.ts";

const GOLDEN = new URL("../golden/text/", import.meta.url);
const read = (name: string) => JSON.parse(Deno.readTextFileSync(new URL(name, GOLDEN)));

interface Golden {
  cases: (ReturnType<typeof tokenizerCases>[number] & { ids: number[]; typeIds: number[] })[];
  trainerVocabulary: string[];
}

Deno.test("training on the golden corpus gives the golden tokenizer.json, byte for byte", () => {
  const { tokenizer, config } = trainWordPiece(tokenizerCorpus(), { vocabSize: 1500 });
  assert.equal(JSON.stringify(tokenizer), JSON.stringify(read("tokenizer.json")));
  assert.deepEqual(config, read("tokenizer_config.json"));
});

Deno.test("the vocabulary is the one that Python's WordPieceTrainer makes, ties aside", () => {
  const { trainerVocabulary } = read("ids.json") as Golden;
  const ours = new Set(Object.keys(read("tokenizer.json").model.vocab));
  assert.equal(ours.size, trainerVocabulary.length);
  const missing = trainerVocabulary.filter((token) => !ours.has(token));
  assert.ok(missing.length <= 0.02 * ours.size, `${missing.length} tokens differ: ${missing.slice(0, 10)}`);
});

Deno.test("ids and type ids are Python's for texts, pairs and truncations in many scripts", () => {
  const { cases } = read("ids.json") as Golden;
  assert.ok(cases.length >= 300);
  assert.deepEqual(
    cases.map(({ text }) => text),
    tokenizerCases().map(({ text }) => text),
    "make the golden file again",
  );
  const tokenizer = loadTokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
  for (const { text, ids, typeIds, ...options } of cases) {
    const encoding = tokenizer.encode(text, options);
    assert.deepEqual(
      { ids: encoding.ids, typeIds: encoding.typeIds },
      { ids, typeIds },
      JSON.stringify({ text, ...options }),
    );
  }
});
