import assert from "node:assert/strict";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import type { Section, SlicesSection, Task, WorstSection } from "../../../src/evaluate/report.ts";
import { compareSystems } from "../../../src/evaluate/tasks/compare.ts";
import { evaluateTask } from "../../../src/evaluate/tasks/evaluate.ts";
import { familyOf } from "../../../src/evaluate/tasks/families.ts";
import { type Pair, pairsOf } from "../../../src/evaluate/tasks/pairs.ts";
import { probeRow } from "../../../src/evaluate/tasks/probing.ts";
import { strategies, tasks } from "../../../src/evaluate/tasks/strategy.ts";

const n = 60;
const words = "the a cat dog house tree runs sits on under big small red blue".split(" ");
const sentence = (i: number, shift = 0) =>
  Array.from({ length: 6 }, (_, k) => words[(i * 5 + k * 3 + shift) % words.length]).join(" ");
const list = (of: (i: number) => unknown) => Array.from({ length: n }, (_, i) => of(i));

/** Rows of each task, of which every `every`th is wrong. */
function rowsOf(task: Task, every: number): Pair[] {
  const wrong = (i: number) => i % every === 0;
  const lang = (i: number) => i % 2 === 0 ? "en" : "it";
  const text = () =>
    pairsOf(
      list((i) => ({
        prediction: wrong(i) ? sentence(i, 4) : sentence(i),
        lang: lang(i),
        source: sentence(i, 1),
      })),
      list((i) => sentence(i)),
    );
  switch (task) {
    case "text-classification": {
      const truth = (i: number) => i % 3 === 0 ? "spam" : "ham";
      const guess = (i: number) => wrong(i) ? (truth(i) === "spam" ? "ham" : "spam") : truth(i);
      const scores = (i: number) => guess(i) === "spam" ? { ham: 0.2, spam: 0.8 } : { ham: 0.7, spam: 0.3 };
      return pairsOf(
        list((i) => ({ prediction: guess(i), scores: scores(i), lang: lang(i), text: `mail ${i}` })),
        list(truth),
      );
    }
    case "multi-label-classification":
      return pairsOf(
        list((i) => wrong(i) ? ["c"] : ["a", "b"].slice(0, 1 + i % 2)),
        list((i) => ["a", "b"].slice(0, 1 + i % 2)),
      );
    case "token-classification":
      return pairsOf(list((i) => wrong(i) ? "O O B-LOC" : "B-PER I-PER O"), list(() => "B-PER I-PER O"));
    case "language-modeling":
      return pairsOf(
        list((i) => ({ prediction: [-1, -2, wrong(i) ? -9 : -1], text: sentence(i) })),
        undefined,
      );
    case "regression":
    case "sentence-similarity":
      return pairsOf(list((i) => i + (wrong(i) ? 20 : 1)), list((i) => i));
    case "ranking":
      return pairsOf(list((i) => wrong(i) ? ["y", "x"] : ["x", "y"]), list(() => ["x"]));
    default:
      return text();
  }
}

for (const task of tasks) {
  Deno.test(`${task}: metrics have reasons and intervals, the first ones are marked, the worst rows are shown`, () => {
    const { metrics, sections } = evaluateTask(task, rowsOf(task, 7), { resamples: 200, worst: 3 });
    assert.ok(metrics.some(({ primary }) => primary));
    for (const { name, why, interval } of metrics) {
      assert.match(why!, /^[A-Z].*\.$/, name);
      assert.ok(Number.isFinite(interval.value), name);
    }
    const worst = sections.find((section): section is WorstSection => section.kind === "worst");
    if (task === "text-generation") return; // nothing repeats
    assert.ok(worst !== undefined && worst.rows.length > 0 && worst.rows.length <= 3, task);
    assert.ok(worst.rows.every(({ row }) => (row - 1) % 7 === 0), JSON.stringify(worst.rows));
  });

  Deno.test(`${task}: a strategy names metrics that its families have`, () => {
    const wanted = strategies[task].choices.flatMap(({ family, metrics }) =>
      metrics.map(({ name }) => ({ family, name }))
    );
    const found = new Set(
      evaluateTask(task, rowsOf(task, 7), { resamples: 50 }).metrics.map(({ name }) => name),
    );
    const conditional = ["hasAnswer.*", "noAnswer.*"];
    for (const { family, name } of wanted) {
      assert.ok(familyOf(family));
      if (!conditional.includes(name)) assert.ok(found.has(name), `${task} ${name} of ${[...found]}`);
    }
  });

  Deno.test(`${task}: the better system is found, and equal ones do not differ`, () => {
    const options = { names: ["a", "b"] as const, trials: 300, resamples: 100 };
    const same = compareSystems(task, rowsOf(task, 7), rowsOf(task, 7), options);
    assert.ok(same.rows.length > 0);
    for (const { name, difference, adjustedPValue } of same.rows) {
      assert.equal(difference.value, 0, name);
      assert.equal(adjustedPValue, 1, name);
    }
    if (["text-generation", "summarization"].includes(task)) return; // other metrics than right and wrong
    const { rows } = compareSystems(task, rowsOf(task, 2), rowsOf(task, 30), options);
    const sign = rows[0].better === "lower" ? -1 : 1;
    assert.ok(sign * rows[0].difference.value > 0, `${rows[0].name} ${rows[0].difference.value}`);
    assert.ok(rows[0].adjustedPValue < 0.05, `${rows[0].name} ${rows[0].adjustedPValue}`);
    assert.ok(rows.every(({ pValue, adjustedPValue }) => adjustedPValue >= pValue));
  });
}

