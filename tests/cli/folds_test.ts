import assert from "node:assert/strict";
import { join } from "node:path";
import { readFingerprints } from "../../src/bundle/fingerprints.ts";
import { readManifest } from "../../src/bundle/reader.ts";
import { openStore } from "../../src/store/sqlite.ts";
import { listMetrics, listRuns } from "../../src/track/runs.ts";
import { withFolder } from "../folder.ts";
import { messages, spawnWeir, weir, writeJsonl } from "./cli.ts";

const tiny = [
  ...["--device", "interp", "--model-type", "mlp", "--hidden-size", "8", "--vocab-size", "100"],
  ...["--max-tokens", "16", "--batch-size", "16", "--learning-rate", "0.05"],
];

const folds = [...tiny, "--epochs", "2", "--folds", "3"];

Deno.test("a cross-validation scores every row, says so everywhere, and registers a model of all rows", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(40));
    const report = join(folder, "report.json");
    const train = (...args: string[]) =>
      weir("train", "--home", folder, "--data", data, "--name", "toy", ...folds, ...args);
    const text = await train("--report", report);
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /^80 rows/);
    assert.match(
      text.stdout,
      /Cross-validated on all 80 rows of rows\.jsonl in 3 folds, .*: each row was scored by the one of 3 models that was not/,
    );
    assert.match(text.stdout, /Standard deviation over the 3 folds: accuracy 0\.\d{4}, /);
    assert.match(
      text.stdout,
      /Intervals \(Wilson, .*do not cover that other rows to train on give other models/,
    );
    for (const k of [1, 2, 3]) {
      assert.match(
        text.stderr,
        new RegExp(`^fold ${k} of 3: 5\\d rows to train, \\d to choose the epoch, 2\\d held out$`, "m"),
      );
      assert.match(text.stderr, new RegExp(`^fold ${k} of 3: accuracy [01]\\.\\d{4}, macroF1`, "m"));
    }
    assert.match(
      text.stderr,
      /3 folds are scored; now the model that is registered: 76 rows to train, 4 to choose/,
    );
    assert.doesNotMatch(text.stderr, /checkpoint|--resume/);
    assert.equal(JSON.parse(await Deno.readTextFile(report)).data.n, 80);

    const again = await train("--json");
    const { path, evaluation, metrics } = JSON.parse(again.stdout);
    const manifest = await readManifest(path);
    const first = await readManifest(path.replace("1.1.0", "1.0.0"));
    assert.deepEqual(manifest.metrics, first.metrics, "the same command, the same figures");
    assert.deepEqual(manifest.lineage.evaluation, first.lineage.evaluation);
    assert.deepEqual(manifest.lineage.evaluation, evaluation as unknown);
    assert.deepEqual([evaluation.method, evaluation.folds, metrics.accuracy.n], ["cross-validation", 3, 80]);
    assert.deepEqual(manifest.lineage.rows, { train: 76, validation: 4, test: 0 });
    const card = await Deno.readTextFile(join(path, "README.md"));
    assert.match(card, /Cross-validated on all 80 rows/);
    assert.match(card, /name: cross-validation/);
    assert.doesNotMatch(card, /held.out split|0 for the results/);
    const fingerprints = await readFingerprints(path, manifest);
    assert.deepEqual(fingerprints?.parts.map(({ hashes }) => hashes.length), [76, 4], "it has seen all rows");

    const store = openStore(join(folder, "weir.db"));
    try {
      const [{ id, params }] = await listRuns(store);
      assert.equal((params as { folds?: number }).folds, 3);
      const kept = (await listMetrics(store, id)).filter(({ key }) => key === "fold/accuracy");
      assert.deepEqual(kept.map(({ step }) => step), [1, 2, 3]);
      const mean = kept.reduce((sum, { value }) => sum + value, 0) / 3;
      const deviation = Math.sqrt(kept.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / 2);
      assert.ok(Math.abs(deviation - evaluation.spread.accuracy) < 1e-6);
    } finally {
      await store.close();
    }
  }));

Deno.test("numbers and entities are cross-validated, too", () =>
  withFolder(async (folder) => {
    const rows = messages(30);
    const numbers = await writeJsonl(
      join(folder, "numbers.jsonl"),
      rows.map(({ text, label }, i) => ({ text, score: (label === "spam" ? 4 : 1) + (i % 5) / 10 })),
    );
    const conll = join(folder, "words.conll");
    await Deno.writeTextFile(
      conll,
      rows.map(({ text }) =>
        text.split(" ").map((word) => `${word} ${/^(win|prize|lunch|team)$/.test(word) ? "B-THING" : "O"}`)
          .join("\n")
      ).join("\n\n"),
    );
    const train = async (data: string, task: string) => {
      const { code, stdout, stderr } = await weir(
        ...["train", "--home", folder, "--data", data, "--name", task, "--task", task, ...tiny],
        ...[
          "--model-type",
          "bert",
          "--layers",
          "1",
          "--heads",
          "2",
          "--epochs",
          "1",
          "--folds",
          "2",
          "--json",
        ],
      );
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout);
    };
    const regression = await train(numbers, "text-regression");
    assert.deepEqual(
      Object.keys(regression.evaluation.spread).slice(0, 2),
      Object.keys(regression.metrics).slice(0, 2),
    );
    assert.equal(Object.values<{ n: number }>(regression.metrics)[0].n, 60);
    const entities = await train(conll, "token-classification");
    assert.equal(entities.evaluation.folds, 2);
    assert.ok(Object.keys(entities.evaluation.spread).length > 0);
  }));

