import assert from "node:assert/strict";
import { median, softmax } from "../../src/base/arrays.ts";

Deno.test("softmax adds up to one and bears any logit", () => {
  assert.deepEqual([...softmax([1e4, -1e4, 1e4])], [0.5, 0, 0.5]);
  const shares = softmax(Float32Array.of(1, 2, 3));
  assert.ok(Math.abs(shares[2] - 0.6652409557748219) < 1e-15); // scipy.special.softmax
});

Deno.test("the median is the middle value, or the mean of the middle two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([10, 9, 1, 2]), 5.5);
  assert.ok(Number.isNaN(median([])));
});
