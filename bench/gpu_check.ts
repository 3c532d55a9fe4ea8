/**
 * Holds this machine's adapter to the interpreter, for hosts without the test runner: every op's cases, and ten training
 * steps of a small BERT. `deno run -A bench/gpu_check.ts` prints one line for each case that differs, then the counts.
 *
 * @module
 */
import { createGpuBackend } from "../src/backend/gpu/backend.ts";
import { createInterpBackend } from "../src/backend/interp/interp.ts";
import type { Backend } from "../src/backend/interface.ts";
import { opTable } from "../src/graph/graph.ts";
import type { OpName } from "../src/graph/node.ts";
import { initialStates } from "../src/nn/init.ts";
import { bertConfig } from "../models/bert.ts";
import { bertBatch, bertStep } from "./bert.ts";
import { caseFeeds, caseGraph, opCases } from "../tests/graph/op_cases.ts";

const gpu = await createGpuBackend();
const interp = createInterpBackend();
console.log(gpu.description);
let [cases, wrong] = [0, 0];
for (const op of Object.keys(opCases) as OpName[]) {
  for (const c of opCases[op]) {
    const graph = caseGraph(c);
    const program = await gpu.compile(graph, { label: op });
    const { y: got } = await program.run(caseFeeds(c));
    const { y: want } = await (await interp.compile(graph)).run(caseFeeds(c));
    const { relative, absolute } = opTable[op].tolerance;
    const finite = Array.from(want.data, (v) => Math.abs(Number(v))).filter(Number.isFinite);
    const scale = Math.max(1, ...finite);
    const offs = Array.from(want.data, (v, i) => {
      const [x, y] = [Number(got.data[i]), Number(v)];
      if (Object.is(x, y) || x === y) return 0;
      const off = Math.abs(x - y) / (absolute * scale + relative * Math.abs(y));
      return Number.isNaN(off) ? Infinity : off; // one of them is no finite number
    });
    const at = offs.indexOf(Math.max(...offs));
    cases++;
    if (offs[at] > 1) {
      wrong++;
      const found = `${got.data[at]}, not ${want.data[at]}`;
      console.log(`${op} (${c.name}): ${found}, ${offs[at].toFixed(1)} times the tolerance`);
    }
    await program.dispose();
  }
}
console.log(`${cases} cases, ${wrong} differ`);

const config = bertConfig({
  vocabSize: 100,
  hiddenSize: 32,
  intermediateSize: 64,
  maxPositions: 16,
});
const graph = bertStep(config);
const [onGpu, wanted] = [await tenLosses(gpu), await tenLosses(interp)];
const worst = Math.max(...onGpu.map((loss, i) => Math.abs(loss - wanted[i])));
console.log(
  `ten training steps, dropout .1: losses ${onGpu[0].toFixed(6)} to ${
    onGpu[9].toFixed(6)
  }, off by at most ${worst}`,
);
await gpu.dispose();

async function tenLosses(backend: Backend): Promise<number[]> {
  const shape = { batch: 4, sequence: 16 };
  const program = await backend.compile(graph, { bindings: shape });
  await program.write(initialStates(graph, 1));
  for (let step = 0; step < 10; step++) await program.step(bertBatch(config, { ...shape, step }));
  return (await program.drain()).map((record) => record.loss);
}
