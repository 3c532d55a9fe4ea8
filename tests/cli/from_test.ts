import assert from "node:assert/strict";
import { join } from "node:path";
import { messages, weir, writeJsonl } from "./cli.ts";
import { withFolder } from "../folder.ts";
import { goldens } from "../parity/model_golden.ts";

for (const { name, folder: checkpoint, spec } of goldens.filter((golden) => golden.texts)) {
  Deno.test(`weir train --from: ${name}'s checkpoint, and a registered model by its name`, async (t) => {
    await withFolder(async (folder) => {
      const home = join(folder, "home");
      const data = await writeJsonl(join(folder, "mails.jsonl"), messages(60));
      const train = ["train", "--home", home, "--data", data, "--device", "wasm", "--epochs", "1"];
      const readJson = async (model: string, file: string) =>
        JSON.parse(await Deno.readTextFile(join(home, "models", model, file)));

      await t.step("a folder brings its body and tokenizer; the head of other labels is new", async () => {
        const { code, stderr } = await weir(...train, "--name", "first", "--from", checkpoint.pathname);
        assert.equal(code, 0, stderr);
        assert.match(stderr, /tokenizer: of model, \d+ tokens/);
        assert.match(
          stderr,
          /starting from model: \d+ tensors; new: .*classifier\.(out_proj\.)?bias; not used: .*classifier/,
        );
        const { architecture, limits, signatures, lineage } = await readJson("first/1.0.0", "weir.json");
        assert.deepEqual([architecture, limits.maxTokens, lineage.baseModel], [
          name,
          spec.config.maxPositions,
          "model",
        ]);
        const inputs = signatures.model.inputs.map(({ name }: { name: string }) => name);
        assert.deepEqual(inputs, ["input_ids", "attention_mask"]);
        const { model_input_names } = await readJson("first/1.0.0", "tokenizer_config.json");
        assert.deepEqual(model_input_names, inputs);
      });

      await t.step(
        "its bundle is served, with texts cut to the rows that the position table has",
        async () => {
          const long = "the river ".repeat(50);
          const { code, stdout, stderr } = await weir(
            "predict",
            "--home",
            home,
            "--model",
            "first",
            "--device",
            "wasm",
            long,
          );
          assert.equal(code, 0, stderr);
          assert.match(stdout, /^(ham|spam) /);
        },
      );

      await t.step(
        "a registered model of the same labels brings its head, too, and the body can be kept",
        async () => {
          const { code, stderr } = await weir(
            ...train,
            "--name",
            "second",
            "--from",
            "first",
            "--freeze-trunk",
          );
          assert.equal(code, 0, stderr);
          assert.match(stderr, /starting from first: \d+ tensors\n/);
          const { lineage } = await readJson("second/1.0.0", "weir.json");
          assert.deepEqual([lineage.baseModel, lineage.method], ["first", "frozen-trunk"]);
        },
      );

      await t.step("sizes beside a checkpoint that has its own are wrong usage", async () => {
        const { code, stderr } = await weir(...train, "--name", "third", "--from", "first", "--layers", "3");
        assert.equal(code, 2);
        assert.match(
          stderr,
          /^weir: --layers does not go with --from: the checkpoint's config\.json says it;/,
        );
      });
    });
  });
}
