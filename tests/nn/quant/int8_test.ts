import assert from "node:assert/strict";
import { bertConfig } from "../../../models/bert.ts";
import { createInterpBackend } from "../../../src/backend/interp/interp.ts";
import { createBuilder, type Graph, type HostTensor, hostTensor } from "../../../src/graph/graph.ts";
import { statesOf } from "../../../src/graph/node.ts";
import { initialStates } from "../../../src/nn/init.ts";
import { linear } from "../../../src/nn/layers.ts";
import { int8Products } from "../../../src/nn/quant/int8.ts";
import { forwardGraph } from "../../../src/tasks/model.ts";

const interp = createInterpBackend();

async function run(graph: Graph, states: Record<string, HostTensor>, feeds: Record<string, HostTensor>) {
  const program = await interp.compile(graph, { bindings: { batch: 2, sequence: 5 } });
  await program.write(states);
  return await program.run(feeds);
}

Deno.test("a forward pass in 8 bits keeps embeddings and head, and its answers are near those of f32", async () => {
  const config = bertConfig({
    vocabSize: 90,
    layers: 2,
    hiddenSize: 64,
    heads: 2,
    intermediateSize: 128,
    maxPositions: 8,
  });
  const graph = forwardGraph({ task: "text-classification", config, head: { labels: ["ham", "spam"] } });
  const { graph: quantized, states: statesFrom } = int8Products(graph);
  const products = quantized.nodes.filter(({ op }) => op === "matmul_int8");
  const names = statesOf(quantized).map(({ name }) => name!);
  // Of each layer: query, key and value (the last layer's query is of one token), output, up, down; then the pooler.
  assert.equal(products.length, 4 + 5 + 1, names.join(" "));
  assert.ok(names.includes("bert.embeddings.word_embeddings.weight") && names.includes("classifier.weight"));
  assert.ok(!names.includes("bert.encoder.layer.0.output.dense.weight"));
  const states = initialStates(graph, 3);
  const levels = statesFrom(states);
  assert.deepEqual(Object.keys(levels).sort(), names.sort());
  const ids = [5, 6, 7, 8, 9, 10, 11, 12, 0, 0];
  const feeds = {
    input_ids: hostTensor("i32", [2, 5], ids),
    attention_mask: hostTensor("i32", [2, 5], ids.map((id) => id === 0 ? 0 : 1)),
    token_type_ids: hostTensor("i32", [2, 5], ids.map(() => 0)),
  };
  const [{ logits: want }, { logits: got }] = [
    await run(graph, states, feeds),
    await run(quantized, levels, feeds),
  ];
  const scale = Math.max(...want.data.map((v) => Math.abs(Number(v))));
  const off = Math.max(...want.data.map((v, i) => Math.abs(Number(v) - Number(got.data[i]))));
  assert.ok(off > 0 && off < 0.05 * scale, `off by ${off} of ${scale}`);
});

Deno.test("a weight that is read elsewhere stays beside its levels, and one that is missing is named", async () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [3, 64]);
  b.output("y", linear(b, x, { name: "up", in: 64, out: 64, bias: false }));
  const weight = statesOf(b.graph()).find(({ name }) => name === "up.weight")!;
  b.output("norm", b.sum(weight));
  const graph = b.graph();
  const inBytes = int8Products(graph);
  const names = statesOf(inBytes.graph).map(({ name }) => name!).sort();
  assert.deepEqual(names, ["up.weight", "up.weight.levels", "up.weight.scales"]);
  assert.throws(() => inBytes.states({}), /Cannot quantise up\.weight: there is no such tensor/);
  const values = hostTensor("f32", [64, 64], new Float32Array(64 * 64).fill(0.25));
  const feeds = { x: hostTensor("f32", [3, 64], new Float32Array(192).fill(1)) };
  const { y, norm } = await run(inBytes.graph, inBytes.states({ "up.weight": values }), feeds);
  assert.ok(Math.abs(Number(y.data[0]) - 16) < 1e-4);
  assert.equal(norm.data[0], 1024);
});
