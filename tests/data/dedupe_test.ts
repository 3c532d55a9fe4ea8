import assert from "node:assert/strict";
import { deduplicate, duplicateKey, nearDuplicateClusters, similarity } from "../../src/data/dedupe.ts";
import { weigh } from "../../src/data/rarity.ts";
import { shinglesOf } from "../../src/data/shingles.ts";
import { createRandomStream } from "../../src/base/random.ts";
import { readSpam } from "../../src/data/spam.ts";
import { relatedTexts } from "./related_texts.ts";

/** Weighted Jaccard similarities of all with all. */
function similarities(texts: readonly string[]): (a: number, b: number) => number {
  const { sets, weight } = weigh(
    texts.map((text) => shinglesOf(duplicateKey(text), 3)),
    new Int32Array(texts.length),
  );
  return (a, b) => {
    const other = new Set(sets[b].elements);
    const shared = [...sets[a].elements].reduce((sum, e) => sum + (other.has(e) ? weight(e) : 0), 0);
    return shared / (sets[a].total + sets[b].total - shared);
  };
}

Deno.test("similar texts are together unless one is unlike what the other's group is around, at every threshold", () => {
  const random = createRandomStream(12);
  for (let round = 0; round < 12; round++) {
    const texts = [...new Set(relatedTexts(80, random))];
    const similar = similarities(texts);
    for (const threshold of [0.3, 0.5, 0.7, 0.8, 1]) {
      const clusters = nearDuplicateClusters(texts, { threshold });
      const members = (cluster: number) => [...clusters.keys()].filter((i) => clusters[i] === cluster);
      const isAround = (leader: number, items: number[]) =>
        items.every((i) => i === leader || similar(i, leader) >= threshold ** 2 - 1e-9);
      const of = `round ${round}, ${threshold}`;
      for (const cluster of new Set(clusters)) {
        const group = members(cluster);
        assert.ok(group.some((leader) => isAround(leader, group)), `${of}: a group without a centre`);
        assert.ok(
          group.length === 1 ||
            group.every((i) => group.some((j) => i !== j && similar(i, j) >= threshold - 1e-9)),
          `${of}: a text that is like no other of its group`,
        );
      }
      for (let i = 0; i < texts.length; i++) {
        for (let j = 0; j < i; j++) {
          if (clusters[i] === clusters[j] || !(similar(i, j) > threshold + 1e-9)) continue;
          const [one, other] = [members(clusters[i]), members(clusters[j])];
          const leaders = (group: number[]) => group.filter((leader) => isAround(leader, group));
          const couldJoin = leaders(one).every((leader) => isAround(leader, other)) &&
            leaders(other).every((leader) => isAround(leader, one));
          assert.ok(!couldJoin, `${of}: ${texts[i]} | ${texts[j]}`);
        }
      }
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

Deno.test("of a text with several labels, the label of most is kept, and nothing where none has most", () => {
  const labelled = (text: string, labels: string) =>
    [...labels].map((label, i) => ({ text, label, id: `${text}${i}` }));
  const examples = [...labelled("one", "abb"), ...labelled("two", "ab"), ...labelled("three", "aa")];
  const found = deduplicate(examples);
  assert.deepEqual(found.examples.map(({ id }) => id), ["one1", "three0"]);
  assert.deepEqual([found.duplicates, found.conflicts], [5, 3]);
  assert.deepEqual(found.conflicting.map(({ kept, labels }) => [kept, ...labels]), [
    ["b", ["b", 2], ["a", 1]],
    [undefined, ["a", 1], ["b", 1]],
  ]);
  const first = deduplicate(examples, { onConflict: "first" });
  assert.deepEqual(first.examples.map(({ id }) => id), ["one0", "two0", "three0"]);
});

Deno.test("the spam corpus has about 5,900 distinct mails, 30% of them spam, none with two labels", () => {
  const { examples, conflicts } = deduplicate(readSpam());
  assert.ok(Math.abs(examples.length - 5900) < 50, String(examples.length));
  const spam = examples.filter(({ label }) => label === "spam").length / examples.length;
  assert.ok(Math.abs(spam - 0.3) < 0.01, String(spam));
  assert.equal(conflicts, 0);
});
