/**
 * Encoded rows as batches of tensors: the texts padded to one length, and the targets as the task feeds them.
 *
 * @module
 */
import { type BucketOptions, planBatches } from "../data/buckets.ts";
import type { Batch, Batches } from "../nn/batch.ts";
import { padTokens } from "../text/pad.ts";
import type { TextEncoding } from "./task.ts";
import type { TargetTensors } from "./training.ts";

/** A row as a model takes it: its encoded queries, and its target as it is fed. */
export interface EncodedRow<E> {
  /** One of each query. */
  readonly encodings: readonly Pick<TextEncoding, "ids" | "typeIds">[];
  /** As the task feeds it. */
  readonly target: E;
}

/** How `collate` builds batches. */
export interface CollateOptions<E> extends BucketOptions {
  /** Id of the padding token; 0 unless given. */
  readonly padId?: number;
  /** Targets of the rows of a batch as tensors: a task's `padTargets`. */
  readonly targets: (targets: readonly E[], size: { rows: number; sequence: number }) => TargetTensors;
}

/**
 * Groups rows of similar length into batches of a few fixed shapes (`planBatches`); a batch is filled up with rows that count for
 * nothing. The queries of a row lie behind each other, so the text inputs are `[batch * queries, sequence]`.
 *
 * @throws {RangeError} as `planBatches` does.
 *
 * @example
 * ```ts
 * import { collate } from "./collate.ts";
 * import { trainTextClassification } from "./text_classification/train.ts";
 * import assert from "node:assert/strict";
 *
 * const rows = [[2, 7, 3], [2, 8, 9, 10, 3], [2, 3]].map((ids, label) => ({
 *   encodings: [{ ids, typeIds: ids.map(() => 0) }],
 *   target: label % 2,
 * }));
 * const head = { labels: ["ham", "spam"] };
 * const targets = (of: readonly number[], size: { rows: number; sequence: number }) =>
 *   trainTextClassification.padTargets(of, size, head);
 * const batches = collate(rows, { batchSize: 2, bucketLengths: [4, 8], targets });
 * assert.equal(batches.length, 2);
 * assert.deepEqual([...batches.at(0).feeds.input_ids.data], [2, 7, 3, 0, 2, 3, 0, 0]);
 * assert.deepEqual([...batches.at(1).feeds.weights.data], [1, 0]);
 * ```
 */
export function collate<E>(examples: readonly EncodedRow<E>[], options: CollateOptions<E>): Batches {
  const { batchSize, padId = 0, targets } = options;
  const lengths = examples.map(({ encodings }) => Math.max(...encodings.map(({ ids }) => ids.length)));
  const plan = planBatches(lengths, options);
  const at = (k: number): Batch => {
    const planned = plan[k];
    if (planned === undefined) throw new RangeError(`there is no batch ${k}; the epoch has ${plan.length}`);
    const { sequence, indices } = planned;
    const members = indices.map((i) => examples[i]);
    const queries = examples[0].encodings.length;
    const texts = padTokens(members.flatMap(({ encodings }) => encodings), {
      padId,
      rows: batchSize * queries,
      sequence,
    });
    const { feeds, weight } = targets(members.map(({ target }) => target), { rows: batchSize, sequence });
    const rows = new Int32Array(batchSize).fill(-1);
    rows.set(indices);
    return { feeds: { ...texts, ...feeds }, bindings: { batch: batchSize, sequence }, weight, rows };
  };
  return {
    length: plan.length,
    at,
    largest: { batch: batchSize, sequence: plan.reduce((most, { sequence }) => Math.max(most, sequence), 0) },
    *[Symbol.iterator]() {
      for (let k = 0; k < plan.length; k++) yield at(k);
    },
  };
}
