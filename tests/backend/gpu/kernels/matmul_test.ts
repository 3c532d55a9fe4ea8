import assert from "node:assert/strict";
import { createGpuBackend, type GpuBackendOptions } from "../../../../src/backend/gpu/backend.ts";
import { describeAdapter } from "../../../../src/backend/gpu/device/device.ts";
import {
  chooseTile,
  halfTileNames,
  tileNamed,
  tileNames,
} from "../../../../src/backend/gpu/kernels/matmul_tiles.ts";
import { bytesOf, threadsOf } from "../../../../src/backend/gpu/kernels/tile.ts";
import { type ProductForm, tuningOf } from "../../../../src/backend/gpu/tuning/tuning.ts";
import { createInterpBackend } from "../../../../src/backend/interp/interp.ts";
import { createBuilder, hostTensor, type Node } from "../../../../src/graph/graph.ts";
import { numeric } from "../../../../src/graph/shape.ts";

const adapter = await describeAdapter();
const forms: readonly ProductForm[] = ["nn", "nt", "tn", "tt"];

interface Product {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transA?: boolean;
  readonly transB?: boolean;
}

function productOf(form: ProductForm, rows: number, columns: number, depth: number): Product {
  const [transA, transB] = [form[0] === "t", form[1] === "t"];
  return {
    a: transA ? [depth, rows] : [rows, depth],
    b: transB ? [columns, depth] : [depth, columns],
    transA,
    transB,
  };
}

/** Compares the product, and one with an epilogue, with the interpreter's; gives the first kernel's workgroups. */
async function compare(
  p: Product,
  { long = false, ...options }: GpuBackendOptions & { readonly long?: boolean },
  kernels = 1,
): Promise<readonly number[]> {
  const b = createBuilder();
  const y = b.matmul(b.input("a", "f32", p.a), b.input("b", "f32", p.b), p);
  const more = b.broadcast(b.input("more", "f32", numeric(y.shape).slice(-1)), y.shape);
  b.output("y", y);
  b.output(
    "scaled",
    long ? b.gelu(b.add(b.mul(y, 0.1), b.tanh(b.add(more, y)))) : b.tanh(b.add(b.mul(y, 0.1), more)),
  );
  const fill = (shape: readonly number[], step: number) =>
    hostTensor(
      "f32",
      shape,
      Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => Math.sin(i * step)),
    );
  const feeds = { a: fill(p.a, 0.7), b: fill(p.b, 1.3), more: fill(numeric(y.shape).slice(-1), 0.3) };
  const want = await (await createInterpBackend().compile(b.graph())).run(feeds);
  const backend = await createGpuBackend({ shortKernels: false, ...options });
  try {
    const program = await backend.compile(b.graph());
    assert.equal(program.kernels.length, kernels, program.kernels.map((k) => k.name).join());
    const got = await program.run(feeds);
    for (const output of ["y", "scaled"]) {
      want[output].data.forEach((w, i) => {
        const g = got[output].data[i];
        assert.ok(Math.abs(g - w) <= 1e-4, `${output}[${i}]: got ${g}, want ${w}`);
      });
    }
    return program.kernels[0].workgroups;
  } finally {
    await backend.dispose();
  }
}

// Each tile with even sizes and with odd ones, whole and in parts, and over all tiles in all forms.
tileNames.forEach((name, i) => {
  const tile = tileNamed(name);
  const [even, odd] = [[1, 2], [3, 1]][i % 2];
  const cases = [
    { form: forms[i % 4], rows: tile.rows + 4, columns: tile.columns, depth: 260, parts: even },
    { form: forms[(i + 2) % 4], rows: tile.rows - 1, columns: tile.columns + 1, depth: 197, parts: odd },
  ];
  for (const { form, rows, columns, depth, parts } of cases) {
    Deno.test({
      name: `webgpu: a ${form} product of ${rows}x${columns}x${depth} by ${name} tiles in ${parts} is right`,
      ignore: !adapter,
      async fn() {
        const tuning = tuningOf({
          adapter: "",
          products: { [`${form} ${rows}x${columns}x${depth}`]: `${name}/${parts}` },
        });
        const workgroups = await compare(
          productOf(form, rows, columns, depth),
          { tuning },
          parts === 1 ? 1 : 2,
        );
        assert.deepEqual(workgroups, [
          Math.ceil(columns / tile.columns),
          Math.ceil(rows / tile.rows),
          parts,
        ]);
      },
    });
  }
});

for (const name of ["128x64", "96x128", "128x96", "64x64", "32x32"]) {
  const tile = tileNamed(name);
  for (const rows of [tile.rows, tile.rows - 4]) {
    Deno.test({
      name:
        `webgpu: what follows a product of ${rows} rows by ${name} tiles is computed for all of a thread's results`,
      ignore: !adapter,
      async fn() {
        const columns = 2 * tile.columns;
        const tuning = tuningOf({ adapter: "", products: { [`nn ${rows}x${columns}x20`]: name } });
        const workgroups = await compare(productOf("nn", rows, columns, 20), { tuning, long: true });
        assert.deepEqual(workgroups, [2, 1, 1]);
      },
    });
  }
}

