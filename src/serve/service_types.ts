/**
 * What a service is asked and what it answers.
 *
 * @module
 */
import type { ServedManifest } from "./bundle.ts";
import type { SessionDevice } from "./protocol.ts";
import type { Prediction, TextObservation } from "./text_classification.ts";

/** A text, or a pair of texts that the model reads together. */
export type PredictInput = string | readonly [string, string];

/** How a bundle is served. */
export interface ServiceOptions {
  /** path of a bundle's directory */
  bundle: string;
  /** where the model runs; `auto` (the default) is webgpu if `hasGpu` and the model loads there, else wasm */
  device?: "auto" | SessionDevice;
  /** whether this machine has a hardware WebGPU adapter; the software one is slower than wasm */
  hasGpu?: boolean;
  /** Workers, each with the whole model; 1 unless told */
  workers?: number;
  /** threads inside one run; 1 unless told */
  threads?: number;
  /** most items × padded length in one batch; 512 on a processor, where more is only later, 16,384 on a GPU, unless told */
  maxBatchTokens?: number;
  /** most inputs of one request; 32 unless told */
  maxClientBatch?: number;
  /** most inputs that wait; 512 unless told */
  maxQueue?: number;
  /** a request that has waited this long fails with `timeout`, ms; 10,000 unless told */
  deadlineMs?: number;
  /** a run that takes this long ends its Worker, ms; 30,000 unless told */
  runTimeoutMs?: number;
  /** how long to run the model before the first request, ms, so that V8 has optimised it; 1,500 unless told */
  warmUpMs?: number;
  /** longer texts are cut to what the model takes, unless a request says otherwise; true unless told */
  autoTruncate?: boolean;
  /** wall clock, ms since 1970 */
  clock?(): number;
}

/** How one request is answered. */
export interface PredictOptions {
  /** logits instead of probabilities */
  rawScores?: boolean;
  /** whether a text that is too long is cut, or refused; null or nothing: as the service does */
  truncate?: boolean | null;
  /** which end is cut off */
  truncationDirection?: "left" | "right";
  /** takes the request back */
  signal?: AbortSignal;
}

/** Where the time of a request went, ms; of several inputs, the mean. */
export interface PredictTimings {
  /** code points, of all inputs together */
  characters: number;
  /** what the model read, of all inputs together, without padding */
  tokens: number;
  /** in the tokeniser */
  tokenizeMs: number;
  /** waiting for a Worker */
  queueMs: number;
  /** in the model, of the whole batch that the input went in */
  inferenceMs: number;
}

/** What a service is and how it was set up. */
export interface ServiceInfo {
  /** what weir.json says */
  manifest: ServedManifest;
  /** in the order of the logits */
  labels: string[];
  /** where the model runs */
  device: SessionDevice;
  /** Workers, each with the whole model */
  workers: number;
  /** longer texts are cut or refused */
  maxTokens: number;
  /** longer texts are refused */
  maxCharacters: number;
  /** most inputs of one request */
  maxClientBatch: number;
  /** most inputs that wait */
  maxQueue: number;
  /** most items × padded length in one batch */
  maxBatchTokens: number;
  /** whether texts that are too long are cut unless a request says otherwise */
  autoTruncate: boolean;
  /** from the first byte read to the first request answered, warm-up included */
  loadMs: number;
}

/** Counters since the service was made. */
export interface ServiceStats {
  /** answered */
  inputs: number;
  /** refused, failed or cancelled */
  failedInputs: number;
  /** run, the halves of failed ones included */
  batches: number;
  /** inputs that wait now */
  queued: number;
  /** batches in the model now */
  running: number;
  /** Workers that were replaced because they hung or died */
  workerRestarts: number;
}

/** One batch that a Worker has finished. */
export interface BatchReport {
  /** inputs run together */
  items: number;
  /** without padding */
  tokens: number;
  /** with padding: items × the longest */
  paddedTokens: number;
  /** in the model */
  inferenceMs: number;
}

/** A model that answers requests. */
export interface PredictService {
  /**
   * Classifies texts; for each, every label with its score, the highest first.
   *
   * @throws {ServeError} saying why not
   */
  predict(inputs: readonly PredictInput[], options?: PredictOptions): Promise<Prediction[][]>;
  /** Like `predict`, and says where the time went. */
  predictTimed(
    inputs: readonly PredictInput[],
    options?: PredictOptions,
  ): Promise<{ predictions: Prediction[][]; timings: PredictTimings }>;
  /**
   * Calls `listener` for every text after its answer has gone out; returns what stops that. A listener that throws is not called again.
   */
  onObservation(listener: (observation: TextObservation, atMs: number) => void): () => void;
  /** Calls `listener` after every batch; returns what stops that. */
  onBatch(listener: (report: BatchReport) => void): () => void;
  /** What it is. */
  info(): ServiceInfo;
  /** What it has done. */
  stats(): ServiceStats;
  /** what a token id spells, for people; undefined for an id that the vocabulary lacks */
  tokenText(id: number): string | undefined;
  /** the parsed baseline.json of the bundle, for src/drift to validate */
  readonly baseline: unknown;
  /** Answers what is under way (for at most `graceMs`, 5,000 unless told), refuses the rest, and ends the Workers. */
  close(options?: { graceMs?: number }): Promise<void>;
}
