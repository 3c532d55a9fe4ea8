import { countCodePoints } from "../base/text.ts";
import type { TextObservation } from "../drift/observation.ts";
import { type Encoding, loadTokenizer } from "../text/tokenizer.ts";
import { createBatcher } from "./batcher.ts";
import { readBundle } from "./bundle.ts";
import { ServeError } from "./errors.ts";
import type { SessionDevice } from "./protocol.ts";
import type {
  BatchReport,
  PredictInput,
  PredictOptions,
  PredictService,
  ServiceOptions,
} from "./service_types.ts";
import { type ModelSession, openSession } from "./session.ts";
import { collate, observationOf, probabilitiesOf, rank, rowsOf } from "./text_classification.ts";

export type {
  BatchReport,
  PredictInput,
  PredictOptions,
  PredictService,
  PredictTimings,
  ServiceInfo,
  ServiceOptions,
  ServiceStats,
} from "./service_types.ts";

interface Item {
  encoding: Encoding;
}

/** `[C]` logits of one item, and the time of its batch. */
interface ItemResult {
  logits: Float32Array;
  inferenceMs: number;
}

/**
 * Loads a bundle and serves it: tokeniser here, model in Workers behind a batcher.
 *
 * @throws {ServeError} `bundle` when the bundle cannot be served; `TokenizerError` when its tokeniser cannot be read
 *
 * @example
 * ```ts
 * import { createService } from "./service.ts";
 * import assert from "node:assert/strict";
 *
 * const bundle = new URL("../../tests/golden/serve/bundle", import.meta.url).pathname;
 * const service = await createService({ bundle, device: "wasm", warmUpMs: 0 });
 * const [[best]] = await service.predict(["free money now!"]);
 * assert.equal(best.label, "spam");
 * await service.close();
 * ```
 */
