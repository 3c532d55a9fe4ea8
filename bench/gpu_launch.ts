/**
 * What a launch costs on this adapter, and which launches overlap: `deno run -A bench/gpu_launch.ts`.
 *
 * Each row is a step of 256 launches of one small kernel that reads one buffer and writes another. WebGPU puts a barrier,
 * which waits for everything before, in front of a launch that uses a buffer otherwise than it was last used in the same
 * pass (read after written, written after read, written twice), a whole buffer at a time. What the rows are:
 *
 * - chain: each launch reads what the one before wrote.
 * - free: all read one buffer and write one of their own.
 * - one target: all write parts of one buffer.
 * - fork: two launches read one buffer that the launch before wrote.
 * - two chains: the launches of two chains in turn; "touched" with an empty launch before each pair that reads the operands
 *   of both, so that their barriers become one.
 * - ring: two chains whose results go to buffers that were read before in the same pass, or in an earlier one.
 * - passes: chains cut into passes of so many launches.
 *
 * @module
 */
const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
if (!adapter) throw new Error("no WebGPU adapter");
const device = await adapter.requestDevice({ requiredFeatures: ["timestamp-query"] });
console.log(`${adapter.info.description || adapter.info.vendor}`);

const launches = 256;
const slot = 1 << 16;
const storage = () => device.createBuffer({ size: slot, usage: GPUBufferUsage.STORAGE });
const [as, bs] = [0, 1].map(() => Array.from({ length: launches + 2 }, storage));
const large = device.createBuffer({ size: slot * (launches + 1), usage: GPUBufferUsage.STORAGE });

interface Place {
  readonly buffer: GPUBuffer;
  readonly offset?: number;
}
/** Reads and writes of one launch, and what is touched before it. */
interface Launch {
  readonly from: Place;
  readonly to: Place;
  readonly touch?: readonly GPUBuffer[];
}

const a = (i: number): Place => ({ buffer: as[i] });
const b = (i: number): Place => ({ buffer: bs[i] });
const rows: Record<string, { launch: (i: number) => Launch; perPass?: number }> = {
  "chain": { launch: (i) => ({ from: a(i), to: a(i + 1) }) },
  "free": { launch: (i) => ({ from: a(0), to: b(i) }) },
  "one target": { launch: (i) => ({ from: a(0), to: { buffer: large, offset: i * slot } }) },
  "fork": { launch: (i) => i % 2 ? { from: a(i - 1), to: b(i) } : { from: a(i), to: a(i + 2) } },
  "two chains": {
    launch: (i) =>
      i % 2 ? { from: b(i >> 1), to: b((i >> 1) + 1) } : { from: a(i >> 1), to: a((i >> 1) + 1) },
  },
  "two chains, touched": {
    launch: (i) =>
      i % 2
        ? { from: b(i >> 1), to: b((i >> 1) + 1) }
        : { from: a(i >> 1), to: a((i >> 1) + 1), touch: [as[i >> 1], bs[i >> 1]] },
  },
  "ring of 8, touched": {
    launch: (i) =>
      i % 2
        ? { from: b((i >> 1) % 8), to: b(((i >> 1) + 1) % 8) }
        : { from: a((i >> 1) % 8), to: a(((i >> 1) + 1) % 8), touch: [as[(i >> 1) % 8], bs[(i >> 1) % 8]] },
  },
  "ring of 8, touched, 16 a pass": {
    perPass: 16,
    launch: (i) =>
      i % 2 ? { from: b((i >> 1) % 16), to: b(((i >> 1) + 1) % 16) } : {
        from: a((i >> 1) % 16),
        to: a(((i >> 1) + 1) % 16),
        touch: [as[(i >> 1) % 16], bs[(i >> 1) % 16]],
      },
  },
  "two chains, 2 a pass": {
    perPass: 2,
    launch: (i) =>
      i % 2 ? { from: b(i >> 1), to: b((i >> 1) + 1) } : { from: a(i >> 1), to: a((i >> 1) + 1) },
  },
  "chain, 1 a pass": { perPass: 1, launch: (i) => ({ from: a(i), to: a(i + 1) }) },
  "chain, 16 a pass": { perPass: 16, launch: (i) => ({ from: a(i), to: a(i + 1) }) },
};

