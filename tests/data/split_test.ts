import assert from "node:assert/strict";
import { nearDuplicateClusters } from "../../src/data/dedupe.ts";
import { createRandomStream } from "../../src/base/random.ts";
import { readSpam } from "../../src/data/spam.ts";
import { splitExamples } from "../../src/data/split.ts";
import { stratifyUnits } from "../../src/data/stratify.ts";
import { isDataError } from "./files.ts";
import { relatedTexts } from "./related_texts.ts";

const THREE = { train: 0.7, validation: 0.1, test: 0.2 };

Deno.test("no near-duplicate crosses from one part to another, on any data and seed", () => {
  const random = createRandomStream(4);
  for (let seed = 0; seed < 15; seed++) {
    const examples = relatedTexts(90, random).map((text) => ({ text, label: random.pick(["a", "b", "c"]) }));
    const parts = Object.values(splitExamples(examples, { fractions: THREE, seed }));
    assert.equal(parts.flat().length, examples.length);
    const clusters = nearDuplicateClusters(examples.map(({ text }) => text), {
      labels: examples.map(({ label }) => label),
    });
    const clusterOf = new Map(examples.map((example, i) => [example, clusters[i]]));
    const partsOf = parts.map((part) => new Set(part.map((example) => clusterOf.get(example))));
    assert.equal(partsOf.reduce((sum, { size }) => sum + size, 0), new Set(clusters).size);
    assert.ok(new Set(clusters).size < examples.length);
  }
});

Deno.test("no near-duplicate of a training mail is among the held-out ones, and labels keep their share", () => {
  const mails = readSpam();
  const clusters = nearDuplicateClusters(mails.map(({ text }) => text));
  const { train, test } = splitExamples(mails, { fractions: { train: 0.8, test: 0.2 }, seed: 1, clusters });
  assert.equal(train.length + test.length, mails.length);
  assert.ok(Math.abs(test.length / mails.length - 0.2) < 0.002, String(test.length));
  const spam = (part: typeof mails) => part.filter(({ label }) => label === "spam").length / part.length;
  assert.ok(Math.abs(spam(train) - spam(test)) < 0.002, `${spam(train)} ${spam(test)}`);
  const clusterOf = new Map(mails.map((mail, i) => [mail.id, clusters[i]]));
  const inTrain = new Set(train.map(({ id }) => clusterOf.get(id)));
  assert.deepEqual(test.filter(({ id }) => inTrain.has(clusterOf.get(id))), []);
});

const distinct = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ text: `text ${i}`, label: i % 4 ? "ham" : "spam" }));
const apart = (count: number) => Array.from({ length: count }, (_, i) => i);

Deno.test("fractions are met exactly where every text stands alone, in each label", () => {
  const { train, validation, test } = splitExamples(distinct(400), {
    fractions: THREE,
    clusters: apart(400),
  });
  assert.deepEqual([train.length, validation.length, test.length], [280, 40, 80]);
  for (const part of [train, validation, test]) {
    assert.equal(part.filter(({ label }) => label === "spam").length, part.length / 4);
  }
});

Deno.test("the same seed gives the same split, another seed another; parts keep the order", () => {
  const split = (seed: number) =>
    splitExamples(distinct(200), { fractions: THREE, seed, clusters: apart(200) });
  assert.deepEqual(split(5), split(5));
  assert.notDeepEqual(split(5).test, split(6).test);
  const numbers = split(5).train.map(({ text }) => Number(text.slice(5)));
  assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
});

Deno.test("large groups go to either side, in proportion", () => {
  let inTest = 0;
  for (let seed = 0; seed < 200; seed++) {
    const clusters = apart(100).map((i) => i < 40 && i % 4 ? 0 : i); // 30 of 75 hams are one group
    const { test } = splitExamples(distinct(100), { fractions: { train: 0.5, test: 0.5 }, seed, clusters });
    if (test.some(({ text }) => text === "text 1")) inTest++;
  }
  assert.ok(inTest > 60 && inTest < 140, String(inTest));
});

Deno.test("every part gets every label, even a rare one", () => {
  for (let seed = 0; seed < 50; seed++) {
    const examples = [...distinct(40), ...[1, 2, 3].map((i) => ({ text: `rare ${i}`, label: "rare" }))];
    const parts = splitExamples(examples, {
      fractions: { train: 0.9, validation: 0.05, test: 0.05 },
      seed,
      clusters: apart(43),
    });
    for (const part of Object.values(parts)) {
      assert.ok(part.some(({ label }) => label === "rare"), `seed ${seed}`);
    }
  }
});

Deno.test("labels that are in every cluster alike are divided with it", () => {
  // As pairs of texts are: each text once in a pair that is right and once in one that is not.
  const examples = apart(200).map((i) => ({ text: `pair ${i}`, label: i % 4 < 2 ? "yes" : "no" }));
  const clusters = apart(200).map((i) => Math.floor(i / 4));
  for (const part of Object.values(splitExamples(examples, { fractions: THREE, clusters }))) {
    assert.equal(part.filter(({ label }) => label === "yes").length, part.length / 2);
  }
});

