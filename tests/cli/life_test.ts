import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { messages, tiny, weir, writeJsonl } from "./cli.ts";
import { withFolder } from "../folder.ts";

/** Runs a command that must succeed with `--json`, and returns its object. */
// deno-lint-ignore no-explicit-any -- whatever a command prints
async function json(...args: string[]): Promise<Record<string, any>> {
  const { code, stdout, stderr } = await weir(...args, "--json");
  assert.equal(code, 0, stderr);
  assert.equal(stdout.trimEnd().split("\n").length, 1, "one line on standard output");
  return JSON.parse(stdout);
}

Deno.test("a model's life on the command line", async (t) => {
  await withFolder(async (folder) => {
    const home = join(folder, "home");
    const data = await writeJsonl(join(folder, "mails.jsonl"), messages(150));
    const at = ["--home", home];
    const on = [...at, "--device", "wasm"];
    const train = ["train", ...at, "--name", "toy", "--data", data, ...tiny, "--epochs", "2"];

    await t.step("train registers 1.0.0 as champion, with its scores", async () => {
      const { code, stdout, stderr } = await weir(...train);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /300 examples .* labels ham, spam; \d+ to train/);
      assert.match(stderr, /epoch 2\/2 /);
      assert.match(stdout, /accuracy +1.0000/);
      assert.match(stdout, /registered toy 1\.0\.0 \(champion\) in .*models\/toy\/1\.0\.0\n$/);
    });

    await t.step("the same training under another seed becomes 1.1.0, and champion", async () => {
      const { version, device, steps, losses, report } = await json(...train, "--seed", "7");
      assert.deepEqual([version, device, steps], ["1.1.0", "wasm", losses.length]);
      assert.equal(report.accuracy.value, 1);
      const { models } = await json("registry", "list", ...at);
      assert.equal(models.length, 1);
      assert.deepEqual(models[0].versions.map((v: { version: string }) => v.version), ["1.0.0", "1.1.0"]);
      assert.deepEqual(models[0].aliases, { champion: "1.1.0" });
    });

    await t.step("nothing but the models and the database stays in the home", () => {
      const names = Array.from(Deno.readDirSync(home), (entry) => entry.name).sort();
      assert.deepEqual(names, ["checkpoints", "models", "registry.lock", "staging", "weir.db"]);
      for (const empty of ["checkpoints", "staging"]) {
        assert.deepEqual([...Deno.readDirSync(join(home, empty))], [], empty);
      }
    });

    await t.step("an alias chooses the version that predicts, and can be taken away", async () => {
      await json("registry", "alias", "toy@1.0.0", "old", ...at);
      const { version, predictions } = await json("predict", "--model", "toy@old", ...on, "win cash prize");
      assert.equal(version, "1.0.0");
      assert.equal(predictions[0].answer[0].label, "spam");
      assert.deepEqual(await json("registry", "alias", "toy", "old", "--delete", ...at), {
        name: "toy",
        alias: "old",
        version: null,
      });
    });

    await t.step("predict labels arguments and the lines of a file, a text of 1 MB among them", async () => {
      const file = join(folder, "lines.txt");
      await Deno.writeTextFile(file, `team meeting agenda\n${"win prize ".repeat(100_000)}\n`);
      const { code, stdout } = await weir("predict", "--model", "toy", ...on, "--file", file, "free money");
      assert.equal(code, 0);
      assert.deepEqual(stdout.trimEnd().split("\n").map((line) => line.split(" ")[0]), [
        "spam",
        "ham",
        "spam",
      ]);
      assert.ok(stdout.length < 400, "long texts are shown cut");
    });

    await t.step("eval scores the model on labelled data", async () => {
      const { model, data: { n }, metrics } = await json("eval", "--model", "toy", "--data", data, ...on);
      assert.deepEqual([model.name, model.version, n], ["toy", "1.1.0", 300]);
      const { interval } = metrics.find(({ name }: { name: string }) => name === "accuracy");
      assert.ok(interval.value > 0.99 && interval.low <= interval.value);
    });

    await t.step(
      "export writes a folder that predicts by its path, and refuses to write over it",
      async () => {
        const out = join(folder, "exported");
        const { files } = await json("export", "--model", "toy@champion", "--out", out, ...at);
        for (const file of ["config.json", "tokenizer.json", "model.safetensors", "onnx/model.onnx"]) {
          assert.ok(files.includes(file) && Deno.statSync(join(out, file)).size > 0, file);
        }
        assert.deepEqual(
          await Deno.readFile(join(out, "onnx/model.onnx")),
          await Deno.readFile(join(home, "models/toy/1.1.0/onnx/model.onnx")),
        );
        const again = await weir("export", "--model", "toy", "--out", out, ...at);
        assert.equal(again.code, 2);
        assert.match(
          again.stderr,
          /^weir: .*exported is not empty: choose another folder, or add --force\n$/,
        );
        assert.equal((await json("export", "--model", out, "--out", out, "--force", ...at)).out, out);
        // A bundle that is not what it lists is not exported, and not trained on.
        const bundle = join(folder, "changed"), config = join(bundle, "config.json");
        const { files: listed } = JSON.parse(
          await Deno.readTextFile(join(home, "models/toy/1.1.0/weir.json")),
        );
        for (const file of [...Object.keys(listed), "weir.json"]) {
          await Deno.mkdir(dirname(join(bundle, file)), { recursive: true });
          await Deno.copyFile(join(home, "models/toy/1.1.0", file), join(bundle, file));
        }
        await Deno.writeTextFile(config, (await Deno.readTextFile(config)).replace("spam", "Spam"));
        const asked = [["export", "--model", bundle, "--out", join(folder, "none")], [
          ...["train", "--name", "toy", "--data", data, "--from", bundle],
        ]];
        for (const args of asked) {
          const { code, stderr } = await weir(...args, ...at);
          assert.equal(code, 2, stderr);
          assert.match(stderr, /changed is damaged: config\.json does not match its SHA-256/);
        }
      },
    );

    await t.step("a bundle's folder is a model, too", async () => {
      const path = join(home, "models/toy/1.0.0");
      assert.equal((await json("predict", "--model", path, ...on, "free cash")).version, "1.0.0");
    });

    await t.step(
      "drift is silent about the same texts, and alarms when all are spam in other words",
      async () => {
        const same = await json("drift", "--model", "toy", "--data", data, "--window", "100", ...on);
        assert.equal(same.alarm, false);
        assert.equal(same.windows.length, 3);
        const texts = Array.from(
          { length: 300 },
          (_, i) => ({ text: `Gratis Geld jetzt ${i} ${"x".repeat(i)}` }),
        );
        const changed = await writeJsonl(join(folder, "changed.jsonl"), texts);
        const after = await json("drift", "--model", "toy", "--data", changed, "--window", "100", ...on);
        assert.equal(after.alarm, true);
        assert.ok(after.alarmFeatures.length > 0);
        const { stdout } = await weir("drift", "--model", "toy", "--data", changed, ...on);
        assert.match(stdout, /^ALARM: /);
      },
    );

    await t.step("registry show prints the lineage, and verify finds a damaged file", async () => {
      const { manifest } = await json("registry", "show", "toy@1.0.0", ...at);
      assert.match(manifest.lineage.dataHash, /^sha256:/);
      assert.deepEqual(manifest.head.labels, ["ham", "spam"]);
      assert.equal((await json("registry", "verify", "toy", ...at)).intact, true);
      const weights = join(home, "models/toy/1.1.0/model.safetensors");
      const bytes = await Deno.readFile(weights);
      bytes[bytes.length - 1] ^= 1;
      await Deno.chmod(weights, 0o644);
      await Deno.writeFile(weights, bytes);
      const { code, stdout, stderr } = await weir("registry", "verify", "toy", ...at);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^weir: .*model\.safetensors[^\n]*\n$/);
      assert.equal((await json("registry", "verify", "toy@1.0.0", ...at)).intact, true);
    });
  });
});