export async function createService(options: ServiceOptions): Promise<PredictService> {
  const started = performance.now();
  const bundle = await readBundle(options.bundle);
  const tokenizer = loadTokenizer(bundle.tokenizer, bundle.tokenizerConfig);
  const vocabulary = readVocabulary(bundle.tokenizer);
  let device = chooseDevice(options);
  const workers = options.workers ?? 1;
  const maxClientBatch = options.maxClientBatch ?? 32;
  const maxQueue = options.maxQueue ?? 512;
  const deadlineMs = options.deadlineMs ?? 10_000;
  const autoTruncate = options.autoTruncate ?? true;
  const clock = options.clock ?? Date.now;
  const open = (device: SessionDevice) =>
    openSessions(workers, () =>
      openSession({
        modelPath: bundle.modelPath,
        device,
        threads: options.threads,
        timeoutMs: options.runTimeoutMs,
        warmUp: {
          shapes: [[1, Math.min(16, bundle.maxTokens)], [1, Math.min(64, bundle.maxTokens)], [4, 16]],
          budgetMs: options.warmUpMs ?? 1_500,
        },
      }));
  const isFallbackAllowed = (options.device ?? "auto") === "auto" && device === "webgpu";
  const sessions = await open(device).catch((error) => {
    // A driver that cannot run this model is no reason not to serve it, where nobody insisted on the GPU.
    if (!isFallbackAllowed) throw error;
    device = "wasm";
    return open(device);
  });
  const maxBatchTokens = options.maxBatchTokens ?? (device === "webgpu" ? 16_384 : 512);
  const loadMs = performance.now() - started;

  const free = [...sessions];
  const observers = new Set<(observation: TextObservation, atMs: number) => void>();
  const batchListeners = new Set<(report: BatchReport) => void>();
  const counts = { inputs: 0, failedInputs: 0, batches: 0 };
  let untold: (() => void)[] = [];
  let closed = false;

  const batcher = createBatcher<Item, ItemResult>({
    run: runBatch,
    tokensOf: (item) => item.encoding.ids.length,
    workers,
    maxBatchTokens,
    maxQueue,
  });

  async function runBatch(items: Item[]): Promise<ItemResult[]> {
    // The batcher runs at most as many batches as there are sessions.
    const session = free.pop()!;
    try {
      const batch = collate(items.map((item) => item.encoding), tokenizer.padId);
      const paddedTokens = batch.batch * batch.sequence;
      const logits = await session.run(batch);
      counts.batches++;
      if (logits.classes !== bundle.labels.length) {
        throw new ServeError(
          "backend",
          `The model gives ${logits.classes} scores and config.json has ${bundle.labels.length} labels.`,
        );
      }
      const tokens = items.reduce((sum, item) => sum + item.encoding.ids.length, 0);
      notify(batchListeners, (listener) =>
        listener({
          items: items.length,
          tokens,
          paddedTokens,
          inferenceMs: logits.inferenceMs,
        }));
      return rowsOf(logits).map((row) => ({ logits: row, inferenceMs: logits.inferenceMs }));
    } finally {
      free.push(session);
    }
  }

  async function predictTimed(inputs: readonly PredictInput[], request: PredictOptions = {}) {
    if (closed) throw new ServeError("closed", "The model is being unloaded; send the request again.");
    checkInputs(inputs, maxClientBatch, bundle.maxCharacters);
    const truncate = request.truncate ?? autoTruncate;
    const begun = performance.now();
    const items = inputs.map((input) => encode(input, truncate, request.truncationDirection));
    const tokenizeMs = performance.now() - begun;
    try {
      const batched = await batcher.submit(items, { deadline: begun + deadlineMs, signal: request.signal });
      const probabilities = batched.map(({ result }) => checked(result.logits));
      const predictions = batched.map(({ result }, i) =>
        rank(request.rawScores ? result.logits : probabilities[i], bundle.labels)
      );
      counts.inputs += inputs.length;
      if (observers.size > 0) tell(inputs, items, probabilities);
      const mean = (of: (x: typeof batched[number]) => number) =>
        batched.reduce((sum, x) => sum + of(x), 0) / batched.length;
      return {
        predictions,
        timings: {
          characters: inputs.reduce<number>((sum, input) => sum + charactersOf(input), 0),
          tokens: items.reduce((sum, item) => sum + item.encoding.ids.length, 0),
          tokenizeMs: tokenizeMs / inputs.length,
          queueMs: mean((x) => x.queueMs),
          inferenceMs: mean((x) => x.result.inferenceMs),
        },
      };
    } catch (error) {
      counts.failedInputs += inputs.length;
      throw error;
    }
  }

  function encode(input: PredictInput, truncate: boolean, direction: "left" | "right" = "right"): Item {
    const [text, pair] = typeof input === "string" ? [input, undefined] : input;
    let encoding: Encoding;
    try {
      encoding = tokenizer.encode(text, {
        pair,
        maxTokens: bundle.maxTokens,
        truncationDirection: direction,
      });
    } catch (error) {
      throw new ServeError("tokenizer", `Tokenization error: ${(error as Error).message}`, { cause: error });
    }
    if (!truncate && encoding.fullLength > bundle.maxTokens) {
      throw new ServeError(
        "validation",
        `\`inputs\` must have at most ${bundle.maxTokens} tokens. Given: ${
          encoding.isFullLengthExact ? "" : "more than "
        }${encoding.fullLength}. Shorten the text or set truncate.`,
      );
    }
    return { encoding };
  }

  /** Tells the observers once the answers are on their way: the tap must not make a request slower. */
  function tell(inputs: readonly PredictInput[], items: Item[], probabilities: Float64Array[]): void {
    const atMs = clock();
    untold.push(() =>
      inputs.forEach((input, i) => {
        const observation = observationOf(input, items[i].encoding, probabilities[i]);
        notify(observers, (listener) => listener(observation, atMs));
      })
    );
    if (untold.length === 1) setTimeout(tellAll, 0);
  }

  function tellAll(): void {
    const due = untold;
    untold = [];
    for (const report of due) report();
  }

  return {
    baseline: bundle.baseline,
    tokenText: (id) => vocabulary.get(id),
    predictTimed,
    async predict(inputs, request) {
      return (await predictTimed(inputs, request)).predictions;
    },
    onObservation: (listener) => subscribe(observers, listener),
    onBatch: (listener) => subscribe(batchListeners, listener),
    info: () => ({
      manifest: bundle.manifest,
      labels: bundle.labels,
      device,
      workers,
      maxTokens: bundle.maxTokens,
      maxCharacters: bundle.maxCharacters,
      maxClientBatch,
      maxQueue,
      maxBatchTokens,
      autoTruncate,
      loadMs,
    }),
    stats: () => ({
      ...counts,
      queued: batcher.queued,
      running: batcher.running,
      workerRestarts: sessions.reduce((sum, session) => sum + session.restarts, 0),
    }),
    async close({ graceMs = 5_000 } = {}) {
      if (closed) return;
      closed = true;
      const drained = batcher.close();
      const endSessions = () => sessions.forEach((session) => session.close());
      // A run that outlives the grace period is ended with its Worker, and fails.
      const grace = setTimeout(endSessions, graceMs);
      await drained;
      clearTimeout(grace);
      endSessions();
      await new Promise((resolve) => setTimeout(resolve, 0)); // the last observations
      observers.clear();
      batchListeners.clear();
    },
  };
}

