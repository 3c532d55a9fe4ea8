/**
 * Which examples go into a batch together: those of similar length, so that little is computed on padding and a compiled
 * program for each of a few shapes will do.
 *
 * @module
 */
import { createRandomStream } from "../base/random.ts";

/** How batches are planned. */
export interface BucketOptions {
  /** Rows of every batch. */
  readonly batchSize: number;
  /** Lengths that batches are padded to: an example goes to the shortest that holds it; the longest must hold all. */
  readonly bucketLengths: readonly number[];
  /**
   * Examples and batches are in an order drawn from `seed` and `epoch`; without it they keep the order of the list within a
   * bucket.
   */
  readonly seed?: number;
  /** Counts from 0; 0 unless given. */
  readonly epoch?: number;
}

/** One batch to be made. */
export interface PlannedBatch {
  /** The length that its examples are padded to. */
  readonly sequence: number;
  /** Indices of the examples; fewer than `batchSize` in the last batch alone. */
  readonly indices: readonly number[];
}

/**
 * Plans an epoch over examples of the given lengths. What is left over in a bucket moves to the next longer one, so only
 * the last batch is incomplete; it is padded to the length that it needs. Every example is in exactly one batch. The plan
 * depends only on the arguments.
 *
 * @throws {RangeError} if an example is longer than the longest bucket, there is no example, or a size is not a positive
 *   whole number.
 *
 * @example
 * ```ts
 * import { planBatches } from "./buckets.ts";
 * import assert from "node:assert/strict";
 *
 * const plan = planBatches([3, 5, 2], { batchSize: 2, bucketLengths: [4, 8] });
 * assert.deepEqual(plan, [{ sequence: 4, indices: [0, 2] }, { sequence: 8, indices: [1] }]);
 * ```
 */
export function planBatches(lengths: ArrayLike<number>, options: BucketOptions): PlannedBatch[] {
  const { batchSize, seed, epoch = 0 } = options;
  const bounds = [...new Set(options.bucketLengths)].sort((a, b) => a - b);
  for (const size of [batchSize, ...bounds]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new RangeError(`batchSize and bucketLengths must be positive whole numbers, found ${size}`);
    }
  }
  if (bounds.length === 0) throw new RangeError("bucketLengths is empty; give at least one length");
  if (lengths.length === 0) throw new RangeError("there are no examples to make batches of");

  const random = seed === undefined ? undefined : createRandomStream(seed, BATCH_STREAM, epoch);
  const order = Int32Array.from(lengths, (_, i) => i);
  random?.shuffle(order);
  const buckets = bounds.map((): number[] => []);
  for (const i of order) {
    const bucket = bounds.findIndex((bound) => lengths[i] <= bound);
    if (bucket < 0) {
      throw new RangeError(
        `example ${i} has ${lengths[i]} tokens; the longest bucket is ${
          bounds.at(-1)
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
      // What was left over of shorter buckets, alone, needs no more than they.
      const needed = () => bounds.find((bound) => indices.every((i) => lengths[i] <= bound))!;
      if (indices.length === batchSize) plan.push({ sequence: bounds[b], indices });
      else if (isLast) plan.push({ sequence: needed(), indices });
      else buckets[b + 1].unshift(...indices);
    }
  });
  return random ? random.shuffle(plan) : plan;
}

/** Keeps the batches' random stream apart from others of the same seed. */
const BATCH_STREAM = 0xba7c;

/** A length that fewer examples than this share would be padded to does not pay for the programs compiled for it. */
const LEAST_SHARE = 0.1;

/**
 * The lengths to pad batches to: of 32, 64, 128 and so on and at last `maxTokens` those that enough examples fit, and the first
 * that holds all of them.
 *
 * @param options `longest`: of examples that are not counted, such as held-out ones, and must fit, too.
 *
 * @example
 * ```ts
 * import { bucketLengths } from "./buckets.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(bucketLengths([20, 30, 100, 120], 128), [32, 128]);
 * assert.deepEqual(bucketLengths([10, 12], 8192), [32]);
 * assert.deepEqual(bucketLengths([10, 12], 8192, { longest: 700 }), [32, 1024]);
 * ```
 */
export function bucketLengths(
  lengths: readonly number[],
  maxTokens: number,
  options: { readonly longest?: number } = {},
): number[] {
  const all: number[] = [];
  for (let length = SHORTEST; length < maxTokens; length *= 2) all.push(length);
  all.push(maxTokens);
  const firstFor = (length: number) => all.find((bound) => length <= bound) ?? maxTokens;
  const [own, any] = [lengths, [...lengths, options.longest ?? 0]].map((of) =>
    firstFor(of.reduce((most, length) => Math.max(most, length), 0))
  );
  let below = 0; // of the bucket before
  return all.filter((bucket) => {
    const fit = lengths.filter((length) => length > below && length <= bucket).length;
    const kept = bucket === own || bucket === any || (bucket < own && fit >= LEAST_SHARE * lengths.length);
    if (kept) below = bucket;
    return kept;
  });
}

/** Shorter batches are hardly faster. */
const SHORTEST = 32;
