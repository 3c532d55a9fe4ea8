import assert from "node:assert/strict";
import { createRandomStream } from "../../src/base/random.ts";
import { collate as collateRows, type CollateOptions, type EncodedRow } from "../../src/tasks/collate.ts";
import { trainTextClassification } from "../../src/tasks/text_classification/train.ts";

function encoded(count: number): EncodedRow<number>[] {
  const random = createRandomStream(9);
  return Array.from({ length: count }, (_, i) => {
    const ids = Array.from({ length: 2 + random.integer(63) }, () => 1 + random.integer(500));
    return { encodings: [{ ids, typeIds: ids.map((_, t) => t % 2) }], target: i % 3 };
  });
}

const head = { labels: ["a", "b", "c"] };

const collate = (rows: readonly EncodedRow<number>[], options: Omit<CollateOptions<number>, "targets">) =>
  collateRows(rows, {
    ...options,
    targets: (of, size) => trainTextClassification.padTargets(of, size, head),
  });

const countOf = (rows: Int32Array) => rows.filter((place) => place >= 0).length;

const OPTIONS = { batchSize: 8, bucketLengths: [16, 32, 64], padId: 0, seed: 3 };

Deno.test("every example is in exactly one batch, whole, and padding is masked", () => {
  const examples = encoded(203);
  const seen = new Set<number>();
  for (const { feeds, bindings: { batch, sequence }, weight, rows } of collate(examples, OPTIONS)) {
    for (const name of ["input_ids", "attention_mask", "token_type_ids"]) {
      assert.deepEqual(feeds[name].shape, [batch, sequence]);
    }
    assert.deepEqual([feeds.labels.shape, feeds.weights.shape, rows.length], [[8], [8], 8]);
    assert.equal(weight, countOf(rows));
    for (let row = 0; row < weight; row++) {
      const { encodings: [{ ids, typeIds }], target } = examples[rows[row]];
      assert.ok(!seen.has(rows[row]));
      seen.add(rows[row]);
      const slice = (name: string) => [...feeds[name].data.subarray(row * sequence, (row + 1) * sequence)];
      const padded = (values: ArrayLike<number>) => [
        ...Array.from(values),
        ...Array(sequence - ids.length).fill(0),
      ];
      assert.deepEqual(slice("input_ids"), padded(ids));
      assert.deepEqual(slice("attention_mask"), padded(Array(ids.length).fill(1)));
      assert.deepEqual(slice("token_type_ids"), padded(typeIds));
      assert.deepEqual([feeds.labels.data[row], feeds.weights.data[row]], [target, 1]);
    }
  }
  assert.equal(seen.size, examples.length);
});

Deno.test("only the last bucket has an incomplete batch, filled with rows of weight 0 that still attend to something", () => {
  const batches = [...collate(encoded(203), OPTIONS)];
  const short = batches.filter(({ rows }) => countOf(rows) < rows.length);
  assert.equal(batches.length, Math.ceil(203 / 8));
  assert.equal(short.length, 1);
  const { feeds, rows, bindings: { sequence } } = short[0];
  assert.equal(sequence, 64);
  for (let row = countOf(rows); row < 8; row++) {
    const mask: Iterable<number> = feeds.attention_mask.data.subarray(row * sequence, row * sequence + 2);
    assert.deepEqual([feeds.weights.data[row], rows[row], ...mask], [0, -1, 1, 0]);
  }
});

Deno.test("an epoch's order depends on seed and epoch alone, and any batch can be asked for first", () => {
  const examples = encoded(100);
  const order = (seed: number, epoch: number) =>
    [...collate(examples, { ...OPTIONS, seed, epoch })].map(({ rows }) => [...rows]);
  assert.deepEqual(order(3, 0), order(3, 0));
  assert.notDeepEqual(order(3, 0), order(3, 1));
  assert.notDeepEqual(order(3, 0), order(4, 0));
  const whole = [...collate(examples, { ...OPTIONS, epoch: 2 })];
  const resumed = collate(examples, { ...OPTIONS, epoch: 2 });
  for (let k = 7; k < resumed.length; k++) assert.deepEqual(resumed.at(k), whole[k]);
});

Deno.test("most examples are in the shortest bucket that holds them", () => {
  const examples = encoded(400);
  for (const { rows, bindings: { sequence } } of collate(examples, OPTIONS)) {
    const places = [...rows].filter((place) => place >= 0);
    const longest = Math.max(...places.map((i) => examples[i].encodings[0].ids.length));
    assert.ok(
      longest <= sequence && (longest > sequence / 2 || sequence === 16),
      `${longest} in ${sequence}`,
    );
  }
});

Deno.test("without a seed the list's order is kept within a bucket", () => {
  const examples = encoded(50);
  const batches = [...collate(examples, { batchSize: 4, bucketLengths: [64] })];
  assert.deepEqual(batches.flatMap(({ rows }) => [...rows].filter((place) => place >= 0)), [
    ...Array(50).keys(),
  ]);
});

Deno.test("what cannot be batched is refused", () => {
  assert.throws(
    () => collate(encoded(20), { batchSize: 4, bucketLengths: [8] }),
    /example \d+ has \d+ tokens; the longest bucket is 8/,
  );
  assert.throws(() => collate([], { batchSize: 4, bucketLengths: [8] }), /no examples/);
  assert.throws(
    () => collate(encoded(2), { batchSize: 0, bucketLengths: [64] }),
    /positive whole numbers, found 0/,
  );
  assert.throws(() => collate(encoded(2), { batchSize: 4, bucketLengths: [] }), /bucketLengths is empty/);
  assert.throws(
    () => collate(encoded(2), { batchSize: 4, bucketLengths: [64] }).at(1),
    /there is no batch 1; the epoch has 1/,
  );
});

Deno.test("the queries of a row lie behind each other, and the largest batch's shape is known beforehand", () => {
  const pairs = encoded(12).map(({ encodings: [first], target }) => ({ encodings: [first, first], target }));
  const batches = collate(pairs, { batchSize: 4, bucketLengths: [64] });
  assert.deepEqual(batches.largest, { batch: 4, sequence: 64 });
  const { feeds, rows } = batches.at(0);
  assert.deepEqual(feeds.input_ids.shape, [8, 64]);
  assert.equal(rows.length, 4);
  const [first, second] = [0, 64].map((start) => [...feeds.input_ids.data.subarray(start, start + 64)]);
  assert.deepEqual(first, second);
});
