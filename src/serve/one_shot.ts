/**
 * Models that answer in one run: encoded texts go in batches to the sessions of a model, and each gets its own part of the
 * outputs.
 *
 * @module
 */
import type { RowOutput, RowOutputs, TextEncoding } from "../tasks/task.ts";
import { padTokens } from "../text/pad.ts";
import { type Batcher, createBatcher } from "./batcher.ts";
import { ServeError } from "./errors.ts";
import type { OutputTensor } from "./protocol.ts";
import type { BatchReport } from "./service_types.ts";
import type { ModelSession } from "./session.ts";

/** What a one-shot executor is made from. */
export interface OneShotOptions {
  /** Each runs one batch at a time. */
  readonly sessions: readonly ModelSession[];
  /** The outputs that answers are read from. */
  readonly outputs: readonly WantedOutput[];
  /** Id of the padding token. */
  readonly padId: number;
  /** Most items × padded length in one batch. */
  readonly maxBatchTokens: number;
  /** Most inputs that wait. */
  readonly maxQueue: number;
  /** Called after every batch. */
  onBatch(report: BatchReport): void;
}

/** An output by name. */
export interface WantedOutput {
  readonly name: string;
  /** Whether its second dimension is the batch's padded length, so that each text has only its own beginning of it. */
  readonly perToken: boolean;
}

/** What the model gave for one text. */
export interface OneShotResult {
  readonly outputs: RowOutputs;
  /** Time of its batch in the model, ms. */
  readonly inferenceMs: number;
}

/** Makes an executor over the sessions of a model, which stay the caller's to close. */
export function createOneShot(options: OneShotOptions): Batcher<TextEncoding, OneShotResult> {
  const { sessions, outputs: wanted, padId } = options;
  const names = wanted.map(({ name }) => name);
  const free = [...sessions];

  async function run(encodings: TextEncoding[]): Promise<OneShotResult[]> {
    // The batcher runs at most as many batches as there are sessions.
    const session = free.pop()!;
    try {
      const feeds = { ...padTokens(encodings, { padId }) }; // [B, S]
      const [rows, sequence] = feeds.input_ids.shape;
      const { outputs, inferenceMs } = await session.run({ feeds, outputs: names });
      const lengths = encodings.map(({ ids }) => ids.length);
      const tokens = lengths.reduce((sum, length) => sum + length, 0);
      options.onBatch({ items: rows, tokens, paddedTokens: rows * sequence, inferenceMs });
      return splitRows(outputs, lengths, wanted).map((row) => ({ outputs: row, inferenceMs }));
    } finally {
      free.push(session);
    }
  }

  return createBatcher<TextEncoding, OneShotResult>({
    run,
    tokensOf: ({ ids }) => ids.length,
    workers: sessions.length,
    maxBatchTokens: options.maxBatchTokens,
    maxQueue: options.maxQueue,
  });
}

/**
 * The outputs of a batch as the outputs of its texts: the first dimension is taken off, and of an output for every token a
 * text has only as many as it has tokens.
 *
 * @param lengths The tokens of each text. Rows beyond them filled the batch up and are dropped.
 * @throws {ServeError} `backend`, when an output has no such dimensions.
 *
 * @example
 * ```ts
 * import { splitRows } from "./one_shot.ts";
 * import assert from "node:assert/strict";
 *
 * const tags = { shape: [2, 3, 1], data: new Float32Array([1, 2, 3, 4, 5, 0]) };
 * const [, second] = splitRows({ tags }, [3, 2], [{ name: "tags", perToken: true }]);
 * assert.deepEqual(second.tags, { shape: [2, 1], data: new Float32Array([4, 5]) });
 * ```
 */
export function splitRows(
  outputs: Readonly<Record<string, OutputTensor>>,
  lengths: readonly number[],
  wanted: readonly WantedOutput[],
): RowOutputs[] {
  const longest = Math.max(...lengths);
  for (const { name, perToken } of wanted) {
    const { shape } = outputs[name];
    if (shape[0] >= lengths.length && (!perToken || shape[1] >= longest)) continue;
    throw new ServeError(
      "backend",
      `Inference failed: the model's output "${name}" is [${shape.join(", ")}] for ${lengths.length} texts` +
        `${perToken ? ` of at most ${longest} tokens` : ""}.`,
    );
  }
  return lengths.map((length, row) =>
    Object.fromEntries(wanted.map(({ name, perToken }): [string, RowOutput] => {
      const { shape: [, ...shape], data } = outputs[name];
      const size = shape.reduce((product, n) => product * n, 1);
      const start = row * size;
      if (!perToken) return [name, { shape, data: data.subarray(start, start + size) }];
      const [padded, ...rest] = shape;
      return [name, { shape: [length, ...rest], data: data.subarray(start, start + size / padded * length) }];
    }))
  );
}