/** A kernel whose threads each take `steps` steps of dependent arithmetic. */
function pipelineOf(steps: number): GPUComputePipeline {
  const code = `@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(256) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var v = x[id.x % 16384u];
  for (var i = 0u; i < ${steps}u; i++) { v = fma(v, 0.999f, 0.5f); }
  y[id.x % 16384u] = v;
}`;
  const module = device.createShaderModule({ code });
  return device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
}

const touchLayout = device.createBindGroupLayout({
  entries: [0, 1].map((binding) => ({
    binding,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: "read-only-storage" as const },
  })),
});
const touchPipeline = device.createComputePipeline({
  layout: device.createPipelineLayout({ bindGroupLayouts: [touchLayout] }),
  compute: { module: device.createShaderModule({ code: "@compute @workgroup_size(1) fn main() {}" }) },
});

async function time(groups: number, steps: number, row: (typeof rows)[string]): Promise<string> {
  const pipeline = pipelineOf(steps);
  const layout = pipeline.getBindGroupLayout(0);
  const all = Array.from({ length: launches }, (_, i) => {
    const { from, to, touch } = row.launch(i);
    const entries = [from, to].map((place, binding) => ({ binding, resource: { ...place, size: slot } }));
    return {
      group: device.createBindGroup({ layout, entries }),
      touch: touch && device.createBindGroup({
        layout: touchLayout,
        entries: touch.map((buffer, binding) => ({ binding, resource: { buffer } })),
      }),
    };
  });
  const querySet = device.createQuerySet({ type: "timestamp", count: 2 });
  const resolved = device.createBuffer({
    size: 256,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const staging = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const gpu: number[] = [];
  const host: number[] = [];
  const perPass = row.perPass ?? launches;
  for (let round = 0; round < 20; round++) {
    const start = performance.now();
    const encoder = device.createCommandEncoder();
    for (let first = 0; first < launches; first += perPass) {
      const isFirst = first === 0;
      const isLast = first + perPass >= launches;
      const timestampWrites = isFirst && isLast
        ? { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 }
        : isFirst
        ? { querySet, beginningOfPassWriteIndex: 0 }
        : isLast
        ? { querySet, endOfPassWriteIndex: 1 }
        : undefined;
      const pass = encoder.beginComputePass({ timestampWrites });
      for (const { group, touch } of all.slice(first, first + perPass)) {
        if (touch) {
          pass.setPipeline(touchPipeline);
          pass.setBindGroup(0, touch);
          pass.dispatchWorkgroups(1);
        }
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(groups);
      }
      pass.end();
    }
    encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
    device.queue.submit([encoder.finish()]);
    host.push((performance.now() - start) * 1000 / launches);
    await staging.mapAsync(GPUMapMode.READ);
    const [begin, end] = new BigUint64Array(staging.getMappedRange().slice(0));
    staging.unmap();
    gpu.push(Number(end - begin) / 1e3 / launches);
  }
  const median = (values: number[]) => values.slice(4).sort((x, y) => x - y)[8].toFixed(2).padStart(7);
  return `${median(gpu)} us on the GPU, ${median(host)} us on the host`;
}

for (const [groups, steps] of [[64, 1], [64, 300], [96, 4000]]) {
  console.log(`${groups} workgroups of 256 threads, ${steps} steps each; per launch:`);
  for (const [name, row] of Object.entries(rows)) {
    console.log(`  ${name.padEnd(30)} ${await time(groups, steps, row)}`);
    if (adapter.info.description.includes("llvmpipe") && steps > 1) Deno.exit();
  }
}
device.destroy();
