import assert from "node:assert/strict";
import { bradleyTerry } from "../../src/people/bradley_terry.ts";
import { eloInOrder, eloRatings } from "../../src/people/elo.ts";
import type { Comparison } from "../../src/people/pairwise.ts";
import { createRandom } from "../../src/base/random.ts";
import { close, readGolden } from "./golden.ts";

const { elo } = readGolden<{ elo: [number, number, string, number[]][] }>("pairwise");

Deno.test("Elo ratings in order equal the plain formula's", () => {
  elo.forEach(([k, scale, games, ratings], i) => {
    const comparisons = games.split(" ").map(([a, b, winner]): Comparison => ({
      a,
      b,
      winner: winner === "=" ? "tie" : winner === a ? "a" : "b",
    }));
    const found = eloInOrder(comparisons, { k, scale, initial: 1000 });
    for (const [system, rating] of Object.entries(found)) {
      close(rating, ratings[system.charCodeAt(0) - 97], `case ${i} ${system}`);
    }
  });
});

Deno.test("averaged ratings repeat with the seed, keep their sum and order systems as Bradley-Terry does", () => {
  const random = createRandom(8);
  const rows: Comparison[] = Array.from({ length: 900 }, () => {
    const [a, b] = random() < 0.5 ? ["x", "y"] : random() < 0.5 ? ["y", "z"] : ["z", "x"];
    const strength = { x: 1, y: 0, z: -1 } as Record<string, number>;
    return { a, b, winner: random() < 1 / (1 + Math.exp(strength[b] - strength[a])) ? "a" : "b" };
  });
  const options = { seed: 2, resamples: 100, k: 4 };
  const ratings = eloRatings(rows, options);
  assert.deepEqual(ratings, eloRatings(rows, options));
  assert.deepEqual(ratings.map(({ system }) => system), bradleyTerry(rows, { resamples: 0 }).order);
  close(ratings.reduce((sum, { rating }) => sum + rating.value, 0), 4500, "sum");
  for (const { rating, orderDeviation } of ratings) {
    assert.ok(rating.low < rating.value && rating.value < rating.high && orderDeviation > 0);
  }
  // 400 / ln 10 points are one unit of log strength.
  assert.ok(Math.abs((ratings[0].rating.value - ratings[2].rating.value) - 2 * 400 / Math.LN10) < 120);
});

Deno.test("options out of range are named", () => {
  const rows: Comparison[] = [{ a: "a", b: "b", winner: "tie" }];
  assert.throws(() => eloRatings(rows, { k: 0 }), /k must be a number above 0, got 0/);
  assert.throws(() => eloRatings(rows, { base: 1 }), /base must be a number above 1/);
  assert.throws(() => eloRatings(rows, { permutations: 0 }), /permutations must/);
  assert.throws(() => eloRatings([]), /no comparisons/);
});
