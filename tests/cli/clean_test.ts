import assert from "node:assert/strict";
import { join } from "node:path";
import { withFolder } from "../folder.ts";
import { messages, tiny, weir, writeJsonl } from "./cli.ts";

/** Runs a command that must succeed with `--json`; its object, and what it wrote beside. */
// deno-lint-ignore no-explicit-any -- whatever a command prints
async function json(...args: string[]): Promise<{ result: Record<string, any>; stderr: string }> {
  const { code, stdout, stderr } = await weir(...args, "--json");
  assert.equal(code, 0, stderr);
  return { result: JSON.parse(stdout), stderr };
}

/** The messages as people have them: markup, masks, addresses. */
const dirty = (text: string, i: number) =>
  `<p>On XX/XX/2014 ${text.toUpperCase()} &amp; XXXX</p> www.site${i}.example`;
const clean = "strip-html,strip-urls=,replace=X{2,}(/X{2,})*(/\\d+)?=> ,lowercase,collapse-space";

Deno.test("steps of --clean are stored with the model and applied wherever it reads", async (t) => {
  await withFolder(async (folder) => {
    const home = join(folder, "home");
    const on = ["--home", home, "--device", "wasm"];
    const rows = messages(80).map(({ text, label }, i) => ({ text: dirty(text, i), label }));
    const others = messages(12).map(({ text }) => text);
    const rare = ["refund", "refunds", "legal"].flatMap((label, l) =>
      others.slice(8 * l, 8 * l + 8).map((text) => ({ text: `<b>${text} ${label} of that order</b>`, label }))
    );
    const data = await writeJsonl(join(folder, "rows.jsonl"), [...rows, ...rare, {
      text: "<br/>",
      label: "ham",
    }]);
    const train = ["train", "--home", home, "--data", data, ...tiny, "--epochs", "2"];
    let path = "";

    await t.step("training says what each step did, and the manifest keeps them", async () => {
      const steps = [
        "--clean",
        clean,
        "--clean",
        "drop-empty,merge-labels=refund|refunds=refund",
        "--clean",
        "drop-label=legal",
      ];
      const { result, stderr } = await json(...train, "--name", "toy", ...steps);
      assert.match(stderr, /strip-html changed 185 of 185 rows/);
      assert.match(stderr, /drop-empty left out 1 of 185 rows/);
      assert.match(stderr, /label +before +after\nham +81 █+ +80 █+/);
      assert.match(stderr, /labels ham, refund, spam/);
      path = result.path;
      const manifest = JSON.parse(await Deno.readTextFile(join(path, "weir.json")));
      assert.equal(manifest.format, "weir-bundle/3");
      assert.deepEqual(manifest.cleaning, clean.split(/,(?!\})/));
      assert.deepEqual(manifest.lineage.rowSteps, [
        { step: "drop-empty", rowsBefore: 185, rowsAfter: 184 },
        { step: "merge-labels=refund|refunds=refund", rowsBefore: 184, rowsAfter: 184 },
        { step: "drop-label=legal", rowsBefore: 184, rowsAfter: 176 },
      ]);
    });

    await t.step("serving answers a text and its clean form alike, to the last digit", async () => {
      const text = "free money offer for the winner of the cash prize";
      const { result } = await json("predict", ...on, "--model", "toy", text, dirty(text, 3), `${text} XXXX`);
      const [plain, raw, masked] = result.predictions.map(({ answer }: { answer: unknown }) => answer);
      assert.deepEqual(masked, plain);
      const expected = await json("predict", ...on, "--model", "toy", `on ${text} &`);
      assert.deepEqual(raw, expected.result.predictions[0].answer);
    });

    await t.step(
      "an evaluation of raw rows finds those that were trained on in their clean form",
      async () => {
        const held = await writeJsonl(join(folder, "held.jsonl"), rows);
        const { result } = await json("eval", ...on, "--model", "toy", "--data", held, "--no-latency");
        assert.ok(result.data.seen.train > 100);
        assert.ok(
          result.metrics.find(({ name }: { name: string }) => name === "accuracy").interval.value > 0.95,
        );
      },
    );

    await t.step(
      "the monitor sees what the model sees: raw texts of the same kind are no drift",
      async () => {
        const { result } = await json("drift", ...on, "--model", "toy", "--data", data, "--window", "100");
        const drifted = result.windows.flatMap((
          { features }: { features: { name: string; drifted: boolean }[] },
        ) => features.filter(({ drifted }) => drifted).map(({ name }) => name));
        assert.deepEqual(drifted, []);
      },
    );

    await t.step("a model that is trained from it cleans as it does, and further", async () => {
      const from = ["train", ...on, "--epochs", "1", "--data", data, "--name", "child", "--from", "toy"];
      const { result, stderr } = await json(...from, "--clean", "strip-punctuation,drop-empty,keep-labels=2");
      assert.match(stderr, /texts are cleaned as toy was trained: strip-html, /);
      const { cleaning } = JSON.parse(await Deno.readTextFile(join(result.path, "weir.json")));
      assert.deepEqual(cleaning, [...clean.split(/,(?!\})/), "strip-punctuation"]);
    });

    await t.step("an import keeps the steps, and measures with them", async () => {
      const held = await writeJsonl(join(folder, "held.jsonl"), rows);
      const { result } = await json("import", "--from", path, "--name", "copy", ...on, "--data", held);
      const manifest = JSON.parse(await Deno.readTextFile(join(result.path, "weir.json")));
      assert.deepEqual(manifest.cleaning, clean.split(/,(?!\})/));
      assert.ok(manifest.metrics.accuracy.value > 0.95);
      assert.ok(Object.hasOwn(manifest.files, "fingerprints.bin"));
    });

    await t.step("a bundle with a step that is none, or of rows, is not served", async () => {
      for (
        const [step, message] of [["wash", /no cleaning step "wash"/], ["sample=3", /chooses rows/]] as const
      ) {
        const file = join(path, "weir.json");
        const text = await Deno.readTextFile(file);
        await Deno.writeTextFile(file, JSON.stringify({ ...JSON.parse(text), cleaning: [step] }));
        const { code, stderr } = await weir("predict", ...on, "--model", path, "x");
        await Deno.writeTextFile(file, text);
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
      }
    });
  });
});

