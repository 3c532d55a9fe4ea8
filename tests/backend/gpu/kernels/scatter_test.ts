import assert from "node:assert/strict";
import { createGpuBackend } from "../../../../src/backend/gpu/backend.ts";
import { describeAdapter } from "../../../../src/backend/gpu/device/device.ts";
import { createBuilder, hostTensor } from "../../../../src/graph/graph.ts";

const ignore = await describeAdapter() === null;

/** Rows as a batch of texts has them: a third is one row, as padding is, some come often, the others once or never. */
function texts(tokens: number, rows: number): Int32Array {
  return Int32Array.from({ length: tokens }, (_, i) => {
    if (i % 3 === 0) return Math.min(7, rows - 1);
    return i % 3 === 1 ? (i * 7919) % Math.min(rows, 20) : (Math.imul(i, 2654435761) >>> 0) % rows;
  });
}

const cases: { tokens: number; rows: number; width: number; indices?: (tokens: number) => Int32Array }[] = [
  { tokens: 1, rows: 3, width: 5 },
  { tokens: 7, rows: 100, width: 4 },
  { tokens: 300, rows: 1000, width: 130 },
  { tokens: 300, rows: 1, width: 64 },
  { tokens: 4096, rows: 70, width: 12, indices: (n) => new Int32Array(n).fill(69) },
  { tokens: 4097, rows: 70, width: 12, indices: (n) => new Int32Array(n).fill(69) },
  { tokens: 5000, rows: 8000, width: 36 },
  { tokens: 5000, rows: 33, width: 3 },
  { tokens: 12345, rows: 5000, width: 8 },
  { tokens: 6000, rows: 6000, width: 1, indices: (n) => Int32Array.from({ length: n }, (_, i) => n - 1 - i) },
];

Deno.test({
  name: "rows of any number of tokens are summed, the same every time, however often one row comes",
  ignore,
  async fn(t) {
    for (const parallelism of [2, 132]) {
      const gpu = await createGpuBackend({ parallelism });
      for (const { tokens, rows, width, indices: make } of cases) {
        await t.step(`${tokens} tokens of ${rows} x ${width} for ${parallelism} processors`, async () => {
          const indices = make ? make(tokens) : texts(tokens, rows);
          const updates = Float32Array.from(
            { length: tokens * width },
            (_, i) => (Math.imul(i + 1, 0x9e3779b9) >>> 0) / 2 ** 32,
          );
          const wanted = new Float64Array(rows * width);
          for (let i = 0; i < tokens; i++) {
            for (let j = 0; j < width; j++) wanted[indices[i] * width + j] += 2 * updates[i * width + j];
          }
          const b = createBuilder();
          const scaled = b.mul(b.input("updates", "f32", [tokens, width]), 2);
          b.output("sums", b.scatterAdd(b.input("indices", "i32", [tokens]), scaled, rows));
          const program = await gpu.compile(b.graph());
          const feeds = {
            indices: hostTensor("i32", [tokens], indices),
            updates: hostTensor("f32", [tokens, width], updates),
          };
          const { sums } = await program.run(feeds);
          sums.data.forEach((v, i) => {
            const bound = 1e-5 * Math.max(1, wanted[i]);
            assert.ok(Math.abs(v - wanted[i]) <= bound, `element ${i}: got ${v}, want ${wanted[i]}`);
          });
          assert.deepEqual((await program.run(feeds)).sums.data, sums.data);
          assert.equal(program.kernels.length, tokens <= 4096 ? 1 : 4);
          await program.dispose();
        });
      }
      await gpu.dispose();
    }
  },
});
