import assert from "node:assert/strict";
import { makePlan } from "../../../../src/backend/gpu/plan/plan.ts";
import { type Builder, createBuilder, gradients } from "../../../../src/graph/graph.ts";
import { optimize } from "../../../../src/graph/passes/optimize.ts";
import { limits } from "../limits.ts";

/** What the kernels of a graph have to do. */
function workOf(build: (b: Builder) => void) {
  const b = createBuilder();
  build(b);
  return makePlan(optimize(b.graph()), limits).kernels;
}

const sum = (work: readonly { flops?: number }[]) => work.reduce((total, k) => total + k.flops!, 0);

Deno.test("a product takes 2 M N K operations, however its operands lie, and one for each element of what follows", () => {
  const forms = [[false, false], [true, false], [false, true], [true, true]];
  for (const [transA, transB] of forms) {
    const [product] = workOf((b) => {
      const x = b.input("x", "f32", transA ? [2, 12, 20] : [2, 20, 12]);
      const y = b.input("y", "f32", transB ? [2, 28, 12] : [2, 12, 28]);
      b.output("z", b.gelu(b.matmul(x, y, { transA, transB })));
    });
    const results = 2 * 20 * 28;
    assert.equal(product.flops, 2 * results * 12 + results);
    assert.equal(product.bytes, 4 * (2 * 20 * 12 + 2 * 12 * 28 + results));
  }
});

Deno.test("a product that is made in parts does its arithmetic once, and adds the parts", () => {
  const work = workOf((b) =>
    b.output("z", b.matmul(b.input("x", "f32", [8, 4096]), b.input("y", "f32", [4096, 8])))
  );
  assert.ok(work.length === 2);
  assert.equal(work[0].flops, 2 * 64 * 4096);
  assert.equal(work[1].flops! % 64, 0);
});

Deno.test("an elementwise kernel moves each operand and result once; a state changed in place is read and written", () => {
  const [chain] = workOf((b) => {
    const w = b.state("w", "f32", [100], { role: "cache" });
    b.update(w, b.add(b.mul(w, 0.5), b.tanh(b.input("x", "f32", [100]))));
  });
  // The cheap product is made where it is read, and not counted.
  assert.deepEqual([chain.flops, chain.bytes], [200, 4 * 300]);
});

Deno.test("of a table only the rows that are gathered count, and of a sum its operand's elements", () => {
  const [rows] = workOf((b) => {
    const table = b.input("table", "f32", [10_000, 16]);
    b.output("y", b.gather(table, b.input("ids", "i32", [4])));
  });
  assert.equal(rows.bytes, 4 * (4 * 16 + 4 + 4 * 16));
  const total = workOf((b) => b.output("y", b.sum(b.input("x", "f32", [40, 50]), [1])));
  assert.equal(sum(total), 2000);
});

Deno.test("attention takes two products forward and seven in its gradients, half of them if causal", () => {
  const [batch, rows, size] = [2, 16, 64];
  const attentionWork = (causal: boolean) =>
    sum(
      workOf((b) => {
        const operand = (name: string) => b.input(name, "f32", [batch, rows, size]);
        const [q, k, v] = ["q", "k", "v"].map(operand);
        const attended = b.attention(q, k, v, { heads: 2, scale: 0.1, causal });
        const grads = gradients(b, b.sum(b.mul(attended, operand("dy"))), [q, k, v]);
        grads.forEach((gradient, i) => b.output(`d${i}`, gradient));
      }).filter((k) => k.name.startsWith("attention")),
    );
  const product = 2 * batch * rows * rows * size;
  // Nothing else in these kernels takes as much as a product.
  assert.equal(Math.floor(attentionWork(false) / product), 9);
  assert.equal(Math.floor(attentionWork(true) / product), 4);
});
