import assert from "node:assert/strict";
import {
  createBuilder,
  gradients,
  type Graph,
  printGraph,
  ShapeError,
  verify,
} from "../../src/graph/graph.ts";
import { bindGraph } from "../../src/graph/passes/bind.ts";
import { optimize } from "../../src/graph/passes/optimize.ts";
import { product, quotient } from "../../src/graph/shape.ts";

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
  const key = b.state("rng", "u32", []);
  b.output("y", b.equal(b.random(key, [4]), b.random(key, [4])));
  assert.equal(optimize(b.graph()).nodes.filter((n) => n.op === "random").length, 2);
});

Deno.test("verify names the node that breaks an invariant", () => {
  const graph = linearLoss();
  const nodes = [...graph.nodes];
  [nodes[2], nodes[3]] = [nodes[3], nodes[2]];
  assert.throws(
    () => verify({ ...graph, nodes }, "a test"),
    /Graph is broken after a test: .* stands at place 2/,
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

Deno.test("products and quotients of dimensions are canonical", () => {
  assert.equal(product(["sequence", "batch"]), product(["batch", "sequence"]));
  assert.equal(product(["2*batch", 3, "batch"]), "6*batch*batch");
  assert.equal(product(["batch", 0]), 0);
  assert.equal(quotient("6*batch*batch", "3*batch"), "2*batch");
  assert.equal(quotient("batch", "sequence"), undefined);
});
