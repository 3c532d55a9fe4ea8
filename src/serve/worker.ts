/**
 * Runs one ONNX session in a Worker, because a session blocks the event loop that it runs on.
 *
 * @module
 */
import type { InferenceSession as OrtSession, Tensor as OrtTensor } from "onnxruntime-web";
import type {
  HostMessage,
  LoadMessage,
  Logits,
  SessionDevice,
  TokenBatch,
  WorkerMessage,
} from "./protocol.ts";

/** What the three builds of ONNX Runtime have in common. */
interface Ort {
  InferenceSession: {
    create(model: Uint8Array, options: OrtSession.SessionOptions): Promise<OrtSession>;
  };
  Tensor: new (type: "int64", data: BigInt64Array, dims: number[]) => OrtTensor;
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
      const logits = await run(data.batch);
      scope.postMessage({ kind: "logits", id: data.id, logits }, {
        transfer: [logits.data.buffer as ArrayBuffer],
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
  session = await ort.InferenceSession.create(await Deno.readFile(message.modelPath), {
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

/** Runs the shapes in turn until the budget is used up; how often. V8 optimises a wasm function only after it has run for a while. */
async function warmUp({ shapes, budgetMs }: LoadMessage["warmUp"]): Promise<number> {
  const end = performance.now() + budgetMs;
  let runs = 0;
  do {
    for (const [batch, sequence] of shapes) {
      const ones = new BigInt64Array(batch * sequence).fill(1n);
      await run({
        batch,
        sequence,
        inputIds: ones,
        attentionMask: ones,
        tokenTypeIds: new BigInt64Array(ones.length),
      });
      runs++;
    }
  } while (performance.now() < end);
  return runs;
}

async function run(batch: TokenBatch): Promise<Logits> {
  const dims = [batch.batch, batch.sequence];
  const all: Record<string, BigInt64Array> = {
    input_ids: batch.inputIds,
    attention_mask: batch.attentionMask,
    token_type_ids: batch.tokenTypeIds,
  };
  const feeds: Record<string, OrtTensor> = {};
  for (const name of session.inputNames) {
    // A model without token types (DistilBERT) simply does not ask for them; one that asks for more cannot be served.
    if (!(name in all)) {
      throw new Error(
        `the model wants an input "${name}"; a text classifier has input_ids, attention_mask and token_type_ids`,
      );
    }
    feeds[name] = new ort.Tensor("int64", all[name], dims);
  }
  const started = performance.now();
  const outputs = await session.run(feeds, { logSeverityLevel: 4 });
  const inferenceMs = performance.now() - started;
  const name = "logits" in outputs ? "logits" : session.outputNames[0];
  const logits = outputs[name];
  const raw = await logits.getData();
  if (!(raw instanceof Float32Array) || logits.dims.length !== 2 || logits.dims[0] !== batch.batch) {
    throw new Error(
      `the model's output "${name}" is ${logits.type} [${logits.dims}]; wanted float32 [${batch.batch}, labels]`,
    );
  }
  // The runtime may reuse its buffer, and a transferred one is gone: the caller gets a copy.
  const data = new Float32Array(raw);
  for (const output of Object.values(outputs)) output.dispose();
  return { data, classes: logits.dims[1], inferenceMs };
}
