import assert from "node:assert/strict";
import { evaluateAll, selectRows } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { createRandom } from "../../../src/base/random.ts";
import {
  type RankedList,
  ranking,
  rankingRows,
  scoredRankingRows,
} from "../../../src/evaluate/ranking/ranking.ts";
import { listsOfRun, parseQrels, parseRun } from "../../../src/evaluate/ranking/ranking_trec.ts";

type Table = Record<string, number>;
const golden: {
  trec: string[];
  ranx: string[];
  runs: [run: Table, qrels: Table, level: number, trec: number[] | null, ranx: number[] | null][];
  scored: [relevance: number[], scores: number[], linear: number[], exponential: number[]][];
} = JSON.parse(Deno.readTextFileSync(new URL("../../golden/evaluate/ranking.json", import.meta.url)));

const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);

const TREC: Record<string, string> = {
  recip_rank: "mrr",
  Rprec: "rPrecision",
  map_cut: "map",
  ndcg_cut: "ndcg",
  P: "precision",
  success: "hitRate",
};

Deno.test("metrics of runs equal trec_eval's, ties and unjudged documents included", () => {
  let compared = 0;
  golden.runs.forEach(([run, qrels, relevantFrom, trec], number) => {
    if (!trec) return;
    const metrics = ranking(listsOfRun({ q: run }, { q: qrels }).lists, { relevantFrom });
    golden.trec.forEach((name, m) => {
      const [, metric, k] = /^(.*?)(?:_(\d+))?$/.exec(name)!;
      const ours = (TREC[metric] ?? metric) + (k ? `@${k}` : "");
      near(metrics[ours], trec[m], `run ${number}, ${ours}`);
    });
    compared++;
  });
  assert.ok(compared >= 500);
});

Deno.test("metrics of runs equal ranx's, exponential gains included", () => {
  let compared = 0;
  golden.runs.forEach(([run, qrels, , , ranx], number) => {
    if (!ranx) return;
    const { lists } = listsOfRun(new Map([["q", new Map(Object.entries(run))]]), { q: qrels });
    const metrics = ranking(lists), exponential = ranking(lists, { gain: "exponential" });
    golden.ranx.forEach((name, m) => {
      const [metric, k] = name.split("@");
      const named = { "r-precision": "rPrecision", hit_rate: "hitRate", ndcg_burges: "ndcg" }[metric] ??
        metric;
      const ours = named + (k ? `@${k}` : "");
      near((metric === "ndcg_burges" ? exponential : metrics)[ours], ranx[m], `run ${number}, ${name}`);
    });
    compared++;
  });
  assert.ok(compared >= 500);
});

Deno.test("DCG and nDCG of scores equal scikit-learn's, ties averaged", () => {
  assert.ok(golden.scored.length >= 500);
  golden.scored.forEach(([relevance, scores, linear, exponential], number) => {
    for (const [gain, wanted] of [["linear", linear], ["exponential", exponential]] as const) {
      const metrics = evaluateAll(scoredRankingRows([relevance], [scores], { gain }));
      Object.entries(metrics).forEach(([name, value], m) =>
        near(value, wanted[m], `case ${number}, ${gain} ${name}`)
      );
    }
  });
});

const randomLists = (random: () => number): RankedList[] =>
  Array.from({ length: 6 }, () => {
    const relevance = Array.from({ length: Math.floor(random() * 8) }, () => Math.floor(random() * 3));
    return { relevance, judged: [...relevance, 0, 2] };
  });

Deno.test("metrics lie in [0, 1], are means over queries, and are 1 for perfect rankings", () => {
  const random = createRandom(5);
  for (let round = 0; round < 100; round++) {
    const lists = randomLists(random), rows = rankingRows(lists), metrics = evaluateAll(rows);
    const each = lists.map((list) => ranking([list]));
    for (const [name, value] of Object.entries(metrics)) {
      near(value, each.reduce((sum, query) => sum + query[name], 0) / 6, name);
      if (!name.startsWith("dcg")) assert.ok(value >= 0 && value <= 1 + 1e-12, name);
    }
    near(evaluateAll(selectRows(rows, [2, 2]))["ndcg@5"], each[2]["ndcg@5"], "some rows");
    const best = ranking(
      lists.map(({ judged }) => ({ relevance: [...judged as number[]].sort((a, b) => b - a) })),
      { averagePrecision: "reachable" },
    );
    for (
      const name of [
        "mrr",
        "map",
        "ndcg",
        "rPrecision",
        "map@1",
        "map@3",
        "ndcg@3",
        "hitRate@1",
        "precision@1",
      ]
    ) {
      near(best[name], 1, name);
    }
  }
});

