import assert from "node:assert/strict";
import { convertTensor, type DType, type Graph, hostTensor, statesOf } from "../../src/graph/graph.ts";
import { numeric, sizeOf } from "../../src/graph/shape.ts";
import { forwardGraph } from "../../src/tasks/model.ts";
import { readSafetensors } from "../../src/nn/safetensors.ts";
import { bert, bertConfig } from "../../models/bert.ts";
import { labelMaps, labelsOfConfig } from "../../models/config.ts";
import {
  architectureOf,
  fitWeights,
  MODEL_TYPES,
  type ModelConfig,
  parseConfig,
} from "../../models/index.ts";
import { mlpConfig } from "../../models/mlp.ts";
import { runOnce } from "../nn/run.ts";

const golden = new URL("../golden/models/bert/model/", import.meta.url);
const goldenJson = JSON.parse(Deno.readTextFileSync(new URL("config.json", golden)));
const goldenTensors = readSafetensors(Deno.readFileSync(new URL("model.safetensors", golden))).tensors;

function graphOf(
  config: ModelConfig,
  { labels = ["p", "q"], training }: { labels?: string[]; training?: boolean } = {},
): Graph {
  return forwardGraph({ task: "text-classification", config, head: { labels } }, { training });
}

function parameterShapes(graph: Graph): Record<string, readonly unknown[]> {
  const parameters = statesOf(graph).filter((state) => state.attrs.trainable);
  return Object.fromEntries(parameters.map((state) => [state.name!, state.shape]));
}

Deno.test("BERT's parameters have the names and shapes of transformers' BertForSequenceClassification", () => {
  const wanted = Object.fromEntries(Object.entries(goldenTensors).map(([name, { shape }]) => [name, shape]));
  assert.deepEqual(
    parameterShapes(graphOf(parseConfig(goldenJson), { labels: labelsOfConfig(goldenJson) })),
    wanted,
  );
});

const texts = (length: number, fill: number) => ({
  input_ids: hostTensor("i32", [2, 6], Array.from({ length: 12 }, (_, i) => i % 6 < length ? 3 + i : fill)),
  attention_mask: hostTensor("i32", [2, 6], Array.from({ length: 12 }, (_, i) => i % 6 < length ? 1 : 0)),
  token_type_ids: hostTensor("i32", [2, 6], new Array(12).fill(0)),
});

const sizes = {
  vocabSize: 50,
  padTokenId: 0,
  maxPositions: 128,
  hiddenSize: 16,
  layers: 2,
  heads: 2,
  dropout: 0.1,
};

for (const modelType of MODEL_TYPES) {
  const config = architectureOf({ modelType }).configure(sizes);
  const logits = async (length: number, fill: number) => {
    const { logits } = await runOnce(graphOf(config, { labels: ["p", "q", "r"] }), {
      feeds: texts(length, fill),
      bindings: { batch: 2, sequence: 6 },
      seed: 3,
    });
    return logits;
  };

  Deno.test(`${modelType}: logits are [batch, labels] and padding does not change them`, async () => {
    const some = await logits(4, 0);
    assert.deepEqual(some.shape, [2, 3]);
    assert.deepEqual((await logits(4, 44)).data, some.data);
    assert.notDeepEqual((await logits(5, 0)).data, some.data);
  });

  Deno.test(`${modelType}: a text of padding alone gives numbers`, async () => {
    assert.ok((await logits(0, 0)).data.every(Number.isFinite));
  });

  Deno.test(`${modelType}: the configuration survives config.json`, () => {
    const read = parseConfig(JSON.parse(JSON.stringify(architectureOf(config).json(config))));
    // A field that is read as undefined is as good as none.
    assert.deepEqual(JSON.parse(JSON.stringify(read)), config);
  });

  Deno.test(`${modelType}: only training draws random numbers`, () => {
    const ops = (graph: Graph) => graph.nodes.map((node) => node.op);
    assert.ok(ops(graphOf(config, { training: true })).includes("random"));
    assert.ok(!ops(graphOf(config)).includes("random"));
    assert.deepEqual(parameterShapes(graphOf(config, { training: true })), parameterShapes(graphOf(config)));
  });
}

Deno.test("a sequence longer than the position table does not compile", async () => {
  const config = bertConfig({ vocabSize: 50, maxPositions: 4 });
  await assert.rejects(
    runOnce(graphOf(config), {
      feeds: texts(6, 0),
      bindings: { batch: 2, sequence: 6 },
    }),
    /outside axis 0 of \[4, 128\]/,
  );
});

Deno.test("weights of a bare BertModel, of old TensorFlow names, and of half precision fit", () => {
  const old = Object.fromEntries(
    Object.entries(goldenTensors)
      .filter(([name]) => !name.startsWith("classifier"))
      .map(([name, tensor]) => [
        name.replace(/^bert\./, "").replace("LayerNorm.weight", "LayerNorm.gamma").replace(
          "LayerNorm.bias",
          "LayerNorm.beta",
        ),
        { ...tensor, dtype: "f16" as const, data: Float16Array.from(tensor.data) },
      ]),
  );
  const fitted = fitWeights(graphOf(parseConfig(goldenJson)), {
    ...old,
    "embeddings.position_ids": hostTensor("i32", [1], [0]),
  }, { architecture: bert });
  assert.deepEqual(fitted.missing, ["classifier.weight", "classifier.bias"]);
  assert.deepEqual(fitted.unexpected, []);
  const name = "bert.embeddings.LayerNorm.weight";
  assert.equal(fitted.states[name].dtype, "f32");
  assert.ok(Math.abs(fitted.states[name].data[0] - goldenTensors[name].data[0]) < 1e-3);
});