function chooseDevice({ device = "auto", hasGpu = false }: ServiceOptions): SessionDevice {
  if (device === "auto") return hasGpu ? "webgpu" : "wasm";
  if (device === "webgpu" || device === "wasm" || device === "native") return device;
  throw new ServeError(
    "bundle",
    `Unknown device "${String(device).slice(0, 40)}"; wanted auto, webgpu, wasm or native.`,
  );
}

/** Token texts by id, out of a tokenizer.json that the tokeniser has accepted. */
function readVocabulary(tokenizerJson: string): Map<number, string> {
  const { model, added_tokens: added = [] } = JSON.parse(tokenizerJson) as {
    model: { vocab: Record<string, number> | [string, number][] };
    added_tokens?: { id: number; content: string }[];
  };
  // A unigram model lists its tokens in order, with their scores; the others say each token's id.
  const entries: [number, string][] = Array.isArray(model.vocab)
    ? model.vocab.map(([token], id) => [id, token])
    : Object.entries(model.vocab).map(([token, id]) => [id, token]);
  return new Map([...entries, ...added.map(({ id, content }): [number, string] => [id, content])]);
}

/** Opens all sessions, or none. */
async function openSessions(count: number, open: () => Promise<ModelSession>): Promise<ModelSession[]> {
  const results = await Promise.allSettled(Array.from({ length: count }, open));
  const sessions = results.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
  const failed = results.find((result) => result.status === "rejected");
  if (!failed) return sessions;
  for (const session of sessions) session.close();
  throw failed.reason;
}

function checkInputs(inputs: readonly PredictInput[], most: number, maxCharacters: number): void {
  if (inputs.length === 0) {
    throw new ServeError("validation", "`inputs` is empty; send at least one text.");
  }
  if (inputs.length > most) {
    throw new ServeError(
      "validation",
      `batch size ${inputs.length} > maximum allowed batch size ${most}. Send several requests.`,
    );
  }
  for (const input of inputs) {
    const units = typeof input === "string" ? input.length : input[0].length + input[1].length;
    // Code points are never more than code units, so most texts need no count.
    if (units > maxCharacters && charactersOf(input) > maxCharacters) {
      throw new ServeError(
        "validation",
        `\`inputs\` must have at most ${maxCharacters} characters. Given: ${charactersOf(input)}.`,
      );
    }
  }
}

function checked(logits: Float32Array): Float64Array {
  if (logits.every(Number.isFinite)) return probabilitiesOf(logits);
  throw new ServeError("backend", "Inference failed: the model gave a score that is not a finite number.");
}

function charactersOf(input: PredictInput): number {
  return typeof input === "string"
    ? countCodePoints(input)
    : countCodePoints(input[0]) + countCodePoints(input[1]);
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A listener that throws must not break serving, and would throw again: it is dropped. */
function notify<T>(listeners: Set<T>, call: (listener: T) => void): void {
  for (const listener of listeners) {
    try {
      call(listener);
    } catch {
      listeners.delete(listener);
    }
  }
}
