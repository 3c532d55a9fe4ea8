import assert from "node:assert/strict";
import { EvaluationError } from "../../src/statistics/errors.ts";
import { parseReport } from "../../src/report/parse.ts";
import type { Report, Section } from "../../src/evaluate/report.ts";
import { sampleReport, sampleSections } from "./sample.ts";

// deno-lint-ignore no-explicit-any
type Json = any;

const json = (value: unknown): Json => JSON.parse(JSON.stringify(value));

/** The message for the sample after a change. */
function complaint(change: (report: Json) => void): string {
  const report = json(sampleReport);
  change(report);
  return messageOf(report);
}

function messageOf(value: unknown): string {
  try {
    parseReport(value);
  } catch (error) {
    assert.ok(error instanceof EvaluationError, String(error));
    assert.doesNotMatch(error.message, /\n|\p{Cc}/u);
    return error.message;
  }
  return "nothing";
}

const at = (kind: Section["kind"]) => sampleReport.sections.findIndex((section) => section.kind === kind);

Deno.test("a report reads back as it was, every kind of section in it", () => {
  assert.deepEqual(
    new Set(sampleReport.sections.map(({ kind }) => kind)),
    new Set(Object.keys(sampleSections)),
  );
  assert.deepEqual(parseReport(json(sampleReport)), sampleReport);
});

Deno.test("what may be missing may be missing", () => {
  const least: Report = {
    format: "weir-report/1",
    title: "",
    task: "regression",
    createdAt: "2026-03-02T14:05:09.123Z",
    data: { source: "x.csv", n: 0 },
    intervals: { confidence: 0.9, resamples: 0, seed: -1 },
    metrics: [],
    sections: [],
    notes: [],
  };
  assert.deepEqual(parseReport(json(least)), least);
});

Deno.test("keys that a report does not have are left out, and none reaches a prototype", () => {
  const hostile = JSON.parse(
    JSON.stringify(sampleReport).replace("{", '{"__proto__": {"polluted": true}, "further": [1],'),
  );
  const report = parseReport(hostile);
  assert.deepEqual(report, sampleReport);
  assert.equal((report as Json).polluted, undefined);
  assert.equal(Object.getPrototypeOf(report), Object.prototype);
  assert.match(messageOf(Object.create(sampleReport)), /format is missing/);
  assert.match(messageOf(JSON.parse('{"__proto__": {"format": "weir-report/1"}}')), /format is missing/);
});

Deno.test("a condition of a gate that divides by 0 comes back as not a number", () => {
  const gate = {
    ...sampleSections.gate,
    conditions: [{ text: "a / 0 > 1", left: NaN, right: 1, met: false }],
  };
  const read = parseReport(json({ ...sampleReport, sections: [gate] }));
  assert.deepEqual(read.sections[0], gate);
});

