import assert from "node:assert/strict";
import { Lcs, type Span } from "../../../src/evaluate/generation/lcs.ts";
import { createRandom } from "../../../src/base/random.ts";

Deno.test("lengths and indices equal those of the whole table, ties included, at every size around a word's", () => {
  const random = createRandom(3), lcs = new Lcs();
  const whole = (upTo: number) => Math.floor(random() * upTo);
  const list = (length: number, letters: number): Span => {
    const start = whole(5),
      ids = Int32Array.from({ length: start + length + whole(5) }, () => whole(letters));
    return { ids, start, end: start + length };
  };
  for (let round = 0; round < 600; round++) {
    const letters = 1 + whole(7), longest = [6, 31, 33, 64, 95, 330][round % 6];
    const a = list(whole(longest + 1), letters), b = list(whole(longest + 1), letters);
    if (round % 10 === 0) a.end = Math.min(a.ids.length, a.start + [31, 32, 62, 63][whole(4)]);
    const { length, indices } = byTable(a, b);
    assert.equal(lcs.lengthOf(a, b), length);
    assert.equal(lcs.lengthOf(b, a), length);
    const found = new Uint8Array(a.end - a.start);
    lcs.mark(a, b, found);
    assert.deepEqual([...found.keys()].filter((i) => found[i] === 1), indices);
  }
});

Deno.test("tokens above the room that was reserved before find room", () => {
  const lcs = new Lcs(), ids = Int32Array.of(5, 100_000, 7), other = Int32Array.of(7, 5, 8, 100_000);
  lcs.reserve(100_001);
  assert.equal(lcs.lengthOf({ ids, start: 0, end: 3 }, { ids: other, start: 0, end: 4 }), 2);
});

Deno.test("lists of 30,000 tokens take memory in proportion to their length", () => {
  const random = createRandom(4), lcs = new Lcs();
  const list = () => ({
    ids: Int32Array.from({ length: 30_000 }, () => random() * 50),
    start: 0,
    end: 30_000,
  });
  const a = list(), b = list(), found = new Uint8Array(30_000);
  const before = Deno.memoryUsage().external;
  lcs.mark(a, b, found); // the whole table has 900,000,000 cells, 116 MB as bits
  assert.ok(Deno.memoryUsage().external - before < 10e6);
  assert.equal(found.reduce((sum, bit) => sum + bit, 0), lcs.lengthOf(a, b));
});

/** The textbook's table, read back as rouge-score reads it. */
function byTable(a: Span, b: Span): { length: number; indices: number[] } {
  const x = a.ids.slice(a.start, a.end), y = b.ids.slice(b.start, b.end);
  const table = Array.from({ length: x.length + 1 }, () => new Int32Array(y.length + 1));
  for (let i = 1; i <= x.length; i++) {
    for (let j = 1; j <= y.length; j++) {
      table[i][j] = x[i - 1] === y[j - 1]
        ? table[i - 1][j - 1] + 1
        : Math.max(table[i - 1][j], table[i][j - 1]);
    }
  }
  const indices: number[] = [];
  let i = x.length, j = y.length;
  while (i > 0 && j > 0) {
    if (x[i - 1] === y[j - 1]) indices.unshift(i - 1), i--, j--;
    else if (table[i][j - 1] > table[i - 1][j]) j--;
    else i--;
  }
  return { length: table[x.length][y.length], indices };
}
