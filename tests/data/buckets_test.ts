import assert from "node:assert/strict";
import { bucketLengths, planBatches } from "../../src/data/buckets.ts";

Deno.test("a batch that is left over is padded to what its examples need", () => {
  const lengths = new Array(92).fill(10);
  const plan = planBatches(lengths, { batchSize: 32, bucketLengths: [32, 64, 8192] });
  assert.deepEqual(plan.map(({ sequence, indices }) => [sequence, indices.length]), [[32, 32], [32, 32], [
    32,
    28,
  ]]);
  const mixed = planBatches([...lengths, 5000], { batchSize: 32, bucketLengths: [32, 64, 8192] });
  assert.deepEqual(mixed.map(({ sequence, indices }) => [sequence, indices.length]), [[32, 32], [32, 32], [
    8192,
    29,
  ]]);
});

Deno.test("no batch is padded to more than twice the longest example, or 32", () => {
  for (const [longest, maxTokens] of [[10, 8192], [33, 511], [100, 130], [8, 8], [700, 8192]]) {
    const lengths = Array.from({ length: 50 }, (_, i) => 1 + i % longest).concat(longest);
    const bounds = bucketLengths(lengths, maxTokens);
    assert.ok(
      bounds.at(-1)! >= longest && bounds.at(-1)! <= Math.max(32, 2 * longest),
      `${bounds} for ${longest}`,
    );
  }
});

Deno.test("the lengths of the default data are the halves of the limit, as few as pay", () => {
  const even = Array.from({ length: 128 }, (_, i) => i + 1);
  assert.deepEqual(bucketLengths(even, 128), [32, 64, 128]);
  assert.deepEqual(bucketLengths([...new Array(95).fill(100), 5, 6, 7], 128), [128]);
});
