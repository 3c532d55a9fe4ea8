import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { initialStates } from "../../src/nn/init.ts";
import {
  createBuilder,
  gradients,
  type Graph,
  hostTensor,
  printGraph,
  ShapeError,
  verify,
} from "../../src/graph/graph.ts";
import { bindGraph } from "../../src/graph/passes/bind.ts";
import { mixedPrecision } from "../../src/graph/passes/mixed_precision.ts";
import { optimize } from "../../src/graph/passes/optimize.ts";

function linearLoss(): Graph {
  const b = createBuilder();
  const x = b.input("x", "f32", ["batch", "sequence", 4]);
  const w = b.named("linear", () => b.parameter("w", [3, 4], { kind: "normal", std: 0.02 }));
  const loss = b.named("loss", () => b.sum(b.square(b.matmul(x, w, { transB: true }))));
  const [dw] = gradients(b, loss, [w]);
  b.output("loss", loss);
  b.update(w, b.sub(w, b.mul(dw, 0.1)));
  return b.graph();
}

Deno.test("a printed graph reads line by line", async (t) => {
  await t.assertSnapshot(printGraph(linearLoss()));
});

Deno.test("binding and simplifying leave the same computation with numbers for symbols", async (t) => {
  await t.assertSnapshot(printGraph(optimize(bindGraph(linearLoss(), { batch: 2, sequence: 5 }))));
});

Deno.test("binding without a value names the symbol", () => {
  assert.throws(() => bindGraph(linearLoss(), { batch: 2 }), /no value given for symbol "sequence"/);
  assert.throws(
    () => bindGraph(linearLoss(), { batch: 2, sequence: 0 }),
    /"sequence": it must be a positive whole number, got 0/,
  );
});

Deno.test("equal nodes are merged, unread ones dropped, constants folded, and identities removed", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [2]);
  b.exp(b.sqrt(x));
  const twice = b.add(b.tanh(x), b.tanh(x));
  const folded = b.mul(b.scalar(2), b.scalar(3));
  b.output("y", b.mul(b.add(b.mul(twice, 1), 0), folded));
  assert.equal(
    printGraph(optimize(b.graph())),
    [
      "%0 = input : f32 [2]  # x",
      "%1 = tanh(%0) : f32 [2]",
      "%2 = add(%1, %1) : f32 [2]",
      "%3 = constant {6} : f32 []",
      "%4 = mul(%2, %3) : f32 [2]",
      "output y = %4",
      "",
    ].join("\n"),
  );
});

Deno.test("two dropout masks of one shape are not merged", () => {
  const b = createBuilder();
  const key = b.state("rng", "u32", [], { role: "counter" });
  b.output("y", b.equal(b.random(key, [4]), b.random(key, [4])));
  assert.equal(optimize(b.graph()).nodes.filter((n) => n.op === "random").length, 2);
});

Deno.test("verify names the node that breaks an invariant", () => {
  const graph = linearLoss();
  const nodes = [...graph.nodes];
  [nodes[2], nodes[3]] = [nodes[3], nodes[2]];
  assert.throws(
    () => verify({ ...graph, nodes }, "a test"),
    /Graph is broken after a test: .* is number 2 of the list/,
  );
  const wrong = graph.nodes.map((n) => n.id === 2 ? { ...n, dtype: "i32" as const } : n);
  assert.throws(() => verify({ ...graph, nodes: wrong }), /is i32 \[batch, sequence, 3\], its rule says f32/);
});

Deno.test("building with shapes that do not fit names op, label and shapes", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [8, 64]);
  const y = b.input("y", "f32", [32, 96]);
  assert.throws(() => b.named("h0.qkv", () => b.matmul(x, y)), {
    name: "ShapeError",
    message: 'Cannot build matmul "h0.qkv": inner dimensions must match, got [8, 64] and [32, 96]',
  });
  assert.throws(() => b.input("x", "f32", []), /"x": that name is taken/);
  assert.throws(() => b.add(x, b.cast(y, "i32")), ShapeError);
  assert.throws(() => createBuilder().exp(x), /belongs to another graph/);
});

/** Three layers of tanh(x w^T), whose operands are marked. */
function layers(options: { again: boolean }): Graph {
  const b = createBuilder();
  let x = b.exp(b.input("x", "f32", ["batch", 2, 4]));
  const weights = [0, 1, 2].map((i) => b.parameter(`w${i}`, [4, 4], { kind: "normal", std: 0.5 }));
  for (const w of weights) x = b.tanh(b.matmul(b.boundary(x), w, { transB: true }));
  const grads = gradients(b, b.sum(x), weights, { boundaries: options.again ? b.boundaries : [] });
  grads.forEach((gradient, i) => b.output(`gradient ${i}`, gradient));
  return b.graph();
}

Deno.test("what lies between boundaries is computed again, after the backward part of what comes later", () => {
  const { nodes } = optimize(layers({ again: true }));
  const tanhs = nodes.filter((n) => n.op === "tanh");
  assert.equal(tanhs.length, 5); // three, and those of the first two layers again
  const kept = optimize(layers({ again: false })).nodes.filter((n) => n.op === "tanh");
  assert.equal(kept.length, 3);
  const lastSlope = nodes.find((n) => n.op === "matmul" && n.attrs.transA)!;
  assert.ok(tanhs[3].id > lastSlope.id, "the second layer, after the third one's gradient");
});

Deno.test("computed again or kept, gradients are the same to the last bit", async () => {
  const gradientsOf = async (again: boolean) => {
    const graph = layers({ again });
    const program = await createInterpBackend().compile(graph, { bindings: { batch: 3 } });
    await program.write(initialStates(graph, 1));
    const x = hostTensor("f32", [3, 2, 4], Array.from({ length: 24 }, (_, i) => Math.sin(i)));
    return await program.run({ x });
  };
  assert.deepEqual(await gradientsOf(true), await gradientsOf(false));
});

Deno.test("mixed precision gives products f16, casts each parameter once and leaves its gradient and its update f32", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", ["batch", 3, 4]);
  const w = b.parameter("w", [4, 4], { kind: "normal", std: 0.5 });
  const h = b.tanh(b.matmul(x, w, { transB: true }));
  const y = b.softmax(b.add(b.matmul(h, w), -1e9));
  const [dw] = gradients(b, b.sum(b.square(y)), [w]);
  b.update(w, b.sub(w, dw));
  const { nodes, updates } = optimize(mixedPrecision(b.graph()));
  const products = nodes.filter((n) => n.op === "matmul");
  assert.ok(products.length >= 4);
  for (const { inputs, dtype } of products) {
    assert.deepEqual([...inputs.map((n) => n.dtype), dtype], ["f16", "f16", "f32"]);
  }
  const casts = nodes.filter((n) => n.op === "cast" && n.inputs[0].op === "state");
  assert.equal(casts.length, 1);
  assert.equal(updates[0].value.dtype, "f32");
  for (const node of nodes.filter((n) => n.op === "softmax" || n.op === "reduce_sum")) {
    assert.ok(node.dtype === "f32" && node.inputs.every((n) => n.dtype === "f32"), node.op);
  }
  // What goes into a softmax may hold a mask, and is never rounded.
  const softmax = nodes.find((n) => n.op === "softmax")!;
  assert.equal(softmax.inputs[0].op, "add");
});
