import assert from "node:assert/strict";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import { goldens } from "../parity/model_golden.ts";

for (const { name, folder, texts = [] } of goldens.filter((golden) => golden.texts)) {
  const read = (file: string) => Deno.readTextFileSync(new URL(file, folder));
  const tokenizer = loadTokenizer(read("tokenizer.json"), read("tokenizer_config.json"));

  Deno.test(`${name}: ids and type ids of texts, cut texts and pairs are those of Python's tokenizers`, () => {
    for (const { parts: [text, pair], ids, typeIds } of texts) {
      const encoding = tokenizer.encode(text, { pair, maxTokens: 16 });
      assert.deepEqual([encoding.ids, encoding.typeIds], [ids, typeIds], text);
    }
  });
}

Deno.test("a byte-level tokenizer knows every text, and pads with its own token", () => {
  const { folder } = goldens.find(({ name }) => name === "roberta")!;
  const tokenizer = loadTokenizer(Deno.readTextFileSync(new URL("tokenizer.json", folder)));
  assert.deepEqual([tokenizer.padId, tokenizer.unkId, tokenizer.vocabSize], [1, -1, 290]);
  assert.equal(tokenizer.encode("日本 😀 \u0000 é").unknownCount, 0);
});

Deno.test("the padding and truncation that a tokenizer.json has set are not applied: a batch has its own", () => {
  const { folder, texts } = goldens.find(({ name }) => name === "distilbert")!;
  const json = JSON.parse(Deno.readTextFileSync(new URL("tokenizer.json", folder)));
  // As sentence-transformers' checkpoints have them.
  const padding = {
    strategy: { Fixed: 16 },
    direction: "Right",
    pad_id: 0,
    pad_type_id: 0,
    pad_token: "[PAD]",
  };
  const truncation = { max_length: 3, stride: 0, strategy: "LongestFirst", direction: "Right" };
  const { parts: [text], ids } = texts![1];
  assert.deepEqual(loadTokenizer({ ...json, padding, truncation }).encode(text).ids, ids);
});
