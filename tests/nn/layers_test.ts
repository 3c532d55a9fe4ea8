import assert from "node:assert/strict";
import { createBuilder, gradients, hostTensor, statesOf } from "../../src/graph/graph.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { attention, paddingMask } from "../../src/nn/attention.ts";
import { initialStates } from "../../src/nn/init.ts";
import { dropout, embedding, feedForward, layerNorm, linear, rmsNorm } from "../../src/nn/layers.ts";
import { rngKey } from "../../src/nn/rng.ts";
import { runOnce } from "./run.ts";

Deno.test("linear multiplies by PyTorch's [out, in] weight and adds the bias", async () => {
  const { y } = await runOnce((b) => {
    b.output("y", linear(b, b.input("x", "f32", [2, 3]), { name: "fc", in: 3, out: 2 }));
  }, {
    feeds: { x: hostTensor("f32", [2, 3], [1, 2, 3, 4, 5, 6]) },
    states: {
      "fc.weight": hostTensor("f32", [2, 3], [1, 0, 0, 0, 1, 1]),
      "fc.bias": hostTensor("f32", [2], [10, 20]),
    },
  });
  assert.deepEqual([...y.data], [11, 25, 14, 31]);
});

for (const count of [3, 40]) {
  Deno.test(`an embedding of ${count} rows gives the rows and adds up their gradients`, async () => {
    const table = Array.from({ length: count * 2 }, (_, i) => i);
    const { y, gradient } = await runOnce((b) => {
      const rows = embedding(b, b.input("ids", "i32", [2, 2]), { name: "e", count, size: 2 });
      b.output("y", rows);
      const loss = b.sum(b.mul(rows, b.input("dy", "f32", [2, 2, 2])));
      b.output("gradient", gradients(b, loss, statesOf(b.graph()))[0]);
    }, {
      feeds: {
        ids: hostTensor("i32", [2, 2], [2, 0, 2, 1]),
        dy: hostTensor("f32", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
      },
      states: { "e.weight": hostTensor("f32", [count, 2], table) },
    });
    assert.deepEqual(y.shape, [2, 2, 2]);
    assert.deepEqual([...y.data], [4, 5, 0, 1, 4, 5, 2, 3]);
    assert.deepEqual([...gradient.data.slice(0, 6)], [3, 4, 7, 8, 6, 8]);
  });
}

Deno.test("rmsNorm starts as plain scaling to a mean square of 1, and keeps the mean", async () => {
  const { y } = await runOnce((b) => {
    b.output("y", rmsNorm(b, b.input("x", "f32", [1, 4]), { name: "norm", size: 4, epsilon: 0 }));
  }, { feeds: { x: hostTensor("f32", [1, 4], [2, 2, -2, 2]) } });
  assert.deepEqual([...y.data], [1, 1, -1, 1]);
});

Deno.test("layerNorm starts as plain normalisation", async () => {
  const { y } = await runOnce((b) => {
    b.output("y", layerNorm(b, b.input("x", "f32", [1, 4]), { name: "norm", size: 4 }));
  }, { feeds: { x: hostTensor("f32", [1, 4], [1, 1, 3, 3]) } });
  assert.deepEqual([...y.data], [-1, -1, 1, 1]);
});

Deno.test("dropout zeroes its share, keeps the mean and draws another mask at every step", async () => {
  const b = createBuilder();
  b.output(
    "y",
    dropout(b, b.constant("f32", [20000], new Array(20000).fill(1)), { rate: 0.25, key: rngKey(b) }),
  );
  const program = await createInterpBackend().compile(b.graph());
  await program.write(initialStates(b.graph(), 3));
  const first = (await program.run({})).y.data;
  const second = (await program.run({})).y.data;
  for (const y of [first, second]) {
    const zeros = y.filter((v: number) => v === 0).length / y.length;
    assert.ok(Math.abs(zeros - 0.25) < 0.01, `share of zeros ${zeros}`);
    assert.ok(y.every((v: number) => v === 0 || Math.abs(v - 4 / 3) < 1e-6));
  }
  const same = first.filter((v: number, i: number) => v === second[i]).length / first.length;
  assert.ok(
    Math.abs(same - (0.25 ** 2 + 0.75 ** 2)) < 0.02,
    `masks agree on ${same}: they are not independent`,
  );
});

Deno.test("one step's mask is no other stream's mask of the step before", async () => {
  const b = createBuilder();
  const key = rngKey(b);
  b.output("p", b.random(key, [64]));
  b.output("q", b.random(key, [64]));
  const program = await createInterpBackend().compile(b.graph());
  await program.write(initialStates(b.graph(), 3));
  const first = await program.run({});
  const second = await program.run({});
  const draws = [first.p, first.q, second.p, second.q].map((t) => t.data.join());
  assert.equal(new Set(draws).size, 4);
});

Deno.test("dropout without a key, or of rate 0, is no node at all", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [4]);
  assert.equal(dropout(b, x, { rate: 0.5 }), x);
  assert.equal(dropout(b, x, { rate: 0, key: rngKey(b) }), x);
  assert.throws(() => dropout(b, x, { rate: 1, key: x }), /rate must be in \[0, 1\), got 1/);
});

