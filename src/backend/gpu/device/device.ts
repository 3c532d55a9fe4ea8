/**
 * The adapter, the device and the pipelines compiled for it. Errors that WebGPU reports late become a `BackendError` that
 * names the kernel.
 *
 * @module
 */
import { mayUseVariable } from "../../../base/environment.ts";
import { BackendError } from "../../interface.ts";
import { type KernelLayout, type KernelText, layoutOf, precompile } from "./precompile.ts";
import { createPipelines } from "./pipelines.ts";
import { createReader, ReadBuffer } from "./read_buffer.ts";
import { createWatchdog, type Watchdog } from "./watchdog.ts";

/** What there is to know about a GPU before using it. */
export interface AdapterDescription {
  /** The maker's name or PCI number, as the driver gives it. */
  readonly vendor: string;
  /** The family of GPUs; often empty. */
  readonly architecture: string;
  /** The driver's own words, such as `llvmpipe (LLVM 15.0.6, 256 bits)`. */
  readonly description: string;
  /** Whether the CPU does its work: a software adapter. */
  readonly software: boolean;
  /** WebGPU features, in alphabetical order. */
  readonly features: readonly string[];
  /** Those of its limits that decide what fits: bytes, counts. */
  readonly limits: Readonly<Record<LimitName, number>>;
}

const limitNames: readonly LimitName[] = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxBindingsPerBindGroup",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
];

/** The limits asked for, by WebGPU's names. */
export type LimitName =
  | "maxBufferSize"
  | "maxStorageBufferBindingSize"
  | "maxStorageBuffersPerShaderStage"
  | "maxBindingsPerBindGroup"
  | "maxComputeWorkgroupStorageSize"
  | "maxComputeInvocationsPerWorkgroup"
  | "maxComputeWorkgroupSizeX"
  | "maxComputeWorkgroupsPerDimension";

const wantedFeatures = ["shader-f16", "timestamp-query"] as const;

/**
 * The adapter WebGPU would give, or `null` where there is none.
 *
 * @example
 * ```ts
 * import { describeAdapter } from "./device.ts";
 * const adapter = await describeAdapter();
 * const words = adapter ? `${adapter.description}, software: ${adapter.software}` : "no GPU";
 * ```
 */
export async function describeAdapter(): Promise<AdapterDescription | null> {
  const adapter = await requestAdapter();
  return adapter && describe(adapter);
}

/** An open device. */
export interface GpuContext {
  /** WebGPU's handle. */
  readonly device: GPUDevice;
  /** What it was opened on. */
  readonly adapter: AdapterDescription;
  /** The compiled kernel; equal texts are compiled once for each layout. To be given back when it is not used any more. */
  pipeline(kernel: string, wgsl: string, layout?: KernelLayout): Promise<GPUComputePipeline>;
  /** Counts a user of each of these kernels out. */
  giveBack(kernels: readonly KernelText[]): void;
  /** Compiles those of the kernels that are new in several processes, where that makes `pipeline` faster after it. */
  prepare(kernels: readonly KernelText[]): Promise<void>;
  /** How many pipelines have been compiled. */
  readonly pipelineCount: number;
  /** Throws what has gone wrong on the device since it was opened. */
  check(): void;
  /** Rejects with what has gone wrong; `diagnose` is asked once for the kernel that did it. */
  verify(diagnose?: () => Promise<string | undefined>): Promise<void>;
  /** Memory that the host reads, of `size` bytes; `what` is for the error where there is no room. */
  readBuffer(what: string, size: number): Promise<ReadBuffer>;
  /**
   * What `take` makes of the first bytes of a buffer when all that was submitted is done; the bytes are gone after it. Rejects
   * when the device is lost or hangs.
   */
  read<T>(buffer: ReadBuffer, bytes: number, take: (mapped: ArrayBuffer) => T): Promise<T>;
  /** Resolves when all that was submitted is done: WebGPU's own `onSubmittedWorkDone` sleeps 10 ms, as an awaited read does. */
  finish(): Promise<void>;
  /** Notified of every submission; watches every wait. */
  readonly watchdog: Watchdog;
  /** Makes buffers with errors caught; rejects with the bytes and the name when there is no room. */
  allocate<T>(what: string, make: () => T): Promise<T>;
  /** Gives the device back; every later call throws. */
  dispose(): Promise<void>;
}

