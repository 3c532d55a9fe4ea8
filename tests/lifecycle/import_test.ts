import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { createApp } from "../../routes/app.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { readBundle } from "../../src/bundle/reader.ts";
import { importCheckpoint, type ImportOptions } from "../../src/lifecycle/import.ts";
import { readPretrained, specOf } from "../../src/lifecycle/pretrained.ts";
import { createService } from "../../src/serve/service.ts";
import type { Row } from "../../src/tasks/task.ts";
import { cachedAsset, miniLm } from "../assets.ts";
import { withFolder } from "../folder.ts";
import { post } from "../routes/harness.ts";

const read = (path: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../golden/${path}`, import.meta.url)));

/** A folder of sentence-transformers with the small BERT of tests/golden/models/bert, for texts of at most 12 tokens. */
async function writeCheckpoint(folder: string): Promise<void> {
  const { tokenizer, tokenizerConfig } = read("evaluate/bert_score.json");
  await Deno.mkdir(join(folder, "1_Pooling"), { recursive: true });
  const files = {
    "config.json": { ...read("models/bert/model/config.json"), architectures: ["BertModel"] },
    "tokenizer.json": tokenizer,
    "tokenizer_config.json": tokenizerConfig,
    "modules.json": ["Transformer", "Pooling"].map((name) => ({
      type: `sentence_transformers.models.${name}`,
    })),
    "1_Pooling/config.json": { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false },
    "sentence_bert_config.json": { max_seq_length: 12 },
  };
  for (const [path, json] of Object.entries(files)) {
    await Deno.writeTextFile(join(folder, path), JSON.stringify(json));
  }
  await Deno.copyFile(
    new URL("../golden/models/bert/model/model.safetensors", import.meta.url),
    join(folder, "model.safetensors"),
  );
}

const options = (home: string, more: Partial<ImportOptions> = {}): ImportOptions => ({
  name: "tiny",
  home,
  bump: "minor",
  aliases: ["champion"],
  output: { terminal: false, progress: () => {}, draw: () => {} },
  ...more,
});

const texts = read("evaluate/texts.json").slice(0, 40) as { prediction: string; references: string[] }[];
const pairs: Row<unknown>[] = texts.map(({ prediction, references: [reference] }, i) => ({
  queries: [prediction, reference],
  target: { texts: [`${i} ${prediction}`, `${i} ${reference}`] },
}));

Deno.test("a checkpoint is registered as it is: its head, its length, its weights, served at once and at /embed", () =>
  withFolder(async (folder) => {
    const checkpoint = join(folder, "checkpoint");
    await writeCheckpoint(checkpoint);
    const { path, version, scores } = await importCheckpoint(checkpoint, options(folder));
    assert.deepEqual([version, scores], ["1.0.0", undefined]);
    const { manifest, baseline } = await readBundle(path);
    const { task, head, limits, lineage, metrics, signatures } = manifest;
    assert.deepEqual([task, head, limits.maxTokens], ["sentence-embeddings", {
      pooling: "cls",
      normalize: false,
    }, 12]);
    assert.deepEqual([lineage.method, lineage.baseModel, lineage.dataHash], ["imported", "checkpoint", null]);
    assert.match(lineage.baseModelHash!, /^sha256:/);
    assert.deepEqual([metrics, baseline], [{}, undefined]);
    assert.deepEqual(signatures.model.outputs.map(({ name }) => name), [
      "last_hidden_state",
      "sentence_embedding",
    ]);
    const bytes = (of: string) => Deno.readFileSync(join(of, "model.safetensors"));
    assert.deepEqual(bytes(path), bytes(checkpoint));
    assert.match(
      Deno.readTextFileSync(join(path, "README.md")),
      /library_name: sentence-transformers\npipeline_tag: sentence-similarity/,
    );

    // What was imported is a checkpoint, too.
    assert.deepEqual((await specOf(path, await readPretrained(path))).head, head);
    const service = await createService({ bundle: path, device: "wasm", warmUpMs: 0 });
    const app = createApp({ models: [{ service }] });
    try {
      const vectors = await service.predict(["the cat", "a dog"]) as number[][];
      const ask = async (url: string, body: unknown) => await (await app.request(url, post(body))).json();
      assert.deepEqual(await ask("/v1/sentence-embeddings", { inputs: ["the cat", "a dog"] }), vectors);
      const unit = await ask("/embed", { inputs: ["the cat", "a dog"] });
      unit.forEach((vector: number[]) => assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-6));
      assert.deepEqual(await ask("/embed", { inputs: "the cat", normalize: false, dimensions: 3 }), [
        vectors[0].slice(0, 3),
      ]);
    } finally {
      app.close();
      await service.close();
    }
  }));

Deno.test("weights that change between being checked and being stored are refused", () =>
  withFolder(async (folder) => {
    const checkpoint = join(folder, "checkpoint");
    await writeCheckpoint(checkpoint);
    const file = join(checkpoint, "model.safetensors");
    const progress = () => Deno.writeFileSync(file, new Uint8Array([0]), { append: true }); // after they were checked
    const output = { terminal: false, progress, draw: () => {} };
    await assert.rejects(importCheckpoint(checkpoint, options(folder, { output })), {
      name: "LifecycleError",
      message: `${file} was changed while it was read: import it again`,
    });
  }));

Deno.test("with rows, an imported checkpoint has metrics and, where they are enough, a baseline of both texts", () =>
  withFolder(async (folder) => {
    const checkpoint = join(folder, "checkpoint");
    await writeCheckpoint(checkpoint);
    const data = { rows: () => Promise.resolve(pairs), backend: createInterpBackend(), batchSize: 8 };
    const { path, scores } = await importCheckpoint(checkpoint, options(folder, { data, base: "tiny@1" }));
    const { manifest, baseline } = await readBundle(path);
    assert.equal(manifest.lineage.baseModel, "tiny@1");
    assert.deepEqual(Object.keys(manifest.metrics), ["hitRate@1", "mrr@10", "recall@10", "ndcg@10"]);
    assert.equal(manifest.metrics["hitRate@1"].n, 40);
    assert.deepEqual(scores!.metrics, manifest.metrics);
    assert.ok(baseline !== undefined);
    const text = await Deno.readTextFile(join(path, "baseline.json"));
    assert.equal(text, JSON.stringify(baseline) + "\n", "in one line");
    assert.equal(manifest.pairColumn, null, "its two texts are read apart");
    await data.backend.dispose();
  }));

const cached = cachedAsset(miniLm);

Deno.test({
  name: "the real all-MiniLM-L6-v2, imported and served, gives sentence-transformers' vectors",
  ignore: cached === undefined,
  fn: () =>
    withFolder(async (home) => {
      const golden: { sha256: string; texts: string[]; vectors: number[][] } = read("embeddings/minilm.json");
      assert.equal(golden.sha256, miniLm.sha256);
      const { path } = await importCheckpoint(dirname(cached!), options(home));
      const service = await createService({ bundle: path, device: "wasm", warmUpMs: 0 });
      try {
        const vectors = await service.predict(golden.texts) as number[][];
        vectors.forEach((vector, i) => {
          assert.equal(vector.length, 384);
          vector.forEach((x, k) =>
            assert.ok(Math.abs(x - golden.vectors[i][k]) <= 1e-4, `text ${i}, number ${k}: ${x}`)
          );
        });
      } finally {
        await service.close();
      }
    }),
});
