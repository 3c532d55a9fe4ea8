/**
 * The builds of ONNX Runtime behind one interface, each loaded when it is asked for: none has to be installed for another.
 * The training backend and the Workers that serve bundles both start them here.
 *
 * @module
 */
import type * as Ort from "onnxruntime-web";
import { mayUseVariable } from "../../base/environment.ts";
import { firstLine } from "../../base/text.ts";
import { writeModel } from "../../onnx/model.ts";
import { installInstantReads } from "../instant_reads.ts";
import { BackendError } from "../interface.ts";
import { importNative } from "./available.ts";
import { startWasm } from "./wasm_start.ts";

export type { InferenceSession, Tensor } from "onnxruntime-web";

/** Where ONNX Runtime runs: on the GPU, compiled to WebAssembly, or the machine's own code through Deno's FFI. */
export type OrtBuild = "webgpu" | "wasm" | "native";

/** What all builds of ONNX Runtime offer. */
export interface Runtime {
  readonly build: OrtBuild;
  /** Threads within an operator. */
  readonly threads: number;
  readonly Tensor: typeof Ort.Tensor;
  /** A session of a model. `options` come on top of those that every session has: all optimisations, nothing printed. */
  create(model: Uint8Array, options?: Ort.InferenceSession.SessionOptions): Promise<Ort.InferenceSession>;
}

/**
 * Loads a build of ONNX Runtime.
 *
 * @param threads of one run; the first to load a WebAssembly build decides for the process or Worker.
 * @throws {BackendError} when it is not installed or may not be loaded.
 */
export async function loadRuntime(build: OrtBuild, threads: number): Promise<Runtime> {
  if (build === "native") return await loadNative(threads);
  const ort = build === "wasm" ? await import("onnxruntime-web") : await importWebGpu();
  threads = webThreads ??= threads;
  ort.env.wasm.numThreads = threads;
  const runtime = runtimeOf(ort, { build, threads });
  if (build === "webgpu") return runtime;
  try {
    await startWasm(async () => await (await runtime.create(smallestModel())).release(), { threads });
  } catch (error) {
    throw new BackendError(`Cannot use device "wasm": ONNX Runtime does not start (${firstLine(error)})`, {
      cause: error,
    });
  }
  return runtime;
}

/** Set once, by the first to load a WebAssembly build. */
let webThreads: number | undefined;

function runtimeOf(
  ort: typeof Ort,
  { build, threads }: { build: OrtBuild; threads: number },
): Runtime {
  // Errors are thrown; ONNX Runtime would print them as well.
  ort.env.logLevel = "fatal";
  const common: Ort.InferenceSession.SessionOptions = {
    executionProviders: [build === "native" ? "cpu" : build],
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    ...(build === "native" && { intraOpNumThreads: threads, interOpNumThreads: 1 }),
  };
  return {
    build,
    threads,
    Tensor: ort.Tensor,
    create: (model, options) => ort.InferenceSession.create(model, { ...common, ...options }),
  };
}

async function importWebGpu(): Promise<typeof Ort> {
  // The browser build resolves its .wasm against `location`, which in a Worker has no base, and would fail with "Invalid URL".
  Object.defineProperty(globalThis, "location", { value: undefined, configurable: true });
  // Looking for EGL adapters too can crash a process as it ends (libEGL frees a thread's memory twice).
  const name = "DENO_WEBGPU_BACKEND";
  if (Deno.build.os === "linux" && mayUseVariable(name) && !Deno.env.get(name)) Deno.env.set(name, "vulkan");
  installInstantReads();
  return await import("onnxruntime-web/webgpu");
}

async function loadNative(threads: number): Promise<Runtime> {
  const permission = await Deno.permissions.query({ name: "ffi" });
  if (permission.state !== "granted") {
    throw new BackendError(
      `Cannot use device "native": it needs foreign code; allow it with --allow-ffi, or choose --device wasm`,
    );
  }
  let ort: typeof Ort;
  try {
    ort = await importNative();
  } catch (error) {
    throw new BackendError(
      `Cannot use device "native": onnxruntime-node does not load (${firstLine(error)}); install it with ` +
        `"deno install npm:onnxruntime-node@1.30.0", or choose --device wasm`,
      { cause: error },
    );
  }
  return runtimeOf(ort, { build: "native", threads });
}

function smallestModel(): Uint8Array {
  const value = { type: "f32", shape: [] } as const;
  return writeModel({
    irVersion: 8,
    opsets: { "": 18 },
    producerName: "weir",
    producerVersion: "",
    metadata: {},
    graph: {
      name: "start",
      nodes: [{ opType: "Neg", domain: "", name: "", inputs: ["x"], outputs: ["y"], attributes: {} }],
      initializers: [],
      inputs: [{ name: "x", ...value }],
      outputs: [{ name: "y", ...value }],
    },
  });
}
