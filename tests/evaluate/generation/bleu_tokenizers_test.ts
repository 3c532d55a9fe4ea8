import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { BLEU_TOKENIZERS, tokenizeForBleu } from "../../../src/evaluate/generation/bleu_tokenizers.ts";
import { isSpace, trimEnd } from "../../../src/evaluate/generation/sacrebleu.ts";

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../../golden/evaluate/${name}`, import.meta.url)));
const { made, checksums }: { made: string[]; checksums: Record<string, string> } =
  read("bleu.json").tokenizers;
const texts: string[] = [...read("texts.json").map((row: { prediction: string }) => row.prediction), ...made];

const checksum = (tokens: string[]) =>
  crc32(new TextEncoder().encode(tokens.join(" "))).toString(16).padStart(8, "0");

for (const tokenizer of BLEU_TOKENIZERS) {
  Deno.test(`${tokenizer} splits every text as sacrebleu's does`, () => {
    const wanted = checksums[tokenizer].split(" ");
    assert.ok(wanted.length >= 1000 && wanted.length === texts.length);
    texts.forEach((text, k) => {
      const tokens = tokenizeForBleu(trimEnd(text), tokenizer);
      assert.equal(checksum(tokens), wanted[k], `${JSON.stringify(text)} gave ${JSON.stringify(tokens)}`);
    });
  });

  Deno.test(`${tokenizer} loses no character but white space, and gives no empty token`, () => {
    for (const text of texts.filter((text) => !/[&<]|-\n/.test(text))) {
      const tokens = tokenizeForBleu(text, tokenizer);
      const bare = (text: string) => Array.from(text).filter((c) => !isSpace(c.charCodeAt(0))).join("");
      assert.equal(tokens.join(""), bare(text));
      assert.ok(tokens.every((token) => token.length > 0));
    }
  });
}

Deno.test("a run of points splits in pairs, and the last one may stay with a number", () => {
  const split = (text: string) => tokenizeForBleu(text, "13a").join(" ");
  assert.equal(split("5.6 5..6 5...6"), "5.6 5 . . 6 5 . . .6");
  assert.equal(split("a.6 a..6 a...6"), "a . 6 a . .6 a . . . 6");
  assert.equal(split("5. a. .5"), "5 . a . . 5");
});
