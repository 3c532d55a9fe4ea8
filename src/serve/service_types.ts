/**
 * What a service is asked and what it answers.
 *
 * @module
 */
import type { AnyServedTask, TextQuery } from "../tasks/task.ts";
import type { Manifest } from "../bundle/manifest.ts";
import type { Bundle } from "../bundle/reader.ts";
import type { SubmitOptions } from "./executor.ts";
import type { SessionDevice } from "./protocol.ts";

/** How a bundle is served. */
export interface ServiceOptions {
  /** A bundle that was read, or the path of its directory. */
  readonly bundle: string | Bundle;
  /** Where the model runs; `auto` (the default) is webgpu if `hasGpu` and the model loads there, else wasm. */
  readonly device?: "auto" | SessionDevice;
  /** Whether this machine has a hardware WebGPU adapter; the software one is slower than wasm. */
  readonly hasGpu?: boolean;
  /** Workers, each with the whole model; 1 unless given. */
  readonly workers?: number;
  /** Threads inside one run; 1 unless given. */
  readonly threads?: number;
  /** Most items × padded length in one batch; 512 on a processor, where more is only later, 16,384 on a GPU, unless given. */
  readonly maxBatchTokens?: number;
  /** Most inputs of one request; 32 unless given. */
  readonly maxClientBatch?: number;
  /** Most inputs that wait; 512 unless given. */
  readonly maxQueue?: number;
  /** A request that has waited this long fails with `timeout`, ms; 10,000 unless given. */
  readonly deadlineMs?: number;
  /** A run that takes this long ends its Worker, ms; 30,000 unless given. */
  readonly runTimeoutMs?: number;
  /** How long to run the model before the first request, ms, so that V8 has optimised it; 1,500 unless given. */
  readonly warmUpMs?: number;
  /** Longer texts are cut to what the model takes, unless a request says otherwise; true unless given. */
  readonly autoTruncate?: boolean;
  /** Wall clock, ms since 1970. */
  clock?(): number;
}

/** How one request is answered. */
export interface PredictOptions extends Pick<SubmitOptions, "priority" | "signal"> {
  /** What is asked of the answers, in Hugging Face's names; each task has its own. */
  readonly parameters?: Readonly<Record<string, unknown>> | null;
  /** Whether a text that is too long is cut, or refused; null or nothing: as the service does. */
  readonly truncate?: boolean | null;
  /** Which end is cut off; `right` unless given. */
  readonly truncationDirection?: "left" | "right";
}

/** Where the time of a request went, ms; of several inputs, the mean. */
export interface PredictTimings {
  /** Code points, of all inputs together. */
  readonly characters: number;
  /** What the model read, of all inputs together, without padding. */
  readonly tokens: number;
  /** In the tokenizer. */
  readonly tokenizeMs: number;
  /** Waiting for a Worker. */
  readonly queueMs: number;
  /** In the model, of the whole batch that the input went in. */
  readonly inferenceMs: number;
}

/** What a service is and how it was set up. */
export interface ServiceInfo {
  /** What `weir.json` says. */
  readonly manifest: Manifest;
  /** Where the model runs. */
  readonly device: SessionDevice;
  /** Workers, each with the whole model. */
  readonly workers: number;
  /** Longer texts are cut or refused. */
  readonly maxTokens: number;
  /** Longer texts are refused. */
  readonly maxCharacters: number;
  /** Most inputs of one request. */
  readonly maxClientBatch: number;
  /** Most inputs that wait. */
  readonly maxQueue: number;
  /** Most items × padded length in one batch. */
  readonly maxBatchTokens: number;
  /** Whether texts that are too long are cut unless a request says otherwise. */
  readonly autoTruncate: boolean;
  /** From the first byte read to the first request answered, warm-up included. */
  readonly loadMs: number;
}

/** Counters since the service was made. */
export interface ServiceStats {
  /** Answered. */
  readonly inputs: number;
  /** Refused, failed or cancelled. */
  readonly failedInputs: number;
  /** Run, the halves of failed ones included. */
  readonly batches: number;
  /** Inputs that wait now. */
  readonly queued: number;
  /** Batches in the model now. */
  readonly running: number;
  /** Workers that were replaced because they hung or died. */
  readonly workerRestarts: number;
}

/** One batch that a Worker has finished. */
export interface BatchReport {
  /** Inputs run together. */
  readonly items: number;
  /** Without padding. */
  readonly tokens: number;
  /** With padding: items × the longest. */
  readonly paddedTokens: number;
  /** In the model. */
  readonly inferenceMs: number;
}

/** A model that answers requests. */
export interface PredictService {
  /** The model's task: it says what the answers are, and puts them into words. */
  readonly task: AnyServedTask;
  /**
   * Answers texts, or pairs of texts that the model reads together, with what the task answers.
   *
   * @throws {ServeError} saying why not
   */
  predict(queries: readonly TextQuery[], options?: PredictOptions): Promise<unknown[]>;
  /** Like `predict`, and says where the time went. */
  predictTimed(
    queries: readonly TextQuery[],
    options?: PredictOptions,
  ): Promise<{ answers: unknown[]; timings: PredictTimings }>;
  /**
   * Calls `listener` for every text after its answer has gone out, with what a drift monitor is shown of it; returns what
   * stops that. A listener that throws is not called again.
   */
  onObservation(listener: (observation: unknown, atMs: number) => void): () => void;
  /** The same with the answer itself. */
  onAnswer(listener: (answer: unknown) => void): () => void;
  /** Calls `listener` after every batch; returns what stops that. */
  onBatch(listener: (report: BatchReport) => void): () => void;
  /** What it is. */
  info(): ServiceInfo;
  /** What it has done. */
  stats(): ServiceStats;
  /** What a token id spells, for people; undefined for an id that the vocabulary lacks. */
  tokenText(id: number): string | undefined;
  /** The parsed `baseline.json` of the bundle, for the drift monitor to validate. */
  readonly baseline: unknown;
  /** Answers what is under way (for at most `graceMs`, 5,000 unless given), refuses the rest, and ends the Workers. */
  close(options?: { graceMs?: number }): Promise<void>;
}
