import assert from "node:assert/strict";
import { EvaluationError } from "../../src/statistics/errors.ts";
import { decideGate, parseGate } from "../../src/report/gate.ts";
import { figures } from "../../src/report/figures.ts";
import type { Report, Section } from "../../src/evaluate/report.ts";

const interval = (value: number, width = 0.02) => ({
  value,
  low: value - width,
  high: value + width,
  confidence: 0.95,
  n: 200,
});

function report(macroF1: number, p95: number, sections: Section[] = []): Report {
  return {
    format: "weir-report/1",
    title: "spam",
    task: "text-classification",
    createdAt: "2026-11-21T00:00:00Z",
    model: { name: "spam", version: "1.0.0", device: "wasm", sizeBytes: 1000 },
    data: { source: "mails.jsonl", n: 200 },
    intervals: { confidence: 0.95, resamples: 1000, seed: 0 },
    metrics: [{ name: "macroF1", label: "macro F1", better: "higher", interval: interval(macroF1) }],
    sections: [{ kind: "latency", title: "Latency", p50: 1, p95, p99: 9, batch: 1, calls: 100 }, ...sections],
    notes: [],
  };
}

const decide = (condition: string, candidate = report(0.93, 2.1), champion = report(0.92, 2)) =>
  decideGate(parseGate({ conditions: [condition] }), candidate, champion).conditions[0];

Deno.test("a gate compares the candidate's bounds with the champion's figures", () => {
  const gate = parseGate({
    title: "Promotion",
    conditions: ["macroF1.low >= champion.macroF1 - 0.005", "latency.p95 <= 1.1 * champion.latency.p95"],
  });
  const close = decideGate(gate, report(0.93, 2.1), report(0.92, 2));
  assert.deepEqual(close.conditions.map((c) => c.met), [false, true]);
  assert.equal(close.passed, false);
  assert.ok(Math.abs(close.conditions[0].left - 0.91) < 1e-12);
  assert.ok(Math.abs(close.conditions[0].right - 0.915) < 1e-12);
  const better = decideGate(gate, report(0.94, 2.3), report(0.92, 2));
  assert.deepEqual(better.conditions.map((c) => c.met), [true, false]);
  assert.equal(decideGate(gate, report(0.94, 2.2), report(0.92, 2)).passed, true);
});

Deno.test("arithmetic has the usual precedence, signs and parentheses", () => {
  assert.equal(decide("1 + 2 * 3 >= 7").right, 7);
  assert.equal(decide("1 + 2 * 3 >= 7").left, 7);
  assert.equal(decide("(1 + 2) * 3 / -2 < 0").left, -4.5);
  assert.equal(decide("10 - 4 - 3 > 2.5e0").left, 3);
  assert.equal(decide("8 / 4 / 2 <= 1").met, true);
  assert.equal(decide("1 > 1").met, false);
});

Deno.test("a figure that is not a number meets no condition", () => {
  for (const sign of [">=", "<=", ">", "<"]) assert.equal(decide(`0 / 0 ${sign} 0`).met, false);
});

Deno.test("every section's figures have names, quoted where they need it", () => {
  const sections: Section[] = [
    {
      kind: "slices",
      title: "By language",
      column: "lang",
      metrics: [{ name: "accuracy", label: "accuracy", better: "higher" }],
      rows: [{ value: "pt-BR", n: 50, intervals: [interval(0.8)] }],
    },
    {
      kind: "probes",
      title: "Probes",
      metric: "accuracy",
      rows: [{
        probe: "typos",
        about: "two letters swapped",
        before: interval(0.9),
        after: interval(0.85),
        difference: interval(-0.05, 0.01),
        changed: interval(0.07, 0.01),
      }],
    },
    {
      kind: "canaries",
      title: "Canaries",
      rows: [
        { name: "one", input: "x", expected: "ham", got: "spam", passed: false },
        { name: "two", input: "y", expected: "ham", got: "ham", passed: true },
      ],
    },
    { kind: "safety", title: "Safety", flagged: interval(0.01, 0.01), rows: [] },
    {
      kind: "classes",
      title: "Classes",
      rows: [{
        label: "spam",
        precision: interval(0.9),
        recall: interval(0.8),
        f1: interval(0.85),
        support: 10,
      }],
    },
    {
      kind: "comparison",
      title: "Comparison",
      a: "one",
      b: "two",
      costs: [],
      rows: [{
        name: "macroF1",
        label: "macro F1",
        better: "higher",
        a: interval(0.9),
        b: interval(0.92),
        difference: interval(0.02, 0.01),
        pValue: 0.01,
        adjustedPValue: 0.02,
        test: "approximate randomisation",
      }],
    },
  ];
  const known = figures(report(0.9, 2, sections));
  const of = (name: string) => decide(`${name} >= -1000`, report(0.9, 2, sections)).left;
  assert.equal(of('slices.lang."pt-BR".accuracy.low'), 0.8 - 0.02);
  assert.equal(of('"slices".lang."pt-BR".accuracy.n'), 200);
  assert.equal(of("probes.typos.difference"), -0.05);
  assert.equal(of("probes.typos.changed.high"), 0.08);
  assert.equal(of("canaries.failed"), 1);
  assert.equal(of("safety.flagged.n"), 200);
  assert.equal(of("classes.spam.recall"), 0.8);
  assert.equal(of("difference.macroF1.low"), 0.01);
  assert.equal(of("pValue.macroF1"), 0.02);
  assert.equal(of("sizeBytes"), 1000);
  assert.equal(of("n"), 200);
  assert.equal(known.get("macroF1.value"), 0.9);
});

Deno.test("an unknown figure is named with those there are", () => {
  assert.throws(
    () => decide("macrof1.lower >= 0.9"),
    (error: Error) =>
      error instanceof EvaluationError &&
      error.message ===
        'Cannot decide "macrof1.lower >= 0.9": no figure "macrof1.lower"; there are macroF1, macroF1.low, macroF1.high',
  );
  assert.throws(
    () => decideGate(parseGate({ conditions: ["macroF1 > champion.macroF1"] }), report(1, 1)),
    /there is no champion to compare with/,
  );
});

Deno.test("a gate that cannot be read is refused in a line that says where", () => {
  const read = (condition: unknown) => parseGate({ conditions: [condition] });
  assert.throws(() => parseGate(null), /wanted {"conditions"/);
  assert.throws(() => parseGate({ conditions: [] }), /conditions has 0 items/);
  assert.throws(() => parseGate({ conditions: ["1 < 2"], rule: 1 }), /unknown key "rule"/);
  assert.throws(() => read(7), /conditions\[0\] is 7, wanted a text/);
  assert.throws(() => read("macroF1"), /found its end, wanted ">=", "<=", ">" or "<"/);
  assert.throws(() => read("macroF1 >= "), /found its end, wanted a number or a figure's name/);
  assert.throws(() => read("a > 1 > 2"), /found ">" at character 7, wanted nothing more/);
  assert.throws(() => read("a == 1"), /"=" at character 3/);
  assert.throws(() => read("(a > 1"), /wanted "\)"/);
  assert.throws(() => read("a.constructor() > 1"), /found "\(" at character 14/);
  assert.throws(() => read("(".repeat(200) + "1 > 1"), /at most 50 levels/);
  assert.throws(() => read("-".repeat(200) + "1 > 1"), /at most 50 levels/);
  assert.throws(() => read("a".repeat(501)), /has 501 characters, wanted at most 500/);
});
