/**
 * An executor for models that answer in one run: single inputs become batches.
 *
 * @module
 */
import { closedError, ServeError } from "./errors.ts";
import { type Executor, oneEvent, type SubmitOptions } from "./executor.ts";

/** What a {@linkcode Batcher} needs to know; times come from `now`, so that tests own the clock. */
export interface BatcherOptions<Item, Result> {
  /** Runs one batch and resolves with a result per item, in order. At most `workers` calls are under way at once. */
  run(items: Item[]): Promise<Result[]>;
  /** The tokens of an item without padding. */
  tokensOf(item: Item): number;
  /** Batches under way at once; 1 unless given. */
  readonly workers?: number;
  /** Most items × padded length in a batch; a single item always goes. 4,096 unless given. */
  readonly maxBatchTokens?: number;
  /** Most items in a batch; 64 unless given. */
  readonly maxBatchItems?: number;
  /** Most items that wait; 512 unless given. */
  readonly maxQueue?: number;
  /** Upper ends of the length buckets, ascending; longer items share one more bucket. 16, 32, 64, 128 ... unless given. */
  readonly buckets?: readonly number[];
  /** Monotonic ms. */
  now?(): number;
  /** Calls `callback` after `ms`; returns what cancels it. */
  setTimer?(callback: () => void, ms: number): () => void;
}

/** A result, with how long its item waited before a Worker took it. */
export interface Batched<Result> {
  readonly result: Result;
  readonly queueMs: number;
}

/** Groups single items into batches for a few Workers. A query is the items of one request: all of them are queued, or none. */
export type Batcher<Item, Result> = Executor<readonly Item[], readonly Batched<Result>[]>;

interface Entry<Item, Result> {
  readonly item: Item;
  readonly tokens: number;
  readonly bucket: number;
  readonly enteredMs: number;
  waitedMs: number;
  readonly deadline: number;
  readonly priority: number;
  readonly promise: PromiseWithResolvers<Batched<Result>>;
  /** Answered before its batch came back, or taken out of the queue. */
  settled: boolean;
}

