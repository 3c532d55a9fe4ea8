import assert from "node:assert/strict";
import { trainWordPiece } from "../../src/text/wordpiece_train.ts";

type File = { model: { vocab: Record<string, number> } };
const vocabularyOf = (texts: string[], vocabSize: number, minFrequency = 1) =>
  Object.entries((trainWordPiece(texts, { vocabSize, minFrequency }).tokenizer as File).model.vocab)
    .sort((a, b) => a[1] - b[1]).map(([token]) => token);

/** Byte-pair training as the definition says it: count all pairs anew for every merge. */
function naive(texts: string[], vocabSize: number): string[] {
  const words = texts.flatMap((text) => text.split(" ")).map((word) =>
    [...word].map((c, i) => i === 0 ? c : "##" + c)
  );
  const characters = new Set(texts.join("").replaceAll(" ", ""));
  const tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...[...characters].sort()];
  tokens.push(
    ...[...characters].sort().map((c) => "##" + c).filter((token) =>
      words.some((word) => word.includes(token))
    ),
  );
  while (tokens.length < vocabSize) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        const key = word[i - 1] + " " + word[i];
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    if (counts.size === 0) break;
    const place = (key: string) => key.split(" ").map((token) => tokens.indexOf(token));
    const best = [...counts].sort((a, b) => {
      const [p, q] = [place(a[0]), place(b[0])];
      return b[1] - a[1] || p[0] - q[0] || p[1] - q[1];
    })[0][0];
    const [left, right] = best.split(" ");
    const joined = left + right.slice(2);
    if (!tokens.includes(joined)) tokens.push(joined);
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        if (word[i - 1] === left && word[i] === right) word.splice(i - 1, 2, joined);
      }
    }
  }
  return tokens;
}

Deno.test("the vocabulary is what counting every pair anew for every merge would give", () => {
  const letters = "aabbc";
  let state = 1;
  const random = (n: number) => (state = (state * 48271) % 2147483647) % n;
  for (let round = 0; round < 40; round++) {
    const words = Array.from(
      { length: 30 },
      () => Array.from({ length: 1 + random(9) }, () => letters[random(letters.length)]).join(""),
    );
    const text = [words.join(" ")];
    assert.deepEqual(vocabularyOf(text, 40), naive(text, 40), text[0]);
  }
});

Deno.test("special tokens have the ids 0 to 4", () => {
  assert.deepEqual(vocabularyOf(["ab ab"], 20).slice(0, 5), ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]);
});

Deno.test("training stops when every pair is rarer than minFrequency", () => {
  assert.ok(vocabularyOf(["abc abd"], 100, 2).includes("ab"));
  assert.ok(!vocabularyOf(["abc abd"], 100, 2).includes("abc"));
});

Deno.test("words of object methods' names are words like others", () => {
  const vocabulary = vocabularyOf(["constructor constructor tostring"], 200);
  assert.ok(vocabulary.includes("constructor"));
});

Deno.test("words of more than 100 characters do not count, letters outside the alphabet's limit neither", () => {
  assert.ok(!vocabularyOf(["ab " + "xy".repeat(51)], 100).includes("x"));
  const { tokenizer } = trainWordPiece(["aaa aab aaz"], { vocabSize: 30, limitAlphabet: 2, minFrequency: 1 });
  assert.ok(!("z" in (tokenizer as File).model.vocab) && !("##z" in (tokenizer as File).model.vocab));
});

Deno.test("case is kept if lowercase is off", () => {
  const { tokenizer, config } = trainWordPiece(["Ab Ab"], { vocabSize: 20, lowercase: false });
  assert.ok("Ab" in (tokenizer as File).model.vocab);
  assert.equal((config as { do_lower_case: boolean }).do_lower_case, false);
});

Deno.test("a corpus without words and sizes that cannot be are refused in one line", () => {
  assert.throws(() => trainWordPiece([], { vocabSize: 100 }), /the texts hold no words/);
  assert.throws(() => trainWordPiece(["\n \u0000"], { vocabSize: 100 }), /the texts hold no words/);
  assert.throws(
    () => trainWordPiece(["abcdefgh"], { vocabSize: 10 }),
    /special tokens and single characters alone are 20/,
  );
  assert.throws(() => trainWordPiece(["a"], { vocabSize: 7.5 }), /vocabSize is 7.5/);
});
