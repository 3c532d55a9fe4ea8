import assert from "node:assert/strict";
import { bradleyTerry, strengthDifference } from "../../src/people/bradley_terry.ts";
import { type Comparison, tallyComparisons, winRates } from "../../src/people/pairwise.ts";
import { createRandom } from "../../src/base/random.ts";
import { close, readGolden } from "./golden.ts";

type Rows = [number, number, number, number, number][];
interface Golden {
  bradleyTerry: [Rows, number[], number[]][];
  davidson: [Rows, number[], number[], number][];
  wilson: number[][];
}
const golden = readGolden<Golden>("pairwise");

function comparisonsOf(rows: Rows): Comparison[] {
  return rows.flatMap(([i, j, wins, losses, ties]) =>
    ([["a", wins], ["b", losses], ["tie", ties]] as const)
      .filter(([, count]) => count > 0)
      .map(([winner, count]) => ({ a: `${i}`, b: `${j}`, winner, count }))
  );
}

const win = (a: string, b: string, count = 1): Comparison => ({ a, b, winner: "a", count });
const tie = (a: string, b: string, count = 1): Comparison => ({ a, b, winner: "tie", count });

Deno.test("Bradley-Terry strengths and errors equal statsmodels' logistic regression without intercept", () => {
  assert.ok(golden.bradleyTerry.length >= 500);
  golden.bradleyTerry.forEach(([rows, strengths, errors], i) => {
    const { systems } = bradleyTerry(comparisonsOf(rows), { resamples: 0 });
    for (const { system, logStrength } of systems) {
      close(logStrength.value, strengths[+system], `case ${i} strength`);
      close((logStrength.high - logStrength.low) / 2 / 1.959963984540054, errors[+system], `case ${i} error`);
    }
  });
});

Deno.test("Davidson's strengths, errors and tie parameter equal the optimiser's", () => {
  golden.davidson.forEach(([rows, strengths, errors, nu], i) => {
    const { systems, tieParameter, win, tie } = bradleyTerry(comparisonsOf(rows), {
      ties: "davidson",
      resamples: 0,
    });
    for (const { system, logStrength } of systems) {
      close(logStrength.value, strengths[+system], `case ${i} strength`);
      close((logStrength.high - logStrength.low) / 2 / 1.959963984540054, errors[+system], `case ${i} error`);
    }
    close(tieParameter, nu, `case ${i} nu`);
    win.forEach((row, a) =>
      row.forEach((p, b) => close(p + win[b][a] + tie[a][b], 1, `case ${i} probabilities`))
    );
  });
});

Deno.test("win rates carry statsmodels' Wilson interval, ties counting half", () => {
  golden.wilson.forEach(([wins, losses, ties, low, high], i) => {
    const rows = comparisonsOf([[0, 1, wins, losses, ties]]);
    const { systems } = winRates(rows);
    const { rate } = systems.find(({ system }) => system === "0")!;
    close(rate.value, (wins + ties / 2) / (wins + losses + ties), `case ${i}`);
    close(rate.low, low, `case ${i} low`);
    close(rate.high, high, `case ${i} high`);
  });
});

Deno.test("strengths see neither the order of judgements nor the side, add up to 0 and give back the truth", () => {
  const random = createRandom(4);
  const truth: Record<string, number> = { p: 1, q: 0.3, r: -0.2, s: -1.1 };
  const names = Object.keys(truth);
  const rows: Comparison[] = [];
  for (let n = 0; n < 4000; n++) {
    const a = names[Math.floor(random() * 4)], b = names[Math.floor(random() * 4)];
    if (a === b) continue;
    rows.push({ a, b, winner: random() < 1 / (1 + Math.exp(truth[b] - truth[a])) ? "a" : "b" });
  }
  const model = bradleyTerry(rows, { resamples: 200 });
  close(model.systems.reduce((sum, { logStrength }) => sum + logStrength.value, 0), 0, "sum");
  assert.deepEqual(model.order, ["p", "q", "r", "s"]);
  for (const { system, logStrength, bootstrap } of model.systems) {
    assert.ok(Math.abs(logStrength.value - truth[system]) < 0.2, system);
    assert.ok(
      Math.abs(bootstrap.low - logStrength.low) < 0.05 && Math.abs(bootstrap.high - logStrength.high) < 0.05,
    );
  }
  const turned = rows.toReversed().map(({ a, b, winner }): Comparison => ({
    a: b,
    b: a,
    winner: winner === "a" ? "b" : "a",
  }));
  bradleyTerry(turned, { resamples: 0 }).systems.forEach(({ logStrength }, i) =>
    close(logStrength.value, model.systems[i].logStrength.value, "turned")
  );
  const { difference, pValue } = strengthDifference(model, "p", "s");
  assert.ok(difference.low < 2.1 && difference.high > 2.1 && pValue < 1e-6);
  assert.equal(strengthDifference(model, "p", "p").pValue, 1);
  assert.throws(() => strengthDifference(model, "p", "z"), /No system "z"/);
});

