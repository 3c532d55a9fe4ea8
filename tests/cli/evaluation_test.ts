// Scoring, evaluating and comparing files of predictions, pages of reports, and gates. With a model: evaluation_model_test.ts.
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { weir } from "./cli.ts";
import { withFolder } from "../folder.ts";

const predictions = [
  "the cat sat on a mat",
  "a dog went home",
  "rain falls on roofs",
  "we eat bread",
  "it snows",
];
const references = [
  "the cat sat on the mat",
  "a dog ran home",
  "rain falls on the roof",
  "we eat bread",
  "it is snowing",
];

/** Writes files and gives their paths. */
async function files(folder: string, contents: Record<string, string>): Promise<Record<string, string>> {
  const paths: Record<string, string> = {};
  for (const [name, text] of Object.entries(contents)) {
    paths[name] = join(folder, name);
    await Deno.writeTextFile(paths[name], text);
  }
  return paths;
}

const lines = (values: readonly unknown[]) =>
  values.map((v) => typeof v === "string" ? v : JSON.stringify(v)).join("\n") + "\n";
const jsonl = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).join("\n") + "\n";

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await weir(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

Deno.test("score gives a metric's values with intervals, from text lines, JSON lines or one CSV file", async () => {
  await withFolder(async (folder) => {
    const { "p.txt": p, "r.txt": r, "both.csv": both, "r.jsonl": many } = await files(folder, {
      "p.txt": lines(predictions),
      "r.txt": lines(references),
      "r.jsonl": jsonl(references.map((text) => ({ references: [text, "something else"] }))),
      "both.csv": "prediction,reference\n" +
        predictions.map((text, i) => `${text},${references[i]}\n`).join(""),
    });
    const plain = JSON.parse(await ok("score", "bleu", "--predictions", p, "--references", r, "--json"));
    assert.equal(plain.n, 5);
    assert.equal(plain.signature, "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:weir");
    const [{ name, interval }] = plain.metrics;
    assert.equal(name, "bleu");
    assert.ok(interval.low < interval.value && interval.value < interval.high);
    const fromCsv = JSON.parse(await ok("score", "bleu", "--predictions", both, "--json"));
    assert.deepEqual(fromCsv, plain);
    const two = JSON.parse(await ok("score", "bleu", "--predictions", p, "--references", many, "--json"));
    assert.match(two.signature, /nrefs:2/);
    const text = await ok(
      "score",
      "rouge",
      "--predictions",
      p,
      "--references",
      r,
      "--option",
      "stemmer=true",
    );
    assert.match(text, /^\* ROUGE-L +0\.\d+ +0\.\d+ to 0\.\d+$/m);
    assert.match(text, /^5 rows {3}stemmer:yes/m);
  });
});

Deno.test("meteor finds synonyms in a folder of WordNet", async () => {
  await withFolder(async (folder) => {
    const wordnet = fileURLToPath(new URL("../golden/evaluate/wordnet", import.meta.url));
    const { "p.txt": p, "r.txt": r } = await files(folder, {
      "p.txt": "in the autumn\n",
      "r.txt": "in the fall\n",
    });
    const run = async (...more: string[]) => {
      const { metrics, signature } = JSON.parse(
        await ok("score", "meteor", "--predictions", p, "--references", r, "--json", ...more),
      );
      return { value: metrics[0].interval.value, signature };
    };
    const [without, using] = [await run(), await run("--wordnet", wordnet)];
    assert.ok(using.value > without.value, `${using.value} ${without.value}`);
    assert.deepEqual([without.signature, using.signature], [
      "matching:exact+stem|weir",
      "matching:exact+stem+synonym|weir",
    ]);
    const { code, stderr } = await weir(
      "score",
      "bleu",
      "--predictions",
      p,
      "--references",
      r,
      "--wordnet",
      wordnet,
    );
    assert.equal(code, 2);
    assert.match(stderr, /--wordnet is for meteor/);
  });
});

Deno.test("score --list names every metric with what it reads and its options", async () => {
  const text = await ok("score", "--list");
  for (
    const name of [
      "rouge",
      "bleu",
      "chrf",
      "ter",
      "meteor",
      "tagging",
      "classification",
      "kappa",
      "bertscore",
    ]
  ) {
    assert.match(text, new RegExp(`^${name}: .*\n  reads `, "m"));
  }
});

Deno.test("eval measures a file by its task's metrics, says why, and writes pages that need nothing else", async () => {
  await withFolder(async (folder) => {
    const { "p.jsonl": p, "r.txt": r } = await files(folder, {
      "p.jsonl": jsonl(predictions.map((prediction, i) => ({ prediction, genre: i % 2 ? "news" : "mail" }))),
      "r.txt": lines(references),
    });
    const out = ["report.html", "report.md", "report.json"].map((name) => join(folder, name));
    const text = await ok(
      ...["eval", "--task", "translation", "--predictions", p, "--references", r, "--slice", "genre"],
      ...out.flatMap((path) => ["--out", path]),
    );
    assert.match(text, /chrF +\d+.* to .*Characters/);
    assert.match(text, /By genre/);
    const [html, markdown, json] = await Promise.all(out.map((path) => Deno.readTextFile(path)));
    assert.match(html, /^<!doctype html>/i);
    assert.doesNotMatch(html, /(src|href)\s*=\s*["']?(https?:)?\/\//i);
    assert.match(markdown, /\| *BLEU/);
    const report = JSON.parse(json);
    assert.deepEqual([report.format, report.task, report.data.n], ["weir-report/1", "translation", 5]);
    assert.match(report.data.hash, /^sha256:[0-9a-f]{64}$/);

    await Promise.all(out.map((path) => Deno.remove(path)));
    await Deno.writeTextFile(out[2], json);
    const again = await ok("report", out[2]);
    assert.equal(again.trim(), markdown.trim());
    await ok("report", out[2], "--out", out[0]);
    assert.equal(await Deno.readTextFile(out[0]), html);
  });
});

Deno.test("eval --explain prints what a task is measured by and why", async () => {
  const text = await ok("eval", "--task", "summarization", "--explain");
  assert.match(text, /^rougeL\.f1 +rouge: The longest common subsequence/m);
  assert.match(text, /^novel2 +novelty, where there is a source: /m);
});

Deno.test("a gate that is not met ends with exit code 1 after everything was written", async () => {
  await withFolder(async (folder) => {
    const paths = await files(folder, {
      "p.txt": lines(predictions),
      "r.txt": lines(references),
      "low.json": JSON.stringify({ conditions: ["chrf >= 10", "chrf.low > champion.chrf.low - 1"] }),
      "high.json": JSON.stringify({ title: "Promotion", conditions: ["chrf >= 99.9", "n >= 5"] }),
    });
    const champion = join(folder, "champion.json");
    const run = [
      "eval",
      "--task",
      "translation",
      "--predictions",
      paths["p.txt"],
      "--references",
      paths["r.txt"],
    ];
    await ok(...run, "--out", champion);
    assert.match(await ok(...run, "--gate", paths["low.json"], "--champion", champion), /^met +chrf >= 10/m);
    const page = join(folder, "page.md");
    const { code, stdout, stderr } = await weir(...run, "--gate", paths["high.json"], "--out", page);
    assert.equal(code, 1);
    assert.match(stdout, /^UNMET +chrf >= 99\.9/m);
    assert.match(stderr, /^weir: the gate is not passed: 1 of 2 conditions unmet: chrf >= 99\.9$/m);
    assert.match(await Deno.readTextFile(page), /chrf >= 99\.9|chrf &gt;= 99\.9/);
    const later = await weir("report", champion, "--gate", paths["high.json"]);
    assert.equal(later.code, 1);
    // A link to nowhere: only writing shows that it cannot be written.
    await Deno.symlink(join(folder, "none", "page.html"), join(folder, "link.html"));
    const nowhere = await weir(...run, "--out", join(folder, "link.html"));
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.stdout, /^chrF /m);
    assert.match(nowhere.stderr, /^weir: Cannot write the report .*link\.html: [^\n]*\n$/m);
  });
});

Deno.test("compare says which of two files is better, with adjusted p-values", async () => {
  await withFolder(async (folder) => {
    const truth = Array.from({ length: 120 }, (_, i) => i % 3 === 0 ? "spam" : "ham");
    const paths = await files(folder, {
      "a.txt": lines(truth.map((label, i) => i % 4 === 0 ? "ham" : label)),
      "b.txt": lines(truth.map((label, i) => i % 40 === 0 ? "ham" : label)),
      "gold.txt": lines(truth),
      "gate.json": JSON.stringify({
        conditions: ["macroF1.low >= champion.macroF1 - 0.005", "pValue.macroF1 < 0.05"],
      }),
    });
    const args = [
      "compare",
      paths["a.txt"],
      paths["b.txt"],
      "--task",
      "text-classification",
      "--references",
      paths["gold.txt"],
    ];
    const report = JSON.parse(await ok(...args, "--trials", "1000", "--gate", paths["gate.json"], "--json"));
    const [gate, comparison] = report.sections;
    assert.equal(gate.passed, true);
    assert.deepEqual([comparison.a, comparison.b], ["a.txt", "b.txt"]);
    const accuracy = comparison.rows.find((row: { name: string }) => row.name === "accuracy");
    assert.equal(accuracy.test, "McNemar");
    assert.ok(
      accuracy.difference.low > 0 && accuracy.adjustedPValue < 0.05 &&
        accuracy.adjustedPValue >= accuracy.pValue,
    );
    assert.match(await ok(...args, "--trials", "1000"), /accuracy +0\.\d+ +0\.\d+ +\+0\.\d+ .*McNemar/);
  });
});

const good = { "p.txt": lines(predictions), "r.txt": lines(references) };
const score = (
  metric: string,
  p: string,
  r?: string,
) => ["score", metric, "--predictions", p, ...r ? ["--references", r] : []];
const bad: [
  what: string,
  contents: Record<string, string>,
  args: (at: Record<string, string>) => string[],
  line: RegExp,
][] = [
  [
    "differing lengths",
    { ...good, "short.txt": "one\n" },
    (at) => score("bleu", at["p.txt"], at["short.txt"]),
    /Cannot compare 5 predictions with 1 references: every row needs both/,
  ],
  ["a missing file", good, (at) => score("bleu", at["p.txt"] + "x", at["r.txt"]), /p\.txtx/],
  [
    "an empty file",
    { ...good, "empty.txt": "" },
    (at) => score("bleu", at["empty.txt"], at["r.txt"]),
    /empty\.txt: there are no rows/,
  ],
  [
    "an unknown metric",
    good,
    (at) => score("blue", at["p.txt"], at["r.txt"]),
    /no metric "blue"; did you mean bleu\?/,
  ],
  [
    "no references",
    good,
    (at) => score("bleu", at["p.txt"]),
    /bleu needs references: give --references FILE/,
  ],
  [
    "tags outside the scheme",
    { "p.txt": "B-PER X-LOC\n", "r.txt": "B-PER O\n" },
    (at) => [...score("tagging", at["p.txt"], at["r.txt"]), "--option", "mode=strict"],
    /X-LOC/,
  ],
  [
    "a label outside of those given",
    { "p.txt": "ham\nspam\n", "r.txt": "ham\neggs\n" },
    (at) => [...score("classification", at["p.txt"], at["r.txt"]), "--option", "labels=ham,spam"],
    /eggs/,
  ],
  [
    "NaN",
    { "p.txt": "1\nNaN\n", "r.txt": "1\n2\n" },
    (at) => score("regression", at["p.txt"], at["r.txt"]),
    /Row 2: its prediction is "NaN", wanted a finite number/,
  ],
  [
    "probabilities that are none",
    {
      "p.jsonl": jsonl([{ prediction: "a", scores: { a: 3, b: -2 } }, {
        prediction: "b",
        scores: { a: 0, b: 1 },
      }]),
      "r.txt": "a\nb\n",
    },
    (at) => score("classification", at["p.jsonl"], at["r.txt"]),
    /the probability of row 0 for "a" is 3/,
  ],
  [
    "a positive class that is none of them",
    { "p.txt": "a\nb\n", "r.txt": "a\nb\n" },
    (at) => [...score("classification", at["p.txt"], at["r.txt"]), "--option", "positive=c"],
    /the positive label is "c", wanted one of "a", "b"/,
  ],
  [
    "broken JSON",
    { ...good, "p.jsonl": '{"prediction": \n' },
    (at) => score("bleu", at["p.jsonl"], at["r.txt"]),
    /p\.jsonl line 1: not JSON/,
  ],
  [
    "a setting that is none",
    good,
    (at) => [...score("bleu", at["p.txt"], at["r.txt"]), "--option", "tokeniser=intl"],
    /bleu has no option "tokeniser"; it has tokenizer/,
  ],
  ["a report that is none", { "x.json": "{}" }, (at) => ["report", at["x.json"]], /x\.json: /],
  [
    "a gate that is none",
    { ...good, "gate.json": '{"conditions": ["chrf = 9"]}' },
    (
      at,
    ) => [
      "eval",
      "--task",
      "translation",
      "--predictions",
      at["p.txt"],
      "--references",
      at["r.txt"],
      "--gate",
      at["gate.json"],
    ],
    /Cannot read the condition "chrf = 9"/,
  ],
  [
    "a gate on a figure that is not there",
    { ...good, "gate.json": '{"conditions": ["accuracy > 0"]}' },
    (
      at,
    ) => [
      "eval",
      "--task",
      "translation",
      "--predictions",
      at["p.txt"],
      "--references",
      at["r.txt"],
      "--gate",
      at["gate.json"],
    ],
    /no figure "accuracy"; there are chrf/,
  ],
  [
    "a column to slice by that is not there",
    good,
    (
      at,
    ) => [
      "eval",
      "--task",
      "translation",
      "--predictions",
      at["p.txt"],
      "--references",
      at["r.txt"],
      "--slice",
      "genre",
    ],
    /Row 1 has no column "genre" to slice by/,
  ],
  [
    "systems with other references",
    { "a.csv": "prediction,reference\na,a\nb,b\n", "b.csv": "prediction,reference\na,b\nb,b\n" },
    (at) => ["compare", at["a.csv"], at["b.csv"], "--task", "text-classification"],
    /the references of row 1 differ/,
  ],
];
for (const [what, contents, args, line] of bad) {
  Deno.test(`${what}: one clear line and exit code 2`, async () => {
    await withFolder(async (folder) => {
      const { code, stdout, stderr } = await weir(...args(await files(folder, contents)));
      assert.equal(stdout, "");
      const last = stderr.trimEnd().split("\n").at(-1)!;
      assert.match(last, /^weir: /);
      assert.match(last, line);
      assert.equal(code, 2, stderr);
    });
  });
}