Deno.test("steps that cannot be applied are refused before the work, with the reason", async () => {
  await withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(10));
    const conll = join(folder, "rows.conll");
    await Deno.writeTextFile(conll, "Ada B-PER\nran O\n\nBob B-PER\nsat O\n\n");
    const train = ["train", "--home", join(folder, "home"), ...tiny, "--name", "toy"];
    const cases: [string[], RegExp][] = [
      [["--data", data, "--clean", "strip-hmtl"], /--clean.*no cleaning step "strip-hmtl"/],
      [["--data", data, "--clean", "min-words=many"], /min-words takes a whole number/],
      [["--data", data, "--clean", "drop-label=spa"], /no row has the label "spa"; there are "ham", "spam"/],
      [["--data", data, "--clean", "min-words=500"], /"min-words=500" leaves none of 20 rows/],
      [
        ["--data", conll, "--task", "token-classification", "--clean", "lowercase"],
        /answers of token classification say where in the text a word stands, and lowercase would move it/,
      ],
      [
        ["--data", conll, "--task", "token-classification", "--clean", "keep-labels=2"],
        /"keep-labels=2" needs rows with one label each/,
      ],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await weir(...train, ...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /epoch 1/);
    }
  });
});

Deno.test("the help of weir train lists every cleaning step", async () => {
  const { stdout } = await weir("train", "--help");
  for (
    const step of [
      "strip-html ",
      "strip-urls[=TEXT]",
      "replace=PATTERN=>TEXT",
      "merge-rest=LABELS",
      "sample=ROWS|SHARE%",
    ]
  ) {
    assert.ok(stdout.includes(`\n  ${step}`), step);
  }
});
