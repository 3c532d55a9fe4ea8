import assert from "node:assert/strict";
import { htmlPage } from "../../src/report/html.ts";
import { rowSizes } from "../../src/report/page/sections.ts";
import type { Report, Section } from "../../src/evaluate/report.ts";
import { interval, sampleReport, sampleSections } from "./sample.ts";

const pageOf = (section: Section, change: Partial<Report> = {}) =>
  htmlPage({ ...sampleReport, ...change, sections: [section] });

/** The texts of a page, without tags and style, with single spaces. */
function words(page: string): string {
  return page.replace(/<style>[^]*?<\/style>/, "").replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))).replace(/\s+/g, " ");
}

const VOID = new Set(["meta", "link", "rect", "circle", "path", "line"]);

/** The elements of a page in their order, after checking that every one is closed where it should be. */
function elements(page: string): string[] {
  const open: string[] = [], all: string[] = [];
  for (
    const [tag, close, name, rest] of page.replace(/<style>[^]*?<\/style>/, "").matchAll(
      /<(\/?)([a-z0-9]+)([^>]*)>/g,
    )
  ) {
    if (close) assert.equal(open.pop(), name, `${tag} closes what was opened last`);
    else {
      all.push(name);
      if (!rest.endsWith("/") && !(VOID.has(name) && ["meta", "link"].includes(name))) open.push(name);
      assert.match(rest, /^(\s+[a-z0-9:-]+(="[^"<>]*")?)*\s*\/?$/i, `attributes of ${tag}`);
    }
  }
  assert.deepEqual(open, []);
  return all;
}

const HOSTILE =
  `"><script>alert(1)</script><img src=x onerror=alert(1)> ' \` </style></title> \u202Egpj.exe\u0000\u001b[31m`;

/** The report with every text that may come from elsewhere replaced. */
function hostile<T>(value: T, key = ""): T {
  if (typeof value === "string") {
    const fixed = ["kind", "format", "task", "better", "createdAt", "where", "method", "baseline"];
    return (fixed.includes(key) ? value : HOSTILE + value) as T;
  }
  if (Array.isArray(value)) return value.map((item) => hostile(item)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hostile(item, key)])) as T;
}

Deno.test("a page is one file: no address, no script, nothing to load, and a policy that says so", () => {
  for (const page of [htmlPage(sampleReport), htmlPage([sampleReport, sampleReport])]) {
    assert.match(
      page,
      /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">/,
    );
    assert.doesNotMatch(page, /https?:|<script|@import|url\(|<img|<iframe|<object|<embed|<form/i);
    for (const [, name, value] of page.matchAll(/\s(src|href|action|xlink:href)="([^"]*)"/g)) {
      assert.match(
        value,
        /^(#[a-z0-9-]+|data:image\/svg\+xml,[\w.%!'()*~-]+)$/,
        `${name} leads nowhere else`,
      );
    }
  }
});

Deno.test("every link in the page has its target, and no id stands twice", () => {
  for (const page of [htmlPage(sampleReport), htmlPage([sampleReport, sampleReport, sampleReport])]) {
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const [, id] of page.matchAll(/href="#([^"]*)"/g)) assert.ok(ids.includes(id), `#${id} is there`);
  }
});

Deno.test("hostile texts come out as texts: the page has the same elements as with harmless ones", () => {
  const large: Section[] = [
    {
      ...sampleSections.confusion,
      labels: "abcdefghij".split(""),
      counts: Array(10).fill(Array(10).fill(3)),
    },
    {
      ...sampleSections.confusion,
      labels: "abcdefghijklmnopqrst".split(""),
      counts: Array(20).fill(Array(20).fill(3)),
    },
  ];
  const report: Report = { ...sampleReport, sections: [...sampleReport.sections, ...large] };
  for (const wrap of [(report: Report) => htmlPage(report), (report: Report) => htmlPage([report, report])]) {
    const page = wrap(hostile(report));
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(page, /<script|<img|onerror=alert\(1\)>|\u202E|[\u0000-\u0008\u000b-\u001f]/);
    // Texts that became longer than a line are unfolded by an element of their own.
    const plain = (page: string) =>
      elements(page).filter((name) => !["details", "summary", "span", "p", "bdi", "b"].includes(name));
    assert.deepEqual(plain(page), plain(wrap(report)));
  }
  assert.match(
    words(htmlPage(hostile(report))),
    /"><script>alert\(1\)<\/script><img src=x onerror=alert\(1\)>/,
  );
});