/** How a device is opened. */
export interface OpenOptions {
  /** A wait for the GPU is given up after so many milliseconds plus ten times what the work should take; 60,000. */
  readonly hangLimitMs?: number;
  /**
   * Whether `guard` is there, which ends the process when a hung device blocks its thread. For programs that own their
   * process, as the command line does; without it a hang fails with an error where the thread is not blocked, and lasts
   * where it is.
   */
  readonly endHungProcess?: boolean;
  /**
   * Processes that compile; as many as the machine has cores, 12 at most, where the driver is known to keep what it
   * compiled, else none.
   */
  readonly compileProcesses?: number;
  /** Is given WebGPU's device: for tools that look at it, and for tests that break it. */
  readonly onDevice?: (device: GPUDevice) => void;
}

/** Operations a second that any GPU reaches, and any software adapter. */
const slowestFlops = { hardware: 5e10, software: 5e8 };

/**
 * Opens the GPU with all it can do.
 *
 * @throws {BackendError} when there is no adapter or it refuses.
 */
export async function openDevice(options: OpenOptions = {}): Promise<GpuContext> {
  const adapter = await requestAdapter();
  if (!adapter) {
    throw new BackendError(
      "Cannot open WebGPU: no adapter found; install a Vulkan driver (Debian: mesa-vulkan-drivers) or use another device",
    );
  }
  const description = describe(adapter);
  const device = await adapter.requestDevice({
    label: "weir",
    requiredFeatures: wantedFeatures.filter((f) => adapter.features.has(f)),
    requiredLimits: { ...description.limits },
  }).catch((error: unknown) => {
    throw new BackendError(`Cannot open WebGPU device "${description.description}": ${lineOf(error)}`);
  });
  options.onDevice?.(device);
  const watchdog = createWatchdog({
    limitMs: options.hangLimitMs ?? 60_000,
    slowestFlops: slowestFlops[description.software ? "software" : "hardware"],
  });
  const compileProcesses = options.compileProcesses ?? defaultProcesses(description);
  return createContext(device, description, { watchdog, compileProcesses });
}

function createContext(
  device: GPUDevice,
  adapter: AdapterDescription,
  { watchdog, compileProcesses }: { watchdog: Watchdog; compileProcesses: number },
): GpuContext {
  const pipelines = createPipelines<GPUComputePipeline>({ maxIdle: maxIdlePipelines });
  const reader = createReader();
  /** Is written behind all work that there is, to be read when that is done. */
  let last: ReadBuffer | undefined;
  let failure: BackendError | undefined;
  let open = true;
  let lost = false;
  let diagnosed = false;
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault();
    failure ??= new BackendError(`WebGPU failed: ${lineOf((event as GPUUncapturedErrorEvent).error)}`);
  });
  const loss = device.lost.then((info) => {
    lost = true;
    if (open) {
      failure ??= new BackendError(
        `WebGPU device lost (${info.reason}): ${info.message || "the driver gives no reason"}` +
          (watchdog.last ? `; the last work it was given is ${watchdog.last.label}` : ""),
      );
    }
  });
  const context = {
    device,
    adapter,
    watchdog,
    get pipelineCount() {
      return pipelines.size;
    },
    pipeline(kernel: string, wgsl: string, layout?: KernelLayout) {
      return pipelines.take(keyOf({ wgsl, layout }), () => compile(device, kernel, wgsl, layout));
    },
    giveBack: (kernels: readonly KernelText[]) => pipelines.giveBack(kernels.map(keyOf)),
    async prepare(kernels: readonly KernelText[]) {
      const fresh = new Map(kernels.filter((k) => !pipelines.has(keyOf(k))).map((k) => [keyOf(k), k]));
      const { features, limits } = adapter;
      const wanted = wantedFeatures.filter((f) => features.includes(f));
      await precompile([...fresh.values()], { processes: compileProcesses, features: wanted, limits });
    },
    check() {
      if (!open) throw new BackendError("Cannot run: the WebGPU backend was disposed");
      if (failure) throw failure;
    },
    async verify(diagnose?: () => Promise<string | undefined>) {
      if (failure && !lost && !diagnosed && diagnose) {
        diagnosed = true;
        const culprit = await diagnose();
        if (culprit) failure = new BackendError(`WebGPU failed in ${culprit}`);
      }
      context.check();
    },
    readBuffer: (what: string, size: number) =>
      context.allocate(`${size} bytes for ${what}`, () => new ReadBuffer(device, { label: what, size })),
    async read<T>(buffer: ReadBuffer, bytes: number, take: (mapped: ArrayBuffer) => T): Promise<T> {
      try {
        return await reader.read(buffer, bytes, { take, wait: (begin) => watchdog.wait(begin) });
      } catch (error) {
        if (error instanceof BackendError) throw failure ??= error;
        // Whether the device is lost is known a moment later.
        let timer: ReturnType<typeof setTimeout> | undefined;
        await Promise.race([loss, new Promise((resolve) => timer = setTimeout(resolve, LOSS_MS))]);
        clearTimeout(timer);
        context.check();
        throw new BackendError(`Cannot read from the GPU: ${lineOf(error)}`);
      }
    },
    async finish() {
      last ??= await context.readBuffer("the end of the work", 4);
      const encoder = device.createCommandEncoder();
      encoder.clearBuffer(last.target);
      device.queue.submit([encoder.finish()]);
      await context.read(last, 4, () => {});
    },
    async allocate<T>(what: string, make: () => T): Promise<T> {
      device.pushErrorScope("out-of-memory");
      device.pushErrorScope("validation");
      const made = make();
      // Both at once: what is made while one answer is awaited has scopes of its own.
      const errors = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
      const error = errors.find((e) => e);
      if (error) {
        throw new BackendError(
          `Cannot allocate ${what} on ${adapter.description}: ${lineOf(error)}`,
          { outOfMemory: true },
        );
      }
      return made;
    },
    async dispose() {
      open = false;
      await reader.settle();
      watchdog.dispose();
      pipelines.clear();
      device.destroy();
    },
  };
  return context;
}

