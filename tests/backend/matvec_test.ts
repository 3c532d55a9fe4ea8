import assert from "node:assert/strict";
import { createGpuBackend } from "../../src/backend/gpu/backend.ts";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import type { Backend } from "../../src/backend/interface.ts";
import { createBuilder, hostTensor } from "../../src/graph/graph.ts";
import { candidates, testOn } from "./available.ts";

const interp = createInterpBackend();
const asHardware = { ...candidates[0], open: () => createGpuBackend({ shortKernels: false }) };

testOn(
  asHardware,
  "products of a few rows equal the interpreter's, with what is fused to them",
  async (backend) => {
    const shapes = [[1, 9, 8], [1, 130, 516], [3, 7, 4], [4, 64, 128], [8, 33, 2052], [1, 5, 8192], [
      9,
      12,
      64,
    ]];
    for (const [rows, columns, depth] of shapes) {
      for (const dtype of ["f32", "f16"] as const) {
        if (dtype === "f16" && !backend.precisions.includes("f16")) continue;
        const build = (on: Backend) => {
          const b = createBuilder();
          const x = b.input("x", "f32", [2, rows, depth]);
          const one = b.reshape(b.slice(x, 0, 1, 1), [rows, depth]);
          const [left, right] = [one, b.input("w", "f32", [columns, depth])].map((u) =>
            dtype === "f16" ? b.cast(u, "f16") : u
          );
          const y = b.matmul(left, right, { transB: true });
          b.output("y", b.tanh(b.add(b.cast(y, "f32"), b.input("bias", "f32", [columns]))));
          return on.compile(b.graph());
        };
        const values = (n: number, by: number) =>
          Float32Array.from({ length: n }, (_, i) => Math.sin(i * by) / 20);
        const feeds = {
          x: hostTensor("f32", [2, rows, depth], values(2 * rows * depth, 0.7)),
          w: hostTensor("f32", [columns, depth], values(columns * depth, 1.3)),
          bias: hostTensor("f32", [columns], values(columns, 0.3)),
        };
        const [got, want] = await Promise.all(
          [backend, interp].map(async (b) => (await build(b)).run(feeds)),
        );
        const worst = Math.max(...want.y.data.map((v, i) => Math.abs(Number(v) - Number(got.y.data[i]))));
        assert.ok(
          worst < (dtype === "f16" ? 2e-3 : 2e-6),
          `${dtype} ${rows}x${columns}x${depth}: off by ${worst}`,
        );
      }
    }
  },
);