Deno.test("above all else stand title, model, data, verdicts and the metrics to look at first", () => {
  const text = words(htmlPage(sampleReport));
  const order = [
    "Spam filter on the held-out mail",
    "model spam 1.1.0",
    "data test.jsonl , 1,179 rows",
    "size 17.6 MB",
    "Gate failed 2 of 4 conditions not met",
    "Better and worse than spam 1.0.0",
    "1 of 3 canaries failed",
    "macro F1 0.976 0.967 to 0.985 95% interval",
    "accuracy 0.981 0.971 to 0.987 95% interval",
    "All metrics",
    "Matthews correlation uses all four cells of the confusion matrix 0.951 0.931 to 0.970",
    "How the intervals were made",
  ];
  let at = 0;
  for (const part of order) {
    const found = text.indexOf(part, at);
    assert.ok(found >= 0, `"${part}" stands after what comes before it`);
    at = found;
  }
});

Deno.test("metrics share an axis with those of their direction and unit only", () => {
  const page = htmlPage({ ...sampleReport, sections: [] });
  assert.deepEqual(
    [...page.matchAll(/<tr role="row" class="group">.*?<\/tr>/g)].map(([row]) => words(row).trim()),
    [
      "higher is better",
      "lower is better",
      "lower is better · bits",
    ],
  );
});

Deno.test("every kind of section is shown", () => {
  const wanted: { [K in Section["kind"]]: RegExp[] } = {
    classes: [/ham 0\.987? ?|0\.982 0\.972 to 0\.989/, /spam .*0\.964 0\.948 to 0\.978 .*321/],
    confusion: [/ham 851 99\.2% 7 0\.8% 858/, /spam 16 5\.0% 305 95\.0% 321/, /all 867 312 1,179/],
    curve: [/false positive rate/, /spam 1\.1\.0, AUC 0\.995/, /no skill/],
    reliability: [/mean confidence/, /the numbers/, /0\.6520 0\.71 0\.47 to 0\.87 17/],
    histogram: [/probability of spam/, /ham \(858\) spam \(321\)/, /0\.95 to 1 1 199/],
    bars: [/Rows by class/, /ham 3,241/, /train test/],
    slices: [
      /newsletters 402 rows · p = 0\.0031 differs from the rest/,
      /other \(14 values\) 81 rows/,
      /accuracy: higher is better/,
      /value over all rows/,
    ],
    worst: [/row 412 wanted ham got spam log loss 5\.313/, /Subject: your order has shipped/],
    probes: [/typos one word in ten/, /−0\.013 −0\.021 to −0\.006/, /loss/, /no change shown/, /csah/],
    canaries: [/2 of 3 passed/, /advance fee .* spam ham failed/, /\(empty\)/],
    safety: [/0\.0025 of 1,179 rows flagged/, /0\.0009 to 0\.0074/, /15 input card number my card is/],
    latency: [/median 18\.8 ms/, /99th percentile 38\.2 ms/, /200 calls of 1 input, one at a time/],
    comparison: [
      /a is spam 1\.0\.0 , b is spam 1\.1\.0/,
      /\+0\.009 \+0\.003 to \+0\.016 .*0\.012 b is better/,
      /recall of spam .*b is worse/,
      /no difference shown/,
      /95th percentile of latency 33\.6 ms 31\.4 ms 0\.935×/,
    ],
    gate: [/macroF1\.low >= champion\.macroF1 - 0\.005 0\.9671 0\.9706 not met/, /31\.4 37\.0 met/],
  };
  for (const [kind, patterns] of Object.entries(wanted) as [Section["kind"], RegExp[]][]) {
    const page = pageOf(sampleSections[kind]);
    elements(page);
    const text = words(page.slice(page.indexOf(`<section class="card ${kind}"`)));
    for (const pattern of patterns) assert.match(text, pattern, kind);
  }
});

Deno.test("what is good, bad or undecided says so in words beside its colour", () => {
  const page = htmlPage(sampleReport);
  for (const [, words] of page.matchAll(/<span class="chip [a-z]+">.*?<\/svg>([^]*?)<\/span>/g)) {
    assert.match(words, /[a-z]{3}/);
  }
});

