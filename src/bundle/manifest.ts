/**
 * `weir.json`: what a bundle is, where it came from, how good it is, what it reads and answers, and what files belong to it.
 *
 * @module
 */

/** The manifest of a bundle, as `weir.json` holds it. */
export interface Manifest {
  /** The document's format and its version. */
  readonly format: "weir-bundle/2";
  /** The registered model's name. */
  readonly name: string;
  /** Semantic version; the registry sets it when the bundle is published. */
  readonly version: string;
  /** The task's name, such as text-classification. */
  readonly task: string;
  /** ISO-8601, UTC. */
  readonly createdAt: string;
  /** `model_type` of `config.json`, such as bert. */
  readonly architecture: string;
  /** What the task's head is made with. `labels`, where it has them, are in the order of the outputs, as `id2label` of `config.json`. */
  readonly head: Readonly<Record<string, unknown>>;
  /** What can be run, by name: `model`. */
  readonly signatures: Readonly<Record<string, Signature>>;
  /** Inputs are cut to `maxTokens` tokens, special ones included; the server refuses more than `maxCharacters` code points. */
  readonly limits: { readonly maxTokens: number; readonly maxCharacters: number };
  /** How it was made, and from what. */
  readonly lineage: Lineage;
  /** By name, such as accuracy and macroF1, over held-out data. */
  readonly metrics: Readonly<Record<string, MetricValue>>;
  /** Every file but weir.json itself, by path relative to the bundle, with forward slashes. */
  readonly files: Readonly<Record<string, FileEntry>>;
}

/** What one file of a bundle computes. */
export interface Signature {
  /** Its path in the bundle, such as onnx/model.onnx. */
  readonly file: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** A tensor that a model reads or gives. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: "i64" | "i32" | "f32" | "f16" | "bool" | "u8";
  /** Sizes; a text names an axis whose size the caller chooses, such as batch_size. */
  readonly shape: readonly (number | string)[];
}

/** Where a bundle came from. */
export interface Lineage {
  /** The recorded run that trained it. */
  readonly runId: string;
  /** sha256: and 64 hexadecimal digits, over the training data. */
  readonly dataHash: string;
  /** The model it was fine-tuned from; null when trained from scratch. */
  readonly baseModel: string | null;
  /** sha256: and 64 hexadecimal digits, over the weights of the base model. */
  readonly baseModelHash?: string;
  /** `full`, or the adapter method. */
  readonly method: string;
  /** Of the split, the initial weights, the order and dropout. */
  readonly seed: number;
  /** The backend it was trained on. */
  readonly device: string;
  /** Passes over the training data. */
  readonly epochs: number;
  /** Optimiser steps. */
  readonly steps: number;
  /** Wall-clock time of training, s. */
  readonly trainSeconds: number;
}

/** A metric and its confidence interval. */
export interface MetricValue {
  /** Over all examples. */
  readonly value: number;
  /** Lower end of the interval. */
  readonly low: number;
  /** Upper end of the interval. */
  readonly high: number;
  /** The interval's level, such as 0.95. */
  readonly confidence: number;
  /** Examples that it was measured on. */
  readonly n: number;
  /** How the interval was made, such as wilson or bca. */
  readonly method?: string;
}

/** The size and content of one file. */
export interface FileEntry {
  /** Length of the file. */
  readonly sizeBytes: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** What a trainer gives: the registry sets the version, and the writer lists the files. */
export type ManifestDraft =
  & Omit<Manifest, "version" | "files">
  & Partial<Pick<Manifest, "version" | "files">>;

/**
 * Reads and validates weir.json. Fields that this version does not know are kept.
 *
 * @param json The text of weir.json, or what it parses to.
 * @param source How to name it in errors, such as its path.
 * @throws {BundleError} When it is not JSON, of another format, or a field is missing or not what it should be.
 */
export declare function parseManifest(json: unknown, source?: string): Manifest;
