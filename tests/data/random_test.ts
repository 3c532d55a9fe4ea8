import assert from "node:assert/strict";
import { createRandom } from "../../src/data/random.ts";

Deno.test("a seed's stream never changes: saved checkpoints and lineage rely on it", () => {
  const random = createRandom(42, 3);
  assert.deepEqual([random.integer(1000), random.integer(1000), random.integer(1000), random.next()], GOLDEN);
  assert.deepEqual(createRandom(7).shuffle([...Array(10).keys()]), SHUFFLED);
});

Deno.test("different seeds and streams differ, large seeds too", () => {
  const first = (...seeds: number[]) => createRandom(...seeds).next();
  const values = [
    first(),
    first(0),
    first(1),
    first(0, 0),
    first(0, 1),
    first(1, 0),
    first(2 ** 32),
    first(2 ** 40 + 1),
    first(-1),
  ];
  assert.equal(new Set(values).size, values.length);
});

Deno.test("numbers are uniform and shuffles reach every order equally often", () => {
  const random = createRandom(1);
  const bins = new Array(10).fill(0);
  for (let i = 0; i < 100_000; i++) bins[Math.floor(random.next() * 10)]++;
  for (const count of bins) assert.ok(Math.abs(count - 10_000) < 500, String(bins));
  const orders = new Map<string, number>();
  for (let i = 0; i < 24_000; i++) {
    const key = random.shuffle([0, 1, 2, 3]).join("");
    orders.set(key, (orders.get(key) ?? 0) + 1);
  }
  assert.equal(orders.size, 24);
  for (const count of orders.values()) assert.ok(Math.abs(count - 1000) < 160, String(count));
});

const GOLDEN = [347, 64, 872, 0.6329523436240713];
const SHUFFLED = [6, 1, 4, 3, 8, 2, 9, 0, 7, 5];