Deno.test("queries that the run lacks are named, and count as 0 on request", () => {
  const run = { a: { d1: 1 }, x: { d1: 1 } }, qrels = { a: { d1: 1 }, b: { d2: 1 } };
  const skipped = listsOfRun(run, qrels), counted = listsOfRun(run, qrels, { missing: "zero" });
  assert.deepEqual([skipped.queries, skipped.missing, skipped.unjudged], [["a"], ["b"], ["x"]]);
  assert.deepEqual(counted.queries, ["a", "b"]);
  assert.equal(ranking(skipped.lists).mrr, 1);
  assert.equal(ranking(counted.lists).mrr, 0.5);
});

Deno.test("TREC's files are read, and what is wrong in them is named with its line", () => {
  const run = parseRun("1 Q0 d1 1 3.5 name\n\n1\tQ0 d2 2 1e-3 name\r\n2 Q0 __proto__ 1 -4 name\n");
  assert.deepEqual([...run.get("1")!], [["d1", 3.5], ["d2", 0.001]]);
  assert.equal(run.get("2")!.get("__proto__"), -4);
  assert.equal(ranking(listsOfRun(run, parseQrels("1 0 d2 1\n1 0 d9 -1\n")).lists).mrr, 0.5);
  const cases: [() => unknown, string][] = [
    [
      () => parseRun("1 Q0 d1 1 high name"),
      'Cannot evaluate: line 1 of the run is "1 Q0 d1 1 high name", wanted query Q0 document rank score name',
    ],
    [
      () => parseQrels("1 0 d1 1\n1 0 d1"),
      'Cannot evaluate: line 2 of the qrels is "1 0 d1", wanted query iteration document relevance',
    ],
    [
      () => parseQrels("1 0 d1 1\n1 0 d1 0"),
      'Cannot read line 2 of the qrels: document "d1" comes twice for query "1"',
    ],
  ];
  for (const [read, message] of cases) assert.throws(read, refusal(message));
});

const refusal = (message: string) => (error: unknown) => {
  assert.ok(error instanceof EvaluationError, String(error));
  assert.equal(error.message, message);
  return true;
};

Deno.test("bad input is refused with one line", () => {
  const cases: [() => unknown, string][] = [
    [() => ranking([]), "Cannot evaluate: there are no queries"],
    [
      () => ranking([{ relevance: [1] }, { relevance: [0, -1] }]),
      "Cannot evaluate: relevance 1 of query 1 is -1, wanted a finite number from 0 on",
    ],
    [
      () => ranking([{ relevance: [1, NaN] }]),
      "Cannot evaluate: relevance 1 of query 0 is NaN, wanted a finite number from 0 on",
    ],
    [
      () => ranking([{ relevance: [1, 1], judged: [1] }]),
      "Cannot evaluate: the number of relevant results of query 0 is 2, wanted at most the 1 judged",
    ],
    [
      () => ranking([{ relevance: [1] }], { cutoffs: [2.5] }),
      "a cutoff must be a whole number of at least 1, got 2.5",
    ],
    [
      () => ranking([{ relevance: [1] }], { relevantFrom: 0 }),
      "relevantFrom must be a number above 0, got 0",
    ],
    [
      () => scoredRankingRows([[1, 0]], [[1]]),
      "Cannot compare 1 scores with 2 candidates of query 0: every row needs both",
    ],
    [
      () => scoredRankingRows([[1, 0]], []),
      "Cannot compare 0 queries' scores with 1 queries: every row needs both",
    ],
    [
      () => scoredRankingRows([[1, 0]], [[1, Infinity]]),
      "Cannot evaluate: the score of candidate 1 of query 0 is Infinity, wanted a finite number",
    ],
    [
      () => listsOfRun({ a: { d: NaN } }, { a: { d: 1 } }),
      'Cannot evaluate: the score of "d" for query "a" is NaN, wanted a finite number',
    ],
    [
      () => listsOfRun({ a: { d: 1 } }, { b: { d: 1 } }),
      "Cannot score the run: none of its 1 queries is among the 1 that were judged",
    ],
  ];
  for (const [run, message] of cases) assert.throws(run, refusal(message));
});