Deno.test("a dry run says what a cross-validation costs, and nothing is trained", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(40));
    const dry = (...args: string[]) =>
      weir("train", "--home", folder, "--data", data, "--name", "toy", ...folds, "--dry-run", ...args);
    const { stdout } = await dry();
    assert.match(stdout, /all to score, each by a model that has not seen it/);
    // 76 rows are 5 steps an epoch; each fold has two thirds of them, 4 steps.
    assert.match(
      stdout,
      /cross-validation: before that, 3 models are trained to score the rows; 34 steps in all, about/,
    );
    const { training } = JSON.parse((await dry("--json")).stdout);
    assert.deepEqual([training.folds.count, training.folds.steps, training.steps], [3, 34, 10]);
    assert.ok(training.folds.seconds > training.seconds);
  }));

Deno.test("what does not go with folds is refused, with the reason", () =>
  withFolder(async (folder) => {
    const rare = [{ text: "an odd one", label: "one" }, { text: "quite another", label: "two" }];
    const data = await writeJsonl(join(folder, "rows.jsonl"), [...messages(20), ...rare]);
    const train = (...args: string[]) =>
      weir("train", "--home", folder, "--data", data, "--name", "toy", ...folds, ...args);
    for (
      const [args, message] of [
        [
          ["--resume"],
          /--resume does not go with --folds: a cross-validation keeps no checkpoint, and begins anew/,
        ],
        [["--keep-checkpoints", "2"], /--keep-checkpoints does not go with --folds/],
        [["--split", ".8,.2"], /--folds does not go with --split: every row is held out once/],
        [["--test", data], /--folds does not go with --test/],
        [["--folds", "1"], /from 2 to 100/],
        [
          [],
          /2 labels, "one" \(1\), "two" \(1\), have too few texts.*one for each of 3 folds: give fewer --folds/,
        ],
      ] as const
    ) {
      const { code, stderr } = await train(...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^fold 1/m);
    }
    const { code, stderr } = await train("--clean", "min-label-rows=3");
    assert.equal(code, 0, stderr);
  }));

Deno.test("scores of rows that the model started from has seen are said to be too good", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(20));
    const other = await writeJsonl(join(folder, "other.jsonl"), messages(60).slice(80));
    const train = (data: string, name: string, ...args: string[]) =>
      weir(
        "train",
        "--home",
        folder,
        "--data",
        data,
        "--name",
        name,
        "--device",
        "interp",
        "--epochs",
        "1",
        ...args,
      );
    const base = await train(data, "base", ...tiny, "--folds", "2");
    assert.equal(base.code, 0, base.stderr);
    assert.doesNotMatch(base.stderr, /too good/);
    const seen = await train(data, "child", "--from", "base@1.0.0", "--folds", "2");
    assert.match(
      seen.stderr,
      /warning: base@1\.0\.0 was trained on 40 of the 40 rows that were scored, .*too good/,
    );
    const heldOut = await train(data, "child", "--from", "base@1.0.0");
    assert.match(heldOut.stderr, /warning: base@1\.0\.0 was trained on 8 of the 8 rows that were scored/);
    const unseen = await train(other, "child", "--from", "base@1.0.0");
    assert.equal(unseen.code, 0, unseen.stderr);
    assert.doesNotMatch(unseen.stderr, /too good/);
  }));

Deno.test({
  name: "Ctrl-C ends a cross-validation with a message, and leaves nothing behind",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      const data = await writeJsonl(join(folder, "rows.jsonl"), messages(100));
      // Not on the interpreter, which never waits, so that no signal reaches it. Whatever happens, there is an end to it.
      const device = ["--device", "wasm", "--epochs", "1000"];
      const child = spawnWeir([
        "train",
        "--home",
        folder,
        "--data",
        data,
        "--name",
        "toy",
        ...folds,
        ...device,
      ]);
      let stderr = "";
      let sent = false;
      const decoder = new TextDecoder();
      for await (const bytes of child.stderr) {
        stderr += decoder.decode(bytes, { stream: true });
        if (!sent && /^epoch 2\//m.test(stderr)) {
          child.kill("SIGINT");
          sent = true;
        }
      }
      const { code } = await child.status;
      await child.stdout.cancel();
      assert.equal(code, 1, stderr);
      assert.match(
        stderr,
        /stopped in fold 1 of 3: a cross-validation keeps nothing until its model is registered; run the same command/,
      );
      assert.doesNotMatch(stderr, /--resume|Error/);
      const left = Array.from(Deno.readDirSync(join(folder, "checkpoints")), ({ name }) => name);
      assert.deepEqual(left.filter((name) => !name.endsWith(".lock")), []);
    }),
});
