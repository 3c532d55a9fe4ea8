import assert from "node:assert/strict";
import {
  type BestWorstAnswer,
  bestWorstDesign,
  bestWorstScores,
  fitBestWorst,
} from "../../src/people/best_worst.ts";
import { createRandom } from "../../src/base/random.ts";
import { close, readGolden } from "./golden.ts";

const { bestWorst } = readGolden<{ bestWorst: ["maxdiff" | "sequential", string[], number[], number[]][] }>(
  "pairwise",
);

const answerOf = (letters: string): BestWorstAnswer => ({
  items: [...letters.slice(0, -2)],
  best: letters.at(-2)!,
  worst: letters.at(-1)!,
});

Deno.test("both models' utilities and errors equal the optimiser's", () => {
  bestWorst.forEach(([model, letters, utilities, errors], i) => {
    for (const { item, utility } of fitBestWorst(letters.map(answerOf), { model }).items) {
      const k = item.charCodeAt(0) - 97;
      close(utility.value, utilities[k], `case ${i} ${item}`);
      close((utility.high - utility.low) / 2 / 1.959963984540054, errors[k], `case ${i} ${item} error`);
    }
  });
});

Deno.test("counting and both fits find the order that the answers came from", () => {
  const random = createRandom(12);
  const items = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const gumbel = () => -Math.log(-Math.log(random() + 2 ** -34));
  const answers = bestWorstDesign(items, { perItem: 200, seed: 3 }).map((tuple): BestWorstAnswer => {
    const felt = tuple.map((item) => [item, items.indexOf(item) + gumbel()] as const).sort((x, y) =>
      y[1] - x[1]
    );
    return { items: tuple, best: felt[0][0], worst: felt[felt.length - 1][0] };
  });
  const wanted = items.toReversed();
  const scores = bestWorstScores(answers, { resamples: 100 });
  assert.deepEqual(scores.map(({ item }) => item), wanted);
  for (const { score, shown } of scores) {
    assert.equal(shown, 200);
    assert.ok(score.value >= -1 && score.value <= 1 && score.low <= score.value && score.value <= score.high);
  }
  close(scores.reduce((sum, { score }) => sum + score.value, 0), 0, "sum of scores");
  for (const model of ["maxdiff", "sequential"] as const) {
    const fit = fitBestWorst(answers, { model });
    assert.deepEqual(fit.items.map(({ item }) => item), wanted);
    close(fit.items.reduce((sum, { utility }) => sum + utility.value, 0), 0, "sum of utilities");
    close(fit.items.reduce((sum, { share }) => sum + share, 0), 1, "shares");
  }
});

Deno.test("a design shows every item equally often within one and no item twice in a tuple", () => {
  for (
    const [n, tupleSize, perItem] of [[7, 3, 3], [8, 4, 8], [10, 4, 7], [13, 4, 4], [25, 5, 6], [300, 4, 8], [
      5,
      5,
      3,
    ]]
  ) {
    const items = Array.from({ length: n }, (_, i) => `item ${i}`);
    const tuples = bestWorstDesign(items, { tupleSize, perItem, seed: n });
    assert.equal(tuples.length, Math.ceil(n * perItem / tupleSize));
    const shown = new Map(items.map((item) => [item, 0])), met = new Map<string, number>();
    for (const tuple of tuples) {
      assert.equal(new Set(tuple).size, tupleSize);
      for (const item of tuple) shown.set(item, shown.get(item)! + 1);
      for (const a of tuple) for (const b of tuple) if (a < b) met.set(a + b, (met.get(a + b) ?? 0) + 1);
    }
    const counts = [...shown.values()];
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${n} items`);
    const even = tuples.length * tupleSize * (tupleSize - 1) / (n * (n - 1));
    assert.ok(
      Math.max(...met.values()) <= Math.ceil(even) + 1,
      `${n} items: ${Math.max(...met.values())} of ${even}`,
    );
    assert.deepEqual(tuples, bestWorstDesign(items, { tupleSize, perItem, seed: n }));
  }
});

Deno.test("in a large design hardly any pair of items meets twice", () => {
  const items = Array.from({ length: 2000 }, (_, i) => `${i}`.padStart(4, "0"));
  const pairs = bestWorstDesign(items).flatMap((tuple) =>
    tuple.flatMap((a) => tuple.filter((b) => a < b).map((b) => a + b))
  );
  assert.equal(pairs.length, 4000 * 6);
  assert.ok(pairs.length - new Set(pairs).size < 5, `${pairs.length - new Set(pairs).size}`);
});

Deno.test("seven items in seven triples: every pair meets once", () => {
  const tuples = bestWorstDesign(["a", "b", "c", "d", "e", "f", "g"], { tupleSize: 3, perItem: 3 });
  const pairs = new Set(tuples.flatMap((tuple) => {
    const [x, y, z] = [...tuple].sort();
    return [x + y, x + z, y + z];
  }));
  assert.equal(pairs.size, 21);
});

Deno.test("what cannot be fitted or shown is named", () => {
  assert.throws(() => bestWorstScores([]), /no answers/);
  assert.throws(() => bestWorstScores([answerOf("aab")]), /shows 1 items/);
  assert.throws(() => bestWorstScores([answerOf("abcad")]), /"d" as worst, which it did not show/);
  assert.throws(() => bestWorstScores([answerOf("abcaa")]), /best and worst/);
  assert.throws(() => bestWorstScores([answerOf("aaac")]), /twice/);
  assert.throws(() => fitBestWorst([answerOf("abcac")]), /one group was never below another/);
  assert.equal(fitBestWorst([answerOf("abcac")], { prior: 1 }).items[0].item, "a");
  assert.throws(() => bestWorstDesign(["a", "b"], {}), /tupleSize must be a whole number from 2 to 2, got 4/);
  assert.throws(() => bestWorstDesign(["a", "a"], { tupleSize: 2 }), /"a" is there twice/);
});
