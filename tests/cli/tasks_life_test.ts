// Tasks other than one label a text, from a file of data to answers, each in a few seconds.
import assert from "node:assert/strict";
import { join } from "node:path";
import { messages, tiny, weir, writeJsonl } from "./cli.ts";
import { withFolder } from "../folder.ts";

/** Runs a command that must succeed with `--json`, and returns its object. */
// deno-lint-ignore no-explicit-any -- whatever a command prints
async function json(...args: string[]): Promise<Record<string, any>> {
  const { code, stdout, stderr } = await weir(...args, "--json");
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

Deno.test("any number of labels a text, from a CSV file with bars between them", () =>
  withFolder(async (folder) => {
    const at = ["--home", join(folder, "home")], on = [...at, "--device", "wasm"];
    const rows = messages(150).map(({ text, label }, i) => {
      const labels = [
        ...(label === "spam" ? ["offer", "urgent"] : ["work"]),
        ...(i % 5 === 0 ? ["late"] : []),
      ];
      return { text: i % 5 === 0 ? `midnight ${text} midnight` : text, labels };
    });
    const data = join(folder, "mails.csv");
    const lines = rows.map(({ text, labels }) => `${text},${labels.join("|")}\n`);
    await Deno.writeTextFile(data, `text,kinds\n${lines.join("")}nothing of note here,\n`);
    const columns = ["--data", data, "--label-column", "kinds"];
    const task = ["--task", "multi-label-classification"];
    const { code, stdout, stderr } = await weir(
      "train",
      ...at,
      "--name",
      "kinds",
      ...task,
      ...columns,
      ...tiny,
      "--epochs",
      "6",
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /301 examples .* labels late, offer, urgent, work;/);
    assert.match(stdout, /microF1 +(1\.0000|0\.9\d+) +\d\.\d+ to \d\.\d+\n/);
    const { predictions } = await json(
      "predict",
      "--model",
      "kinds",
      ...on,
      "win cash prize click",
      "review the agenda",
    );
    const given = (i: number) =>
      predictions[i].answer.filter((p: { score: number }) => p.score >= 0.5).map((p: { label: string }) =>
        p.label
      );
    assert.deepEqual([given(0).sort(), given(1)], [["offer", "urgent"], ["work"]]);
    const { task: evaluatedAs, metrics } = await json(
      "eval",
      "--model",
      "kinds",
      ...columns,
      ...on,
      "--resamples",
      "100",
      "--no-latency",
    );
    assert.equal(evaluatedAs, "multi-label-classification");
    assert.ok(metrics.find(({ name }: { name: string }) => name === "microF1").interval.value > 0.9);
    const config = JSON.parse(
      await Deno.readTextFile(join(folder, "home", "models", "kinds", "1.0.0", "config.json")),
    );
    assert.equal(config.problem_type, "multi_label_classification");
  }));

Deno.test("a number for a pair of texts, in the unit of the data", () =>
  withFolder(async (folder) => {
    const at = ["--home", join(folder, "home")], on = [...at, "--device", "wasm"];
    const rows = messages(150).map(({ text, label }, i) => ({
      first: `${i} ${i}`,
      second: text,
      price: label === "spam" ? 9_100 : 8_900,
    }));
    const columns = ["--text-column", "first", "--pair-column", "second"];
    const data = await writeJsonl(join(folder, "offers.jsonl"), rows);
    const labelled = ["--data", data, ...columns, "--label-column", "price"];
    const train = ["train", ...at, "--name", "price", "--task", "text-regression", ...tiny];
    const { metrics } = await json(...train, ...labelled, "--epochs", "6");
    assert.ok(metrics.r2.value > 0.8 && metrics.rmse.low < metrics.rmse.high, JSON.stringify(metrics));
    const { predictions } = await json(
      "predict",
      "--model",
      "price",
      ...on,
      "7 7",
      "win cash prize",
      "7 7",
      "team agenda",
    );
    assert.deepEqual(predictions.map(({ text }: { text: unknown }) => text), [["7 7", "win cash prize"], [
      "7 7",
      "team agenda",
    ]]);
    const scores = predictions.map(
      ({ answer: [{ label, score }] }: { answer: [{ label: string; score: number }] }) => {
        assert.equal(label, "score");
        return score;
      },
    );
    assert.ok(Math.abs(scores[0] - 9_100) < 80 && Math.abs(scores[1] - 8_900) < 80, scores.join());
    // Which column a second text is in, and that there is one, the bundle says from here on.
    const again = ["--data", data, "--text-column", "first"];
    const report = await json(
      "eval",
      "--model",
      "price",
      ...again,
      "--label-column",
      "price",
      ...on,
      "--resamples",
      "100",
      "--no-latency",
    );
    assert.equal(report.task, "regression");
    assert.ok(report.metrics.find(({ name }: { name: string }) => name === "mae").interval.value < 50);
    const drift = await json(
      "drift",
      "--model",
      "price",
      ...again,
      ...on,
      "--window",
      "100",
    );
    const { n } = drift.windows[0].features.find(({ name }: { name: string }) => name === "characters");
    assert.equal(n, 100);
    const mean = (feature: string) =>
      drift.windows[0].features.find(({ name }: { name: string }) => name === feature).effect.value;
    assert.ok(mean("characters") < 0.3, "the characters of both texts are counted, as they were in training");

    const file = join(folder, "pairs.txt");
    await Deno.writeTextFile(file, "1 1\twin money\n");
    const { code, stdout } = await weir("predict", "--model", "price", ...on, "--file", file);
    assert.equal(code, 0);
    assert.match(stdout, /^9\d{3}\S* {2}1 1 \| win money\n$/);
    const odd = await weir("predict", "--model", "price", ...on, "--pairs", "alone");
    assert.deepEqual([odd.code, odd.stderr], [
      2,
      "weir: pairs are read out of two arguments each, and there are 1: the last has no second text; --help says how\n",
    ]);
    const single = await writeJsonl(join(folder, "single.jsonl"), [{ first: "win cash", price: 9_100 }]);
    for (const command of [["eval", "--label-column", "price"], ["drift"]]) {
      const missing = await weir(
        ...command,
        "--model",
        "price",
        "--data",
        single,
        "--text-column",
        "first",
        ...on,
      );
      assert.equal(missing.code, 2);
      assert.match(
        missing.stderr,
        /^weir: .*single\.jsonl line 1: no column "second"; found "first", "price"; price reads pairs of texts: name the second with --pair-column\n$/,
      );
    }
    // What goes on from it reads pairs, too.
    const pairColumnOf = async (model: string) =>
      JSON.parse(await Deno.readTextFile(join(folder, "home", "models", model, "1.0.0", "weir.json")))
        .pairColumn;
    const price = ["--text-column", "first", "--label-column", "price"];
    const from = ["--from", "price", ...on];
    await json("import", ...from, "--name", "copy");
    await json("import", ...from, "--name", "scored", "--data", data, ...price);
    const more = ["train", ...from, "--task", "text-regression", ...price, "--epochs", "1"];
    await json(...more, "--name", "more", "--data", data);
    for (const model of ["copy", "scored", "more"]) assert.equal(await pairColumnOf(model), "second", model);
    const lonely = rows.map(({ second, price }) => ({ first: second, price }));
    const alone = await weir(
      ...more,
      "--name",
      "alone",
      "--data",
      await writeJsonl(join(folder, "alone.jsonl"), lonely),
    );
    assert.match(
      alone.stderr,
      /warning: price reads pairs, and .*alone\.jsonl has no column "second": single texts/,
    );
    assert.equal(await pairColumnOf("alone"), null);
    await Deno.writeTextFile(file, "1 1\twin money\nalone\n");
    const lone = await weir("predict", "--model", "price", ...on, "--pairs", "--file", file);
    assert.match(lone.stderr, /pairs\.txt line 2: two texts with one tab between were expected\n$/);
    const same = await writeJsonl(join(folder, "same.jsonl"), rows.map((row) => ({ ...row, price: 5 })));
    const refused = await weir(...train, ...columns, "--label-column", "price", "--data", same);
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /^weir: .*same\.jsonl: every row to train on has the number 5; numbers that differ are needed\n$/m,
    );
  }));