Deno.test("an MLP takes back its own parameters, whose names are no old names of BERT's", () => {
  const graph = graphOf(mlpConfig({ vocabSize: 50 }));
  const own = Object.fromEntries(
    statesOf(graph).filter((s) => s.attrs.trainable).map(({ name, shape }) => {
      const sizes = numeric(shape);
      return [name!, hostTensor("f32", sizes, new Float32Array(sizeOf(sizes)))];
    }),
  );
  const fitted = fitWeights(graph, own, { strict: true });
  assert.deepEqual(Object.keys(fitted.states).sort(), Object.keys(own).sort());
  assert.deepEqual([fitted.missing, fitted.unexpected], [[], []]);
});

Deno.test("a checkpoint that does not fit is refused by the tensor's name", () => {
  const graph = graphOf(parseConfig({ ...goldenJson, intermediate_size: 65 }));
  assert.throws(
    () => fitWeights(graph, goldenTensors),
    /"bert.encoder.layer.0.intermediate.dense.weight": the model wants shape \[65, 32\], the checkpoint has \[64, 32\]/,
  );
  const { "classifier.bias": _, ...rest } = goldenTensors;
  assert.throws(
    () =>
      fitWeights(graphOf(parseConfig(goldenJson), { labels: labelsOfConfig(goldenJson) }), rest, {
        strict: true,
      }),
    /it lacks classifier.bias$/,
  );
  const broken = goldenTensors["classifier.bias"];
  for (const strange of [NaN, Infinity]) {
    assert.throws(
      () =>
        fitWeights(graphOf(parseConfig(goldenJson), { labels: labelsOfConfig(goldenJson) }), {
          ...goldenTensors,
          "classifier.bias": {
            ...broken,
            data: Float32Array.from(broken.data, (x, i) => i === 1 ? strange : x),
          },
        }),
      /Cannot load tensor "classifier.bias": its element 1 is (NaN|Infinity), a finite number was expected$/,
    );
  }
});

Deno.test("floats of another precision are converted, and what is no float is never taken for a weight", () => {
  const graph = graphOf(parseConfig(goldenJson), { labels: labelsOfConfig(goldenJson) });
  const name = "classifier.bias";
  const as = (dtype: DType) => ({ ...goldenTensors, [name]: convertTensor(goldenTensors[name], dtype) });
  for (const dtype of ["f16", "bf16"] as const) {
    const { states } = fitWeights(graph, as(dtype), { strict: true });
    assert.deepEqual(states[name], convertTensor(as(dtype)[name], "f32"));
  }
  for (const dtype of ["i8", "u8", "i32", "bool"] as const) {
    assert.throws(
      () => fitWeights(graph, as(dtype)),
      new RegExp(`Cannot load tensor "classifier.bias": the model wants f32, the checkpoint has ${dtype}$`),
    );
  }
});

const broken: [string, unknown, RegExp][] = [
  ["no object", null, /of type undefined/],
  [
    "an unknown type",
    { model_type: "gpt9" },
    new RegExp(`type "gpt9": "model_type" must be one of ${MODEL_TYPES.join(", ")}`),
  ],
  [
    "a missing size",
    { ...goldenJson, hidden_size: undefined },
    /: hidden_size is missing, wanted a whole number/,
  ],
  [
    "a huge size",
    { ...goldenJson, hidden_size: 1e9 },
    /: hidden_size is 1000000000, wanted a whole number from 1 to 65536/,
  ],
  ["a broken size", { ...goldenJson, hidden_size: 32.5 }, /: hidden_size is 32\.5, wanted a whole number/],
  [
    "a text for a number",
    { ...goldenJson, vocab_size: "200" },
    /: vocab_size is "200", wanted a whole number/,
  ],
  [
    "heads that do not divide",
    { ...goldenJson, num_attention_heads: 5 },
    /\(5\) must divide "hidden_size" \(32\)/,
  ],
  [
    "an unknown activation",
    { ...goldenJson, hidden_act: "swish" },
    /: hidden_act is "swish", wanted one of gelu/,
  ],
  ["no layers", { ...goldenJson, num_hidden_layers: -1 }, /: num_hidden_layers is -1, wanted a whole number/],
  [
    "no number",
    { ...goldenJson, num_hidden_layers: NaN },
    /: num_hidden_layers is NaN, wanted a whole number/,
  ],
  [
    "a padding token beyond the table",
    { ...goldenJson, pad_token_id: 200 },
    /: pad_token_id is 200, wanted a whole number from 0 to 199/,
  ],
  [
    "half a padding token",
    { ...goldenJson, pad_token_id: 0.5 },
    /: pad_token_id is 0\.5, wanted a whole number/,
  ],
  [
    "relative positions",
    { ...goldenJson, position_embedding_type: "relative_key" },
    /: position_embedding_type is "relative_key", wanted one of absolute/,
  ],
];

for (const [what, json, message] of broken) {
  Deno.test(`a configuration with ${what} is refused by the field's name`, () => {
    assert.throws(() => parseConfig(json), (error: Error) => {
      assert.equal(error.name, "ModelError");
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("labels keep the order of their ids beyond ten, and a hole in the ids is refused", () => {
  const labels = Array.from({ length: 12 }, (_, i) => `label ${i}`);
  assert.deepEqual(labelsOfConfig(JSON.parse(JSON.stringify(labelMaps(labels)))), labels);
  assert.throws(
    () => labelsOfConfig({ id2label: { 0: "a", 2: "b" } }),
    /id2label has 2 entries and none is 1, wanted 0, 1, 2/,
  );
});