Deno.test("tables name their columns and rows, and pictures what they show", () => {
  const page = htmlPage(sampleReport);
  for (const [table] of page.matchAll(/<table[^]*?<\/table>/g)) {
    assert.match(table, /<caption[^>]*>[^<]{5,}/);
    assert.match(table, /<th scope="col"/);
    assert.match(table, /<th scope="row"/);
  }
  for (const [svg] of page.matchAll(/<svg [^>]*>/g)) {
    assert.match(svg, /aria-hidden="true"|role="img" aria-label="[^"]+"/);
  }
  const levels = [...page.matchAll(/<h([1-6])[ >]/g)].map(([, level]) => Number(level));
  assert.equal(levels.filter((level) => level === 1).length, 1);
  assert.match(page, /^<!doctype html>\n<html lang="en">/);
});

Deno.test("several reports begin with all metrics side by side, the best of them marked", () => {
  const [f1, accuracy, , , calibration] = sampleReport.metrics;
  const other: Report = {
    ...sampleReport,
    title: "Before",
    model: { ...sampleReport.model!, version: "1.0.0" },
    data: { ...sampleReport.data, hash: "sha256:0" },
    metrics: [
      { ...f1, interval: interval(0.96, 0.95, 0.97) },
      accuracy,
      { ...calibration, interval: interval(0.009, 0.006, 0.017) },
    ],
  };
  const text = words(htmlPage([sampleReport, other]));
  assert.match(text, /^.* 2 evaluations Side by side .*metric spam 1\.1\.0 spam 1\.0\.0 /);
  assert.match(text, /macro F1 higher is better 0\.976 0\.967 to 0\.985 best/);
  assert.match(text, /0\.009 0\.006 to 0\.017 best/);
  assert.match(text, / accuracy higher is better 0\.981 0\.971 to 0\.987 [^b]*? 0\.981/);
  assert.match(text, /log loss lower is better · bits .* – /);
  assert.match(text, /over different data/);
  assert.match(text, /Notes .* Before model spam 1\.0\.0/);
});

Deno.test("long lists and long texts are cut and say so; the page stays small", () => {
  const page = htmlPage({
    ...sampleReport,
    title: "t".repeat(5000),
    sections: [
      {
        ...sampleSections.worst,
        rows: Array.from({ length: 10_000 }, (_, i) => ({
          row: i + 1,
          input: "word ".repeat(50_000),
          reference: "ham",
          prediction: "spam",
          score: 1,
        })),
      },
      {
        ...sampleSections.classes,
        rows: Array.from({ length: 5000 }, (_, i) => ({ ...sampleSections.classes.rows[0], label: `c${i}` })),
      },
    ],
  });
  assert.ok(page.length < 1_000_000, `${page.length} characters`);
  assert.match(page, /9950 more rows stand in the JSON report/);
  assert.match(page, /4800 more classes stand in the JSON report/);
});

Deno.test("a report with nothing in it, and sections with nothing in them, make a page", () => {
  const empty: Section[] = [
    { ...sampleSections.classes, rows: [] },
    { ...sampleSections.confusion, labels: ["a"], counts: [[0]] },
    { ...sampleSections.reliability, bins: [] },
    { ...sampleSections.histogram, edges: [0, 1], groups: [{ label: "a", counts: [0] }] },
    { ...sampleSections.slices, rows: [] },
    { ...sampleSections.worst, rows: [] },
    { ...sampleSections.probes, rows: [] },
    { ...sampleSections.canaries, rows: [] },
    { ...sampleSections.safety, rows: [], flagged: interval(0, 0, 0, 0) },
    { ...sampleSections.latency, p50: 0, p95: 0, p99: 0 },
    { ...sampleSections.comparison, rows: [], costs: [] },
    { ...sampleSections.gate, passed: true, conditions: [] },
  ];
  for (const sections of [[], empty]) {
    const page = htmlPage({ ...sampleReport, metrics: [], notes: [], sections });
    elements(page);
    assert.doesNotMatch(page, /NaN|undefined|Infinity|\[object/);
  }
});

Deno.test("narrow sections that follow each other stand two or three in a row, in their order", () => {
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8].map(rowSizes), [
    [1],
    [2],
    [3],
    [2, 2],
    [3, 2],
    [3, 3],
    [3, 2, 2],
    [3, 3, 2],
  ]);
  const page = htmlPage(sampleReport);
  const shown = [...page.matchAll(/<section class="card ([a-z]+)" id="s\d+"/g)].map(([, kind]) => kind);
  assert.deepEqual(shown, sampleReport.sections.map(({ kind }) => kind));
});
