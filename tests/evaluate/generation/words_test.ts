import assert from "node:assert/strict";
import { words } from "../../../src/evaluate/generation/words.ts";

Deno.test("letters, digits and what joins them are words, everything else is one of its own", () => {
  const cases: [string, string[]][] = [
    ["", []],
    [" \n\t\u00a0\u3000", []],
    ["The cat, sat.", ["The", "cat", ",", "sat", "."]],
    ["don't rock'n'roll l’été 'quoted'", ["don't", "rock'n'roll", "l’été", "'", "quoted", "'"]],
    ["state-of-the-art -5 a- x_1", ["state-of-the-art", "-", "5", "a", "-", "x_1"]],
    ["1,234.56 3. v1.2b", ["1,234.56", "3", ".", "v1.2b"]],
    ["U.S.A.", ["U", ".", "S", ".", "A", "."]],
    ["cafe\u0301", ["cafe\u0301"]],
    ["我爱NLP。", ["我", "爱", "NLP", "。"]],
    ["タワー", ["タ", "ワ", "ー"]],
    ["ภาษา", ["ภ", "า", "ษ", "า"]],
    ["नमस्ते दुनिया", ["नमस्ते", "दुनिया"]],
    ["هذا، אבג", ["هذا", "،", "אבג"]],
    ["👍🏽👩‍👩‍👧‍👦🇮🇹❤️!", ["👍🏽", "👩‍👩‍👧‍👦", "🇮🇹", "❤️", "!"]],
  ];
  for (const [text, wanted] of cases) assert.deepEqual(words(text), wanted, text);
});

Deno.test("a long text of joiners takes linear time", () => {
  assert.equal(words("a-".repeat(300_000)).length, 2);
  assert.equal(words("'".repeat(300_000)).length, 300_000);
  assert.equal(words("1.".repeat(300_000)).length, 2);
});
