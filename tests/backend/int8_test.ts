import assert from "node:assert/strict";
import { createGpuBackend } from "../../src/backend/gpu/backend.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import type { Backend } from "../../src/backend/interface.ts";
import { createBuilder, hostTensor } from "../../src/graph/graph.ts";
import { levelOf, scaleOf } from "../../src/graph/ops/int8.ts";
import { type Candidate, candidates, testOn } from "./available.ts";

const [webgpu] = candidates;
const devices: readonly Candidate[] = [
  ...candidates.filter((c) => c.device !== "interp"),
  { ...webgpu, open: () => createGpuBackend({ emulateDots: true }) },
  // Together they take every tile, whole and in parts.
  ...[2, 132].map((parallelism) => ({
    ...webgpu,
    open: () => createGpuBackend({ shortKernels: false, parallelism }),
  })),
];
const interp = createInterpBackend();

for (const candidate of devices) {
  testOn(
    candidate,
    "levels, scales and their product equal the interpreter's to the last bit",
    async (backend) => {
      for (
        const [rows, inner, columns] of [
          [7, 52, 9],
          [70, 256, 132],
          [1, 1024, 260],
          [300, 64, 96],
          [
            8,
            4096,
            36,
          ],
          [3, 516, 8],
          [257, 128, 260],
        ]
      ) {
        const build = (on: Backend) => {
          const b = createBuilder();
          const x = b.input("x", "f32", [rows, inner]);
          const [levels, scales] = [b.apply("quantize_rows", [x], {}), b.apply("row_scales", [x], {})];
          const w = b.input("w", "u32", [inner / 4, columns]);
          b.output("levels", levels);
          b.output("scales", scales);
          b.output(
            "product",
            b.apply("matmul_int8", [levels, scales, w, b.input("s", "f32", [columns])], {}),
          );
          return on.compile(b.graph());
        };
        const words = Array.from(
          { length: inner * columns / 4 },
          (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0,
        );
        const feeds = {
          x: hostTensor("f32", [rows, inner], nearThresholds(rows, inner)),
          w: hostTensor("u32", [inner / 4, columns], words),
          s: hostTensor(
            "f32",
            [columns],
            Array.from({ length: columns }, (_, i) => 0.01 + Math.sin(i) / 300),
          ),
        };
        const [got, want] = await Promise.all(
          [backend, interp].map(async (b) => (await build(b)).run(feeds)),
        );
        for (const name of ["levels", "scales", "product"]) {
          const [a, e] = [got[name].data, want[name].data];
          const off = e.findIndex((v, i) => !Object.is(v, a[i]));
          assert.equal(off, -1, `${rows}x${inner}x${columns} ${name}[${off}]: ${a[off]}, not ${e[off]}`);
        }
      }
    },
  );
}

/** Rows of values where levels change, and their neighbours among the f32 numbers; rows of zeros and of tiny values too. */
function nearThresholds(rows: number, inner: number): Float32Array {
  const x = new Float32Array(rows * inner);
  const bits = new Uint32Array(x.buffer);
  let seed = 7;
  const random = () => (seed = Math.imul(seed, 1664525) + 1013904223 >>> 0) / 2 ** 32;
  for (let r = 0; r < rows; r++) {
    const top = Math.fround((0.5 + random()) * 2 ** Math.floor(40 * random() - 20));
    const scale = scaleOf([top]);
    for (let i = 0; i < inner; i++) {
      const at = r * inner + i;
      x[at] = r % 7 === 5 ? 0 : (Math.floor(127 * random()) + 0.5) * scale;
      if (x[at] !== 0) bits[at] += Math.floor(3 * random()) - 1;
      if (random() < 0.5) x[at] = -x[at];
      if (r % 7 === 6) x[at] *= 2 ** -126;
    }
    if (r % 7 < 5) x[r * inner + r % inner] = top;
  }
  return x;
}

Deno.test("a level is the nearest one, and a row's largest value has the last", () => {
  const scale = scaleOf([127]);
  assert.equal(scale, Math.fround(127 * Math.fround(1 / 127)));
  const values = [-127, -126.4, -1, -0.4, 0, 0.4, 0.6, 1.4, 126.6, 127];
  assert.deepEqual(values.map((v) => levelOf(v, scale)), [-127, -126, -1, 0, 0, 0, 1, 1, 127, 127]);
  assert.equal(scaleOf([0, -0]), 0);
  assert.ok(Number.isNaN(scaleOf([1, Infinity])) && Number.isNaN(scaleOf([NaN, 1])));
  assert.equal(levelOf(1, NaN), 0);
});

Deno.test("what cannot be quantised is refused with what was wanted", () => {
  const b = createBuilder();
  const x = b.input("x", "f32", [2, 6]);
  assert.throws(() => b.apply("quantize_rows", [x], {}), /multiple of 4, got f32 \[2, 6\]/);
  const levels = b.input("levels", "u32", [2, 40000]);
  const w = b.input("w", "u32", [40000, 4]);
  const [rows, columns] = [b.input("rows", "f32", [2, 1]), b.input("columns", "f32", [4])];
  assert.throws(
    () => b.apply("matmul_int8", [levels, rows, w, columns], {}),
    /160000, at most 133\d+ products/,
  );
  assert.throws(
    () => b.apply("matmul_int8", [levels, columns, w, rows], {}),
    /scales must be \[2, 1\] and \[4\]/,
  );
});
