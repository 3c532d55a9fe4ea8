import assert from "node:assert/strict";
import { createGpuBackend } from "../../../src/backend/gpu/backend.ts";
import { describeAdapter } from "../../../src/backend/gpu/device.ts";
import { createInterpBackend } from "../../../src/backend/interp/interp.ts";
import { createBuilder, hostTensor } from "../../../src/graph/graph.ts";

const adapter = await describeAdapter();

interface Case {
  readonly name: string;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transA?: boolean;
  readonly transB?: boolean;
  /** Workgroups that fill the device: what decides the tile and the parts. */
  readonly parallelism: number;
  /** What shows the tile: columns, rows, batches times parts. */
  readonly workgroups: readonly number[];
}

const cases: readonly Case[] = [
  { name: "128 x 128 tiles", a: [256, 48], b: [48, 256], parallelism: 1, workgroups: [2, 2, 1] },
  {
    name: "128 x 128 tiles, ragged, both turned",
    a: [45, 250],
    b: [249, 45],
    transA: true,
    transB: true,
    parallelism: 1,
    workgroups: [2, 2, 1],
  },
  { name: "128 x 64 tiles", a: [132, 40], b: [40, 72], parallelism: 2, workgroups: [2, 2, 1] },
  {
    name: "128 x 64 tiles in parts, first turned",
    a: [1030, 130],
    b: [1030, 68],
    transA: true,
    parallelism: 6,
    workgroups: [2, 2, 3],
  },
  {
    name: "64 x 64 tiles, second turned",
    a: [100, 36],
    b: [70, 36],
    transB: true,
    parallelism: 4,
    workgroups: [2, 2, 1],
  },
  {
    name: "32 x 32 tiles in parts, ragged",
    a: [33, 521],
    b: [521, 35],
    parallelism: 40,
    workgroups: [2, 2, 4],
  },
  {
    name: "batches that broadcast, one row",
    a: [2, 1, 3, 1, 20],
    b: [1, 4, 3, 20, 17],
    parallelism: 1000,
    workgroups: [1, 1, 24],
  },
];

for (const { name, a, b: second, transA = false, transB = false, parallelism, workgroups } of cases) {
  Deno.test({
    name: `webgpu: a product by ${name} is the interpreter's`,
    ignore: !adapter,
    async fn() {
      const b = createBuilder();
      const y = b.matmul(b.input("a", "f32", a), b.input("b", "f32", second), { transA, transB });
      b.output("y", y);
      b.output("scaled", b.tanh(b.mul(y, 0.1)));
      const fill = (shape: readonly number[], step: number) =>
        hostTensor(
          "f32",
          shape,
          Array.from({ length: shape.reduce((p, d) => p * d, 1) }, (_, i) => Math.sin(i * step)),
        );
      const feeds = { a: fill(a, 0.7), b: fill(second, 1.3) };
      const want = await (await createInterpBackend().compile(b.graph())).run(feeds);
      const backend = await createGpuBackend({ parallelism, shortKernels: false });
      try {
        const program = await backend.compile(b.graph());
        const parts = /parts/.test(name);
        assert.equal(program.kernels.length, parts ? 2 : 1, program.kernels.map((k) => k.name).join());
        assert.deepEqual(program.kernels[0].workgroups, workgroups);
        const got = await program.run(feeds);
        for (const output of ["y", "scaled"]) {
          want[output].data.forEach((w, i) => {
            const g = got[output].data[i];
            assert.ok(Math.abs(g - w) <= 1e-4, `${output}[${i}]: got ${g}, want ${w}`);
          });
        }
      } finally {
        await backend.dispose();
      }
    },
  });
}
