import assert from "node:assert/strict";
import { createGpuBackend, type GpuBackend } from "../../../../src/backend/gpu/backend.ts";
import { describeAdapter } from "../../../../src/backend/gpu/device/device.ts";
import { createInterpBackend } from "../../../../src/backend/interp/interp.ts";
import {
  type Builder,
  createBuilder,
  gradients,
  type Graph,
  type HostTensor,
  hostTensor,
} from "../../../../src/graph/graph.ts";
import { initialStates } from "../../../../src/nn/init.ts";
import { softmaxCrossEntropy } from "../../../../src/nn/losses.ts";

const ignore = await describeAdapter() === null;
const widths = [1, 3, 64, 130, 768, 1000, 5000, 50257];

/** Numbers between -1 and 1 that look like noise. */
function noise(shape: readonly number[], seed: number, scale = 1): HostTensor {
  const size = shape.reduce((a, d) => a * d, 1);
  const values = Float32Array.from({ length: size }, (_, i) => {
    const bits = Math.imul(Math.imul(i + 1, 0x9e3779b9) ^ Math.imul(seed, 0x85ebca6b), 0xc2b2ae35) >>> 0;
    return scale * (bits / 2 ** 31 - 1);
  });
  return hostTensor("f32", shape, values);
}

/** Holds the GPU's outputs to the interpreter's: within `bound` of each tensor's largest value. */
async function compare(
  gpu: GpuBackend,
  graph: Graph,
  feeds: Record<string, HostTensor>,
  bound = 1e-5,
): Promise<string[]> {
  const wanted = await (await createInterpBackend().compile(graph)).run(feeds);
  const program = await gpu.compile(graph);
  const got = await program.run(feeds);
  const again = await program.run(feeds);
  for (const [name, want] of Object.entries(wanted)) {
    const values = Array.from(want.data, Number);
    const scale = values.reduce((a, v) => Math.max(a, Math.abs(v)), 1e-3);
    const worst = values.reduce((a, v, i) => Math.max(a, Math.abs(Number(got[name].data[i]) - v)), 0);
    assert.ok(worst <= bound * scale, `${name}: off by ${worst}, the largest value is ${scale}`);
    assert.deepEqual(again[name].data, got[name].data, `${name} is the same again`);
  }
  const names = program.kernels.map((k) => k.name);
  await program.dispose();
  return names;
}

async function withGpu(
  options: Parameters<typeof createGpuBackend>[0],
  f: (gpu: GpuBackend) => Promise<void>,
) {
  const gpu = await createGpuBackend(options);
  try {
    await f(gpu);
  } finally {
    await gpu.dispose();
  }
}

Deno.test({
  name: "rows of any width are normalised, and their gradients summed, as the interpreter does it",
  ignore,
  async fn(t) {
    // A device with many processors to fill is given many parts to sum, one with few has few.
    for (const parallelism of [2, 132]) {
      await withGpu({ parallelism }, async (gpu) => {
        for (const width of parallelism === 2 ? [130, 768] : widths) {
          const rows = width > 1000 ? 3 : 37;
          await t.step(`${rows} rows of ${width}, for ${parallelism} processors`, async () => {
            const feeds = {
              x: noise([rows, width], 1, 3),
              weight: noise([width], 2),
              bias: noise([width], 3),
              dy: noise([rows, width], 4),
            };
            for (const norm of ["layer", "rms", "softmax"] as const) {
              const b = createBuilder();
              const x = b.input("x", "f32", [rows, width]);
              const weight = b.input("weight", "f32", [width]);
              const bias = b.input("bias", "f32", [width]);
              const dy = b.input("dy", "f32", [rows, width]);
              const y = norm === "layer"
                ? b.layerNorm(x, weight, bias, 1e-3)
                : norm === "rms"
                ? b.rmsNorm(x, weight, 1e-3)
                : b.softmax(x);
              b.output("y", y);
              const wrt = norm === "softmax" ? [x] : norm === "rms" ? [x, weight] : [x, weight, bias];
              gradients(b, b.sum(b.mul(y, dy)), wrt).forEach((g, i) => b.output(`d${wrt[i].name}`, g));
              await compare(gpu, b.graph(), feeds, 3e-5);
            }
          });
        }
      });
    }
  },
});

