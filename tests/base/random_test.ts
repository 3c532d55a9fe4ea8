import assert from "node:assert/strict";
import { createHashedRandom, createRandom, createRandomStream, createWords } from "../../src/base/random.ts";

Deno.test("a seed's stream never changes: saved checkpoints and lineage rely on it", () => {
  const random = createRandomStream(42, 3);
  assert.deepEqual([random.integer(1000), random.integer(1000), random.integer(1000), random.next()], GOLDEN);
  assert.deepEqual(createRandomStream(7).shuffle([...Array(10).keys()]), SHUFFLED);
});

Deno.test("each generator gives the numbers on record for its seed", () => {
  const take = (next: () => number, n: number) => Array.from({ length: n }, next);
  assert.deepEqual(take(createRandom(7), 3), [0.4547669554594904, 0.0638020287733525, 0.4162815688177943]);
  assert.deepEqual(take(createRandom(-(2 ** 40) - 3), 2), [0.5199194273445755, 0.42645614338107407]);
  assert.equal(take(createRandom(1), 1000).at(-1), 0.8562913823407143);
  const words = new Uint32Array(4);
  createWords(12345)(words);
  assert.deepEqual([...words], [3076463725, 2793540761, 2096405357, 3194884433]);
  const drift = [0.13706416846252978, 0.45108226174488664, 0.9981013059150428];
  assert.deepEqual(take(createHashedRandom(7), 3), drift);
  const stream = createRandomStream(7, 1);
  assert.deepEqual(take(() => stream.next(), 2), [0.7265090076026052, 0.26335278758855274]);
  const long = createRandomStream(1);
  assert.equal(take(() => long.next(), 1000).at(-1), 0.06688830844879667);
});

Deno.test("different seeds and streams differ, large seeds too", () => {
  const first = (...seeds: number[]) => createRandomStream(...seeds).next();
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
  const random = createRandomStream(1);
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
