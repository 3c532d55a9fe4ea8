import assert from "node:assert/strict";
import { collate, type EncodedExample } from "../../src/data/collate.ts";
import { createRandomStream } from "../../src/base/random.ts";

function encoded(count: number): EncodedExample[] {
  const random = createRandomStream(9);
  return Array.from({ length: count }, (_, i) => {
    const ids = Array.from({ length: 2 + random.integer(63) }, () => 1 + random.integer(500));
    return { ids, typeIds: ids.map((_, t) => t % 2), label: i % 3 };
  });
}

const OPTIONS = { batchSize: 8, bucketLengths: [16, 32, 64], padId: 0, seed: 3 };

Deno.test("every example is in exactly one batch, whole, and padding is masked", () => {
  const examples = encoded(203);
  const seen = new Set<number>();
  for (
    const { inputIds, attentionMask, tokenTypeIds, labels, weights, indices, batch, sequence, count }
      of collate(examples, OPTIONS)
  ) {
    assert.deepEqual(
      [inputIds.length, attentionMask.length, tokenTypeIds.length],
      Array(3).fill(batch * sequence),
    );
    assert.deepEqual([labels.length, weights.length, batch], [8, 8, 8]);
    for (let row = 0; row < count; row++) {
      const example = examples[indices[row]];
      assert.ok(!seen.has(indices[row]));
      seen.add(indices[row]);
      const length = example.ids.length;
      const slice = (values: Int32Array) => [...values.subarray(row * sequence, (row + 1) * sequence)];
      const padded = (
        values: ArrayLike<number>,
      ) => [...Array.from(values), ...Array(sequence - length).fill(0)];
      assert.deepEqual(slice(inputIds), padded(example.ids));
      assert.deepEqual(slice(attentionMask), padded(Array(length).fill(1)));
      assert.deepEqual(slice(tokenTypeIds), padded(example.typeIds!));
      assert.deepEqual([labels[row], weights[row]], [example.label, 1]);
    }
  }
  assert.equal(seen.size, examples.length);
});

Deno.test("only the last bucket has an incomplete batch, filled with rows of weight 0 that still attend to something", () => {
  const batches = [...collate(encoded(203), OPTIONS)];
  const short = batches.filter(({ count, batch }) => count < batch);
  assert.equal(batches.length, Math.ceil(203 / 8));
  assert.equal(short.length, 1);
  const { weights, attentionMask, indices, sequence, count } = short[0];
  assert.equal(sequence, 64);
  for (let row = count; row < 8; row++) {
    assert.deepEqual([
      weights[row],
      indices[row],
      attentionMask[row * sequence],
      attentionMask[row * sequence + 1],
    ], [0, -1, 1, 0]);
  }
});

Deno.test("an epoch's order depends on seed and epoch alone, and any batch can be asked for first", () => {
  const examples = encoded(100);
  const order = (seed: number, epoch: number) =>
    [...collate(examples, { ...OPTIONS, seed, epoch })].map(({ indices }) => [...indices]);
  assert.deepEqual(order(3, 0), order(3, 0));
  assert.notDeepEqual(order(3, 0), order(3, 1));
  assert.notDeepEqual(order(3, 0), order(4, 0));
  const whole = [...collate(examples, { ...OPTIONS, epoch: 2 })];
  const resumed = collate(examples, { ...OPTIONS, epoch: 2 });
  for (let k = 7; k < resumed.length; k++) assert.deepEqual(resumed.at(k), whole[k]);
});

Deno.test("most examples are in the shortest bucket that holds them", () => {
  const examples = encoded(400);
  for (const { sequence, indices, count } of collate(examples, OPTIONS)) {
    const longest = Math.max(...[...indices.subarray(0, count)].map((i) => examples[i].ids.length));
    assert.ok(
      longest <= sequence && (longest > sequence / 2 || sequence === 16),
      `${longest} in ${sequence}`,
    );
  }
});

Deno.test("without a seed the list's order is kept within a bucket", () => {
  const examples = encoded(50);
  const batches = [...collate(examples, { batchSize: 4, bucketLengths: [64] })];
  assert.deepEqual(batches.flatMap(({ indices, count }) => [...indices.subarray(0, count)]), [
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
