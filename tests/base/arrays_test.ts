import assert from "node:assert/strict";
import { allFinite, median, softmax, sum } from "../../src/base/arrays.ts";

Deno.test("softmax adds up to one and bears any logit", () => {
  assert.deepEqual([...softmax([1e4, -1e4, 1e4])], [0.5, 0, 0.5]);
  const shares = softmax(Float32Array.of(1, 2, 3));
  assert.ok(Math.abs(shares[2] - 0.6652409557748219) < 1e-15); // scipy.special.softmax
});

Deno.test("a sum is of any list of numbers, and 0 of none", () => {
  assert.deepEqual([sum([1, 2, 3]), sum(Uint8Array.of(200, 100)), sum([])], [6, 300, 0]);
});

Deno.test("the median is the middle value, or the mean of the middle two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([10, 9, 1, 2]), 5.5);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("a value that is not finite is found wherever it stands, in every type of array", () => {
  const finite = [0, -0, 1, -1, 2 ** -149, 3.4028234663852886e38];
  for (const Type of [Float16Array, Float32Array, Float64Array, Int32Array, Uint8Array]) {
    assert.ok(
      allFinite(Type.from(finite.map((x) => Type === Float16Array ? Math.min(x, 65504) : x))),
      Type.name,
    );
    assert.ok(allFinite(new Type(0)));
  }
  for (const Type of [Float16Array, Float32Array, Float64Array]) {
    for (const value of [NaN, Infinity, -Infinity]) {
      for (const at of [0, 3, 6]) {
        const values = new Type(7);
        values[at] = value;
        assert.ok(!allFinite(values), `${Type.name} ${value}`);
        assert.ok(allFinite(values.subarray(at + 1)), "of a part of a buffer, only the part counts");
      }
    }
  }
});
