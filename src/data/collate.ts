import { createRandomStream } from "../base/random.ts";

/** An example as a model takes it: token ids of one text, special tokens included, and its class. */
export interface EncodedExample {
  /** token ids */
  ids: ArrayLike<number>;
  /** 0 or 1 per token (default: all 0) */
  typeIds?: ArrayLike<number>;
  /** class index */
  label: number;
}

/** Examples side by side, padded to one length. Arrays are row-major. */
export interface Batch {
  /** token ids */
  inputIds: Int32Array; // [B, S]
  /** 1 for a token, 0 for padding */
  attentionMask: Int32Array; // [B, S]
  /** 1 for the tokens of a pair's second text */
  tokenTypeIds: Int32Array; // [B, S]
  /** class indices */
  labels: Int32Array; // [B]
  /** 1 for an example; 0 for a row that only fills a batch up, which must count neither in the loss nor in a metric */
  weights: Float32Array; // [B]
  /** places of the examples in the list given; -1 for a row that only fills up */
  indices: Int32Array; // [B]
  /** B */
  batch: number;
  /** S */
  sequence: number;
  /** examples in it */
  count: number;
}

/** How `collate` builds batches. */
export interface CollateOptions {
  /** rows of every batch */
  batchSize: number;
  /** lengths that batches are padded to: an example goes to the shortest that holds it; the longest must hold all */
  bucketLengths: readonly number[];
  /** id of the padding token (default 0) */
  padId?: number;
  /** if given, examples and batches are in an order drawn from `seed` and `epoch`; if not, they keep the order of the list within a bucket */
  seed?: number;
  /** counts from 0 (default 0) */
  epoch?: number;
}

/** The batches of one epoch, each made when asked for. */
export interface Batches extends Iterable<Batch> {
  /** batches in the epoch */
  readonly length: number;
  /** Batch `k` of the epoch, from 0, whatever was asked for before: training resumes from any. */
  at(k: number): Batch;
}

/**
 * Groups examples of similar length into batches of a few fixed shapes, so that little is computed on padding and a compiled program per shape will
 * do. What is left over in a bucket moves to the next longer one, so only the longest bucket has an incomplete batch, filled up with rows of
 * weight 0. (Such a row attends to its first token, so that its softmax stays finite.)
 *
 * Every example is in exactly one batch. The order depends only on the arguments.
 *
 * @throws {RangeError} if an example is longer than the longest bucket, there is no example, or a size is not a positive whole number.
 *
 * @example
 * ```ts
 * import { collate } from "./collate.ts";
 * import assert from "node:assert/strict";
 *
 * const examples = [{ ids: [2, 7, 3], label: 0 }, { ids: [2, 8, 9, 10, 3], label: 1 }, { ids: [2, 3], label: 1 }];
 * const batches = collate(examples, { batchSize: 2, bucketLengths: [4, 8] });
 * assert.equal(batches.length, 2);
 * assert.deepEqual([...batches.at(0).inputIds], [2, 7, 3, 0, 2, 3, 0, 0]);
 * assert.deepEqual([...batches.at(1).weights], [1, 0]);
 * ```
 */
export function collate(examples: readonly EncodedExample[], options: CollateOptions): Batches {
  const { batchSize, padId = 0, seed, epoch = 0 } = options;
  const lengths = [...new Set(options.bucketLengths)].sort((a, b) => a - b);
  for (const size of [batchSize, ...lengths]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`batchSize and bucketLengths must be positive whole numbers, found ${size}`);
    }
  }
  if (lengths.length === 0) throw new RangeError("bucketLengths is empty; give at least one length");
  if (examples.length === 0) throw new RangeError("there are no examples to make batches of");

  const plan = planBatches(examples, { batchSize, lengths, seed, epoch });
  const at = (k: number): Batch => {
    const planned = plan[k];
    if (planned === undefined) throw new RangeError(`there is no batch ${k}; the epoch has ${plan.length}`);
    return fillBatch(examples, planned, { batchSize, padId });
  };
  return {
    length: plan.length,
    at,
    *[Symbol.iterator]() {
      for (let k = 0; k < plan.length; k++) yield at(k);
    },
  };
}

interface PlannedBatch {
  sequence: number;
  indices: number[];
}

function planBatches(
  examples: readonly EncodedExample[],
  options: { batchSize: number; lengths: number[]; seed: number | undefined; epoch: number },
): PlannedBatch[] {
  const { batchSize, lengths, seed, epoch } = options;
  const random = seed === undefined ? undefined : createRandomStream(seed, BATCH_STREAM, epoch);
  const order = Int32Array.from(examples.keys());
  random?.shuffle(order);

  const buckets = lengths.map((): number[] => []);
  for (const i of order) {
    const bucket = lengths.findIndex((length) => examples[i].ids.length <= length);
    if (bucket < 0) {
      throw new RangeError(
        `example ${i} has ${examples[i].ids.length} tokens; the longest bucket is ${
          lengths.at(-1)
        }: truncate it or add a bucket`,
      );
    }
    buckets[bucket].push(i);
  }
  const plan: PlannedBatch[] = [];
  buckets.forEach((bucket, b) => {
    const isLast = b === buckets.length - 1;
    for (let from = 0; from < bucket.length; from += batchSize) {
      const indices = bucket.slice(from, from + batchSize);
      if (indices.length === batchSize || isLast) plan.push({ sequence: lengths[b], indices });
      else buckets[b + 1].unshift(...indices);
    }
  });
  return random ? random.shuffle(plan) : plan;
}

/** Keeps the batches' random stream apart from others of the same seed. */
const BATCH_STREAM = 0xba7c;

function fillBatch(
  examples: readonly EncodedExample[],
  { sequence, indices }: PlannedBatch,
  { batchSize, padId }: { batchSize: number; padId: number },
): Batch {
  const inputIds = new Int32Array(batchSize * sequence).fill(padId);
  const attentionMask = new Int32Array(batchSize * sequence);
  const tokenTypeIds = new Int32Array(batchSize * sequence);
  const labels = new Int32Array(batchSize);
  const weights = new Float32Array(batchSize);
  const places = new Int32Array(batchSize).fill(-1);
  for (let row = 0; row < batchSize; row++) {
    const start = row * sequence;
    if (row >= indices.length) {
      attentionMask[start] = 1;
      continue;
    }
    const { ids, typeIds, label } = examples[indices[row]];
    inputIds.set(ids, start);
    attentionMask.fill(1, start, start + ids.length);
    if (typeIds) tokenTypeIds.set(typeIds, start);
    labels[row] = label;
    weights[row] = 1;
    places[row] = indices[row];
  }
  return {
    inputIds,
    attentionMask,
    tokenTypeIds,
    labels,
    weights,
    indices: places,
    batch: batchSize,
    sequence,
    count: indices.length,
  };
}
