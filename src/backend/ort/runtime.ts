/**
 * The two ONNX Runtimes behind one face: loaded when asked for, so that a machine without one of them is no worse off.
 *
 * @module
 */
import type * as Ort from "onnxruntime-web";
import { firstLine } from "../../base/text.ts";
import type { DType, HostTensor } from "../../graph/dtype.ts";
import { writeModel } from "../../onnx/model.ts";
import { BackendError } from "../interface.ts";
import { startWasm } from "./wasm_start.ts";

/** Where ONNX Runtime runs: compiled to WebAssembly, or the machine's own code through Deno's FFI. */
export type OrtDevice = "wasm" | "native";

/** What both builds of ONNX Runtime offer. */
export interface Runtime {
  readonly device: OrtDevice;
  readonly threads: number;
  readonly Tensor: typeof Ort.Tensor;
  create(model: Uint8Array, options?: Ort.InferenceSession.SessionOptions): Promise<Ort.InferenceSession>;
}

/**
 * Loads a build of ONNX Runtime.
 *
 * @throws {BackendError} when it is not installed or may not be loaded.
 */
export async function loadRuntime(device: OrtDevice, threads = defaultThreads()): Promise<Runtime> {
  return device === "native" ? await loadNative(threads) : await loadWasm(threads);
}

function defaultThreads(): number {
  return Math.max(1, navigator.hardwareConcurrency ?? 1);
}

/** Set once: the first to load it decides for the process. */
let wasmThreads: number | undefined;

async function loadWasm(wanted: number): Promise<Runtime> {
  const ort = await import("onnxruntime-web");
  const threads = wasmThreads ??= wanted;
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "fatal";
  const create: Runtime["create"] = (model, options) =>
    ort.InferenceSession.create(model, { ...sessionOptions, executionProviders: ["wasm"], ...options });
  try {
    await startWasm(async () => await (await create(smallestModel())).release());
  } catch (error) {
    throw new BackendError(`Cannot use device "wasm": ONNX Runtime does not start (${firstLine(error)})`, {
      cause: error,
    });
  }
  return { device: "wasm", threads, Tensor: ort.Tensor, create };
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

async function loadNative(threads: number): Promise<Runtime> {
  const permission = await Deno.permissions.query({ name: "ffi" });
  if (permission.state !== "granted") {
    throw new BackendError(
      `Cannot use device "native": it needs foreign code; allow it with --allow-ffi, or choose --device wasm`,
    );
  }
  // A name in a variable, or its types would be wanted where it is not installed.
  const name: string = "onnxruntime-node";
  let ort: typeof Ort;
  try {
    ort = await import(name);
  } catch (error) {
    throw new BackendError(
      `Cannot use device "native": onnxruntime-node does not load (${firstLine(error)}); install it with ` +
        `"deno install npm:onnxruntime-node@1.30.0", or choose --device wasm`,
      { cause: error },
    );
  }
  return {
    device: "native",
    threads,
    Tensor: ort.Tensor,
    create: (model, options) =>
      ort.InferenceSession.create(model, {
        ...sessionOptions,
        executionProviders: ["cpu"],
        intraOpNumThreads: threads,
        // Each session has threads of its own: those of the program that ran last would spin on the cores of this one.
        extra: { session: { intra_op: { allow_spinning: "0" } } },
        ...options,
      }),
  };
}

const sessionOptions: Ort.InferenceSession.SessionOptions = {
  graphOptimizationLevel: "all",
  // Errors are thrown; ONNX Runtime would print them as well.
  logSeverityLevel: 4,
};

/** What goes in and comes out; a type without an entry can only be used inside a graph. */
const ortTypes: { readonly [D in DType]: Ort.Tensor.Type | undefined } = {
  f32: "float32",
  f16: "float16",
  bf16: undefined,
  i32: "int32",
  u32: "uint32",
  i8: "int8",
  u8: "uint8",
  u4: undefined,
  bool: "bool",
};

/** Whether tensors of this type can be handed over; the native build cannot read a `Float16Array`. */
export function takesType({ device }: Runtime, dtype: DType): boolean {
  return ortTypes[dtype] !== undefined && !(dtype === "f16" && device === "native");
}

/** A host tensor as ONNX Runtime's, over the same memory. */
export function toOrt(runtime: Runtime, tensor: Pick<HostTensor, "dtype" | "shape" | "data">): Ort.Tensor {
  return new runtime.Tensor(ortTypes[tensor.dtype]!, tensor.data as never, tensor.shape);
}

/** ONNX Runtime's tensor as a host tensor, over the same memory. */
export function fromOrt(tensor: Ort.Tensor, dtype: DType): HostTensor {
  return { dtype, shape: tensor.dims, data: tensor.data as HostTensor["data"] };
}
