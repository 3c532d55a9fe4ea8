/**
 * Kernels compiled by several threads at once.
 *
 * `createComputePipelineAsync` compiles on the thread that calls it. A driver that keeps what it compiled on disk finds there
 * what other devices had compiled, so Workers with devices of their own compile a share each, and the program's device only loads: on an
 * H100 the 112 kernels of a transformer took 5 s with 12 Workers instead of 15 s, and 1 s when they were known.
 *
 * @module
 */
/** What is bound to a kernel. */
export interface KernelLayout {
  /** For each binding of group 0, whether the kernel writes it. */
  readonly writes: readonly boolean[];
  /** Buffers of group 1, which the kernel does not look at. */
  readonly touched: number;
}

/** A kernel to be compiled. */
export interface KernelText {
  readonly wgsl: string;
  readonly layout?: KernelLayout;
}

/** How the Workers open their devices, which is how the program's own was opened. */
export interface PrecompileOptions {
  readonly workers: number;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** Fewer kernels than this are compiled before a Worker has opened its device. */
const worthIt = 24;

/**
 * Resolves when the Workers are done. What they could not compile is left to the caller, who compiles everything after them and
 * has the errors then; so this never rejects.
 */
export async function precompile(kernels: readonly KernelText[], options: PrecompileOptions): Promise<void> {
  const count = Math.min(options.workers, Math.floor(kernels.length / 4));
  if (count < 2 || kernels.length < worthIt) return;
  const url = URL.createObjectURL(new Blob([`(${serve.toString()})();`], { type: "text/javascript" }));
  try {
    const shares = share(kernels, count);
    await Promise.all(shares.map((kernels) => compileInWorker(url, { kernels, ...options })));
  } finally {
    URL.revokeObjectURL(url);
  }
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

interface Task extends PrecompileOptions {
  readonly kernels: readonly KernelText[];
}

function compileInWorker(url: string, task: Task): Promise<void> {
  return new Promise((resolve) => {
    const worker = new Worker(url, { type: "module" });
    const end = () => {
      worker.terminate();
      resolve();
    };
    worker.onmessage = end;
    worker.onerror = (event) => {
      event.preventDefault();
      end();
    };
    worker.postMessage(task);
  });
}

/** What a Worker runs: its text alone goes there, so it may use nothing from outside. */
function serve(): void {
  // deno-lint-ignore no-explicit-any -- the global scope of a Worker, whose types belong to another library
  const self = globalThis as any;
  self.onmessage = async ({ data }: MessageEvent<Task>) => {
    try {
      const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
      const device = await adapter!.requestDevice({
        requiredFeatures: data.features as GPUFeatureName[],
        requiredLimits: data.limits,
      });
      const group = (types: readonly GPUBufferBindingType[]) =>
        device.createBindGroupLayout({
          entries: types.map((type, binding) => ({
            binding,
            visibility: GPUShaderStage.COMPUTE,
            buffer: { type },
          })),
        });
      const layoutOf = ({ writes, touched }: KernelLayout) =>
        device.createPipelineLayout({
          bindGroupLayouts: [
            group(writes.map((w) => w ? "storage" : "read-only-storage")),
            ...(touched > 0 ? [group(new Array(touched).fill("read-only-storage"))] : []),
          ],
        });
      for (const { wgsl, layout } of data.kernels) {
        await device.createComputePipelineAsync({
          layout: layout ? layoutOf(layout) : "auto",
          compute: { module: device.createShaderModule({ code: wgsl }), entryPoint: "main" },
        }).catch(() => undefined);
      }
      device.destroy();
    } finally {
      self.postMessage("done");
    }
  };
}