Deno.test("the interval of a strength holds about as often as it says", () => {
  const random = createRandom(6);
  const truth = [0.8, 0, -0.8];
  let held = 0, all = 0;
  for (let round = 0; round < 1000; round++) {
    const rows: Rows = [[0, 1], [0, 2], [1, 2]].map(([i, j]) => {
      let wins = 0;
      for (let n = 0; n < 60; n++) if (random() < 1 / (1 + Math.exp(truth[j] - truth[i]))) wins++;
      return [i, j, wins, 60 - wins, 0];
    });
    for (const { system, logStrength } of bradleyTerry(comparisonsOf(rows), { resamples: 0 }).systems) {
      all++;
      if (logStrength.low <= truth[+system] && truth[+system] <= logStrength.high) held++;
    }
  }
  assert.ok(held / all > 0.93 && held / all < 0.97, `${held / all}`);
});

Deno.test("systems that were never compared, or that won everything, are named", () => {
  assert.throws(
    () => bradleyTerry([win("a", "b"), win("b", "a"), win("c", "d"), win("d", "c")]),
    /\{"a", "b"\} and \{"c", "d"\} were never compared/,
  );
  assert.throws(
    () => bradleyTerry([win("a", "b"), win("b", "c"), win("c", "b")]),
    /\{"a"\} and \{"b", "c"\} one group won/,
  );
  const { systems } = bradleyTerry([win("a", "b", 5)], { prior: 0.5, resamples: 0 });
  close(systems[0].logStrength.value - systems[1].logStrength.value, Math.log(5.5 / 0.5), "prior");
  // Half wins connect what ties do; left out, they do not.
  assert.ok(bradleyTerry([tie("a", "b")], { resamples: 0 }).systems.every(({ rank }) => rank === 1));
  assert.throws(
    () => bradleyTerry([win("a", "b"), win("b", "a"), tie("b", "c")], { ties: "drop" }),
    /never compared/,
  );
});

Deno.test("Davidson's model names what has no finite answer", () => {
  const davidson = (rows: Comparison[]) => bradleyTerry(rows, { ties: "davidson", resamples: 0 });
  assert.throws(() => davidson([tie("a", "b", 3)]), /every comparison is a tie/);
  assert.throws(() => davidson([win("a", "b", 3), tie("a", "b", 2)]), /ever more ties/);
  assert.ok(davidson([win("a", "b", 3), win("b", "a"), tie("a", "b", 2)]).tieParameter > 0);
  assert.equal(davidson([win("a", "b", 3), win("b", "a")]).tieParameter, 0);
  assert.ok(
    davidson([win("a", "b"), win("b", "c"), win("c", "a"), tie("a", "d"), tie("b", "d")]).tieParameter > 0,
  );
});

Deno.test("a resample in which someone wins everything is counted and stays finite", () => {
  const { systems, unboundedResamples } = bradleyTerry([win("a", "b", 9), win("b", "a")], { resamples: 500 });
  assert.ok(unboundedResamples > 100 && unboundedResamples < 250, `${unboundedResamples}`); // 0.9^10 of them
  assert.ok(
    Number.isFinite(systems[0].bootstrap.high) && systems[0].bootstrap.high > systems[0].logStrength.value,
  );
});

Deno.test("win rates show a bias toward the side shown first", () => {
  const { firstShown, pairs } = winRates([win("a", "b", 30), win("b", "a", 30), tie("a", "b", 4)]);
  assert.equal(firstShown!.value, 1);
  assert.equal(pairs[0].rate.value, 0.5);
  assert.equal(winRates([tie("a", "b")]).firstShown, undefined);
});

Deno.test("bad comparisons are named", () => {
  assert.throws(() => winRates([]), /no comparisons/);
  assert.throws(
    () => winRates([win("a", "a")]),
    /Comparison 1 \("a" and "a"\) compares a system with itself/,
  );
  assert.throws(
    () => tallyComparisons([{ a: "a", b: "b", winner: "c" as "a" }]),
    /winner must be "a", "b" or "tie", got "c"/,
  );
  for (const count of [0, 1.5, NaN, -1]) {
    assert.throws(() => winRates([win("a", "b", count)]), /count must be a whole number of at least 1/);
  }
  assert.throws(() => bradleyTerry([win("a", "b")], { prior: -1 }), /prior must/);
});
