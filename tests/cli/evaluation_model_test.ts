// Evaluating and comparing models that were trained a moment ago.
import assert from "node:assert/strict";
import { join } from "node:path";
import { messages, tiny, weir, writeJsonl } from "./cli.ts";
import { withFolder } from "../folder.ts";

Deno.test("a model is evaluated with slices, probes, canaries, safety and a gate, and compared with another", async (t) => {
  await withFolder(async (folder) => {
    const at = ["--home", join(folder, "home")], on = [...at, "--device", "wasm"];
    const examples = messages(150).map((example, i) => ({ ...example, language: i % 3 === 0 ? "it" : "en" }));
    const data = await writeJsonl(join(folder, "mails.jsonl"), examples);
    for (const epochs of ["1", "3"]) {
      const { code, stderr } = await weir(
        "train",
        ...at,
        "--data",
        data,
        "--name",
        "toy",
        ...tiny,
        "--epochs",
        epochs,
      );
      assert.equal(code, 0, stderr);
    }
    const file = async (name: string, value: unknown) => {
      const path = join(folder, name);
      await Deno.writeTextFile(path, typeof value === "string" ? value : JSON.stringify(value));
      return path;
    };

    await t.step("eval", async () => {
      const canaries = await file("canaries.json", [
        { name: "prize", input: examples.find(({ label }) => label === "spam")!.text, expected: "spam" },
        { input: "x", expected: "eggs" },
      ]);
      const filter = await file(
        "filter.ts",
        'export function check(text: string) { return text.includes("win") ? [{ rule: "win", text: "win" }] : []; }',
      );
      const gate = await file("gate.json", {
        conditions: ["canaries.failed <= 1", 'slices.language."it".accuracy >= 0'],
      });
      const { code, stdout, stderr } = await weir(
        ...["eval", "--model", "toy", "--data", data, ...on, "--json", "--resamples", "200"],
        ...["--slice", "language", "--probes", "typos,truncated", "--probe-rows", "40"],
        ...["--canaries", canaries, "--safety", filter, "--safety", "personal-data", "--gate", gate],
      );
      assert.equal(code, 0, stderr);
      const report = JSON.parse(stdout);
      assert.deepEqual([report.model.name, report.model.version, report.model.device], [
        "toy",
        "1.1.0",
        "wasm",
      ]);
      assert.ok(report.model.sizeBytes > 1000);
      const of = (kind: string) => report.sections.find((section: { kind: string }) => section.kind === kind);
      assert.equal(of("gate").passed, true);
      assert.deepEqual(of("slices").rows.map((row: { value: string; n: number }) => [row.value, row.n]), [[
        "en",
        200,
      ], ["it", 100]]);
      assert.deepEqual(of("probes").rows.map((row: { probe: string }) => row.probe), ["typos", "truncated"]);
      assert.equal(of("probes").rows[0].changed.n, 40);
      assert.deepEqual(of("canaries").rows.map((row: { passed: boolean }) => row.passed), [true, false]);
      const flagged = examples.filter(({ text }) => text.includes("win")).length;
      assert.equal(of("safety").flagged.value, flagged / examples.length);
      const { p50, p95, calls } = of("latency");
      assert.ok(p50 > 0 && p50 <= p95 && calls === 200);
    });

    await t.step("compare", async () => {
      const gate = await file("promote.json", {
        conditions: ["macroF1 >= champion.macroF1 - 0.5", "latency.p95 > champion.latency.p95 * 1000"],
      });
      const { code, stdout, stderr } = await weir(
        ...["compare", "toy@1.0.0", "toy@1.1.0", "--data", data, ...on, "--json", "--resamples", "200"],
        ...["--trials", "500", "--gate", gate],
      );
      assert.equal(code, 1);
      assert.match(stderr, /the gate is not passed: 1 of 2 conditions unmet: latency\.p95 > champion/);
      const { sections, model } = JSON.parse(stdout);
      assert.equal(model.version, "1.1.0");
      const comparison = sections.find(({ kind }: { kind: string }) => kind === "comparison");
      assert.deepEqual([comparison.a, comparison.b], ["toy 1.0.0", "toy 1.1.0"]);
      assert.deepEqual(comparison.costs.map((cost: { label: string }) => cost.label), [
        "latency p50",
        "latency p95",
        "model file",
      ]);
      for (const { difference, a, b } of comparison.rows) {
        assert.ok(Math.abs(b.value - a.value - difference.value) < 1e-9);
      }
    });

    await t.step(
      "rows of one class, or one row, are evaluated and compared with all labels of the models",
      async () => {
        for (const count of [20, 1]) {
          const rows = messages(60).filter(({ label }) => label === "ham").slice(0, count);
          const one = await writeJsonl(join(folder, "one_class.jsonl"), rows);
          const common = ["--data", one, ...on, "--json", "--resamples", "50"];
          const evaluated = await weir("eval", "--model", "toy", ...common, "--no-latency");
          assert.equal(evaluated.code, 0, evaluated.stderr);
          const compared = await weir("compare", "toy@1.0.0", "toy@1.1.0", ...common, "--trials", "100");
          assert.equal(compared.code, 0, compared.stderr);
        }
      },
    );

    await t.step("a label that the model does not know is exit code 2", async () => {
      const other = await writeJsonl(join(folder, "other.jsonl"), [{ text: "x", label: "eggs" }]);
      const { code, stderr } = await weir("eval", "--model", "toy", "--data", other, ...on);
      assert.equal(code, 2);
      assert.match(stderr, /other\.jsonl line 1: unknown label "eggs"; known are "ham", "spam"/);
    });

    await t.step("a blank label is named with its line and what to do, and may be left out", async () => {
      const blank = await file("blank.csv", "text,label\nhello,\nworld,ham\nwin now,spam\n");
      const evaluate = (path: string, ...more: string[]) =>
        weir("eval", "--model", "toy", "--data", path, ...on, "--json", "--no-latency", ...more);
      const refused = await evaluate(blank);
      assert.equal(refused.code, 2);
      assert.match(
        refused.stderr,
        /blank\.csv line 2: column "label" is empty; a label was expected: .* leave such rows out with --skip-blank$/m,
      );
      const { code, stdout } = await evaluate(blank, "--skip-blank");
      const report = JSON.parse(stdout);
      assert.deepEqual([code, report.data.n], [0, 2]);
      assert.match(
        report.notes.join("\n"),
        /^1 row with a blank text or label left out, the first: .*line 2/m,
      );
      const none = await writeJsonl(join(folder, "none.jsonl"), [{ text: null, label: "ham" }]);
      assert.match((await evaluate(none)).stderr, /line 1: column "text" is null; .* --skip-blank$/m);
      assert.match((await evaluate(none, "--skip-blank")).stderr, /no row is left: 1 row with a blank/);
    });

    await t.step("what was asked for is checked before the model is asked", async () => {
      const slow = ["eval", "--model", "toy", "--data", data, ...on];
      for (
        const [option, value, problem] of [
          ["--option", "labls=a", /classification has no option "labls"; .*did you mean "labels"\?/],
          [
            "--option",
            "clasification.labels=a",
            /not measured by "clasification".*did you mean "classification"/,
          ],
          ["--slice", "langage", /no column "langage" to slice by; .*did you mean "language"\?/],
        ] as const
      ) {
        // Texts that are too long for the model are found when it is asked: the other mistake comes first.
        const long = await writeJsonl(join(folder, "long.jsonl"), [
          { text: "x".repeat(1_000_001), label: "ham", language: "en" },
        ]);
        const { code, stderr } = await weir(...slow.with(4, long), option, value);
        assert.equal(code, 2);
        assert.match(stderr, problem);
      }
    });

    await t.step("a probe that is none, and a filter that is none", async () => {
      for (const command of ["eval", "drift"]) {
        const pairs = await weir(command, "--model", "toy", "--data", data, ...on, "--pair-column", "label");
        assert.deepEqual([pairs.code, pairs.stderr], [
          2,
          "weir: --pair-column label: toy reads one text; --help says how\n",
        ]);
      }
      const wrong = await weir("eval", "--model", "toy", "--data", data, ...on, "--probes", "upside-down");
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /unknown probe "upside-down": choose of typos/);
      const filter = await weir("eval", "--model", "toy", "--data", data, ...on, "--safety", "all");
      assert.equal(filter.code, 2);
      assert.match(filter.stderr, /"all" is no safety filter: give personal-data/);
    });
  });
});