/**
 * Makes a batcher that dispatches as soon as a Worker is free and never waits for a batch to fill: under light load every batch
 * is one item, and under heavy load batches grow by themselves while the Workers are busy.
 *
 * A batch takes the length bucket of the oldest item of the highest priority and fills up, in the same order, with items of
 * that bucket until the padded tokens are used up, so that short texts are not padded to the length of long ones and none of
 * its priority is starved. A batch that the model refuses is halved and run again until the item at fault is alone: one
 * faulty text does not fail its neighbours.
 *
 * @example
 * ```ts
 * import { createBatcher } from "./batcher.ts";
 * import { lastEvent } from "./executor.ts";
 * import assert from "node:assert/strict";
 *
 * const batcher = createBatcher<string, number>({
 *   run: (texts) => Promise.resolve(texts.map((text) => text.length)),
 *   tokensOf: (text) => text.length,
 * });
 * const [a, b] = await lastEvent(batcher.submit(["one", "three"]));
 * assert.deepEqual([a.result, b.result], [3, 5]);
 * await batcher.close();
 * ```
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const workers = positive(options.workers ?? 1, "workers");
  const maxBatchTokens = positive(options.maxBatchTokens ?? 4096, "maxBatchTokens");
  const maxBatchItems = positive(options.maxBatchItems ?? 64, "maxBatchItems");
  const maxQueue = positive(options.maxQueue ?? 512, "maxQueue");
  const buckets = options.buckets ?? defaultBuckets;
  const now = options.now ?? (() => performance.now());
  const setTimer = options.setTimer ?? startTimer;

  let queue: Entry<Item, Result>[] = [];
  let running = 0;
  let closed = false;
  let idle: PromiseWithResolvers<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let timerAt = Infinity;
  // Time per item over the last batches, to say when it is worth trying again.
  let msPerItem = 5;

  function submit(items: readonly Item[], submitOptions: SubmitOptions = {}): Promise<Batched<Result>[]> {
    const { signal, deadline = Infinity, priority = 0 } = submitOptions;
    if (closed) return Promise.reject(closedError());
    if (signal?.aborted) return Promise.reject(cancelledError());
    if (queue.length + items.length > maxQueue) {
      const retryAfterMs = Math.ceil(Math.max(queue.length, 1) * msPerItem);
      return Promise.reject(
        items.length > maxQueue
          ? new ServeError(
            "validation",
            `${items.length} inputs in one request; the queue holds ${maxQueue}.`,
          )
          : new ServeError(
            "overloaded",
            `Model is overloaded: ${queue.length} inputs wait and the queue holds ${maxQueue}. Try again later.`,
            { retryAfterMs },
          ),
      );
    }
    const enteredMs = now();
    const entries = items.map((item): Entry<Item, Result> => ({
      item,
      tokens: options.tokensOf(item),
      bucket: bucketOf(options.tokensOf(item), buckets),
      enteredMs,
      waitedMs: 0,
      deadline,
      priority,
      promise: Promise.withResolvers<Batched<Result>>(),
      settled: false,
    }));
    queue.splice(queue.findLastIndex((entry) => entry.priority >= priority) + 1, 0, ...entries);
    const all = Promise.all(entries.map((entry) => entry.promise.promise));
    if (signal) {
      const onAbort = () => drop(entries, cancelledError);
      signal.addEventListener("abort", onAbort, { once: true });
      const done = () => signal.removeEventListener("abort", onAbort);
      all.then(done, done);
    }
    // One failed input fails the request, so its others need not run.
    all.catch(() => drop(entries, cancelledError));
    dispatch();
    return all;
  }

  function dispatch(): void {
    expire();
    while (running < workers && queue.length > 0) {
      const batch = take();
      running++;
      const started = now();
      for (const entry of batch) entry.waitedMs = started - entry.enteredMs;
      void runBatch(batch).finally(() => {
        running--;
        msPerItem += ((now() - started) / batch.length / workers - msPerItem) * 0.1;
        dispatch();
        if (running === 0) idle?.resolve();
      });
    }
    watch();
  }

  /** Takes the next batch out of the queue. */
  function take(): Entry<Item, Result>[] {
    const { bucket } = queue[0];
    const batch: Entry<Item, Result>[] = [];
    const rest: Entry<Item, Result>[] = [];
    let longest = 0;
    let full = false;
    for (const entry of queue) {
      const length = Math.max(longest, entry.tokens);
      const fits = batch.length === 0 ||
        (batch.length < maxBatchItems && length * (batch.length + 1) <= maxBatchTokens);
      if (entry.bucket === bucket && fits && !full) {
        batch.push(entry);
        longest = length;
      } else {
        // Once one of the bucket does not fit, no later one goes before it.
        if (entry.bucket === bucket) full = true;
        rest.push(entry);
      }
    }
    queue = rest;
    return batch;
  }

  async function runBatch(batch: Entry<Item, Result>[]): Promise<void> {
    const wanted = batch.filter((entry) => !entry.settled);
    if (wanted.length === 0) return;
    let results: Result[];
    try {
      results = await options.run(wanted.map((entry) => entry.item));
      if (results.length !== wanted.length) {
        throw new ServeError("backend", `${wanted.length} inputs gave ${results.length} results.`);
      }
    } catch (error) {
      // Only the model's own refusal can be one input's fault; running the halves of a batch that hung would hang them too.
      const isOnesFault = !(error instanceof ServeError) || error.kind === "backend";
      if (wanted.length === 1 || !isOnesFault) {
        for (const entry of wanted) reject(entry, error);
        return;
      }
      const half = wanted.length >> 1;
      await runBatch(wanted.slice(0, half));
      await runBatch(wanted.slice(half));
      return;
    }
    wanted.forEach((entry, i) => {
      entry.settled = true;
      entry.promise.resolve({ result: results[i], queueMs: entry.waitedMs });
    });
  }

  function drop(entries: Entry<Item, Result>[], reason: () => ServeError): void {
    const open = new Set(entries.filter((entry) => !entry.settled));
    if (open.size === 0) return;
    queue = queue.filter((entry) => !open.has(entry));
    for (const entry of open) reject(entry, reason());
  }

  function expire(): void {
    if (queue.length === 0) return;
    const time = now();
    const late = queue.filter((entry) => entry.deadline <= time);
    if (late.length > 0) drop(late, lateError);
  }

  /** Keeps one timer, for the earliest deadline in the queue. */
  function watch(): void {
    const earliest = queue.reduce((least, entry) => Math.min(least, entry.deadline), Infinity);
    if (cancelTimer && timerAt <= earliest && queue.length > 0) return;
    cancelTimer?.();
    cancelTimer = undefined;
    if (earliest === Infinity) return;
    timerAt = earliest;
    cancelTimer = setTimer(() => {
      cancelTimer = undefined;
      expire();
      watch();
    }, Math.max(0, earliest - now()));
  }

  return {
    submit: (items, submitOptions) => oneEvent(submit(items, submitOptions)),
    get queued() {
      return queue.length;
    },
    get running() {
      return running;
    },
    async close() {
      closed = true;
      cancelTimer?.();
      cancelTimer = undefined;
      drop(queue, closedError);
      if (running > 0) {
        idle ??= Promise.withResolvers<void>();
        await idle.promise;
      }
    },
  };
}

const defaultBuckets = [16, 32, 64, 128, 256, 512, 1024];

/** The index of the first bucket that holds `tokens`. */
function bucketOf(tokens: number, buckets: readonly number[]): number {
  const index = buckets.findIndex((end) => tokens <= end);
  return index < 0 ? buckets.length : index;
}

function reject<Item, Result>(entry: Entry<Item, Result>, error: unknown): void {
  if (entry.settled) return;
  entry.settled = true;
  entry.promise.reject(error);
}

function startTimer(callback: () => void, ms: number): () => void {
  const timer = setTimeout(callback, Math.min(ms, 2 ** 31 - 1));
  return () => clearTimeout(timer);
}

function positive(value: number, name: string): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`Batcher option ${name} is ${value}; wanted a whole number above 0.`);
}

function lateError(): ServeError {
  return new ServeError("timeout", "The request waited longer than its deadline before a Worker was free.");
}

function cancelledError(): ServeError {
  return new ServeError("cancelled", "The request was cancelled.");
}
