/**
 * A model that answers requests: the tokenizer here, the model in Workers behind an executor, and the task of its bundle, which
 * turns texts into queries and outputs into answers.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import { checkMaxTokens, checkVocabulary } from "../bundle/checks.ts";
import type { Manifest } from "../bundle/manifest.ts";
import { readBundle } from "../bundle/reader.ts";
import { OutputError } from "../tasks/errors.ts";
import { charactersOf } from "../tasks/observe.ts";
import type { AnyServedTask, RowOutputs, TextEncoding, TextQuery } from "../tasks/task.ts";
import { loadTokenizer } from "../text/tokenizer.ts";
import { closedError, ServeError } from "./errors.ts";
import { lastEvent } from "./executor.ts";
import {
  cleanerOf,
  firstIssue,
  openSessions,
  readVocabulary,
  signatureOf,
  taskOf,
  warmUpOf,
} from "./load.ts";
import { createOneShot } from "./one_shot.ts";
import type { BatchReport, PredictOptions, PredictService, ServiceOptions } from "./service_types.ts";

export type {
  BatchReport,
  PredictOptions,
  PredictService,
  PredictTimings,
  ServiceInfo,
  ServiceOptions,
  ServiceStats,
} from "./service_types.ts";

/**
 * Loads a bundle of any task and serves it.
 *
 * @throws {BundleError} When the bundle is damaged, or of a task that there is not; `TokenizerError` when its tokenizer cannot be
 * read; `ServeError` of the kind `bundle` when its model cannot be loaded.
 *
 * @example
 * ```ts
 * import { createService } from "./service.ts";
 * import assert from "node:assert/strict";
 *
 * const bundle = new URL("../../tests/golden/serve/bundle", import.meta.url).pathname;
 * const service = await createService({ bundle, device: "wasm", warmUpMs: 0 });
 * const [answer] = await service.predict(["free money now!"], { parameters: { top_k: 1 } });
 * assert.match(service.task.describe(answer), /^spam {2}0\.97/);
 * await service.close();
 * ```
 */
