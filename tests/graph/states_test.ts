import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import {
  type Builder,
  bundleStates,
  checkpointStates,
  continueFrom,
  createBuilder,
  freeze,
  gradients,
  type Graph,
  hostTensor,
  type Init,
  opTable,
  type Pass,
  printGraph,
  stateBytes,
  statesOf,
  trainableStates,
  verify,
} from "../../src/graph/graph.ts";
import { bindGraph } from "../../src/graph/passes/bind.ts";
import { expand } from "../../src/graph/passes/expand.ts";
import { mergeProjections } from "../../src/graph/passes/merge_projections.ts";
import { mixedPrecision } from "../../src/graph/passes/mixed_precision.ts";
import { optimize, removeDead } from "../../src/graph/passes/optimize.ts";
import { rewrite } from "../../src/graph/passes/rewrite.ts";
import { initialStates } from "../../src/nn/init.ts";
import { dropout, linear } from "../../src/nn/layers.ts";
import { rngKey } from "../../src/nn/rng.ts";
import { exportOnnx } from "../../src/onnx/export.ts";
import { readModel } from "../../src/onnx/model.ts";
import { forwardGraph } from "../../src/tasks/model.ts";
import { fitWeights } from "../../models/index.ts";
import { bertConfig } from "../../models/bert.ts";

const normal: Init = { kind: "normal", std: 0.5 };
const zero: Init = { kind: "fill", value: 0 };
const names = (states: readonly { readonly name?: string }[]) => states.map((state) => state.name);

/** One state of each role, and a frozen parameter. */
function states(): Graph {
  const b = createBuilder();
  b.parameter("w", [3], normal);
  b.parameter("frozen", [5], normal, { trainable: false });
  b.buffer("mean", "f32", [2], { init: zero });
  b.state("m", "f32", [3], { role: "moment" });
  b.state("step", "i32", [], { role: "counter" });
  b.state("sum", "f32", [3], { role: "cache" });
  return b.graph();
}

Deno.test("a bundle holds parameters and buffers, a checkpoint all but caches, an adapter's file what is trained", () => {
  const graph = states();
  assert.deepEqual(names(bundleStates(graph)), ["w", "frozen", "mean"]);
  assert.deepEqual(names(checkpointStates(graph)), ["w", "frozen", "mean", "m", "step"]);
  assert.deepEqual(names(trainableStates(graph)), ["w"]);
  assert.deepEqual(names(statesOf(graph, "buffer")), ["mean"]);
});

Deno.test("a state takes its type's bytes, and a trained parameter its moments' too", () => {
  const graph = states();
  assert.equal(stateBytes(graph), 4 * (3 + 5 + 2 + 3 + 1 + 3));
  assert.equal(stateBytes(graph, { moments: 2 }) - stateBytes(graph), 2 * 4 * 3);
  const b = createBuilder();
  b.parameter("weight", [9], zero, { dtype: "u4" });
  assert.equal(stateBytes(b.graph(), { moments: 2 }), 5);
});

Deno.test("a parameter of a known name is the one that has it, and no other", () => {
  const b = createBuilder();
  const w = b.parameter("w", [2, 3], normal);
  assert.equal(b.parameter("w", [2, 3], normal), w);
  assert.equal(b.nodes.length, 1);
  const refused: [() => unknown, RegExp][] = [
    [
      () => b.parameter("w", [3, 2], normal),
      /parameter "w": it is f32 \[2, 3\] .* asked for as f32 \[3, 2\]/,
    ],
    [() => b.parameter("w", [2, 3], normal, { dtype: "f16" }), /is f32 .* asked for as f16/],
    [() => b.parameter("w", [2, 3], zero), /"std":0.5.* already, asked for as .*"fill"/],
    [
      () => b.parameter("w", [2, 3], normal, { decays: false }),
      /"decays":true.* asked for as .*"decays":false/,
    ],
    [() => b.buffer("w", "f32", [2, 3], { init: normal }), /"parameter".* already, asked for as .*"buffer"/],
    [() => b.parameter("x", [2], zero, { dtype: "i8", trainable: true }), /i8 has no gradients/],
  ];
  for (const [build, message] of refused) assert.throws(build, message);
  b.input("x", "f32", [2]);
  assert.throws(() => b.parameter("x", [2], zero), /is f32 \[2\] input already/);
});

Deno.test("tied weights get the gradient of both uses", async () => {
  const b = createBuilder();
  const use = () => b.parameter("w", [1], { kind: "fill", value: 3 });
  const loss = b.sum(b.add(b.square(use()), b.mul(use(), 5)));
  b.output("gradient", gradients(b, loss, trainableStates(b.graph()))[0]);
  const program = await createInterpBackend().compile(b.graph());
  await program.write(initialStates(b.graph(), 0));
  assert.deepEqual([...(await program.run({})).gradient.data], [11]); // 2w + 5
});

Deno.test("a buffer starts from its init, follows its updates and is exported as it is then", async () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [2]);
  const mean = b.buffer("norm.running_mean", "f32", [2], { init: { kind: "fill", value: 4 } });
  b.output("y", b.sub(x, mean));
  b.update(mean, b.add(b.mul(mean, 0.5), b.mul(x, 0.5)));
  const graph = b.graph();
  const program = await createInterpBackend().compile(graph);
  await program.write(initialStates(graph, 0));
  await program.run({ x: hostTensor("f32", [2], [0, 8]) });
  const kept = await program.read(names(bundleStates(graph)) as string[]);
  assert.deepEqual([...kept["norm.running_mean"].data], [2, 6]);
  const { states: fitted } = fitWeights(graph, kept, { strict: true });
  const [initializer] = readModel(exportOnnx(graph, { table: opTable, states: fitted })).graph.initializers;
  assert.equal(initializer.name, "norm.running_mean");
  assert.deepEqual([...new Float32Array(initializer.data.slice().buffer)], [2, 6]);
});

