import assert from "node:assert/strict";
import { createBuilder } from "../../src/graph/graph.ts";
import { initialStates } from "../../src/nn/init.ts";
import { mix32 } from "../../src/graph/ops/random.ts";
import { RNG_STATE, rngKey } from "../../src/nn/rng.ts";

function moments(values: Float32Array): { mean: number; std: number; kurtosis: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const power = (k: number) => values.reduce((sum, v) => sum + (v - mean) ** k, 0) / values.length;
  return { mean, std: Math.sqrt(power(2)), kurtosis: power(4) / power(2) ** 2 };
}

Deno.test("normal states have the mean, spread and tails of a normal distribution", () => {
  const b = createBuilder();
  b.parameter("w", [200, 500], { kind: "normal", std: 0.02 });
  const { mean, std, kurtosis } = moments(initialStates(b.graph(), 7).w.data as Float32Array);
  assert.ok(Math.abs(mean) < 3e-4, `mean ${mean}`);
  assert.ok(Math.abs(std - 0.02) < 2e-4, `std ${std}`);
  assert.ok(Math.abs(kurtosis - 3) < 0.1, `kurtosis ${kurtosis}`);
});

Deno.test("uniform states fill their bounds", () => {
  const b = createBuilder();
  b.parameter("w", [100000], { kind: "uniform", bound: 0.5 });
  const values = initialStates(b.graph(), 7).w.data as Float32Array;
  const { mean, std } = moments(values);
  assert.ok(Math.abs(mean) < 0.005 && Math.abs(std - 1 / Math.sqrt(12)) < 0.005, `mean ${mean}, std ${std}`);
  assert.ok(values.every((v) => Math.abs(v) <= 0.5));
});

Deno.test("a state's values depend on its name and the seed, not on what stands before it", () => {
  const build = (names: string[]) => {
    const b = createBuilder();
    for (const name of names) b.parameter(name, [8], { kind: "normal", std: 1 });
    return b.graph();
  };
  const alone = initialStates(build(["w"]), 1);
  const behind = initialStates(build(["v", "w"]), 1);
  assert.deepEqual(alone.w, behind.w);
  assert.notDeepEqual(behind.v.data, behind.w.data);
  assert.notDeepEqual(initialStates(build(["w"]), 2).w.data, alone.w.data);
});

Deno.test("the random state starts from the seed", () => {
  const b = createBuilder();
  rngKey(b);
  const key = (seed: number) => initialStates(b.graph(), seed)[RNG_STATE].data[0];
  assert.notEqual(key(1), key(2));
  assert.equal(key(1), key(1));
});

Deno.test("mix32 is lowbias32", () => {
  // The same function written in Python, of 0, 1 and 0xffffffff.
  assert.deepEqual([0, 1, 0xffffffff].map(mix32), [0, 1753845952, 1734902346]);
});
