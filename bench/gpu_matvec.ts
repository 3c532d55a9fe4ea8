/**
 * Times products of one to eight rows with a weight on WebGPU, as decoding has them:
 * `deno run -A bench/gpu_matvec.ts [--json FILE] [--tiny]`. `gpu_matvec.py` is the other side.
 *
 * A step multiplies with many weights, one after the other, of 512 MB together: ten times what an H200 keeps in its
 * cache, so that each is read from memory. The time of one is the step's by their number, launches included.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { createGpuBackend } from "../src/backend/gpu/backend.ts";
import { createBuilder, type Graph } from "../src/graph/graph.ts";
import { print, quick, quickStates, Recorder, timeWindows, tiny } from "./measure.ts";

const { values } = parseArgs({
  options: { json: { type: "string" }, tiny: { type: "boolean", default: false } },
});
const recorder = new Recorder(values.json);
const backend = await createGpuBackend();
recorder.add({
  side: "weir",
  part: "machine",
  name: backend.description,
  variant: `Deno ${Deno.version.deno}`,
});
const together = values.tiny ? 2 ** 20 : 2 ** 29;

for (const rows of [1, 4, 8]) {
  for (const [columns, inner] of [[2048, 8192], [8192, 2048], [768, 768]]) {
    for (const dtype of ["f32", "f16", "int8"] as const) await measure({ rows, columns, inner, dtype });
  }
}
await backend.dispose();

interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly dtype: "f32" | "f16" | "int8";
}

async function measure(p: Product): Promise<void> {
  const bytes = p.columns * p.inner * { f32: 4, f16: 2, int8: 1 }[p.dtype];
  const copies = Math.min(64, Math.ceil(together / bytes));
  const name = `${p.rows} x ${p.columns} x ${p.inner}`;
  await recorder.try({ side: "weir", part: "matvec", name, variant: p.dtype }, async () => {
    const program = await backend.compile(graphOf(p, copies));
    await program.write(quickStates(graphOf(p, copies)));
    const { ms, spread, steps } = await timeWindows(async (count) => {
      for (let i = 0; i < count; i++) await program.step({});
      await program.drain();
    }, values.tiny ? tiny : { ...quick, windows: 3 });
    await program.dispose();
    const note = `${(bytes / (ms / copies) / 1e9).toFixed(2)} TB/s over ${copies} weights`;
    print(`${name} ${p.dtype}: ${(1000 * ms / copies).toFixed(2)} us, ${note}`);
    return { ms: ms / copies, spread: [spread[0] / copies, spread[1] / copies], steps: steps * copies, note };
  });
}

function graphOf({ rows, columns, inner, dtype }: Product, copies: number): Graph {
  const b = createBuilder();
  const buffer = { role: "buffer" } as const;
  const init = { kind: "normal", std: 0.05 } as const;
  const x = dtype === "int8"
    ? b.state("x", "u32", [rows, inner / 4], buffer)
    : b.state("x", dtype, [rows, inner], { ...buffer, init });
  const scales = b.state("r", "f32", [rows, 1], buffer);
  let probe = b.scalar(0);
  for (let i = 0; i < copies; i++) {
    const y = b.state(`y${i}`, dtype === "f16" ? "f16" : "f32", [rows, columns], { role: "cache" });
    if (dtype === "int8") {
      const operands = [
        x,
        scales,
        b.state(`w${i}`, "u32", [inner / 4, columns], buffer),
        b.state(`c${i}`, "f32", [columns], buffer),
      ];
      b.update(y, b.apply("matmul_int8", operands, {}));
    } else {
      b.update(
        y,
        b.matmul(x, b.state(`w${i}`, dtype, [columns, inner], { ...buffer, init }), { transB: true }),
      );
    }
    const first = b.reshape(b.slice(b.slice(y, 0, 0, 1), 1, 0, 1), []);
    probe = b.add(probe, b.cast(first, "f32"));
  }
  b.output("probe", probe);
  return b.graph();
}
