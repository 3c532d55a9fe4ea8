/**
 * The WebGPU backend: a graph becomes a fixed list of kernels that a run replays in a few compute passes.
 *
 * @module
 */
import { isDebugging } from "../../graph/debug.ts";
import type { Graph } from "../../graph/node.ts";
import type { Backend, CompileOptions } from "../interface.ts";
import {
  type AdapterDescription,
  type GpuContext,
  hasPackedDots,
  openDevice,
  type OpenOptions,
} from "./device/device.ts";
import type { PlanLimits } from "./plan/plan.ts";
import { compileProgram, type GpuProgram } from "./device/program.ts";
import { tuningFor } from "./tuning/load.ts";
import type { Tuning } from "./tuning/tuning.ts";

export type { GpuProgram, PlannedKernel } from "./device/program.ts";

/** How a WebGPU backend is made. */
export interface GpuBackendOptions extends OpenOptions {
  /** Storage buffers a kernel may bind; at most what the adapter has, 8 at least. */
  readonly maxBuffers?: number;
  /** Bytes of workgroup memory a kernel may use; at most what the adapter has, 16,384 at least. */
  readonly maxWorkgroupBytes?: number;
  /** Workgroups it takes to fill the device: products and reductions are cut into about so many. */
  readonly parallelism?: number;
  /** Whether to take the short kernels meant for software adapters; only for those if not given. */
  readonly shortKernels?: boolean;
  /** Whether dot products of packed 8-bit levels are written out; where the device's language has none if not given. */
  readonly emulateDots?: boolean;
  /** The tiles that were measured to be best for products; `tuningFor` the adapter if not given, `null` for none. */
  readonly tuning?: Tuning | null;
  /** Whether ids that are fed are checked against the tables they are looked up in; if not given, where `WEIR_DEBUG` is set. */
  readonly checkIds?: boolean;
  /** Bytes of the largest piece of memory a kernel may bind; at most what the adapter has. */
  readonly maxBindingBytes?: number;
  /** Bytes of work memory that are not worth more compute passes to save; 256 MiB if not given. */
  readonly smallWorkBytes?: number;
  /**
   * Bytes a program may take in all: more is refused before any of it is taken. If not given, what the machine has left on
   * software adapters, and no limit on others.
   */
  readonly maxTotalBytes?: number;
  /** Kernels after which a run is handed to the device, for drivers that stop long runs; all at once if not given. */
  readonly kernelsPerSubmit?: number;
}

/** A backend on WebGPU. */
export interface GpuBackend extends Backend {
  /** What it runs on. */
  readonly adapter: AdapterDescription;
  /** As `Backend.compile`; the program also lists its kernels. */
  compile(graph: Graph, options?: CompileOptions): Promise<GpuProgram>;
}

/**
 * Opens the GPU that WebGPU prefers.
 *
 * @example
 * ```ts
 * import { createGpuBackend } from "./backend.ts";
 * import { describeAdapter } from "./device/device.ts";
 * import { createBuilder, hostTensor } from "../../graph/graph.ts";
 * import assert from "node:assert/strict";
 * if (await describeAdapter()) {
 *   const backend = await createGpuBackend();
 *   const b = createBuilder();
 *   b.output("y", b.mul(b.input("x", "f32", ["n"]), 2));
 *   const program = await backend.compile(b.graph(), { bindings: { n: 3 } });
 *   const { y } = await program.run({ x: hostTensor("f32", [3], [1, 2, 3]) });
 *   assert.deepEqual([...y.data], [2, 4, 6]);
 *   await backend.dispose();
 * }
 * ```
 * @throws {BackendError} when there is no adapter.
 */
export async function createGpuBackend(options: GpuBackendOptions = {}): Promise<GpuBackend> {
  const context = await openDevice(options);
  const limits = limitsOf(context, options);
  const programs = new Set<GpuProgram>();
  const { adapter } = context;
  return {
    device: "webgpu",
    adapter,
    description: `WebGPU on ${adapter.description}${adapter.software ? " (software)" : ""}`,
    precisions: adapter.features.includes("shader-f16") ? ["f32", "f16"] : ["f32"],
    async compile(graph, compileOptions = {}) {
      const program: GpuProgram = await compileProgram(context, graph, {
        ...compileOptions,
        limits,
        checksIds: options.checkIds ?? isDebugging,
        onDispose: () => void programs.delete(program),
      });
      programs.add(program);
      return program;
    },
    guard: options.endHungProcess ? (advice) => context.watchdog.guard(advice) : undefined,
    async dispose() {
      for (const program of programs) await program.dispose();
      await context.dispose();
    },
  };
}

function limitsOf({ adapter }: GpuContext, options: GpuBackendOptions): PlanLimits {
  const { limits } = adapter;
  return {
    maxBuffers: Math.max(8, Math.min(options.maxBuffers ?? 16, limits.maxStorageBuffersPerShaderStage)),
    maxWorkgroupBytes: Math.max(
      16384,
      Math.min(options.maxWorkgroupBytes ?? Infinity, limits.maxComputeWorkgroupStorageSize),
    ),
    maxBindingBytes: Math.min(
      limits.maxStorageBufferBindingSize,
      limits.maxBufferSize,
      options.maxBindingBytes ?? Infinity,
    ),
    smallWorkBytes: options.smallWorkBytes,
    maxTotalBytes: options.maxTotalBytes ?? (adapter.software ? availableBytes() : undefined),
    kernelsPerSubmit: options.kernelsPerSubmit,
    parallelism: options.parallelism ?? (adapter.software ? 2 : 132),
    software: options.shortKernels ?? adapter.software,
    emulatesDots: options.emulateDots ?? !hasPackedDots(),
    tuning: options.tuning === undefined ? tuningFor(adapter.description) : options.tuning ?? undefined,
  };
}

/** The machine's memory that is free, where asking is allowed: a software adapter would take more than that and be killed. */
function availableBytes(): number | undefined {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  return state === "granted" ? Deno.systemMemoryInfo().available : undefined;
}