Deno.test("each kind of bad input is refused in one line with its path", () => {
  const cases: [change: (report: Json) => void, wanted: string][] = [
    [(r) => r.format = "weir-report/2", 'format is "weir-report/2", wanted one of weir-report/1'],
    [(r) => delete r.title, "title is missing, wanted a text"],
    [(r) => r.title = "x".repeat(1001), "title has 1001 characters, wanted at most 1000"],
    [(r) => r.task = "chess", 'task is "chess", wanted one of text-classification, multi-label'],
    [(r) => r.createdAt = "yesterday", 'createdAt is "yesterday", wanted a time such as'],
    [(r) => r.createdAt = "2026-13-45T99:00:00Z", "createdAt is"],
    [(r) => r.model.name = 3, "model.name is 3, wanted a text"],
    [(r) => r.model = [], "model is a list, wanted an object"],
    [(r) => r.model.sizeBytes = 1.5, "model.sizeBytes is 1.5, wanted a whole number of at least 0"],
    [(r) => r.data.n = -1, "data.n is -1, wanted a whole number of at least 0"],
    [(r) => r.intervals.confidence = 95, "intervals.confidence is 95, wanted a finite number from 0 to 1"],
    [(r) => r.intervals.seed = 0.5, "intervals.seed is 0.5, wanted a whole number"],
    [(r) => r.metrics = {}, "metrics is an object, wanted a list"],
    [(r) => r.metrics[1] = null, "metrics[1] is null, wanted an object"],
    [(r) => r.metrics[0].better = "up", 'metrics[0].better is "up", wanted one of higher, lower, neither'],
    [(r) => r.metrics[0].primary = "yes", 'metrics[0].primary is "yes", wanted true or false'],
    [
      (r) => r.metrics[2].interval.value = null,
      "metrics[2].interval.value is null, wanted a finite number",
    ],
    [
      (r) => r.metrics[2].interval.low = 2,
      "metrics[2].interval goes from 2 to 0.9695, wanted the lower end first",
    ],
    [(r) => r.sections = [7], "sections[0] is 7, wanted an object"],
    [(r) => r.sections[0] = { title: "x" }, "sections[0].kind is missing, wanted one of classes, confusion"],
    [(r) => r.sections[0].kind = "toString", 'sections[0].kind is "toString", wanted one of'],
    [(r) => r.sections = Array(201).fill(r.sections[0]), "sections has 201 items, wanted at most 200"],
    [(r) => r.sections[at("gate")].passed = 1, "].passed is 1, wanted true or false"],
    [
      (r) => r.sections[at("gate")].conditions[2].left = "1",
      '].conditions[2].left is "1", wanted a finite number',
    ],
    [
      (r) => r.sections[at("comparison")].rows[0].pValue = 1.2,
      "].rows[0].pValue is 1.2, wanted a finite number from 0",
    ],
    [(r) => delete r.sections[at("comparison")].costs, "].costs is missing, wanted a list"],
    [(r) => r.sections[at("classes")].rows[1].support = "many", '].rows[1].support is "many"'],
    [(r) => r.sections[at("confusion")].labels = [], "].labels has 0 items, wanted 1 to 1000"],
    [
      (r) => r.sections[at("confusion")].counts.pop(),
      "].counts has 1 items, wanted 2: one for each label",
    ],
    [
      (r) => r.sections[at("confusion")].counts[1].push(3),
      "].counts[1] has 3 items, wanted 2: one for each label",
    ],
    [
      (r) => r.sections[at("confusion")].counts[0][1] = -1,
      "].counts[0][1] is -1, wanted a whole number of at least 0",
    ],
    [
      (r) => r.sections[at("curve")].curves[1].y.pop(),
      "].curves[1].y has 200 items, wanted 201: one for each x",
    ],
    [(r) => r.sections[at("curve")].curves[0].x[7] = "0", '].curves[0].x[7] is "0", wanted a finite number'],
    [
      (r) => r.sections[at("curve")].baseline = "level",
      '].baseline is "level", wanted "diagonal" or a finite number',
    ],
    [(r) => r.sections[at("reliability")].bins[0].confidence = 1.01, "].bins[0].confidence is 1.01"],
    [
      (r) => r.sections[at("histogram")].edges[3] = 0.1,
      "].edges[3] is 0.1, wanted more than the edge before it, 0.1",
    ],
    [
      (r) => r.sections[at("histogram")].groups[1].counts.pop(),
      "].groups[1].counts has 19 items, wanted 20: one less than edges",
    ],
    [
      (r) => r.sections[at("slices")].rows[2].intervals.pop(),
      "].rows[2].intervals has 1 items, wanted 2: one for each metric",
    ],
    [(r) => r.sections[at("worst")].rows[0].score = null, "].rows[0].score is null, wanted a finite number"],
    [(r) => r.sections[at("probes")].rows[0].example = "x", '].rows[0].example is "x", wanted an object'],
    [
      (r) => r.sections[at("canaries")].rows[0].passed = null,
      "].rows[0].passed is null, wanted true or false",
    ],
    [
      (r) => r.sections[at("safety")].rows[0].where = "both",
      '].rows[0].where is "both", wanted one of input, output',
    ],
    [(r) => r.sections[at("latency")].p95 = -3, "].p95 is -3, wanted a finite number of at least 0"],
    [(r) => r.sections[at("latency")].batch = 0, "].batch is 0, wanted a whole number of at least 1"],
    [(r) => r.notes[0] = "x".repeat(10_001), "notes[0] has 10001 characters, wanted at most 10000"],
    [(r) => r.title = { "\u001b[31m": 1 }, "title is an object, wanted a text"],
    [(r) => r.task = "\u001b[31m" + "x".repeat(99), 'task is "?[31mxx'],
  ];
  for (const [change, wanted] of cases) {
    const message = complaint(change);
    assert.ok(
      message.startsWith("Cannot read the report: ") && message.includes(wanted),
      `wanted "${wanted}", got "${message}"`,
    );
  }
  for (const value of [undefined, null, 3, "report", [sampleReport], true]) {
    assert.match(messageOf(value), /^Cannot read the report: it is .*, wanted an object$/);
  }
});

Deno.test("the numbers of a report are finite also where it does not come from JSON", () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const report = structuredClone(sampleReport) as Json;
    report.sections[at("latency")].p50 = value;
    assert.match(messageOf(report), new RegExp(`p50 is ${value}, wanted a finite number of at least 0`));
  }
});
