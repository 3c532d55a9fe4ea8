import assert from "node:assert/strict";
import { readStructured } from "../../src/cli/training/config.ts";
import { join } from "node:path";
import { openStore } from "../../src/store/sqlite.ts";
import { listMetrics, listRuns } from "../../src/track/runs.ts";
import { withFolder } from "../folder.ts";
import { messages, weir, writeJsonl } from "./cli.ts";

const small = [
  ...["--device", "interp", "--model-type", "mlp", "--hidden-size", "8", "--vocab-size", "100"],
  ...["--max-tokens", "16", "--learning-rate", "0.05"],
];

async function recorded(home: string) {
  const store = openStore(join(home, "weir.db"));
  try {
    const [run] = await listRuns(store);
    return { run, metrics: await listMetrics(store, run.id) };
  } finally {
    await store.close();
  }
}

Deno.test("a file of options sets what the command line does not, in YAML and JSON, and the run records what came from where", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(40));
    const config = join(folder, "train.yaml");
    await Deno.writeTextFile(
      config,
      `# a comment\ndata: ${data}\nname: toy\nepochs: 4\nbatch_size: 16\nalias: [a, b]\noversample: true\nclass-weights: {spam: 2}\n`,
    );
    const { code, stdout, stderr } = await weir(
      ...["train", "--home", folder, "--config", config, ...small, "--epochs", "2", "--alias", "c", "--json"],
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /registered|finished after/);
    const { path, losses } = JSON.parse(stdout);
    assert.equal(losses.length, 2 * Math.ceil(60 / 16));
    assert.match(path, /toy\/1\.0\.0$/);
    const { run, metrics } = await recorded(folder);
    const { epochs, batchSize, classWeights, oversample, warmup, optionsFrom } = run.params as Record<
      string,
      unknown
    >;
    assert.deepEqual([epochs, batchSize, classWeights, oversample, warmup], [2, 16, { spam: 2 }, true, 0.1]);
    const from = optionsFrom as Record<string, string>;
    assert.deepEqual([from.epochs, from["batch-size"], from.alias, from.dropout], [
      "command line",
      config,
      "command line",
      undefined,
    ]);
    const keys = new Set(metrics.map(({ key }) => key));
    for (
      const key of ["epoch", "train/loss", "validation/loss", "validation/accuracy", "learningRate", "loss"]
    ) {
      assert.ok(keys.has(key), key);
    }
    assert.equal(metrics.filter(({ key }) => key === "train/loss").length, 2, "one an epoch");

    const json = join(folder, "train.json");
    await Deno.writeTextFile(json, JSON.stringify({ data, name: "toy", epochs: 1, headSetting: 1 }));
    const unknown = await weir("train", "--home", folder, "--config", json);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /train\.json: there is no option "headSetting"/);
    for (
      const [text, message] of [
        ["epohcs: 3", /there is no option "epohcs"; did you mean epochs\?/],
        ["epochs: many", /train\.yaml: epochs is "many"\. It must be a whole number from 1 to 10000/],
        ["oversample: maybe", /oversample is "maybe"; true or false was expected/],
        ["epochs: 1\nepochs: 2", /It is no YAML: Map keys must be unique/],
        ["- 1", /It must be an object of names and values/],
      ] as const
    ) {
      await Deno.writeTextFile(config, text);
      const { code, stderr } = await weir(
        "train",
        "--home",
        folder,
        "--config",
        config,
        "--name",
        "x",
        "--data",
        data,
      );
      assert.equal(code, 2, text);
      assert.match(stderr, message);
    }
  }));

Deno.test("options that the task or the run cannot follow are refused before the work", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(20));
    const train = (...args: string[]) =>
      weir("train", "--home", folder, "--data", data, "--name", "toy", ...small, ...args);
    for (
      const [args, message] of [
        [["--best-by", "f2"], /cannot choose the best epoch by "f2": it has loss, accuracy, macroF1/],
        [["--class-weights", '{"spm": 2}'], /--class-weights names the label "spm"; there are "ham", "spam"/],
        [["--class-weights", '{"spam": 0}'], /The weight of "spam" is 0; it must be a number above 0/],
        [["--class-weights", "weights.json"], /there is no file weights\.json/],
        [["--warmup", "900"], /a warm-up of 900 steps does not fit in the 3 steps of this run/],
        [["--warmup", "2.5"], /a share below 1, or a whole number of steps/],
        [["--use-epoch", "9"], /there is no epoch 9 among 3/],
        [["--use-epoch", "average"], /an average needs epochs to keep/],
        [
          ["--resume", "--use-epoch", "2"],
          /Cannot resume: there is no checkpoint in .*toy to take epoch 2 from/,
        ],
      ] as const
    ) {
      const { code, stderr } = await train(...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^epoch 1\//m);
    }
  }));

