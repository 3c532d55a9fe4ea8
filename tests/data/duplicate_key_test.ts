import assert from "node:assert/strict";
import { deduplicate, duplicateKey } from "../../src/data/dedupe.ts";

const same: Readonly<Record<string, readonly [string, string]>> = {
  "case": ["Win NOW", "win now"],
  "a sigma at a word's end": ["ΟΔΟΣ", "οδος"],
  "white space of every kind": ["a\u00a0b\u2003c\u3000d\u2028e\u0085f\tg\r\nh", " a b c d e f g h "],
  "zero-width space": ["fr\u200bee", "free"],
  "zero-width joiner and non-joiner": ["fr\u200dee m\u200coney", "free money"],
  "byte-order mark": ["\ufefffree", "free"],
  "word joiner": ["fr\u2060ee", "free"],
  "soft hyphen": ["fr\u00adee", "free"],
  "variation selectors": ["❤\ufe0f a\u{e0100}", "❤ a"],
  "direction marks": ["\u202afr\u200eee\u202c \u2066money\u2069", "free money"],
  "control characters": ["fr\u0000ee\u0008 \u007fmoney", "free money"],
  "an invisible character between a letter and its accent": ["cafe\u200b\u0301", "café"],
  "decomposed accents": ["cafe\u0301", "café"],
  "decomposed Hangul": ["\u1112\u1161\u11ab", "한"],
  "full-width letters and digits": ["ＷＩＮ １００", "win 100"],
  "half-width kana": ["ｶﾞｿﾘﾝ", "ガソリン"],
  "ligatures": ["o\ufb03ce", "office"],
  "letters of mathematics": ["\u{1d416}\u{1d422}\u{1d427} \u{1d7cf}", "win 1"],
  "apostrophes": ["don’t don‘t donʼt don`t", "don't don't don't don't"],
  "a grave accent for an apostrophe": ["don`t", "don't"],
  "quotation marks": ["“win”", '"win"'],
  "hyphens and dashes": ["e‑mail – −5", "e-mail - -5"],
};

for (const [what, [one, other]] of Object.entries(same)) {
  Deno.test(`exact duplicates are found in spite of ${what}`, () => {
    assert.equal(duplicateKey(one), duplicateKey(other));
    const examples = [one, other].map((text) => ({ text, label: "a" }));
    assert.equal(deduplicate(examples).duplicates, 1);
  });
}

Deno.test("what means something else is no exact duplicate", () => {
  const texts = [
    "resume",
    "résumé",
    "win",
    "win!",
    "10²",
    "102",
    "½",
    "1/2",
    "a b",
    "ab",
    "-5",
    "5",
    "a\u001eb",
    "🙂",
    "🙁",
    "กา",
    "กี",
  ];
  assert.equal(new Set(texts.map(duplicateKey)).size, texts.length);
});

Deno.test("a key is its own key", () => {
  for (const [one] of Object.values(same)) assert.equal(duplicateKey(duplicateKey(one)), duplicateKey(one));
});
