import assert from "node:assert/strict";
import {
  createBuilder,
  type Dim,
  gradients,
  type Graph,
  hostTensor,
  opTable,
} from "../../src/graph/graph.ts";
import {
  bindDim,
  canonical,
  difference,
  leastOf,
  mostOf,
  product,
  quotient,
  sum,
} from "../../src/graph/shape.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { loadRuntime, toOrt } from "../../src/backend/ort/runtime.ts";
import { exportOnnx } from "../../src/onnx/export.ts";
import { readModel } from "../../src/onnx/model.ts";
import { candidates, testOn } from "../backend/available.ts";

Deno.test("products and quotients of dimensions are canonical", () => {
  assert.equal(product(["sequence", "batch"]), product(["batch", "sequence"]));
  assert.equal(product(["2*batch", 3, "batch"]), "6*batch*batch");
  assert.equal(product(["batch", 0]), 0);
  assert.equal(quotient("6*batch*batch", "3*batch"), "2*batch");
  assert.equal(quotient("batch", "sequence"), undefined);
});

Deno.test("sums are canonical: what is added first, numbers last, nothing twice", () => {
  const cases: [Dim, Dim][] = [
    [sum(["sequence", "past"]), "past + sequence"],
    [sum(["past", 1, "past", 2]), "2*past + 3"],
    [sum(["past + sequence", "-sequence"]), "past"],
    [sum([2, 3]), 5],
    [difference("sequence", 1), "sequence - 1"],
    [difference(1, "a"), "1 - a"],
    [difference("past + 1", "past + 1"), 0],
    [product(["b", "a - 1"]), "a*b - b"],
    [product(["a + b", "a - b"]), "a*a - b*b"],
    [canonical(" 3 +sequence* 2*batch-1 "), "2*batch*sequence + 2"],
    [canonical("-a"), "-a"],
  ];
  for (const [got, wanted] of cases) {
    assert.equal(got, wanted);
    assert.equal(canonical(wanted), wanted);
  }
  for (const broken of ["a +", "a b", "a**b", ""]) assert.throws(() => canonical(broken), /as a dimension/);
});

Deno.test("a sum divides where it is a factor, and only there", () => {
  assert.equal(quotient("a*a - b*b", "a + b"), "a - b");
  assert.equal(quotient("4*batch*past + 4*batch*sequence", "2*past + 2*sequence"), "2*batch");
  assert.equal(quotient("past + sequence", "past"), undefined);
  assert.equal(quotient("past + 1", 2), undefined);
  assert.equal(quotient(0, "past + 1"), 0);
  assert.equal(quotient("past", 0), undefined);
});

Deno.test("a sum stands for a number, and knows its bounds", () => {
  assert.equal(bindDim("2*past + sequence - 1", { past: 3, sequence: 4 }), 9);
  assert.throws(() => bindDim("past + sequence", { past: 3 }), /no value given for symbol "sequence"/);
  assert.throws(() => bindDim("a - 3", { a: 2 }), /"a - 3": it is -1 for {"a":2}/);
  assert.deepEqual(["a + 2", "3 - a", "a - b"].map(leastOf), [3, -Infinity, -Infinity]);
  assert.deepEqual(["a + 2", "3 - a", "a - b"].map(mostOf), [Infinity, 2, Infinity]);
});

Deno.test("slices and pads that fit for no value of the symbols are refused when they are built", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", ["sequence", 2]);
  assert.deepEqual(b.slice(x, 0, 1, "sequence - 1").shape, ["sequence - 1", 2]);
  assert.throws(() => b.slice(x, 0, 1, "sequence"), /elements 1 to 1 \+ sequence are outside axis 0/);
  assert.throws(() => b.pad(x, 0, 2, "sequence + 1"), /after 2 zeros does not fit into sequence \+ 1/);
  assert.throws(() => b.concat([x, b.input("y", "f32", ["sequence", 3])], 0), /must agree except in axis 0/);
  const past = b.concat([b.input("past", "f32", ["past", 2]), x], 0);
  assert.deepEqual(b.reshape(past, [product([2, "past + sequence"])]).shape, ["2*past + 2*sequence"]);
});

const size = 8;

/**
 * A token's attention to what is kept and what is new, and gradients of all three: keys `[batch, past + sequence, 8]`. The
 * positions of the new ones come from a table from `past` on.
 */
