/**
 * Kernels compiled by several processes at once.
 *
 * `createComputePipelineAsync` compiles on the thread that calls it. A driver that keeps what it compiled on disk finds
 * there what other devices had compiled, so processes with devices of their own compile a share each, and the program's
 * device only loads: on an H100 the 112 kernels of a transformer took 15 s, 5 s when 12 threads had compiled them, and 1 s
 * when they were known. Processes and not Workers, since NVIDIA's driver hung when devices came and went in several
 * threads, and a process can be ended whatever its driver does.
 *
 * @module
 */
import { basename } from "node:path";

/** What is bound to a kernel. */
export interface KernelLayout {
  /** For each binding of group 0, whether the kernel writes it. */
  readonly writes: readonly boolean[];
  /** Buffers of group 1, which the kernel does not look at. */
  readonly touched: number;
}

/** The layout as WebGPU's object. Its text goes to other processes too, so it may use nothing from outside. */
export function layoutOf(device: GPUDevice, { writes, touched }: KernelLayout): GPUPipelineLayout {
  const group = (types: readonly GPUBufferBindingType[]) =>
    device.createBindGroupLayout({
      entries: types.map((type, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type },
      })),
    });
  const own = writes.map((w): GPUBufferBindingType => w ? "storage" : "read-only-storage");
  const others = new Array<GPUBufferBindingType>(touched).fill("read-only-storage");
  return device.createPipelineLayout({
    bindGroupLayouts: touched > 0 ? [group(own), group(others)] : [group(own)],
  });
}

/** A kernel to be compiled. */
export interface KernelText {
  readonly wgsl: string;
  readonly layout?: KernelLayout;
}

/** How the processes open their devices, which is how the program's own was opened. */
export interface PrecompileOptions {
  /** The most processes at a time. */
  readonly processes: number;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** When they are ended, done or not; 30,000 if not given. */
  readonly limitMs?: number;
}

/** Fewer kernels than this are compiled before a process has opened its device. */
const leastKernels = 24;

/**
 * Resolves when the processes are done or ended, with how many there were. What they could not compile is left to the caller, who
 * compiles everything after them and has the errors then; so this never rejects. Without leave to run Deno there are none.
 */
export async function precompile(
  kernels: readonly KernelText[],
  options: PrecompileOptions,
): Promise<number> {
  const count = Math.min(options.processes, Math.floor(kernels.length / 4));
  if (count < 2 || kernels.length < leastKernels || !mayRun()) return 0;
  const { features, limits, limitMs = 30_000 } = options;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), limitMs);
  await Promise.all(
    share(kernels, count).map((kernels) => compileInProcess({ kernels, features, limits }, abort.signal)),
  );
  clearTimeout(timer);
  return count;
}

/** Whether this is the Deno that can be started once more, and starting it is allowed. */
function mayRun(): boolean {
  const command = Deno.execPath();
  return /^deno(\.exe)?$/.test(basename(command)) &&
    Deno.permissions.querySync({ name: "run", command }).state === "granted";
}

/** The kernels in `count` shares of about equal length: long ones take long. */
export function share(kernels: readonly KernelText[], count: number): KernelText[][] {
  const shares = Array.from({ length: count }, () => ({ kernels: [] as KernelText[], length: 0 }));
  for (const kernel of [...kernels].sort((a, b) => b.wgsl.length - a.wgsl.length)) {
    const least = shares.reduce((a, b) => b.length < a.length ? b : a);
    least.kernels.push(kernel);
    least.length += kernel.wgsl.length;
  }
  return shares.map((s) => s.kernels);
}

interface Task {
  readonly kernels: readonly KernelText[];
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

async function compileInProcess(task: Task, signal: AbortSignal): Promise<void> {
  try {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-config", "--no-lock", "--no-npm", "--no-remote", "--ext=js", "-"],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      // What the program's own device was opened with (device.ts).
      env: Deno.build.os === "linux" ? { DENO_WEBGPU_BACKEND: "vulkan" } : {},
      signal,
    }).spawn();
    const script = `(${compile.toString()})(${JSON.stringify(task)}, ${layoutOf.toString()});`;
    await Promise.all([
      new Blob([script]).stream().pipeTo(child.stdin).catch(() => undefined),
      child.status,
    ]);
  } catch {
    // Where no process can be started, the program's own device compiles everything.
  }
}

/** What a process runs: its text alone goes there, so it may use nothing from outside. */
async function compile(task: Task, layoutFor: typeof layoutOf): Promise<void> {
  try {
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
    const device = await adapter!.requestDevice({
      requiredFeatures: task.features as GPUFeatureName[],
      requiredLimits: task.limits,
    });
    for (const { wgsl, layout } of task.kernels) {
      await device.createComputePipelineAsync({
        layout: layout ? layoutFor(device, layout) : "auto",
        compute: { module: device.createShaderModule({ code: wgsl }), entryPoint: "main" },
      }).catch(() => undefined);
    }
  } finally {
    Deno.exit();
  }
}