Deno.test("feedForward applies the activation between its layers", async () => {
  const { y } = await runOnce((b) => {
    const x = b.input("x", "f32", [1, 1]);
    b.output(
      "y",
      feedForward(b, x, { names: { up: "up", down: "down" }, size: 1, inner: 2, activation: "relu" }),
    );
  }, {
    feeds: { x: hostTensor("f32", [1, 1], [3]) },
    states: {
      "up.weight": hostTensor("f32", [2, 1], [1, -1]),
      "down.weight": hostTensor("f32", [1, 2], [10, 100]),
    },
  });
  assert.deepEqual([...y.data], [30]);
});

const names = { query: "q", key: "k", value: "v", output: "o" };

Deno.test("what is masked changes nothing of attention, and its gradient is 0", async () => {
  const run = (tail: number) =>
    runOnce((b) => {
      const x = b.input("x", "f32", [1, 3, 4]);
      const mask = paddingMask(b, b.input("mask", "i32", [1, 3]));
      const y = b.slice(
        attention(b, x, { names, size: 4, heads: 2, mask, init: { kind: "normal", std: 1 } }),
        1,
        0,
        2,
      );
      b.output("y", y);
      b.output("dx", gradients(b, b.sum(b.square(y)), [x])[0]);
    }, {
      feeds: {
        x: hostTensor("f32", [1, 3, 4], [1, 2, 3, 4, -1, 0, 1, 0, tail, tail, -tail, tail]),
        mask: hostTensor("i32", [1, 3], [1, 1, 0]),
      },
    });
  const [p, q] = [await run(1), await run(50)];
  assert.deepEqual(p.y.data, q.y.data);
  assert.deepEqual([...p.dx.data.slice(8)], [0, 0, 0, 0]);
  assert.ok(p.dx.data.slice(0, 8).some((v: number) => v !== 0));
});

Deno.test("a row that is all padding gives numbers, not NaN, forward and backward", async () => {
  const { y, dx } = await runOnce((b) => {
    const x = b.input("x", "f32", [1, 3, 4]);
    const mask = paddingMask(b, b.input("mask", "i32", [1, 3]));
    const y = attention(b, x, { names, size: 4, heads: 2, mask });
    b.output("y", y);
    b.output("dx", gradients(b, b.sum(y), [x])[0]);
  }, {
    feeds: {
      x: hostTensor("f32", [1, 3, 4], Array.from({ length: 12 }, (_, i) => Math.sin(i))),
      mask: hostTensor("i32", [1, 3], [0, 0, 0]),
    },
  });
  assert.ok([...y.data, ...dx.data].every(Number.isFinite));
});

Deno.test("heads that do not divide the hidden size are refused", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [1, 3, 4]);
  assert.throws(
    () => attention(b, x, { names, size: 4, heads: 3 }),
    /3 heads do not divide the hidden size 4/,
  );
});
