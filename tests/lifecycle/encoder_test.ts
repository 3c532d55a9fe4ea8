import assert from "node:assert/strict";
import { join } from "node:path";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { createOrtBackend } from "../../src/backend/ort/backend.ts";
import { openEncoder, scoreTexts } from "../../src/lifecycle/encoder.ts";
import { parseBaselines } from "../../src/evaluate/generation/bert_score.ts";
import { goldens } from "../parity/model_golden.ts";

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../golden/evaluate/${name}`, import.meta.url)));
const texts: { prediction: string; references: string[] }[] = read("texts.json");
const predictions = texts.map((row) => row.prediction), references = texts.map((row) => row.references);
const golden: {
  tokenizer: object;
  tokenizerConfig: object;
  baselines: string;
  ids: number[][];
  variants: { layer: number; idf: boolean; rescale: boolean; scores: [number, number, number][] }[];
} = read("bert_score.json");
const baselines = parseBaselines(golden.baselines);

/** A folder with the small BERT of tests/golden/models/bert, and the tokenizer of the golden scores. */
async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(
        new URL(`../golden/models/bert/model/${name}`, import.meta.url),
        join(folder, name),
      );
    }
    await Deno.writeTextFile(join(folder, "tokenizer.json"), JSON.stringify(golden.tokenizer));
    await Deno.writeTextFile(join(folder, "tokenizer_config.json"), JSON.stringify(golden.tokenizerConfig));
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("BERTScore of 600 rows equals bert-score's, by layer, with weights and rescaled", async () => {
  await withFolder(async (folder) => {
    const backend = await createOrtBackend({ device: "wasm" });
    for (const { layer, idf, rescale, scores } of golden.variants) {
      const encoder = await openEncoder(folder, { backend, layer });
      assert.equal(encoder.layer, layer);
      const baseline = rescale ? baselines[layer] : undefined;
      const done: number[] = [];
      const { rows, n } = await scoreTexts(encoder, predictions, references, {
        idf,
        baseline,
        progress: (count) => done.push(count),
      });
      assert.ok(n >= 500 && n === scores.length);
      assert.deepEqual(done, [256, 512, 600]);
      scores.forEach((wanted, i) =>
        wanted.forEach((value, k) => {
          const found = rows[i * 3 + k];
          assert.ok(
            Math.abs(found - value) <= 1e-4,
            `layer ${layer}, row ${i}, ${"PRF"[k]}: got ${found}, wanted ${value}`,
          );
        })
      );
      await encoder.dispose();
    }
    await backend.dispose();
  });
});

Deno.test("a text is embedded alike whatever stands beside it, and equal texts once", async () => {
  await withFolder(async (folder) => {
    const backend = createInterpBackend();
    const encoder = await openEncoder(folder, { backend, batchSize: 4 });
    assert.deepEqual([encoder.layers, encoder.layer, encoder.hiddenSize, encoder.maxTokens], [2, 2, 32, 16]);
    assert.deepEqual(encoder.specialIds, [2, 3]);
    predictions.forEach((text, i) => assert.deepEqual(encoder.tokenize(text), golden.ids[i], text));

    const [alone] = await encoder.encode(["the cat"]);
    const [long, beside, again] = await encoder.encode([predictions[500], "the cat", "the cat"]);
    assert.equal(beside, again);
    assert.equal(alone.embeddings.length, alone.ids.length * 32);
    assert.equal(long.embeddings.length, long.ids.length * 32);
    alone.embeddings.forEach((value, k) => assert.ok(Math.abs(value - beside.embeddings[k]) < 1e-5));
    assert.deepEqual(await encoder.encode([]), []);
    const signal = AbortSignal.abort();
    await assert.rejects(encoder.encode(["the cat"], { signal }), { name: "AbortError" });
    await encoder.dispose();
    await backend.dispose();
  });
});

Deno.test("what is missing or wrong in a folder is an error of one line", async () => {
  await withFolder(async (folder) => {
    const backend = createInterpBackend();
    const open = (layer?: number) => openEncoder(folder, { backend, layer });
    await assert.rejects(open(3), /has layers 0 to 2, and layer 3 was asked for/);
    await assert.rejects(open(-1), /layer -1 was asked for/);
    const config = JSON.parse(await Deno.readTextFile(join(folder, "config.json")));
    const writeConfig = (changes: object) =>
      Deno.writeTextFile(join(folder, "config.json"), JSON.stringify({ ...config, ...changes }));
    await writeConfig({ vocab_size: 10 });
    await assert.rejects(open(), /The tokenizer of .* has 200 ids and the model's token table 10 rows/);
    await writeConfig({ hidden_size: 64 });
    await assert.rejects(open(), /Cannot load tensor "bert.embeddings.word_embeddings.weight"/);
    await writeConfig({ model_type: "llama" });
    await assert.rejects(open(), /model of type "llama"/);
    await Deno.writeTextFile(join(folder, "config.json"), "{");
    await assert.rejects(open(), /config\.json: it is not JSON/);
    await Deno.remove(join(folder, "config.json"));
    await assert.rejects(open(), /config\.json is not there; a checkpoint's folder has/);
    await backend.dispose();
  });
});

Deno.test("differing lengths and rows without a reference are refused before anything is computed", async () => {
  await withFolder(async (folder) => {
    const backend = createInterpBackend();
    const encoder = await openEncoder(folder, { backend });
    await assert.rejects(scoreTexts(encoder, ["a"], []), /1 candidates with 0 references/);
    await assert.rejects(scoreTexts(encoder, ["a", "b"], ["a", []]), /row 1 has no reference/);
    await encoder.dispose();
    await backend.dispose();
  });
});

for (const { name, folder, texts = [] } of goldens.filter((golden) => golden.texts)) {
  Deno.test(`${name}: the embeddings of every layer are those of transformers for the tokens that bert-score takes`, async () => {
    const backend = createInterpBackend();
    for (const layer of [0, 1, 2]) {
      const encoder = await openEncoder(folder.pathname, { backend, layer });
      assert.equal(encoder.maxTokens, 16);
      const scored = texts.filter((text) => text.scored);
      assert.equal(scored.length, 2);
      const encoded = await encoder.encode(scored.map(({ parts }) => parts[0]));
      encoded.forEach(({ ids, embeddings }, i) => {
        const wanted = scored[i].scored!;
        assert.deepEqual(ids, wanted.ids);
        assert.equal(embeddings.length, wanted.layers[layer].length);
        wanted.layers[layer].forEach((value, k) =>
          assert.ok(
            Math.abs(embeddings[k] - value) <= 1e-4,
            `layer ${layer}: ${embeddings[k]}, transformers has ${value}`,
          )
        );
      });
      await encoder.dispose();
    }
    await backend.dispose();
  });
}
