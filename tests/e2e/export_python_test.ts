import assert from "node:assert/strict";
import { join } from "node:path";
import { parseConfig } from "../../models/index.ts";
import { listFiles } from "../../src/bundle/files.ts";
import { parseManifestDraft } from "../../src/bundle/manifest.ts";
import { writeBundle } from "../../src/bundle/writer.ts";
import { modelOnnx } from "../../src/lifecycle/export.ts";
import { readSafetensors } from "../../src/nn/safetensors.ts";
import { createService } from "../../src/serve/service.ts";
import type { Prediction } from "../../src/tasks/text_classification/schema.ts";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import {
  assertNear,
  batchOf,
  classifierSpec,
  type Input,
  modelFile,
  ownLogits,
  rows,
  type SmallModel,
  texts,
  withSmallBundle,
} from "./export_bundle.ts";

/** What `load_bundle.py` prints. */
interface Printed {
  onnx: { opset: Record<string, number>; inputs: Declared[]; outputs: Declared[] };
  batches: {
    rows: number[];
    input_ids: number[][];
    attention_mask: number[][];
    token_type_ids: number[][];
    onnxruntime: number[][];
    transformers: number[][];
  }[];
  pipeline: { row: number; scores: { label: string; score: number }[] }[];
}

interface Declared {
  name: string;
  type: string;
  shape: (string | number)[];
}

const golden = new URL("../golden/export/", import.meta.url).pathname;
const python = Deno.env.get("WEIR_PYTHON");

Deno.test("what Python's onnxruntime and transformers made of the committed bundle is what we make of it", async () => {
  const printed = JSON.parse(await Deno.readTextFile(join(golden, "python.json"))) as Printed;
  const committed = JSON.parse(await Deno.readTextFile(join(golden, "texts.json")));
  assert.deepEqual(committed, texts, "make the golden files again: see write_bundle.ts");
  const directory = join(golden, "bundle");
  const spec = classifierSpec(
    parseConfig(JSON.parse(await Deno.readTextFile(join(directory, "config.json")))),
  );
  const { tensors } = readSafetensors(await Deno.readFile(join(directory, "model.safetensors")));
  const [json, jsonConfig] = await Promise.all(
    ["tokenizer.json", "tokenizer_config.json"].map((name) => Deno.readTextFile(join(directory, name))),
  );
  await withListedFiles(
    directory,
    (directory) =>
      compare(printed, { directory, spec, weights: tensors, tokenizer: loadTokenizer(json, jsonConfig) }),
  );

  const written = await Deno.readFile(modelFile(directory));
  const today = modelOnnx(spec, tensors);
  assert.ok(
    written.length === today.length && written.every((byte, i) => byte === today[i]),
    "the exporter no longer writes the file that Python was shown; make the golden files again: see write_bundle.ts",
  );
});

Deno.test({
  name: "Python's onnxruntime and transformers load a bundle written now (WEIR_PYTHON names the interpreter)",
  ignore: !python,
  fn: () =>
    withSmallBundle(async (bundle) => {
      const file = join(bundle.directory, "texts.json");
      await Deno.writeTextFile(file, JSON.stringify(texts));
      const { success, stdout } = await new Deno.Command(python!, {
        args: [join(golden, "load_bundle.py"), bundle.directory, file],
        stdout: "piped",
        stderr: "inherit",
      }).output();
      assert.ok(success);
      await compare(JSON.parse(new TextDecoder().decode(stdout)), bundle);
    }),
});

/** The committed bundle as the registry would take it in: its manifest, of format 1, lists no files. */
async function withListedFiles(source: string, use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const names = (await listFiles(source)).map(async (
      path,
    ) => [path, await Deno.readFile(join(source, path))]);
    const draft = parseManifestDraft(await Deno.readFile(join(source, "weir.json")));
    const files = Object.fromEntries(await Promise.all(names)) as Record<string, Uint8Array>;
    await writeBundle(directory, files, { ...draft, architecture: "bert" });
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function compare(
  printed: Printed,
  bundle: SmallModel & { readonly directory: string },
): Promise<void> {
  const { directory, spec, weights, tokenizer } = bundle;
  const axes = ["batch_size", "sequence_length"];
  assert.deepEqual(
    printed.onnx.inputs,
    ["input_ids", "attention_mask", "token_type_ids"].map((name) => ({ name, type: "int64", shape: axes })),
  );
  assert.deepEqual(printed.onnx.outputs, [{ name: "logits", type: "float32", shape: ["batch_size", 3] }]);
  assert.equal(printed.onnx.opset[""], 18);

  assert.ok(printed.batches.length >= 2 * texts.length);
  const batches = printed.batches.map((theirs) => batchOf(tokenizer, theirs.rows.map((row) => texts[row])));
  const ours = await ownLogits(spec, weights, batches);
  for (const [i, theirs] of printed.batches.entries()) {
    const { input_ids, attention_mask, token_type_ids } = batches[i];
    const [, sequence] = input_ids.shape;
    assert.deepEqual(rows(input_ids.data, sequence), theirs.input_ids);
    assert.deepEqual(rows(attention_mask.data, sequence), theirs.attention_mask);
    assert.deepEqual(rows(token_type_ids.data, sequence), theirs.token_type_ids);
    assertNear(theirs.onnxruntime, ours[i], `onnxruntime, texts ${theirs.rows}`);
    assertNear(theirs.transformers, ours[i], `transformers, texts ${theirs.rows}`);
  }

  const inputs: Input[] = printed.pipeline.map(({ row }) => texts[row]);
  assert.ok(inputs.length >= 5);
  const service = await createService({ bundle: directory, device: "wasm", warmUpMs: 0 });
  try {
    for (const [i, served] of (await service.predict(inputs) as Prediction[][]).entries()) {
      const { scores } = printed.pipeline[i];
      const scoreOf = (label: string) => scores.find((entry) => entry.label === label)?.score ?? NaN;
      assert.equal(scores.length, served.length);
      assertNear(
        [served.map(({ label }) => scoreOf(label))],
        [served.map(({ score }) => score)],
        `scores of text ${i}`,
      );
    }
  } finally {
    await service.close();
  }
}
