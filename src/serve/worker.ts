/**
 * Runs one ONNX session in a Worker, because a session blocks the event loop that it runs on.
 *
 * @module
 */
import type { InferenceSession as OrtSession, Tensor as OrtTensor } from "onnxruntime-web";
import type { IntTensor } from "../text/pad.ts";
import type {
  HostMessage,
  LoadMessage,
  OutputTensor,
  RunRequest,
  RunResult,
  SessionDevice,
  WarmUp,
  WorkerMessage,
} from "./protocol.ts";

/** What the three builds of ONNX Runtime have in common. */
interface Ort {
  InferenceSession: {
    create(model: Uint8Array, options: OrtSession.SessionOptions): Promise<OrtSession>;
  };
  Tensor: {
    new (type: "int64", data: BigInt64Array, dims: readonly number[]): OrtTensor;
    new (type: "int32", data: Int32Array, dims: readonly number[]): OrtTensor;
  };
  env: { wasm: { numThreads?: number }; logLevel?: string };
}

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<HostMessage>) => void) | null;
  postMessage(message: WorkerMessage, options?: { transfer: Transferable[] }): void;
};
let ort: Ort;
let session: OrtSession;

scope.onmessage = async ({ data }) => {
  try {
    if (data.kind === "load") await load(data);
    else {
      const result = await run(data);
      scope.postMessage({ kind: "ran", id: data.id, result }, {
        transfer: Object.values(result.outputs).map(({ data }) => data.buffer),
      });
    }
  } catch (error) {
    scope.postMessage({
      kind: "failed",
      id: data.id,
      message: (error instanceof Error ? error.message : String(error)).split("\n")[0].replace(/\.$/, ""),
      broken: isBroken(error),
    });
  }
};

/** Once WebAssembly has trapped or run out of memory, or the GPU has gone, every later run fails too. */
function isBroken(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError ||
    /\bAborted\(|out of memory|bad_alloc|device (is |was )?lost/i.test(String(error));
}

async function load(message: LoadMessage): Promise<void> {
  const started = performance.now();
  ort = await importOrt(message.device);
  if (message.device !== "native") ort.env.wasm.numThreads = message.threads;
  ort.env.logLevel = "fatal"; // what goes wrong comes back as an error, and is told once
  const provider = { webgpu: "webgpu", wasm: "wasm", native: "cpu" }[message.device];
  // onnxruntime-node takes no shared memory.
  const isCopied = message.device === "native" && message.model.buffer instanceof SharedArrayBuffer;
  session = await ort.InferenceSession.create(isCopied ? message.model.slice() : message.model, {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    ...(message.device === "native" ? { intraOpNumThreads: message.threads, interOpNumThreads: 1 } : {}),
  });
  const warmUpRuns = await warmUp(message.warmUp);
  scope.postMessage({
    kind: "loaded",
    id: message.id,
    facts: {
      inputNames: [...session.inputNames],
      outputNames: [...session.outputNames],
      loadMs: performance.now() - started,
      warmUpRuns,
    },
  });
}

async function importOrt(device: SessionDevice): Promise<Ort> {
  if (device === "native") return await import("onnxruntime-node") as unknown as Ort;
  if (device === "wasm") return await import("onnxruntime-web") as unknown as Ort;
  // The browser build resolves its .wasm against `location`, which in a Worker has no base, and would fail with "Invalid URL".
  Object.defineProperty(globalThis, "location", { value: undefined, configurable: true });
  // Looking for EGL adapters too can crash a process as it ends (libEGL frees a thread's memory twice).
  const [name, os] = ["DENO_WEBGPU_BACKEND", Deno.build.os];
  const allowed = Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
  if (os === "linux" && allowed && !Deno.env.get(name)) Deno.env.set(name, "vulkan");
  return await import("onnxruntime-web/webgpu") as unknown as Ort;
}

/** How often the requests were run. V8 optimises a wasm function only after it has run for a while. */
async function warmUp({ requests, budgetMs }: WarmUp): Promise<number> {
  const end = performance.now() + budgetMs;
  let runs = 0;
  do {
    for (const request of requests) {
      await run(request);
      runs++;
    }
  } while (requests.length > 0 && performance.now() < end);
  return runs;
}

async function run({ feeds, outputs: wanted }: RunRequest): Promise<RunResult> {
  const inputs: Record<string, OrtTensor> = {};
  for (const input of session.inputMetadata) {
    const { name } = input;
    // A model without token types (DistilBERT) does not ask for them; one that asks for more than there is cannot be run.
    if (!Object.hasOwn(feeds, name)) {
      throw new Error(`the model reads an input "${name}"; there are ${Object.keys(feeds).join(", ")}`);
    }
    inputs[name] = tensorOf(feeds[name], input.isTensor ? input.type : "int64");
  }
  const missing = wanted.find((name) => !session.outputNames.includes(name));
  if (missing !== undefined) {
    throw new Error(`the model has no output "${missing}"; it has ${session.outputNames.join(", ")}`);
  }
  const started = performance.now();
  const given = await session.run(inputs, wanted, { logSeverityLevel: 4 });
  const inferenceMs = performance.now() - started;
  const outputs: Record<string, OutputTensor> = {};
  for (const name of wanted) {
    const raw = await given[name].getData();
    if (!(raw instanceof Float32Array)) {
      throw new Error(`the model's output "${name}" is ${given[name].type}; float32 was expected`);
    }
    // The runtime may reuse its buffer, and a transferred one is gone: the caller gets a copy.
    outputs[name] = { shape: [...given[name].dims], data: new Float32Array(raw) };
  }
  for (const output of Object.values(given)) output.dispose();
  return { outputs, inferenceMs };
}

function tensorOf({ data, shape }: IntTensor, type: string): OrtTensor {
  if (type === "int32") return new ort.Tensor("int32", data, shape);
  // An int64 is two halves of 32 bits, the lower one first: widened so, it costs no BigInt a number.
  const halves = new Int32Array(2 * data.length);
  for (let i = 0; i < data.length; i++) {
    halves[2 * i] = data[i];
    halves[2 * i + 1] = data[i] >> 31;
  }
  return new ort.Tensor("int64", new BigInt64Array(halves.buffer), shape);
}
