import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { createBuilder, gradients, hostTensor } from "../../src/graph/graph.ts";

const backend = createInterpBackend();

Deno.test("gradients add up where a value is used twice", async () => {
  const b = createBuilder();
  const x = b.input("x", "f32", []);
  const y = b.add(b.mul(x, x), b.mul(x, 3));
  b.output("dx", gradients(b, y, [x])[0]);
  const { dx } = await (await backend.compile(b.graph())).run({ x: hostTensor("f32", [], [5]) });
  assert.equal(dx.data[0], 13);
});

Deno.test("what the loss does not depend on has gradient zero, in its own shape", async () => {
  const b = createBuilder();
  const x = b.input("x", "f32", []);
  const other = b.input("other", "f32", ["n", 2]);
  b.output("d", gradients(b, b.square(x), [other])[0]);
  const program = await backend.compile(b.graph(), { bindings: { n: 2 } });
  const { d } = await program.run({
    x: hostTensor("f32", [], [5]),
    other: hostTensor("f32", [2, 2], [1, 2, 3, 4]),
  });
  assert.deepEqual([...d.data], [0, 0, 0, 0]);
});

Deno.test("gradients of gradients are gradients", async () => {
  const b = createBuilder();
  const x = b.input("x", "f32", []);
  const [dx] = gradients(b, b.mul(b.square(x), x), [x]);
  b.output("ddx", gradients(b, dx, [x])[0]);
  const { ddx } = await (await backend.compile(b.graph())).run({ x: hostTensor("f32", [], [4]) });
  assert.equal(ddx.data[0], 24);
});

Deno.test("a loss that is not a scalar is refused by name", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [2]);
  assert.throws(
    () => gradients(b, b.exp(x), [x]),
    /Cannot differentiate exp %1: a loss is a float scalar, got f32 \[2\]/,
  );
});

Deno.test("a symbolic batch stays symbolic in the gradient", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", ["batch", "sequence", 4]);
  const w = b.parameter("w", [3, 4], { kind: "fill", value: 1 });
  const [dx, dw] = gradients(b, b.sum(b.matmul(x, w, { transB: true })), [x, w]);
  assert.deepEqual(dx.shape, ["batch", "sequence", 4]);
  assert.deepEqual(dw.shape, [3, 4]);
});