for (const form of forms) {
  Deno.test({
    name: `webgpu: a ${form} product by the short kernels is right`,
    ignore: !adapter,
    async fn() {
      const short = { shortKernels: true, parallelism: 2 };
      await compare(productOf(form, 45, 37, 51), short);
      await compare(productOf(form, 33, 20, 260), { ...short, parallelism: 8 }, 2);
      assert.deepEqual(await compare(productOf(form, 170, 168, 152), short), [3, 3, 1]);
    },
  });
}

Deno.test({
  name: "webgpu: batches that broadcast, of one row, are multiplied right",
  ignore: !adapter,
  async fn() {
    const p = { a: [2, 1, 3, 1, 20], b: [1, 4, 3, 20, 17] };
    assert.deepEqual(await compare(p, { tuning: null }), [1, 1, 24]);
  },
});

const halfAdapter = adapter?.features.includes("shader-f16");

/** A product of f16 operands, as f32, on the GPU and by the interpreter. */
async function multiplyHalves(
  p: Product,
  valueOf: (i: number, side: 0 | 1) => number,
  options: GpuBackendOptions,
): Promise<{ readonly got: ArrayLike<number>; readonly want: ArrayLike<number> }> {
  const b = createBuilder();
  const [x, y] = [b.input("x", "f16", p.a), b.input("y", "f16", p.b)];
  b.output("z", b.matmul(x, y, { transA: p.transA, transB: p.transB, dtype: "f32" }));
  const feed = (shape: readonly number[], side: 0 | 1) =>
    hostTensor("f16", shape, Array.from({ length: shape[0] * shape[1] }, (_, i) => valueOf(i, side)));
  const feeds = { x: feed(p.a, 0), y: feed(p.b, 1) };
  const want = (await (await createInterpBackend().compile(b.graph())).run(feeds)).z.data;
  const backend = await createGpuBackend({ shortKernels: false, ...options });
  try {
    return { got: (await (await backend.compile(b.graph())).run(feeds)).z.data, want };
  } finally {
    await backend.dispose();
  }
}

/** Numbers from -1 to 1 in no order. */
function noise(n: number): number {
  const x = Math.sin(n * 12.9898) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
}

// Sums of a step in f16: of 32 products of up to 1 each, so partial sums of up to 32, each rounded to 11 bits.
const halfStep = 32;
const mostLost = halfStep * halfStep * 2 ** -11 / 2;

halfTileNames.forEach((name, i) => {
  const tile = tileNamed(name, { halves: true });
  const cases = [
    { form: forms[i % 4], rows: tile.rows + 4, columns: tile.columns, depth: 260, parts: 2 },
    { form: forms[(i + 1) % 4], rows: tile.rows - 1, columns: tile.columns + 1, depth: 197, parts: 1 },
  ].slice(0, tile.rows * tile.columns > 4096 ? 1 : 2); // a software adapter takes long over the large ones
  for (const { form, rows, columns, depth, parts } of cases) {
    Deno.test({
      name: `webgpu: a ${form} product of halves of ${rows}x${columns}x${depth} by ${name} tiles is right`,
      ignore: !halfAdapter,
      async fn() {
        const products = { [`${form} ${rows}x${columns}x${depth}`]: `${name}/${parts}` };
        const value = (n: number, side: 0 | 1) => noise(n + side * 1e6);
        const tuning = tuningOf({ adapter: "", products: {}, halves: products });
        const { got, want } = await multiplyHalves(productOf(form, rows, columns, depth), value, { tuning });
        assert.equal(tile.depth, halfStep);
        let total = 0;
        for (let n = 0; n < want.length; n++) {
          const off = Math.abs(got[n] - want[n]);
          total += off;
          assert.ok(off <= mostLost, `[${n}]: got ${got[n]}, want ${want[n]}`);
        }
        // Up to 260 times half the distance between f16 numbers from 1 to 4, in no order.
        assert.ok(total / want.length < 0.01, `off by ${total / want.length} each`);
      },
    });
  }
});

Deno.test({
  name: "webgpu: a product of halves adds up its steps in f32",
  ignore: !halfAdapter,
  async fn() {
    // In f16 alone 4,096 ones add up to 2,048: the next one is half the distance to the next number.
    const p = productOf("nt", 40, 8, 4096);
    const { got } = await multiplyHalves(p, () => 1, {});
    for (const value of Array.from(got)) assert.equal(value, 4096);
  },
});