Deno.test({
  name: "thousands of rows are summed in parts, with what is computed on the way in and out",
  ignore,
  async fn() {
    for (const options of [{ parallelism: 132 }, { parallelism: 132, maxBuffers: 8 }, { parallelism: 4 }]) {
      await withGpu(options, async (gpu) => {
        const [rows, width] = [2050, 128];
        const b = createBuilder();
        const x = b.input("x", "f32", [rows, width]);
        const more = b.input("more", "f32", [rows, width]);
        const weight = b.parameter("weight", [width], { kind: "fill", value: 0.5 });
        const bias = b.parameter("bias", [width], { kind: "fill", value: 0 });
        const y = b.layerNorm(b.add(x, b.tanh(more)), weight, bias, 1e-5);
        const [dx, dMore, dWeight, dBias] = gradients(b, b.sum(b.square(b.tanh(y))), [x, more, weight, bias]);
        b.output("dx", b.mul(dx, 2));
        b.output("dMore", dMore);
        b.output("dWeight", dWeight);
        b.output("dBias", dBias);
        const names = await compare(gpu, b.graph(), {
          x: noise([rows, width], 1),
          more: noise([rows, width], 2),
        }, 5e-5);
        const own = names.filter((n) => n.includes("layer_norm_grad"));
        assert.equal(own.length, 2, `one walk and one sum of parts: ${names.join(", ")}`);
      });
    }
  },
});

Deno.test({
  name: "a gradient that nobody asks for is not made, and the others are",
  ignore,
  async fn() {
    await withGpu({}, async (gpu) => {
      for (const wanted of [["x"], ["weight"], ["bias"], ["x", "bias"], ["weight", "bias"]]) {
        const b = createBuilder();
        const inputs = {
          x: b.input("x", "f32", [70, 40]),
          weight: b.input("weight", "f32", [40]),
          bias: b.input("bias", "f32", [40]),
        };
        const y = b.layerNorm(inputs.x, inputs.weight, inputs.bias, 1e-5);
        const wrt = wanted.map((name) => inputs[name as keyof typeof inputs]);
        gradients(b, b.sum(b.square(y)), wrt).forEach((g, i) => b.output(`d${wanted[i]}`, g));
        await compare(gpu, b.graph(), {
          x: noise([70, 40], 1),
          weight: noise([40], 2),
          bias: noise([40], 3),
        });
      }
    });
  },
});

Deno.test({
  name: "a walk over few rows that has no buffer left for its sums leaves them to a second kernel",
  ignore,
  async fn() {
    await withGpu({ maxBuffers: 8 }, async (gpu) => {
      const shape = [5, 40];
      const b = createBuilder();
      const [x, p, q, r, s] = ["x", "p", "q", "r", "s"].map((name) => b.input(name, "f32", shape));
      const weight = b.input("weight", "f32", [40]);
      const attrs = { epsilon: 1e-5 };
      const operands = [b.tanh(b.mul(b.mul(p, q), r)), x, weight];
      b.output("dx", b.tanh(b.mul(b.apply("layer_norm_grad", operands, attrs), s)));
      b.output("dWeight", b.apply("layer_norm_grad_weight", operands, attrs));
      b.output("dBias", b.apply("layer_norm_grad_bias", operands, attrs));
      const feeds = { weight: noise([40], 9), x: noise(shape, 1), p: noise(shape, 2), q: noise(shape, 3) };
      const names = await compare(gpu, b.graph(), { ...feeds, r: noise(shape, 4), s: noise(shape, 5) });
      assert.equal(names.length, 2, names.join(", "));
    });
  },
});

