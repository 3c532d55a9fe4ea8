import assert from "node:assert/strict";
import { createGpuBackend } from "../../../../src/backend/gpu/backend.ts";
import { describeAdapter } from "../../../../src/backend/gpu/device/device.ts";
import { cutLargeStates } from "../../../../src/backend/gpu/split/split.ts";
import { createInterpBackend } from "../../../../src/backend/interp/interp.ts";
import { createBuilder, gradients, type Graph, hostTensor } from "../../../../src/graph/graph.ts";
import { bindGraph } from "../../../../src/graph/passes/bind.ts";
import { optimize } from "../../../../src/graph/passes/optimize.ts";
import { adamw } from "../../../../src/nn/optim/adamw.ts";
import { clipScale, summarizeGradients } from "../../../../src/nn/optim/gradients.ts";

const adapter = await describeAdapter();
const [rows, width] = [41, 8];
const tableBytes = rows * width * 4;
const limit = 600;

/** A table that is read by index, by a product with its turned self and by a product, and learns. */
function tableGraph(): Graph {
  const b = createBuilder();
  const table = b.parameter("table", [rows, width], { kind: "fill", value: 0 });
  const x = b.gather(table, b.input("ids", "i32", ["batch", 2])); // [B, 2, W]
  const hidden = b.tanh(b.sum(x, [1])); // [B, W]
  const scores = b.matmul(hidden, table, { transB: true }); // [B, rows]
  const back = b.matmul(b.tanh(scores), table); // [B, W]
  const loss = b.mul(b.sum(b.square(b.sub(back, 0.1))), 0.1);
  const [gradient] = gradients(b, loss, [table]);
  const summary = summarizeGradients(b, [gradient]);
  adamw({ epsilon: 1e-3 }).emit(b, [table], [gradient], {
    rate: b.scalar(0.01),
    scale: clipScale(b, summary.norm, 0.5),
  });
  b.output("loss", loss);
  b.output("norm", summary.norm);
  b.output("most", b.max(table, [0]));
  return b.graph();
}

const bound = () => optimize(bindGraph(tableGraph(), { batch: 3 }));

Deno.test("a table over the limit becomes tables of its rows, and all that has its shape with it", () => {
  const { graph, states } = cutLargeStates(bound(), limit);
  assert.deepEqual([...states.keys()].sort(), ["adamw.m.table", "adamw.v.table", "table"]);
  const { parts, shape } = states.get("table")!;
  assert.deepEqual(shape, [rows, width]);
  assert.deepEqual(parts, ["table[0:16]", "table[16:32]", "table[32:41]"]);
  for (const node of graph.nodes) {
    const bytes = (node.shape as number[]).reduce((a, d) => a * d, 4);
    assert.ok(bytes < tableBytes, `${node.op} of ${bytes} bytes`);
  }
});

Deno.test("a graph whose states fit stays as it is", () => {
  const graph = bound();
  assert.equal(cutLargeStates(graph, tableBytes).graph, graph);
});

Deno.test("the parts compute what the whole does", async () => {
  const { graph } = cutLargeStates(bound(), limit);
  const ids = hostTensor("i32", [3, 2], [0, 15, 16, 31, 32, 40]);
  const values = Array.from({ length: rows * width }, (_, i) => Math.sin(i));
  const [whole, cut] = await Promise.all([bound(), graph].map((g) => createInterpBackend().compile(g)));
  await whole.write({ table: hostTensor("f32", [rows, width], values) });
  for (const [begin, end] of [[0, 16], [16, 32], [32, 41]]) {
    const part = hostTensor("f32", [end - begin, width], values.slice(begin * width, end * width));
    await cut.write({ [`table[${begin}:${end}]`]: part });
  }
  for (let i = 0; i < 2; i++) {
    const [got, want] = [await cut.run({ ids }), await whole.run({ ids })];
    for (const name of Object.keys(want)) {
      want[name].data.forEach((y, j) =>
        assert.ok(Math.abs(Number(got[name].data[j]) - Number(y)) < 1e-5, name)
      );
    }
  }
});

Deno.test({
  name: "webgpu: a table larger than a binding is trained, read and written as one",
  ignore: !adapter,
  async fn() {
    const backend = await createGpuBackend({ maxBindingBytes: limit });
    try {
      const graph = tableGraph();
      const values = Array.from({ length: rows * width }, (_, i) => Math.sin(i));
      const program = await backend.compile(graph, { bindings: { batch: 3 } });
      const other = await backend.compile(graph, { bindings: { batch: 2 }, share: program });
      const reference = await createInterpBackend().compile(graph, { bindings: { batch: 3 } });
      const ids = hostTensor("i32", [3, 2], [0, 15, 16, 31, 32, 40]);
      for (const p of [program, reference]) {
        await p.write({ table: hostTensor("f32", [rows, width], values) });
      }
      for (let i = 0; i < 3; i++) {
        const [got, want] = [await program.run({ ids }), await reference.run({ ids })];
        for (const name of Object.keys(want)) {
          want[name].data.forEach((y, j) => {
            const x = Number(got[name].data[j]);
            assert.ok(
              Math.abs(x - Number(y)) <= 2e-5 * (1 + Math.abs(Number(y))),
              `${name}[${j}]: ${x}, want ${y}`,
            );
          });
        }
      }
      const [got, want] = [await other.read(), await reference.read()];
      assert.deepEqual(Object.keys(got).sort(), Object.keys(want).sort());
      assert.deepEqual(got.table.shape, [rows, width]);
      want.table.data.forEach((y, j) => assert.ok(Math.abs(Number(got.table.data[j]) - Number(y)) < 2e-5));
      assert.deepEqual(await program.read(["table"]), { table: got.table });
      await assert.rejects(program.read(["table[0:16]"]), /no such state/);
    } finally {
      await backend.dispose();
    }
  },
});