Deno.test({
  name: "webgpu: a product of halves by the short kernels adds up in f32",
  ignore: !halfAdapter,
  async fn() {
    // 2,048 and 2,047 halves: added in f16 they would all be lost.
    const depth = 2048;
    const p = productOf("nt", 4, 8, depth);
    const value = (n: number, side: 0 | 1) => side ? 1 : n % depth === 0 ? 2048 : 0.5;
    const { got } = await multiplyHalves(p, value, { shortKernels: true });
    for (const sum of Array.from(got)) assert.equal(sum, 3071.5);
  },
});

Deno.test({
  name: "webgpu: what lies beyond the inner dimension is not multiplied, whatever it is",
  ignore: !adapter,
  async fn() {
    // The operands are slices of matrices whose other columns are infinite.
    const b = createBuilder();
    const part = (node: Node, axis: number) => b.slice(node, axis, 4, 20);
    const x = part(b.input("x", "f32", [8, 64]), 1);
    const y = part(b.input("y", "f32", [64, 12]), 0);
    b.output("z", b.matmul(x, y));
    const inside = (k: number) => k >= 4 && k < 24;
    const backend = await createGpuBackend({ shortKernels: false });
    try {
      const program = await backend.compile(b.graph());
      const { z } = await program.run({
        x: hostTensor("f32", [8, 64], Array.from({ length: 512 }, (_, i) => inside(i % 64) ? 1 : Infinity)),
        y: hostTensor(
          "f32",
          [64, 12],
          Array.from({ length: 768 }, (_, i) => inside(Math.floor(i / 12)) ? 2 : NaN),
        ),
      });
      for (const value of z.data) assert.equal(value, 40);
    } finally {
      await backend.dispose();
    }
  },
});

Deno.test("every tile has at most 256 threads, and one of each kind fits WebGPU's 16 KiB", () => {
  for (const name of tileNames) {
    const tile = tileNamed(name);
    assert.equal(name, `${tile.rows}x${tile.columns}`);
    assert.ok(threadsOf(tile) <= 256 && threadsOf(tile) % 32 === 0, name);
  }
  const limits = { parallelism: 132, software: false, maxScratchBytes: 2 ** 26, maxWorkgroupBytes: 16384 };
  for (const size of [1, 63, 128, 500, 1000, 2048, 8192]) {
    for (const form of forms) {
      const shape = { form, rows: size, columns: size, depth: size, batches: 1 };
      const { tile, parts } = chooseTile(shape, limits);
      assert.ok(bytesOf(tile) <= 16384);
      assert.ok(parts === 1 || size / parts >= 64);
    }
  }
});

Deno.test("a tuning table decides where the shape was measured and the tile fits", () => {
  const tuning = tuningOf({ adapter: "", products: { "nt 2048x768x768": "128x192/3" } });
  const shape = { form: "nt", rows: 2048, columns: 768, depth: 768, batches: 1 } as const;
  const limits = {
    parallelism: 132,
    software: false,
    maxScratchBytes: 2 ** 26,
    maxWorkgroupBytes: 49152,
    tuning,
  };
  assert.deepEqual(chooseTile(shape, limits), { tile: tileNamed("128x192"), parts: 3 });
  const others = [
    chooseTile({ ...shape, form: "nn" }, limits),
    chooseTile({ ...shape, batches: 2 }, limits),
    chooseTile(shape, { ...limits, maxWorkgroupBytes: 16384 }),
  ];
  for (const { parts } of others) assert.notEqual(parts, 3);
});

Deno.test("the model takes small tiles for few results, and cuts a long inner dimension into parts", () => {
  const limits = { parallelism: 132, software: false, maxScratchBytes: 2 ** 26, maxWorkgroupBytes: 49152 };
  const choose = (rows: number, columns: number, depth: number) =>
    chooseTile({ form: "nn", rows, columns, depth, batches: 1 }, limits);
  assert.ok(choose(2048, 128, 128).tile.columns <= 64);
  assert.ok(choose(4096, 4096, 4096).tile.rows * choose(4096, 4096, 4096).tile.columns >= 8192);
  assert.equal(choose(4096, 4096, 4096).parts, 1);
  assert.ok(choose(768, 768, 2048).parts > 1);
  assert.ok(choose(128, 128, 20000).parts >= 8);
});

Deno.test("sizes beside each other take about the same time by the model", () => {
  // One row or column more may begin one more row of workgroups, and no more than that.
  const limits = { parallelism: 132, software: false, maxScratchBytes: 2 ** 26, maxWorkgroupBytes: 49152 };
  for (const size of [1000, 1001, 2047, 2049]) {
    const { tile } = chooseTile(
      { form: "nn", rows: size, columns: size, depth: size, batches: 1 },
      limits,
    );
    const covered = Math.ceil(size / tile.rows) * tile.rows * Math.ceil(size / tile.columns) * tile.columns;
    assert.ok(covered / size ** 2 < 1.12, `${size}: ${tile.rows}x${tile.columns} covers ${covered}`);
  }
});