Deno.test({
  name: "softmax cross-entropy of any number of classes and its gradient are those of its definition",
  ignore,
  async fn(t) {
    await withGpu({}, async (gpu) => {
      for (const classes of [2, ...widths.slice(1)]) {
        for (const labelSmoothing of [0, 0.1]) {
          await t.step(`${classes} classes, smoothing ${labelSmoothing}`, async () => {
            const rows = 5;
            const labels = [0, classes - 1, -100, classes >> 1, 1];
            const feeds = {
              logits: noise([rows, classes], classes, 9),
              labels: hostTensor("i32", [rows], labels),
              weights: hostTensor("f32", [rows], [1, 0.5, 1, 2, 0]),
            };
            const b = createBuilder();
            lossAndSlope(b, rows, classes, { labelSmoothing, ignoreIndex: -100 });
            const names = await compare(gpu, b.graph(), feeds, 2e-5);
            assert.equal(names.filter((n) => n.startsWith("softmax_cross_entropy ")).length, 1);
            assert.equal(names.filter((n) => n.startsWith("softmax_cross_entropy_grad")).length, 1);
          });
        }
      }
      await t.step("a batch of ignored rows gives 0, whatever the logits", async () => {
        const b = createBuilder();
        lossAndSlope(b, 2, 5, { labelSmoothing: 0.1, ignoreIndex: 4 });
        const program = await gpu.compile(b.graph());
        const { loss, gradient } = await program.run({
          logits: noise([2, 5], 1, 1000),
          labels: hostTensor("i32", [2], [4, 4]),
          weights: hostTensor("f32", [2], [1, 1]),
        });
        assert.equal(loss.data[0], 0);
        assert.ok(gradient.data.every((v) => v === 0), `${gradient.data}`);
      });
    });
  },
});

Deno.test({
  name: "the gradient of large logits is written over them, unless somebody else wants them",
  ignore,
  async fn() {
    await withGpu({}, async (gpu) => {
      const [rows, classes] = [520, 8196];
      const run = async (keepLogits: boolean) => {
        const b = createBuilder();
        const x = b.parameter("x", [rows, 3], { kind: "normal", std: 1 });
        const weight = b.parameter("weight", [classes, 3], { kind: "normal", std: 1 });
        const bias = b.parameter("bias", [classes], { kind: "normal", std: 1 });
        const logits = b.add(b.matmul(x, weight, { transB: true }), bias);
        const labels = b.input("labels", "i32", [rows]);
        const loss = softmaxCrossEntropy(b, logits, { labels, labelSmoothing: 0.1 });
        const wrt = [x, weight, bias];
        b.output("loss", loss);
        gradients(b, loss, wrt).forEach((g, i) => b.output(`d${wrt[i].name}`, g));
        if (keepLogits) b.output("sum", b.sum(b.tanh(logits)));
        if (keepLogits) b.output("logits", logits);
        const program = await gpu.compile(b.graph());
        await program.write(initialStates(b.graph(), 1));
        const list = Array.from({ length: rows }, (_, i) => (i * 97) % classes);
        const results = await program.run({ labels: hostTensor("i32", [rows], list) });
        return { results, bytes: program.memory.workBytes };
      };
      const [kept, over] = [await run(true), await run(false)];
      const size = rows * classes * 4;
      assert.ok(over.bytes < 1.5 * size, `${over.bytes} bytes, logits take ${size}`);
      assert.ok(kept.bytes > 2 * size, `${kept.bytes} bytes, logits take ${size}`);
      for (const [name, { data }] of Object.entries(over.results)) {
        assert.deepEqual(data, kept.results[name].data, name);
      }
      assert.ok(over.results.dweight.data.some((v) => v !== 0));
    });
  },
});

function lossAndSlope(
  b: Builder,
  rows: number,
  classes: number,
  options: { labelSmoothing: number; ignoreIndex: number },
): void {
  const logits = b.input("logits", "f32", [rows, classes]);
  const labels = b.input("labels", "i32", [rows]);
  const weights = b.input("weights", "f32", [rows]);
  const loss = softmaxCrossEntropy(b, logits, { labels, weights, ...options });
  b.output("loss", loss);
  b.output("gradient", gradients(b, loss, [logits])[0]);
}

Deno.test({
  name: "column sums of any shape are those of the interpreter, the same every time",
  ignore,
  async fn(t) {
    for (const parallelism of [2, 132]) {
      await withGpu({ parallelism }, async (gpu) => {
        for (
          const shape of [[2048, 128], [300, 770], [7, 3], [4000, 6], [129, 2, 33], [5, 4000], [3000, 1, 4]]
        ) {
          await t.step(`${shape.join(" x ")} for ${parallelism} processors`, async () => {
            const b = createBuilder();
            const x = b.input("x", "f32", shape);
            const axes = shape.slice(0, -1).map((_, i) => i);
            b.output("sum", b.sum(b.mul(x, b.exp(x)), axes));
            b.output("first", b.sum(x, [0]));
            b.output("most", b.max(x, [0]));
            await compare(gpu, b.graph(), { x: noise(shape, 5) }, 2e-5);
          });
        }
      });
    }
  },
});