function cached(options: { backward?: boolean } = {}): Graph {
  const b = createBuilder();
  const past = b.input("past", "f32", ["batch", "past", size]);
  const x = b.input("x", "f32", ["batch", "sequence", size]);
  const positions = b.input("positions", "f32", [16, size]);
  const here = b.add(x, b.slice(positions, 0, "past", "sequence")); // [B, S, H]
  const keys = b.concat([past, here], 1); // [B, P + S, H]
  const y = b.attention(here, keys, b.tanh(keys), { heads: 2, scale: 0.5, causal: true }); // [B, S, H]
  b.output("y", y);
  b.output("keys", keys);
  if (options.backward) {
    gradients(b, b.sum(b.square(y)), [past, x, positions]).forEach((g, i) => b.output(`gradient ${i}`, g));
  }
  return b.graph();
}

const values = (shape: number[]) =>
  hostTensor(
    "f32",
    shape,
    Array.from({ length: shape.reduce((a, d) => a * d, 1) }, (_, i) => Math.sin(3 * i)),
  );
const feedsOf = (past: number, sequence: number) => ({
  past: values([2, past, size]),
  x: values([2, sequence, size]),
  positions: values([16, size]),
});

for (const candidate of candidates) {
  testOn(candidate, "a past and a present are joined, and gradients go to both", async (backend) => {
    const bindings = { batch: 2, past: 3, sequence: 4 };
    const graph = cached({ backward: true });
    const wanted = await (await createInterpBackend().compile(graph, { bindings })).run(feedsOf(3, 4));
    const got = await (await backend.compile(graph, { bindings })).run(feedsOf(3, 4));
    assert.deepEqual(wanted.keys.shape, [2, 7, size]);
    for (const [name, { shape, data }] of Object.entries(wanted)) {
      assert.deepEqual(got[name].shape, shape, name);
      data.forEach((v, i) => assert.ok(Math.abs(v - got[name].data[i]) < 1e-4, `${name}[${i}]`));
    }
  });
}

Deno.test("tokens one after the other give what they give together", async () => {
  const compile = (past: number, sequence: number) =>
    createInterpBackend().compile(cached(), { bindings: { batch: 2, past, sequence } });
  const feeds = feedsOf(2, 3);
  const together = await (await compile(2, 3)).run(feeds);
  const part = (from: number, count: number) => ({
    ...feeds,
    x: hostTensor(
      "f32",
      [2, count, size],
      [0, 1].flatMap((row) => {
        const at = (row * 3 + from) * size;
        return [...feeds.x.data.subarray(at, at + count * size)];
      }),
    ),
  });
  const first = await (await compile(2, 1)).run(part(0, 1));
  const second = await (await compile(3, 2)).run({ ...part(1, 2), past: first.keys });
  assert.deepEqual(second.keys.data, together.keys.data);
  const rows = (data: ArrayLike<number>, width: number, from: number, count: number) =>
    [0, 1].flatMap((row) =>
      Array.from(data).slice((row * width + from) * size, (row * width + from + count) * size)
    );
  assert.deepEqual(rows(first.y.data, 1, 0, 1), rows(together.y.data, 3, 0, 1));
  assert.deepEqual(rows(second.y.data, 2, 0, 2), rows(together.y.data, 3, 1, 2));
});

Deno.test("one exported file computes its sums at run time, for every past and present", async () => {
  const graph = cached({ backward: true });
  const bytes = exportOnnx(graph, { table: opTable, symbols: { past: "past_length" } });
  const keys = readModel(bytes).graph.outputs.find(({ name }) => name === "keys")!;
  assert.deepEqual(keys.shape, ["batch_size", "past_length + sequence_length", size]);
  const runtime = await loadRuntime("wasm");
  const session = await runtime.create(bytes);
  for (const [past, sequence] of [[3, 4], [1, 1], [7, 2]]) {
    const feeds = feedsOf(past, sequence);
    const program = await createInterpBackend().compile(graph, { bindings: { batch: 2, past, sequence } });
    const wanted = await program.run(feeds);
    const fed = Object.fromEntries(
      Object.entries(feeds).map(([name, tensor]) => [name, toOrt(runtime, tensor)]),
    );
    const got = await session.run(fed);
    for (const [name, { shape, data }] of Object.entries(wanted)) {
      assert.deepEqual([...got[name].dims], shape, name);
      const there = got[name].data as Float32Array;
      data.forEach((v, i) =>
        assert.ok(Math.abs(v - there[i]) < 1e-4, `${name}[${i}] of ${past} + ${sequence}`)
      );
    }
  }
  await session.release();
});
