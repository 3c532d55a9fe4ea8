import assert from "node:assert/strict";
import { join } from "node:path";
import { withFolder } from "../folder.ts";
import { messages, weir, writeJsonl } from "./cli.ts";

Deno.test("weir train with byte-level BPE: RoBERTa's default, recorded in the manifest and the run, served and trained on", async (t) => {
  await withFolder(async (folder) => {
    const home = join(folder, "home");
    const data = await writeJsonl(join(folder, "mails.jsonl"), messages(60));
    const train = ["train", "--home", home, "--data", data, "--device", "wasm", "--epochs", "1"];
    const small = ["--layers", "1", "--hidden-size", "16", "--heads", "2", "--max-tokens", "48"];
    const readJson = async (file: string) =>
      JSON.parse(await Deno.readTextFile(join(home, "models", "bytes", "1.0.0", file)));

    await t.step("its ids are those that config.json names", async () => {
      const roberta = ["--model-type", "roberta", "--vocab-size", "350"];
      const { code, stderr } = await weir(...train, "--name", "bytes", ...small, ...roberta);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /tokenizer: byte-level BPE, 350 tokens, trained on the training part/);
      assert.match(stderr, /unknown tokens: none, the tokenizer knows every text/);
      const config = await readJson("config.json");
      assert.deepEqual([config.pad_token_id, config.vocab_size, config.max_position_embeddings], [
        1,
        350,
        50,
      ]);
      const { model, post_processor } = await readJson("tokenizer.json");
      assert.deepEqual([model.type, model.vocab["<pad>"], post_processor.type], [
        "BPE",
        1,
        "RobertaProcessing",
      ]);
      assert.equal((await readJson("tokenizer_config.json")).tokenizer_class, "RobertaTokenizer");
      const { lineage } = await readJson("weir.json");
      assert.deepEqual(lineage.tokenizer, {
        tokenizer: "bpe",
        cased: true,
        stripAccents: false,
        unknownTokens: { train: 0, validation: 0, test: 0 },
      });
    });

    await t.step("it answers for texts in scripts that it never saw", async () => {
      const { code, stdout } = await weir(
        ...["predict", "--home", home, "--model", "bytes", "--device", "wasm", "東京 สวัสดี 😀"],
      );
      assert.equal(code, 0);
      assert.match(stdout, /^(ham|spam) /);
    });

    await t.step("training from it keeps its tokenizer, and refuses options for another", async () => {
      const from = [...train, "--name", "next", "--from", "bytes"];
      const { code, stderr } = await weir(...from, "--cased");
      assert.equal(code, 2);
      assert.match(
        stderr,
        /--cased does not go with --from: the weights of bytes.* belong to the tokens of its own tokenizer/,
      );
      const next = await weir(...from);
      assert.equal(next.code, 0, next.stderr);
      assert.match(next.stderr, /tokenizer: of bytes/);
    });
  });
});

Deno.test("weir train refuses tokenizer options that contradict each other, before data are read", async () => {
  const train = ["train", "--data", "nowhere.jsonl", "--name", "x", "--device", "wasm"];
  const refused = async (...options: string[]) => {
    const { code, stderr } = await weir(...train, ...options);
    assert.notEqual(code, 0);
    return stderr;
  };
  assert.match(await refused("--tokenizer", "bpe", "--no-cased"), /--no-cased cannot be: .* keeps capitals/);
  assert.match(
    await refused("--model-type", "roberta", "--vocab-size", "200"),
    /the 256 bytes alone are 261/,
  );
  assert.match(await refused("--tokenizer", "unigram"), /wordpiece, bpe/);
  assert.match(await refused("--limit-alphabet", "0"), /whole number from 1/);
});
