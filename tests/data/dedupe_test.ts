import assert from "node:assert/strict";
import { deduplicate, nearDuplicateClusters, similarity } from "../../src/data/dedupe.ts";
import { createRandomStream } from "../../src/base/random.ts";
import { readSpam } from "../../src/data/spam.ts";
import { relatedTexts } from "./related_texts.ts";

/** The definition: compare all with all. */
function naiveClusters(texts: string[], threshold: number): number[] {
  const cluster = texts.map((_, i) => i);
  for (let i = 0; i < texts.length; i++) {
    for (let j = 0; j < i; j++) {
      if (similarity(texts[i], texts[j]) < threshold - 1e-12) continue;
      const [from, to] = [cluster[i], cluster[j]];
      cluster.forEach((c, k) => c === from && (cluster[k] = to));
    }
  }
  const numbers = new Map<number, number>();
  return cluster.map((c) => numbers.get(c) ?? (numbers.set(c, numbers.size), numbers.size - 1));
}

Deno.test("clusters are what comparing all with all gives, at every threshold", () => {
  const random = createRandomStream(12);
  for (let round = 0; round < 12; round++) {
    const texts = relatedTexts(80, random);
    for (const threshold of [0.3, 0.5, 0.7, 0.8, 1]) {
      assert.deepEqual(
        [...nearDuplicateClusters(texts, { threshold })],
        naiveClusters(texts, threshold),
        `round ${round}, ${threshold}`,
      );
    }
  }
});

Deno.test("similarity is the Jaccard index of word shingles", () => {
  assert.equal(similarity("a b c d", "a b c d"), 1);
  assert.equal(similarity("a b c d", "x y z"), 0);
  // {abc, bcd, cde} and {abc, bcd, cdf}: 2 of 4
  assert.equal(similarity("a b c d e", "a b c d f"), 0.5);
  assert.equal(similarity("A, b! c 12", "a b c 9999"), 1);
  assert.equal(similarity("", ""), 0);
});

Deno.test("ideographs count as words, so texts without spaces compare too", () => {
  assert.ok(similarity("免費無限次任打中港長途電話優惠", "免費無限次任打中港長途電話特價") > 0.5);
});

Deno.test("texts without any word stay alone", () => {
  assert.deepEqual([...nearDuplicateClusters(["", "...", "!!", "a"])], [0, 1, 2, 3]);
});

Deno.test("exact duplicates are dropped whatever their case, white space and composition, and conflicts are counted", () => {
  const { examples, duplicates, conflicts } = deduplicate([
    { text: "Café now", label: "a", id: "1" },
    { text: "cafe\u0301  NOW\n", label: "b", id: "2" },
    { text: "other", label: "b", id: "3" },
    { text: "Café now", label: "a", id: "4" },
  ]);
  assert.deepEqual(examples.map(({ id }) => id), ["1", "3"]);
  assert.deepEqual([duplicates, conflicts], [2, 1]);
});

Deno.test("the spam corpus has about 5,900 distinct mails, 30% of them spam, none with two labels", () => {
  const { examples, conflicts } = deduplicate(readSpam());
  assert.ok(Math.abs(examples.length - 5900) < 50, String(examples.length));
  const spam = examples.filter(({ label }) => label === "spam").length / examples.length;
  assert.ok(Math.abs(spam - 0.3) < 0.01, String(spam));
  assert.equal(conflicts, 0);
});
