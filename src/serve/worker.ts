/**
 * Runs one ONNX session in a Worker, because a session blocks the event loop that it runs on.
 *
 * @module
 */
import { type InferenceSession, loadRuntime, type Runtime, type Tensor } from "../backend/ort/load.ts";
import { firstLine } from "../base/text.ts";
import type { HostMessage, LoadMessage, Logits, TokenBatch, WorkerMessage } from "./protocol.ts";

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
      const logits = await run(data.batch);
      scope.postMessage({ kind: "logits", id: data.id, logits }, {
        transfer: [logits.data.buffer as ArrayBuffer],
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
  session = await runtime.create(await Deno.readFile(message.modelPath));
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
  const feeds: Record<string, Tensor> = {};
  for (const name of session.inputNames) {
    // A model without token types (DistilBERT) simply does not ask for them; one that asks for more cannot be served.
    if (!(name in all)) {
      throw new Error(
        `the model wants an input "${name}"; a text classifier has input_ids, attention_mask and token_type_ids`,
      );
    }
    feeds[name] = new runtime.Tensor("int64", all[name], dims);
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