export async function createService(options: ServiceOptions): Promise<PredictService> {
  const started = performance.now();
  const bundle = typeof options.bundle === "string" ? await readBundle(options.bundle) : options.bundle;
  const { maxTokens } = bundle;
  const { task, head } = taskOf(bundle);
  const clean = cleanerOf(bundle, task);
  const { model, name, outputs } = signatureOf(bundle, task.outputs);
  const tokenizer = loadTokenizer(bundle.tokenizer, bundle.tokenizerConfig);
  checkVocabulary(tokenizer.vocabSize, bundle.config, bundle.directory);
  checkMaxTokens(maxTokens, tokenizer.encode("").ids.length);
  const vocabulary = readVocabulary(bundle.tokenizer);
  const workers = options.workers ?? 1;
  const maxClientBatch = options.maxClientBatch ?? 32;
  const maxQueue = options.maxQueue ?? 512;
  const deadlineMs = options.deadlineMs ?? 10_000;
  const autoTruncate = options.autoTruncate ?? true;
  const clock = options.clock ?? Date.now;
  const { sessions, device } = await openSessions(
    {
      model,
      name,
      warmUp: warmUpOf(task.outputs, { padId: tokenizer.padId, maxTokens, ms: options.warmUpMs }),
    },
    { ...options, workers },
  );
  const maxBatchTokens = options.maxBatchTokens ?? (device === "webgpu" ? 16_384 : 512);
  const loadMs = performance.now() - started;

  const observers = new Set<(observation: unknown, atMs: number) => void>();
  const answerListeners = new Set<(answer: unknown) => void>();
  const batchListeners = new Set<(report: BatchReport) => void>();
  const counts = { inputs: 0, failedInputs: 0, batches: 0 };
  let unreported: (() => void)[] = [];
  let closed = false;

  const executor = createOneShot({
    sessions,
    outputs,
    padId: tokenizer.padId,
    maxBatchTokens,
    maxQueue,
    onBatch(report) {
      counts.batches++;
      notify(batchListeners, (listener) => listener(report));
    },
  });

  async function predictTimed(queries: readonly TextQuery[], request: PredictOptions = {}) {
    if (closed) throw closedError();
    checkQueries(queries, maxClientBatch, bundle.maxCharacters);
    const parameters = checkParameters(task, request.parameters ?? {});
    const begun = performance.now();
    // From here on a query is what the model reads: tasks decode and observe that, and so does the monitor.
    const read = cleaned(queries);
    const encodings = read.map((query) => encode(query, request));
    const tokenizeMs = performance.now() - begun;
    try {
      const { priority, signal } = request;
      const batched = await lastEvent(
        executor.submit(encodings, { deadline: begun + deadlineMs, priority, signal }),
      );
      const answers = batched.map(({ result }, i) =>
        decode(result.outputs, { query: read[i], encoding: encodings[i], head }, parameters)
      );
      counts.inputs += queries.length;
      report(batched.map(({ result }, i) => ({
        query: read[i],
        encoding: encodings[i],
        outputs: result.outputs,
        answer: answers[i],
      })));
      const mean = (of: (x: typeof batched[number]) => number) =>
        batched.reduce((sum, x) => sum + of(x), 0) / batched.length;
      return {
        answers,
        timings: {
          characters: queries.reduce<number>((sum, query) => sum + charactersOf(query), 0),
          tokens: encodings.reduce((sum, { ids }) => sum + ids.length, 0),
          tokenizeMs: tokenizeMs / queries.length,
          queueMs: mean((x) => x.queueMs),
          inferenceMs: mean((x) => x.result.inferenceMs),
        },
      };
    } catch (error) {
      counts.failedInputs += queries.length;
      throw error;
    }
  }

  function cleaned(queries: readonly TextQuery[]): readonly TextQuery[] {
    try {
      return queries.map(clean);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new ServeError("validation", `\`inputs\` cannot be cleaned: ${error.message}.`, { cause: error });
    }
  }

  function encode(query: TextQuery, { truncate, truncationDirection }: PredictOptions): TextEncoding {
    let encoding: TextEncoding;
    try {
      checkTexts(query, bundle.manifest);
      encoding = task.encode(tokenizer, query, { maxTokens, truncationDirection });
    } catch (error) {
      throw new ServeError("tokenizer", `Tokenization error: ${(error as Error).message}`, { cause: error });
    }
    if (!(truncate ?? autoTruncate) && encoding.fullLength > maxTokens) {
      throw new ServeError(
        "validation",
        `\`inputs\` must have at most ${maxTokens} tokens. Given: ${
          encoding.isFullLengthExact ? "" : "more than "
        }${encoding.fullLength}. Shorten the text or set truncate.`,
      );
    }
    return encoding;
  }

  function decode(...[outputs, of, parameters]: Parameters<AnyServedTask["decode"]>): unknown {
    try {
      return task.decode(outputs, of, parameters);
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      throw new ServeError("backend", `Inference failed: ${error.message}.`, { cause: error });
    }
  }

  /** Reports answers to the listeners once they are on their way: a monitor must not make a request slower. */
  function report(answered: readonly Answered[]): void {
    if (observers.size + answerListeners.size === 0) return;
    const atMs = clock();
    unreported.push(() => {
      for (const { query, encoding, outputs, answer } of answered) {
        notify(answerListeners, (listener) => listener(answer));
        notify(observers, (listener) => listener(task.observe(query, encoding, outputs, head), atMs));
      }
    });
    if (unreported.length === 1) setTimeout(reportAll, 0);
  }

  function reportAll(): void {
    const due = unreported;
    unreported = [];
    for (const each of due) each();
  }

  return {
    task,
    baseline: bundle.baseline,
    tokenText: (id) => vocabulary.get(id),
    predictTimed,
    async predict(queries, request) {
      return (await predictTimed(queries, request)).answers;
    },
    onObservation: (listener) => subscribe(observers, listener),
    onAnswer: (listener) => subscribe(answerListeners, listener),
    onBatch: (listener) => subscribe(batchListeners, listener),
    info: () => ({
      manifest: bundle.manifest,
      device,
      workers,
      maxTokens,
      maxCharacters: bundle.maxCharacters,
      maxClientBatch,
      maxQueue,
      maxBatchTokens,
      autoTruncate,
      loadMs,
    }),
    stats: () => ({
      ...counts,
      queued: executor.queued,
      running: executor.running,
      workerRestarts: sessions.reduce((sum, session) => sum + session.restarts, 0),
    }),
    async close({ graceMs = 5_000 } = {}) {
      if (closed) return;
      closed = true;
      const drained = executor.close();
      const endSessions = () => sessions.forEach((session) => session.close());
      // A run that outlives the grace period is ended with its Worker, and fails.
      const grace = setTimeout(endSessions, graceMs);
      await drained;
      clearTimeout(grace);
      endSessions();
      await new Promise((resolve) => setTimeout(resolve, 0)); // the last observations
      observers.clear();
      answerListeners.clear();
      batchListeners.clear();
    },
  };
}

/** A query that was answered, and all that a task needs to say what is observed of it. */
interface Answered {
  readonly query: TextQuery;
  readonly encoding: TextEncoding;
  readonly outputs: RowOutputs;
  readonly answer: unknown;
}

function checkQueries(queries: readonly TextQuery[], most: number, maxCharacters: number): void {
  if (queries.length === 0) {
    throw new ServeError("validation", "`inputs` is empty; send at least one text.");
  }
  if (queries.length > most) {
    throw new ServeError(
      "validation",
      `batch size ${queries.length} > maximum allowed batch size ${most}. Send several requests.`,
    );
  }
  for (const query of queries) {
    const units = typeof query === "string" ? query.length : query[0].length + query[1].length;
    // Code points are never more than code units, so most texts need no count.
    if (units > maxCharacters && charactersOf(query) > maxCharacters) {
      throw new ServeError(
        "validation",
        `\`inputs\` must have at most ${maxCharacters} characters. Given: ${charactersOf(query)}.`,
      );
    }
  }
}

/** Refuses one text where the model was trained on two that it reads together, and the other way around. */
function checkTexts(query: TextQuery, { name, pairColumn }: Manifest): void {
  const isPair = typeof query !== "string";
  if (pairColumn === undefined || isPair === (pairColumn !== null)) return;
  throw new UserError(
    isPair
      ? `${name} reads one text, and a pair was given`
      : `${name} reads pairs of texts, and one text was given`,
  );
}

function checkParameters(
  { name, parameters }: AnyServedTask,
  asked: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const checked = parameters.safeParse(asked);
  if (checked.success) return checked.data;
  throw new ServeError("parameters", `\`parameters\` of ${name}: ${firstIssue(checked.error)}.`);
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
