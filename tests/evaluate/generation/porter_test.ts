import assert from "node:assert/strict";
import { porterStem } from "../../../src/evaluate/generation/porter.ts";

const golden = JSON.parse(
  await Deno.readTextFile(new URL("../../golden/evaluate/rouge.json", import.meta.url)),
) as { stemWords: string; stems: string };

Deno.test("porterStem equals NLTK's stemmer on thousands of words", () => {
  const words = golden.stemWords.split(" "), stems = golden.stems.split(" ");
  assert.ok(words.length > 5000 && words.length === stems.length);
  const differing = words.filter((word, i) => porterStem(word) !== stems[i])
    .map((word) => `${word}: ${porterStem(word)}, NLTK ${stems[words.indexOf(word)]}`);
  assert.deepEqual(differing, []);
});

Deno.test("porterStem has the paper's examples, with NLTK's changes", () => {
  const examples: Record<string, string> = {
    caresses: "caress",
    ponies: "poni",
    ties: "tie", // the paper: ti
    agreed: "agre",
    plastered: "plaster",
    bled: "bled",
    sing: "sing",
    hopping: "hop",
    falling: "fall",
    filing: "file",
    happy: "happi",
    enjoy: "enjoy", // the paper: enjoi
    fly: "fli", // the paper: fly
    vietnamization: "vietnam",
    triplicate: "triplic",
    adoption: "adopt",
    controll: "control",
    sky: "sky",
  };
  for (const [word, stem] of Object.entries(examples)) assert.equal(porterStem(word), stem, word);
});

Deno.test("porterStem takes any text, however long, and never makes it longer but by an e", () => {
  for (
    const word of [
      "",
      "s",
      "Y",
      "日本語",
      "😀s",
      "'",
      "\n",
      "ies",
      "ied",
      "eed",
      "ll",
      "y".repeat(300_000),
      "ational".repeat(30_000),
    ]
  ) {
    const stem = porterStem(word);
    assert.ok(stem.length <= word.length + 1, `${stem.length} from ${word.length}`);
  }
});