const LOSS_MS = 200;
/** Kernels of a few programs: each takes some kilobytes of the driver's memory. */
const maxIdlePipelines = 1024;

async function compile(
  device: GPUDevice,
  kernel: string,
  wgsl: string,
  layout?: KernelLayout,
): Promise<GPUComputePipeline> {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ label: kernel, code: wgsl });
  const invalid = device.popErrorScope();
  const pipeline = device.createComputePipelineAsync({
    label: kernel,
    layout: layout ? layoutOf(device, layout) : "auto",
    compute: { module, entryPoint: "main" },
  });
  try {
    return await pipeline;
  } catch (error) {
    const info = (await module.getCompilationInfo()).messages.find((m) => m.type === "error");
    const text = info ? `line ${info.lineNum}: ${lineOf(info)}` : lineOf(await invalid ?? error);
    throw new BackendError(`Cannot compile kernel "${kernel}": ${text}`);
  } finally {
    await invalid;
  }
}

function keyOf({ wgsl, layout }: KernelText): string {
  return layout ? `${layout.touched} ${wgsl}` : wgsl;
}

/** NVIDIA's driver was measured to hand kernels from one device to another; others may compile everything twice. */
function defaultProcesses({ description, software }: AdapterDescription): number {
  return /nvidia/i.test(description) && !software ? Math.min(navigator.hardwareConcurrency, 12) : 0;
}

/** Whether WGSL has a dot product of packed 8-bit levels here. */
export function hasPackedDots(): boolean {
  return navigator.gpu.wgslLanguageFeatures?.has("packed_4x8_integer_dot_product") ?? false;
}

async function requestAdapter(): Promise<GPUAdapter | null> {
  if (typeof navigator === "undefined" || !navigator.gpu) return null;
  const restore = preferVulkan();
  try {
    return await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  } finally {
    restore();
  }
}

/**
 * Has Deno look for Vulkan only, on Linux, unless the user has set it otherwise, and returns what puts the environment back.
 *
 * Deno reads `DENO_WEBGPU_BACKEND` at a thread's first request for an adapter, and never again. It would open EGL too, and
 * libEGL frees the memory of a thread twice when the thread ends while the process does ("double free or corruption" after
 * the last line of output).
 */
function preferVulkan(): () => void {
  const variable = "DENO_WEBGPU_BACKEND";
  if (Deno.build.os !== "linux" || !mayUseVariable(variable)) return () => {};
  const before = Deno.env.get(variable);
  if (before) return () => {};
  Deno.env.set(variable, "vulkan");
  return () => before === undefined ? Deno.env.delete(variable) : Deno.env.set(variable, before);
}

function describe(adapter: GPUAdapter): AdapterDescription {
  const { vendor, architecture, description, device } = adapter.info;
  const words = description || device || vendor || "unnamed adapter";
  const isFallback = (adapter.info as { isFallbackAdapter?: boolean }).isFallbackAdapter ?? false;
  return {
    vendor,
    architecture,
    description: words,
    software: isFallback || /llvmpipe|swiftshader|lavapipe|software/i.test(words),
    features: [...adapter.features].sort(),
    limits: Object.fromEntries(limitNames.map((name) => [name, adapter.limits[name]])) as Record<
      LimitName,
      number
    >,
  };
}

function lineOf(error: unknown): string {
  const text = (error as { message?: string } | undefined)?.message ?? String(error);
  return text.split("\n").map((line) => line.trim()).filter((line) => /\w/.test(line)).slice(0, 4).join("; ");
}