Deno.test("labels of up to 1,000 characters are registered, longer ones refused before the work, and so is a home that cannot hold it", () =>
  withFolder(async (folder) => {
    const labelled = async (length: number) => {
      const label = { ham: "h".repeat(length), spam: "s".repeat(length) };
      return await writeJsonl(
        join(folder, `rows-${length}.jsonl`),
        messages(20).map((row) => ({ ...row, label: label[row.label as "ham" | "spam"] })),
      );
    };
    const train = (data: string) =>
      weir("train", "--home", folder, "--data", data, "--name", "toy", ...small, "--epochs", "1");
    for (const length of [201, 1000]) {
      const { code, stderr } = await train(await labelled(length));
      assert.equal(code, 0, stderr);
    }
    const long = await train(await labelled(1001));
    assert.equal(long.code, 2);
    assert.match(
      long.stderr,
      /the label "h+… has 1,001 characters; a model's labels have at most 1,000: shorten it/,
    );
    assert.doesNotMatch(long.stderr, /training on/);
    await Deno.remove(join(folder, "models"), { recursive: true });
    await Deno.writeTextFile(join(folder, "models"), "in the way");
    const blocked = await train(await labelled(20));
    assert.equal(blocked.code, 1);
    assert.match(blocked.stderr, /Cannot publish toy: a part of .*models is a file, not a folder/);
    assert.doesNotMatch(blocked.stderr, /training on/);
  }));

Deno.test("epochs that are kept stay after the registration, and another of them is registered from them", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(40));
    const train = (...args: string[]) =>
      weir(
        "train",
        "--home",
        folder,
        "--data",
        data,
        "--name",
        "toy",
        ...small,
        "--keep-checkpoints",
        "last:2",
        ...args,
      );
    const first = await train();
    assert.equal(first.code, 0, first.stderr);
    assert.match(
      first.stderr,
      /kept in .*toy; --resume --use-epoch <n> or average registers another of them:\n {2}epoch 2: loss/,
    );
    const again = await train("--resume");
    assert.equal(again.code, 2);
    assert.match(
      again.stderr,
      /nothing to resume: the run in .* is registered as toy 1\.0\.0\. .*--use-epoch/,
    );
    const second = await train("--resume", "--use-epoch", "2", "--json");
    assert.equal(second.code, 0, second.stderr);
    const { version, path, losses } = JSON.parse(second.stdout);
    assert.deepEqual([version, losses.length], ["1.1.0", 6]);
    const weights = (folder: string) => Deno.readFileSync(join(folder, "model.safetensors"));
    assert.notDeepEqual(weights(path), weights(path.replace("1.1.0", "1.0.0")));
    const other = await train("--resume", "--use-epoch", "1");
    assert.equal(other.code, 2);
    assert.match(
      other.stderr,
      /Cannot take the parameters of epoch 1: they were not kept\. Those of epoch 2, epoch 3 were/,
    );
  }));

Deno.test("a key that an object of options has twice is refused, in JSON as in YAML", () => {
  assert.throws(
    () => readStructured('{"a": 1, "a": 2}', { isFile: false }),
    /no JSON: it has the key "a" twice/,
  );
});

Deno.test("a training that ended is not resumed once more, nor registered once more", () =>
  withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), messages(20));
    const train = (...args: string[]) =>
      weir("train", "--home", folder, "--data", data, "--name", "toy", ...small, ...args);
    assert.equal((await train("--resume")).code, 0); // there is none yet: it begins
    const again = await train("--resume");
    assert.equal(again.code, 2, again.stderr);
    assert.match(again.stderr, /nothing to resume: .* is registered as toy 1\.0\.0\. Leave --resume out/);
    assert.equal((await train("--resume", "--seed", "5")).code, 0);
    await writeJsonl(data, messages(21));
    assert.equal((await train("--resume")).code, 0);
    assert.equal((await train("--resume")).code, 2);
  }));