Deno.test("groups too large for every part go where there is room, whatever the seed", () => {
  // Three groups of 200, 200 and 90 of 1,000 rows: none can be a validation part, and two of them are no test part.
  const clusters = apart(1000).map((i) => i < 200 ? 0 : i < 400 ? 1 : i < 490 ? 2 : i);
  for (let seed = 0; seed < 50; seed++) {
    const parts = splitExamples(distinct(1000), { fractions: THREE, seed, clusters, stratum: null });
    const sizes = [parts.train.length, parts.validation.length, parts.test.length];
    assert.deepEqual(sizes, [700, 100, 200], `seed ${seed}`);
  }
});

/** Rows with labels of which the k-th is in about every (k+1)-th row, and often beside the one before it. */
function skewed(
  count: number,
  labels: number,
  seed: number,
): { text: string; label: string; labels: string[] }[] {
  const random = createRandomStream(seed, 99);
  return Array.from({ length: count }, (_, i) => {
    const has = new Set<string>();
    for (let k = 0; k < labels; k++) {
      if (random.next() < 0.6 / (1 + k * k / 4)) {
        has.add(`l${k}`).add(`l${Math.max(0, k - random.integer(2))}`);
      }
    }
    return { text: `row ${i}`, label: "", labels: [...has] };
  });
}

Deno.test("of rows with several labels, each label has its share in each part, also a rare one", () => {
  const shares = { train: 0.76, validation: 0.04, test: 0.2 };
  for (let seed = 0; seed < 20; seed++) {
    const rows = skewed(1000, 30, seed);
    const parts = splitExamples(rows, {
      fractions: shares,
      seed,
      clusters: apart(1000),
      stratum: ({ labels }) => labels,
    });
    const having = (part: typeof rows, label: string) =>
      part.filter(({ labels }) => labels.includes(label)).length;
    for (const label of new Set(rows.flatMap(({ labels }) => labels))) {
      const total = having(rows, label);
      const [train, validation, test] = Object.values(parts).map((part) => having(part, label));
      const of = `seed ${seed}, ${label}: ${train}, ${validation}, ${test} of ${total}`;
      assert.ok(train > 0 && (test > 0 || total < 2) && (validation > 0 || total < 3), of);
      for (const [count, share] of [[train, 0.76], [validation, 0.04], [test, 0.2]]) {
        assert.ok(Math.abs(count - share * total) < 2 + 0.05 * total, of);
      }
    }
    for (const part of ["train", "validation", "test"] as const) {
      assert.ok(Math.abs(parts[part].length - 1000 * shares[part]) <= 5, `${part} ${parts[part].length}`);
    }
  }
});

Deno.test("rows with several labels are divided in the same way again with the same seed, and whole groups at a time", () => {
  const rows = skewed(300, 12, 5);
  const split = (seed: number) =>
    splitExamples(rows, {
      fractions: THREE,
      seed,
      clusters: apart(300).map((i) => Math.floor(i / 3)),
      stratum: ({ labels }) => labels,
    });
  assert.deepEqual(split(5), split(5));
  assert.notDeepEqual(split(5).test, split(6).test);
  const group = ({ text }: { text: string }) => Math.floor(Number(text.slice(4)) / 3);
  const inTrain = new Set(split(5).train.map(group));
  assert.ok(![...split(5).test, ...split(5).validation].some((row) => inTrain.has(group(row))));
});

Deno.test("of as many texts as there are parts, each part gets one, also with several labels", () => {
  for (let seed = 0; seed < 20; seed++) {
    const parts = stratifyUnits(
      [["a"], ["a", "b"], []].map((labels) => ({
        size: 1,
        labels: new Map(labels.map((label) => [label, 1])),
      })),
      [0.76, 0.04, 0.2],
      createRandomStream(seed),
    );
    assert.deepEqual([...parts].sort(), [0, 1, 2], `seed ${seed}`);
  }
});

Deno.test("data that cannot be split is refused in one line", () => {
  const fractions = { train: 0.8, test: 0.2 };
  assert.throws(() => splitExamples([], { fractions, name: "x.csv" }), isDataError(/^x\.csv: no examples/));
  assert.throws(
    () => splitExamples([{ text: "a", label: "a" }], { fractions, name: "x.csv" }),
    isDataError(/every example has the label/),
  );
  const lonely = [...distinct(20), { text: "one", label: "lonely" }];
  assert.throws(
    () => splitExamples(lonely, { fractions, clusters: apart(21) }),
    isDataError(
      /label "lonely" \(1\) has too few texts, where those that are nearly alike count once; at least 2/,
    ),
  );
  const several = [...lonely, { text: "two", label: "also" }];
  assert.throws(
    () => splitExamples(several, { fractions, clusters: apart(22), advice: "merge them" }),
    isDataError(
      /2 labels, "also" \(1\), "lonely" \(1\), have too few texts, .* one for each of train, test: merge them$/,
    ),
  );
  assert.throws(() => splitExamples(distinct(20), { fractions: { train: 0.8, test: 0.3 } }), /sum to 1/);
  assert.throws(
    () => splitExamples(distinct(20), { fractions: { train: 1.2, test: -0.2 } }),
    /positive numbers/,
  );
  assert.throws(
    () => splitExamples(distinct(20), { fractions, clusters: [1] }),
    /clusters has 1 entries for 20/,
  );
});