const kinds = (sections: readonly Section[]) => sections.map(({ kind }) => kind);

Deno.test("a classifier's report has classes, confusion matrix, curves and reliability", () => {
  const { sections } = evaluateTask("text-classification", rowsOf("text-classification", 7), {
    resamples: 100,
  });
  assert.deepEqual(kinds(sections), ["classes", "confusion", "reliability", "curve", "curve", "worst"]);
});

Deno.test("slices have the task's metrics for each value of a column", () => {
  const { sections } = evaluateTask("text-classification", rowsOf("text-classification", 7), {
    resamples: 100,
    slices: ["lang"],
  });
  const slices = sections.find((section): section is SlicesSection => section.kind === "slices")!;
  assert.deepEqual(slices.rows.map(({ value, n }) => [value, n]), [["en", 30], ["it", 30]]);
  assert.equal(slices.metrics[0].name, "macroF1");
  assert.throws(
    () => evaluateTask("text-classification", rowsOf("text-classification", 7), { slices: ["colour"] }),
    /Row 1 has no column "colour" to slice by; its columns are/,
  );
});

Deno.test("the rows that went worst are the most confident mistakes", () => {
  const pairs = pairsOf(
    [0.6, 0.9, 0.7].map((score) => ({ prediction: "spam", scores: { ham: 1 - score, spam: score } })),
    ["ham", "ham", "spam"],
  );
  const { sections } = evaluateTask("text-classification", pairs, { resamples: 10 });
  const worst = sections.find((section): section is WorstSection => section.kind === "worst")!;
  assert.deepEqual(worst.rows.map(({ row, score }) => [row, score]), [[2, 0.9], [1, 0.6]]);
});

Deno.test("settings reach their family, and those of others are refused", () => {
  const rows = rowsOf("translation", 7);
  const { metrics } = evaluateTask("translation", rows, {
    resamples: 10,
    settings: { bleu: { tokenizer: "char" } },
  });
  assert.match(metrics.find(({ name }) => name === "bleu")!.signature!, /tok:char/);
  assert.throws(
    () => evaluateTask("translation", rows, { settings: { rouge: { stemmer: "true" } } }),
    /translation is not measured by "rouge".*chrf, bleu, ter, length-ratio/,
  );
});

Deno.test("a comparison gives each system the intervals of its own report", () => {
  const [a, b] = [rowsOf("text-classification", 5), rowsOf("text-classification", 30)];
  const settings = { classification: { labels: "ham,spam" } };
  const { rows } = compareSystems("text-classification", a, b, {
    names: ["a", "b"],
    trials: 100,
    resamples: 100,
    settings,
  });
  for (const [side, pairs] of [["a", a], ["b", b]] as const) {
    const { metrics } = evaluateTask("text-classification", pairs, { resamples: 100, settings });
    for (const name of ["accuracy", "macroF1", "logLoss"]) {
      const { interval } = metrics.find((metric) => metric.name === name)!;
      assert.deepEqual(rows.find((row) => row.name === name)![side], interval, name);
    }
  }
});

Deno.test("systems are compared on the same rows alone", () => {
  const a = rowsOf("regression", 7);
  const names = ["a", "b"] as const;
  assert.throws(
    () => compareSystems("regression", a, a.slice(1), { names }),
    /Cannot compare 60 rows with 59/,
  );
  const other = a.map((pair, i) => i === 4 ? { ...pair, reference: 99 } : pair);
  assert.throws(() => compareSystems("regression", a, other, { names }), /references of row 5 differ/);
});

Deno.test("classes that one system alone predicts do not keep it from being compared", () => {
  const truth = list((i) => i % 2 === 0 ? "ham" : "spam");
  const a = pairsOf(truth, truth);
  const b = pairsOf(truth.map((label, i) => i < 10 ? "news" : label), truth);
  const { rows } = compareSystems("text-classification", a, b, {
    names: ["a", "b"],
    trials: 200,
    resamples: 100,
  });
  assert.ok(rows[0].difference.value < 0);
});

Deno.test("a probe's cost is a paired difference", () => {
  const before = rowsOf("text-classification", 30), after = rowsOf("text-classification", 5);
  const { difference, changed, before: was, after: is } = probeRow("text-classification", before, after, {
    resamples: 300,
  });
  assert.ok(Math.abs(is.value - was.value - difference.value) < 1e-12);
  assert.ok(difference.high < 0);
  assert.equal(changed.value, 10 / 60);
  assert.throws(() => probeRow("text-classification", before, after.slice(1)), EvaluationError);
});
