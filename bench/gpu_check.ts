/**
 * Runs every op's cases on this machine's adapter against the interpreter, for hosts without the test runner:
 * `deno run -A bench/gpu_check.ts`. Prints one line for each case that differs, then the count.
 *
 * @module
 */
import { createGpuBackend } from "../src/backend/gpu/backend.ts";
import { createInterpBackend } from "../src/backend/interp/interp.ts";
import { opTable } from "../src/graph/graph.ts";
import type { OpName } from "../src/graph/node.ts";
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
    const scale = Math.max(1, ...Array.from(want.data, (v) => Math.abs(Number(v))));
    const worst = Math.max(...Array.from(want.data, (v, i) => {
      const [x, y] = [Number(got.data[i]), Number(v)];
      return x === y ? 0 : Math.abs(x - y) / (absolute * scale + relative * Math.abs(y));
    }));
    cases++;
    if (!(worst <= 1)) {
      wrong++;
      console.log(`${op} (${c.name}): ${worst.toFixed(1)} times the tolerance`);
    }
    await program.dispose();
  }
}
console.log(`${cases} cases, ${wrong} differ`);
await gpu.dispose();
