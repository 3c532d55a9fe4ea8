// A training run whose GPU hangs at its 10th step: `deno run hung_run.ts DIRECTORY`. It prints a line per step once that
// is read back. The kernel that hangs would end after a minute or so on a software adapter.
import { createGpuBackend } from "../../src/backend/gpu/backend.ts";
import { train } from "../../src/train/trainer.ts";
import { tinyRun } from "./tiny.ts";

const long = `
@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@compute @workgroup_size(1) fn main() {
  var s = x[0];
  for (var j = 0u; j < 2u; j++) {
    for (var k = 0u; k < 60000u; k++) { s = s * 1664525u + 1013904223u; s ^= s >> 13u; }
  }
  x[0] = s;
}`;

function hang(device: GPUDevice): void {
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: { module: device.createShaderModule({ code: long }), entryPoint: "main" },
  });
  const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE });
  const entries = [{ binding: 0, resource: { buffer } }];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(65535, 4);
  pass.end();
  device.queue.submit([encoder.finish()]);
}

let device: GPUDevice;
const backend = await createGpuBackend({
  hangLimitMs: 2000,
  endHungProcess: true,
  onDevice: (d) => device = d,
});
const print = (value: unknown) =>
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
const run = tinyRun();
let steps = 0;
await train({
  ...run,
  backend,
  checkpoint: { directory: Deno.args[0], everySteps: 3, resume: true },
  batches: (epoch) => {
    const batches = run.batches(epoch);
    return {
      ...batches,
      at: (k) => {
        if (++steps === 10) hang(device);
        return batches.at(k);
      },
    };
  },
  callbacks: { onStep: ({ step, loss }) => print({ step, loss }) },
});
await backend.dispose();
