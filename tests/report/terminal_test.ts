import assert from "node:assert/strict";
import { terminalPage } from "../../src/report/terminal.ts";
import type { Report } from "../../src/evaluate/report.ts";
import { interval, sampleReport } from "./sample.ts";

const lineOf = (page: string, start: string) =>
  page.split("\n").find((line) => line.trimStart().startsWith(start)) ?? "";

Deno.test("each metric has a line with its value, its interval and its reason", () => {
  const report = sampleReport;
  const page = terminalPage(report);
  for (const { label, why } of report.metrics) {
    const line = lineOf(page, label);
    assert.match(line, /\d/, label);
    if (why) assert.ok(line.includes(why.slice(0, 40)), `${label}: ${line}`);
  }
  assert.match(page, /95% interval/);
});

Deno.test("sections that fit in lines are there, curves and distributions are left to the pages", () => {
  const report = sampleReport;
  const page = terminalPage(report);
  const drawn = ["curve", "reliability", "histogram"];
  for (const { kind, title } of report.sections) {
    assert.equal(page.includes(title), !drawn.includes(kind), kind);
  }
});

Deno.test("what comes from users is one line without control characters, and cut in tables", () => {
  const base = sampleReport;
  const report: Report = {
    ...base,
    notes: ["\u001b[31mred\u0007 " + "note ".repeat(60)],
    sections: [{
      kind: "worst",
      title: "Worst\u202e",
      scoreLabel: "score",
      rows: [{
        row: 1,
        reference: "a\n\tb",
        prediction: "\u001b]0;title\u0007" + "x".repeat(500),
        score: 0.5,
      }],
    }],
  };
  const page = terminalPage(report);
  assert.doesNotMatch(page.replaceAll("\n", ""), /\p{C}/u);
  assert.match(page, /a b/);
  assert.ok(page.split("\n").filter((line) => line.includes("xxx")).every((line) => line.length < 200));
  assert.ok(page.split("\n").at(-1)!.length > 290, "a note is whole");
});

Deno.test("a gate's conditions say whether they are met, with both sides", () => {
  const report: Report = {
    ...sampleReport,
    sections: [{
      kind: "gate",
      title: "Promotion",
      passed: false,
      conditions: [
        { text: "accuracy >= 0.9", left: 0.95, right: 0.9, met: true },
        { text: "latency.p95 <= 2", left: 3, right: 2, met: false },
      ],
    }],
  };
  const page = terminalPage(report);
  assert.match(page, /^met +accuracy >= 0\.9 +\(0\.95.* and 0\.9.*\)$/m);
  assert.match(page, /^UNMET +latency\.p95 <= 2 +\(3.* and 2.*\)$/m);
});

Deno.test("of many classes the worst by F1 are shown with their rows, and how many more there are", () => {
  const rows = Array.from({ length: 30 }, (_, i) => {
    const score = interval((30 - i) / 40, 0, 1);
    return { label: `class-${i}`, precision: score, recall: score, f1: score, support: 100 + i };
  });
  const page = terminalPage({ ...sampleReport, sections: [{ kind: "classes", title: "Classes", rows }] });
  const shown = page.split("\n").filter((line) => /class-\d/.test(line));
  assert.equal(shown.length, 20);
  assert.match(shown[0], /class-29 .*129/);
  assert.doesNotMatch(page, /class-9 /);
  assert.match(page, /10 more with a higher F1: --json and --out report.html have all/);
});
