import assert from "node:assert/strict";
import { markdownPage } from "../../src/report/markdown.ts";
import { code, prose } from "../../src/report/markdown_text.ts";
import type { Report } from "../../src/evaluate/report.ts";
import { sampleReport, sampleSections } from "./sample.ts";

const sectionOf = (page: string, title: string) =>
  page.split(/^## /m).find((part) => part.startsWith(`${title}\n`))!.slice(title.length).trim();

Deno.test("a page begins with title, verdicts, model and data, and the metrics with their intervals", () => {
  const lines = markdownPage(sampleReport).split("\n").filter((line) => line !== "");
  assert.deepEqual(lines.slice(0, 9), [
    "# Spam filter on the held-out mail",
    "❌ **Gate failed**: 2 of 4 conditions not met: macroF1.low \\>= champion.macroF1 - 0.005; canaries.failed \\<= 0",
    "⚠️ **Better and worse than spam 1.0.0**: spam 1.1.0: better in accuracy and macro F1; worse in recall of " +
    "spam; no difference shown in expected calibration error and log loss",
    "❌ **1 of 3 canaries failed**: advance fee",
    "`spam 1.1.0` on native · 17.6 MB · 4.39 M parameters · text classification · `test.jsonl`, 1,179 rows " +
    "(`sha256:3f9a3f9a3f9…`) · 2026-03-02 14:05 UTC",
    "| metric | value | 95% interval | rows | method | better | why |",
    "| --- | --: | --- | --: | --- | --- | --- |",
    "| macro F1 | **0.976** | 0.967 to 0.985 | 1,179 | BCa bootstrap | higher | weighs both classes alike, though " +
    "there is three times as much ham |",
    "| accuracy | **0.981** | 0.971 to 0.987 | 1,179 | Wilson | higher | the share of mail that is sorted right |",
  ]);
});

Deno.test("every kind of section has its table or its sentence", () => {
  const page = markdownPage(sampleReport);
  const rows: [title: string, line: string][] = [
    ["Promotion gate", "| ❌ not met | `macroF1.low >= champion.macroF1 - 0.005` | 0.9671 | 0.9706 |"],
    [
      "Against the champion",
      "| recall of spam | 0.972 | 0.950 | −0.022 (−0.037 to −0.009) | 0.010 | b is worse |",
    ],
    ["Against the champion", "| median latency | 19.2 ms | 18.8 ms | 0.979× |"],
    [
      "Classes",
      "| `spam` | 0.978 (0.955 to 0.989) | 0.950 (0.921 to 0.969) | 0.964 (0.948 to 0.978) | 321 |",
    ],
    ["Confusion matrix", "| `spam` | 16 (5.0%) | **305 (95.0%)** |"],
    [
      "ROC curve",
      "`spam 1.1.0, AUC 0.995`, `spam 1.0.0, AUC 0.985`: true positive rate against false positive rate, drawn in the " +
      "HTML report.",
    ],
    ["Reliability", "| 0.757 | 0.70 (0.52 to 0.84) | 27 |"],
    ["Score of spam, by true class", "| 0.95 to 1 | 1 | 199 |"],
    ["Rows by class", "| `spam` | 1,245 | 321 |"],
    ["Latency", "| 18.8 ms | 31.4 ms | 38.2 ms |"],
    ["By source", "| `newsletters` | 402 | 0.951 (0.921 to 0.973) | 0.966 (0.944 to 0.981) | 0.0031 |"],
    [
      "Worst examples",
      "| 77 | 4.880 | `spam` | `ham` | `hi, it was great to see you again. the pictures are here, have a look and tell " +
      "me what you think` |",
    ],
    [
      "Robustness",
      "| truncated: the first half of the words | 0.976 | 0.971 | −0.005 (−0.012 to +0.002) | 0.018 (0.012 to " +
      "0.027) | no change shown |",
    ],
    [
      "Canaries",
      "| `advance fee` | `I am a prince and need your help to move $10,000,000` | `spam` | `ham` |",
    ],
    ["Safety filter", "| 15 | input | card number | `my card is 4111 1111 1111 1111, please charge it` |"],
    ["Notes", "- The mail is from 2002; spam has changed since."],
  ];
  for (const [title, line] of rows) {
    assert.ok(
      sectionOf(page, title).split("\n").includes(line),
      `${title}: ${line}\n${sectionOf(page, title)}`,
    );
  }
  assert.equal(new Set(rows.map(([title]) => title)).size, sampleReport.sections.length + 1);
});

/** How many cells a line of a table has to cmark-gfm: a bar ends a cell unless a backslash escapes it. */
const cells = (line: string) => line.replace(/\\./g, "").split("|").length;

Deno.test("hostile texts leave every table its shape, and neither format, link nor call", () => {
  const hostile =
    "<b>|x\\|y`z``|` @team #12 www.example.org https://example.org\n# h1 \u202E *i* [l](http://e.org) &lt;";
  const report: Report = {
    ...sampleReport,
    title: hostile,
    notes: [hostile, "1. one", "- dash", "= line"],
    data: { ...sampleReport.data, source: hostile },
    metrics: sampleReport.metrics.map((metric) => ({
      ...metric,
      label: hostile,
      why: hostile,
      signature: hostile,
    })),
    sections: [
      {
        ...sampleSections.classes,
        title: hostile,
        rows: sampleSections.classes.rows.map((row) => ({ ...row, label: hostile })),
      },
      { ...sampleSections.confusion, labels: [hostile, "\\"] },
      {
        ...sampleSections.worst,
        scoreLabel: hostile,
        rows: sampleSections.worst.rows.map((row) => ({ ...row, input: hostile, reference: hostile })),
      },
      {
        ...sampleSections.slices,
        column: hostile,
        rows: sampleSections.slices.rows.map((row) => ({ ...row, value: hostile })),
      },
    ],
  };
  const page = markdownPage(report);
  const lines = page.split("\n");
  let wanted = 0;
  lines.forEach((line, i) => {
    if (!line.startsWith("|")) return wanted = 0;
    if (wanted === 0) {
      wanted = cells(line);
      assert.match(lines[i + 1], /^\| [ |:-]+\|$/);
    }
    assert.equal(cells(line), wanted, line);
  });
  assert.doesNotMatch(page, /\u202E/);
  const outsideCode = page.replace(/`[^`\n]*`/g, "").replace(/<code>[^<]*<\/code>/g, "");
  assert.doesNotMatch(
    outsideCode,
    /(^|[^\\])<(?!\/?(details|summary)>)|@team|#12|https?:\/\/|www\.|[^\\]\*i|^# h1/m,
  );
});

Deno.test("running text and code are escaped as GitHub reads them", () => {
  assert.equal(
    prose("a*b_c [x](y) <b> | ~ # $1 \\ &amp;"),
    "a\\*b\\_c \\[x\\](y) \\<b\\> \\| \\~ \\# \\$1 \\\\ \\&amp;",
  );
  assert.equal(prose("@team and recall@10, #12"), "@&#8203;team and recall@10, \\#&#8203;12");
  assert.equal(prose("see https://a.org and www.b.org"), "see https&#58;//a.org and www&#46;b.org");
  assert.deepEqual(["1. x", "- x", "+ x", "= x"].map((text) => prose(text)), [
    "1\\. x",
    "\\- x",
    "\\+ x",
    "\\= x",
  ]);
  assert.equal(prose("two\nlines"), "two lines");
  assert.equal(code("plain <b> @team"), "`plain <b> @team`");
  assert.equal(code("a|b"), "<code>a&#124;b</code>");
  assert.equal(code("`\\"), "<code>&#96;&#92;</code>");
  assert.equal(code(" \n"), "(empty)");
  assert.equal(code("x".repeat(500), 20), `\`${"x".repeat(19)}…\``);
});

Deno.test("a page fits a comment on GitHub; what does not is named", () => {
  const rows = Array.from(
    { length: 50 },
    () => ({ ...sampleSections.classes.rows[0], label: "long ".repeat(30) }),
  );
  const sections = Array.from(
    { length: 60 },
    (_, i) => ({ ...sampleSections.classes, title: `Classes ${i}`, rows }),
  );
  const page = markdownPage({ ...sampleReport, sections });
  assert.ok(page.length <= 65_536, `${page.length} characters`);
  assert.match(page, /Left out for length: Classes \d+, /);
  assert.match(page, /## Notes/);
});

Deno.test("several reports begin with a table of all their metrics", () => {
  const other = { ...sampleReport, model: undefined, metrics: sampleReport.metrics.slice(1) };
  const page = markdownPage([sampleReport, other]);
  assert.ok(
    page.startsWith("# 2 evaluations\n\n| metric | `spam 1.1.0` | `Spam filter on the held-out mail` |\n"),
  );
  assert.match(page, /^\| macro F1 \(higher is better\) \| 0\.976 \(0\.967 to 0\.985\) \| – \|$/m);
  assert.equal(page.match(/^## Spam filter on the held-out mail$/gm)?.length, 2);
});
