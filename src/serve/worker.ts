/**
 * Runs one ONNX session in a Worker, because a session blocks the event loop that it runs on.
 *
 * @module
 */
import { type InferenceSession, loadRuntime, type Runtime, type Tensor } from "../backend/ort/load.ts";
import { firstLine } from "../base/text.ts";
import type { IntTensor } from "../text/pad.ts";
import type {
  HostMessage,
  LoadMessage,
  OutputTensor,
  RunRequest,
  RunResult,
  WarmUp,
  WorkerMessage,
} from "./protocol.ts";

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<HostMessage>) => void) | null;
  postMessage(message: WorkerMessage, options?: { transfer: Transferable[] }): void;
};
let runtime: Runtime;
let session: InferenceSession;

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
      message: firstLine(error).replace(/\.$/, ""),
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
  runtime = await loadRuntime(message.device, message.threads);
  // onnxruntime-node takes no shared memory.
  const isCopied = message.device === "native" && message.model.buffer instanceof SharedArrayBuffer;
  session = await runtime.create(isCopied ? message.model.slice() : message.model);
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
  const inputs: Record<string, Tensor> = {};
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

function tensorOf({ data, shape }: IntTensor, type: string): Tensor {
  if (type === "int32") return new runtime.Tensor("int32", data, shape);
  // An int64 is two halves of 32 bits, the lower one first: widened so, it costs no BigInt a number.
  const halves = new Int32Array(2 * data.length);
  for (let i = 0; i < data.length; i++) {
    halves[2 * i] = data[i];
    halves[2 * i + 1] = data[i] >> 31;
  }
  return new runtime.Tensor("int64", new BigInt64Array(halves.buffer), shape);
}
