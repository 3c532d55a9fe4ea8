import assert from "node:assert/strict";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { createBuilder, gradients, type Graph, type HostTensor, opTable } from "../../src/graph/graph.ts";
import { isFloat } from "../../src/graph/dtype.ts";
import type { OpName } from "../../src/graph/node.ts";
import { caseFeeds, caseGraph, type OpCase, opCases } from "../graph/op_cases.ts";
import { candidates } from "./available.ts";

const interp = createInterpBackend();

for (const { device, available, open } of candidates.filter((c) => c.device !== "interp")) {
  Deno.test({
    name: `every op and its gradient on ${device} equals the interpreter, within the op's tolerance`,
    ignore: !available,
    async fn(t) {
      const backend = await open();
      try {
        for (const op of Object.keys(opCases) as OpName[]) {
          for (const c of opCases[op]) {
            await t.step(`${op} (${c.name})`, () => compare(op, caseGraph(c), c));
            const backward = c.hasNaN ? undefined : gradientGraph(op, c);
            if (backward) await t.step(`${op} (${c.name}), gradient`, () => compare(op, backward, c));
          }
        }
      } finally {
        await backend.dispose();
      }

      async function compare(op: OpName, graph: Graph, c: OpCase): Promise<void> {
        const reference = await interp.compile(graph);
        const wanted = await reference.run(caseFeeds(c));
        const program = await backend.compile(graph, { label: op });
        const got = await program.run(caseFeeds(c));
        for (const [name, want] of Object.entries(wanted)) assertClose(`${op} ${name}`, got[name], want, op);
        await program.dispose();
      }
    },
  });
}

/** The gradients of the sum of squares of a case's result, or nothing where it has none. */
function gradientGraph(op: OpName, c: OpCase): Graph | undefined {
  const b = createBuilder();
  const inputs = c.inputs.map((t, i) => b.input(`x${i}`, t.dtype, t.shape));
  const y = c.build(b, inputs);
  const wrt = inputs.filter((n) => isFloat(n.dtype));
  if (!opTable[op].vjp || !isFloat(y.dtype) || wrt.length === 0) return undefined;
  gradients(b, b.sum(b.square(y)), wrt).forEach((g, i) => b.output(`d${wrt[i].name}`, g));
  return b.graph();
}

function assertClose(label: string, got: HostTensor, want: HostTensor, op: OpName): void {
  assert.equal(got.dtype, want.dtype, `${label} dtype`);
  assert.deepEqual([...got.shape], [...want.shape], `${label} shape`);
  const { relative, absolute } = opTable[op].tolerance;
  // A gradient is a few ops, each with rounding of its own, on values as large as the tensor's largest.
  const scale = Math.max(1, ...Array.from(want.data, (v) => Math.abs(Number(v))).filter(Number.isFinite));
  for (let i = 0; i < want.data.length; i++) {
    const [x, y] = [Number(got.data[i]), Number(want.data[i])];
    const bound = Math.max(absolute, 2e-6) * scale + Math.max(relative, 2e-6) * Math.abs(y);
    assert.ok(
      Object.is(x, y) || x === y || Math.abs(x - y) <= bound,
      `${label}[${i}]: got ${x}, want ${y} within ${bound}`,
    );
  }
}