// ---- going on from a graph ---------------------------------------------------------------------------------------------

function trunk(b: Builder): void {
  const key = rngKey(b);
  const x = b.boundary(b.input("x", "f32", ["batch", 4]));
  const hidden = dropout(b, linear(b, x, { name: "trunk", in: 4, out: 4 }), { rate: 0.5, key });
  b.output("hidden", b.boundary(hidden));
}

function head(b: Builder): void {
  const hidden = dropout(b, b.outputs.hidden, { rate: 0.5, key: rngKey(b) });
  b.output("logits", linear(b, hidden, { name: "head", in: 4, out: 2 }));
}

Deno.test("going on from a graph gives what building it in one go gives", () => {
  const [whole, first] = [createBuilder(), createBuilder()];
  trunk(whole);
  head(whole);
  trunk(first);
  const half = first.graph();
  const before = printGraph(half);
  const b = continueFrom(half);
  head(b);
  assert.equal(printGraph(verify(b.graph())), printGraph(whole.graph()));
  assert.deepEqual(names(b.graph().boundaries), names(whole.graph().boundaries));
  assert.equal(printGraph(half), before);
  assert.throws(() => b.input("x", "f32", []), /"x": that name is taken/);
});

Deno.test("a pass that draws takes no stream that the rest of the graph draws from", () => {
  const b = createBuilder();
  trunk(b);
  head(b);
  const again = continueFrom(removeDead({ ...b.graph(), outputs: { logits: b.outputs.logits } }));
  again.output("more", again.random(rngKey(again), ["batch"]));
  const streamsOf = (nodes: Graph["nodes"]) =>
    nodes.flatMap((node) => node.op === "random" ? [node.attrs.stream] : []);
  assert.deepEqual(streamsOf(again.nodes), [0, 1, 2]);
  const drawing = rewrite(b.graph(), (node, inputs, to) => {
    const made = to.clone(node, inputs);
    if (node.op === "state" && node.attrs.role === "counter") to.output("more", to.random(made, []));
    return made;
  });
  assert.deepEqual(streamsOf(drawing.nodes).sort(), [0, 1, 2]);
});

const bert = bertConfig({
  vocabSize: 30,
  hiddenSize: 16,
  layers: 3,
  heads: 2,
  intermediateSize: 24,
  maxPositions: 8,
});

/** A BERT classifier with dropout, whose loss is the sum of its logits. */
function classifier(): Graph {
  const spec = { task: "text-classification", config: bert, head: { labels: ["p", "q"] } } as const;
  const forward = forwardGraph(spec, { training: true });
  const b = continueFrom({ ...forward, outputs: {} });
  b.output("loss", b.sum(b.square(forward.outputs.logits)));
  return b.graph();
}

const bindings = { batch: 2, sequence: 4 };
const passes: Record<string, Pass> = {
  freeze: freeze((name) => name.includes("embeddings")),
  mixedPrecision,
  optimize,
  expand: (graph) => expand(graph),
  bind: (graph) => bindGraph(graph, bindings),
  mergeProjections: (graph) => mergeProjections(optimize(bindGraph(graph, bindings)), { unit: 1 }),
};

for (const [name, pass] of Object.entries(passes)) {
  Deno.test(`boundaries survive ${name}`, () => {
    const graph = classifier();
    const { boundaries } = verify(pass(graph));
    assert.deepEqual(
      boundaries.map(({ shape }) => shape.length),
      graph.boundaries.map(({ shape }) => shape.length),
    );
    assert.ok(boundaries.length >= 3);
    assert.equal(new Set(boundaries).size, boundaries.length);
  });
}

Deno.test("no gradient of a frozen weight is computed, and none behind the last one that is trained", () => {
  const frozen = freeze((name) => name.startsWith("bert."))(classifier());
  const b = continueFrom(frozen);
  const forward = b.nodes.length;
  const wrt = trainableStates(frozen);
  assert.deepEqual(names(wrt), ["classifier.weight", "classifier.bias"]);
  gradients(b, frozen.outputs.loss, wrt).forEach((g, i) => b.output(`gradient ${i}`, g));
  const live = removeDead(b.graph());
  const made = live.nodes.filter((node) => node.name?.includes(".grad"));
  assert.ok(made.length > 0);
  assert.deepEqual(made.filter((node) => node.name!.includes("bert.")), []);
  const all = continueFrom(classifier());
  const parameters = trainableStates(all.graph());
  gradients(all, all.outputs.loss, parameters).forEach((g, i) => all.output(`gradient ${i}`, g));
  assert.ok(b.nodes.length - forward < (all.nodes.length - forward) / 10);
});

Deno.test("frozen parameters load, stay in a bundle and are exported", () => {
  const graph = freeze((name) => name.startsWith("bert."))(classifier());
  const all = names(trainableStates(classifier()));
  assert.deepEqual(names(bundleStates(graph)), all);
  const { states: fitted, missing } = fitWeights(graph, initialStates(graph, 1), { strict: true });
  assert.deepEqual([Object.keys(fitted), missing], [all, []]);
  const inference = optimize({ ...graph, updates: [] });
  const model = readModel(exportOnnx(inference, { table: opTable, states: initialStates(graph, 1) }));
  const there = new Set(model.graph.initializers.map(({ name }) => name));
  assert.ok(there.has("bert.embeddings.word_embeddings.weight"));
});
