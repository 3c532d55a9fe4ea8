import assert from "node:assert/strict";
import { correlationTest } from "../../../src/evaluate/regression/correlation.ts";
import { evaluateAll, selectRows } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import { createRandom } from "../../../src/base/random.ts";
import {
  regressionOfRows,
  type RegressionReport,
  regressionReport,
  regressionRows,
} from "../../../src/evaluate/regression/regression.ts";

interface GoldenCase {
  y: number[];
  p: number[];
  quantile: number;
  metrics: (number | null)[];
  tests: [number | null, number | null][] | null;
}

const golden: { names: (keyof RegressionReport)[]; cases: GoldenCase[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/evaluate/regression.json", import.meta.url)),
);

/** Within 1e-9, of the value itself where it is above 1 (a MAPE of references of 0 is near 1e16). */
function near(actual: number, expected: number | null, what: string) {
  if (expected === null) return assert.ok(Number.isNaN(actual), `${what}: got ${actual}, wanted NaN`);
  const allowed = 1e-9 * Math.max(1, Math.abs(expected));
  assert.ok(Math.abs(actual - expected) <= allowed, `${what}: got ${actual}, wanted ${expected}`);
}

Deno.test("errors equal scikit-learn's, constant targets and one row included", () => {
  assert.ok(golden.cases.length >= 500);
  golden.cases.forEach(({ y, p, quantile, metrics }, number) => {
    const report = regressionReport(y, p, { quantile });
    golden.names.forEach((name, m) => {
      if (name === "msle" && metrics[m] === null) assert.ok(!("msle" in report));
      else near(report[name]!, metrics[m], `case ${number}, ${name}`);
    });
  });
});

Deno.test("correlations and their p-values equal scipy's, ties and constants included", () => {
  let compared = 0;
  golden.cases.forEach(({ y, p, tests }, number) => {
    if (!tests) return;
    const report = regressionReport(y, p);
    (["pearson", "spearman", "kendall"] as const).forEach((method, m) => {
      const test = correlationTest(y, p, { method });
      near(report[method], tests[m][0], `case ${number}, ${method} of the report`);
      near(test.value, tests[m][0], `case ${number}, ${method}`);
      // at a correlation of 1 scipy's p-value is the root of what rounding left of 1 - r, where this one is 0
      if (Math.abs(test.value) > 1 - 1e-14 && method !== "kendall") {
        assert.ok(!(Math.abs(test.pValue - tests[m][1]!) > 1e-7));
      } else near(test.pValue, tests[m][1], `case ${number}, p-value of ${method}`);
    });
    compared++;
  });
  assert.ok(compared >= 500);
});

Deno.test("metrics of some of the rows equal a report on these rows", () => {
  const random = createRandom(4);
  for (const { y, p } of golden.cases) {
    // where one row has all the spread, sums cannot tell what the others have in the 16th digit
    if (y.every((value) => Math.abs(value) < 1e-4)) continue;
    const rows = regressionRows(y, p);
    const indices = Uint32Array.from(y, () => Math.floor(random() * y.length));
    const someY = Array.from(indices, (row) => y[row]), someP = Array.from(indices, (row) => p[row]);
    const direct = regressionReport(someY, someP);
    const some = evaluateAll(selectRows(rows, indices));
    for (const name of rows.names) {
      if (name in direct) near(some[name], orNull(direct[name as keyof RegressionReport]!), name);
    }
    for (const metric of ["medianAbsoluteError", "maxError", "spearman", "kendall"] as const) {
      near(regressionOfRows(y, p, metric)(indices), orNull(direct[metric]), metric);
    }
  }
});

const orNull = (value: number) => Number.isNaN(value) ? null : value;

Deno.test("values of 1e9 with a spread of 1e-3 keep their digits", () => {
  const random = createRandom(6);
  const small = Array.from({ length: 1000 }, () => Math.round(random() * 4096) / 4096);
  const guesses = small.map((value) => Math.round((value + random()) * 4096) / 4096);
  const near = regressionReport(small, guesses),
    far = regressionReport(small.map((v) => v + 2 ** 30), guesses.map((v) => v + 2 ** 30));
  for (const name of ["r2", "explainedVariance", "pearson", "concordance"] as const) {
    assert.ok(Math.abs(near[name] - far[name]) < 1e-9, `${name}: ${near[name]} and ${far[name]}`);
  }
});

Deno.test("perfect predictions have no error, and errors are the same whichever side is which", () => {
  for (const { y, p } of golden.cases) {
    const perfect = regressionReport(y, y);
    for (
      const name of [
        "mae",
        "mse",
        "rmse",
        "medianAbsoluteError",
        "maxError",
        "mape",
        "smape",
        "pinball",
      ] as const
    ) {
      assert.equal(perfect[name], 0);
    }
    if (y.length > 1) assert.equal(perfect.r2, 1);
    const there = regressionReport(y, p), back = regressionReport(p, y);
    for (const name of ["mae", "mse", "smape", "concordance", "pearson", "kendall"] as const) {
      near(back[name], orNull(there[name]), name);
    }
  }
});

Deno.test("bad input is refused with one line", () => {
  const cases: [number[], number[], number, string][] = [
    [[1], [], 0.5, "Cannot compare 0 predictions with 1 references: every row needs both"],
    [[], [], 0.5, "Cannot evaluate: there are no rows"],
    [[1, NaN], [1, 2], 0.5, "Cannot evaluate: references of row 1 is NaN, wanted a finite number"],
    [
      [1, 2],
      [1, -Infinity],
      0.5,
      "Cannot evaluate: predictions of row 1 is -Infinity, wanted a finite number",
    ],
    [[1], [1], 1.5, "quantile must be a number of at least 0 and at most 1, got 1.5"],
  ];
  for (const [y, p, quantile, message] of cases) {
    assert.throws(() => regressionReport(y, p, { quantile }), (error: unknown) => {
      assert.ok(error instanceof EvaluationError);
      assert.equal(error.message, message);
      return true;
    });
  }
});
