import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { isFloat } from "../../src/graph/dtype.ts";
import { createBuilder, gradients, type HostTensor, hostTensor, opTable } from "../../src/graph/graph.ts";
import type { OpName } from "../../src/graph/node.ts";
import { caseFeeds, caseGraph, type OpCase, opCases } from "./op_cases.ts";

const backend = createInterpBackend();

Deno.test("every op is tested by an example in its file, or by a case", () => {
  assert.deepEqual(Object.keys(opTable).filter((op) => opCases[op as OpName].length === 0), []);
});

for (const op of Object.keys(opCases) as OpName[]) {
  for (const c of opCases[op]) {
    const differentiable = opTable[op].vjp && isFloat(caseGraph(c).outputs.y.dtype) &&
      c.inputs.some((t) => isFloat(t.dtype)) && !c.hasNaN;
    if (differentiable) {
      Deno.test(`${op} (${c.name}): gradient equals central differences`, () => checkGradient(c));
    }
    Deno.test(`${op} (${c.name}): the result has the inferred type and size`, async () => {
      const graph = caseGraph(c);
      const { y } = await (await backend.compile(graph)).run(caseFeeds(c));
      assert.equal(y.dtype, graph.outputs.y.dtype);
      assert.deepEqual(y.shape, graph.outputs.y.shape);
      assert.equal(y.data.length, y.shape.reduce((a, d) => a * d, 1));
      if (!c.hasNaN) assert.ok(y.data.every((v) => Number.isFinite(v)));
      else if (isFloat(y.dtype)) assert.ok(y.data.some((v) => Number.isNaN(v)), "a NaN is not lost");
    });
  }
}

/** Compares the gradient of a fixed random projection of the result with its central differences. */
async function checkGradient(c: OpCase): Promise<void> {
  const b = createBuilder();
  const inputs = c.inputs.map((t, i) => b.input(`x${i}`, t.dtype, t.shape));
  const y = c.build(b, inputs);
  const size = (y.shape as number[]).reduce((a, d) => a * d, 1);
  const projection = b.constant(
    "f32",
    y.shape as number[],
    Array.from({ length: size }, (_, i) => Math.cos(3 * i + 1)),
  );
  const loss = b.sum(b.mul(y, projection));
  const wrt = inputs.filter((n) => isFloat(n.dtype));
  gradients(b, loss, wrt).forEach((g, i) => b.output(`d${wrt[i].name}`, g));
  // The projection again, per element, so that the host can sum it in f64: the differences are lost in f32.
  b.output("terms", b.mul(y, projection));
  const program = await backend.compile(b.graph());
  const feeds = caseFeeds(c);
  const base = await program.run(feeds);
  const total = async (name: string, tensor: HostTensor) => {
    const { terms } = await program.run({ ...feeds, [name]: tensor });
    return (terms.data as Float32Array).reduce((a, v) => a + v, 0);
  };
  for (const node of wrt) {
    const tensor = feeds[node.name!];
    const analytic = base[`d${node.name}`];
    assert.deepEqual(analytic.shape, tensor.shape);
    const scale = Math.max(1e-2, ...Array.from(analytic.data, Math.abs));
    const stride = Math.max(1, Math.floor(tensor.data.length / 12));
    for (let i = 0; i < tensor.data.length; i += stride) {
      const at = tensor.data[i];
      const h = Math.fround(2e-3 * Math.max(1, Math.abs(at)));
      const moved = (value: number) => {
        const data = Float32Array.from(tensor.data);
        data[i] = value;
        return { tensor: hostTensor("f32", tensor.shape, data), value: data[i] };
      };
      const [high, low] = [moved(at + h), moved(at - h)];
      const slope = (await total(node.name!, high.tensor) - await total(node.name!, low.tensor)) /
        (high.value - low.value);
      const error = Math.abs(slope - analytic.data[i]) / scale;
      assert.ok(
        error < 2e-3,
        `d${node.name}[${i}]: differences say ${slope}, the rule says ${analytic.data[i]}`,
      );
    }
  }
}

Deno.test("an index outside its table is refused, before and after it", async () => {
  const b = createBuilder();
  b.output("y", b.gather(b.input("table", "f32", [2, 1]), b.input("ids", "i32", [1])));
  const program = await backend.compile(b.graph());
  const look = (id: number) =>
    program.run({ table: hostTensor("f32", [2, 1], [5, 7]), ids: hostTensor("i32", [1], [id]) });
  assert.deepEqual([...(await look(1)).y.data], [7]);
  for (const id of [-1, 2]) {
    await assert.rejects(look(id), new RegExp(`index ${id} is outside a table of 2 rows`));
  }
});
