/**
 * `weir.json`: what a bundle is, where it came from, how good it is, what it reads and answers, and what files belong to it.
 *
 * @module
 */
import { z } from "zod";
import { parseJson } from "../base/json.ts";
import { oneLine } from "../base/text.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { BundleError } from "./errors.ts";
import { isBundlePath, isModelName, isVersion } from "./names.ts";

/** The manifest of a bundle, as `weir.json` holds it. */
export interface Manifest {
  /** The document's format and its version: 3 where texts are cleaned, which a reader of 2 alone would leave out. */
  readonly format: "weir-bundle/2" | "weir-bundle/3";
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
  /** What the task's head is made with. `labels`, where it has them, are in the order of the outputs, as in `config.json`. */
  readonly head: Readonly<Record<string, unknown>>;
  /**
   * Column of the training data that held the second of two texts which the model reads together; null: it reads one text.
   * Absent: not known, as of a checkpoint that was imported without rows.
   */
  readonly pairColumn?: string | null;
  /**
   * What is done to a text before the tokenizer reads it, in order, such as `strip-html`: the steps that the training applied.
   * Absent: nothing.
   */
  readonly cleaning?: readonly string[];
  /** What can be run, by name: `model`. */
  readonly signatures: Readonly<Record<string, Signature>>;
  /** Inputs are cut to `maxTokens` tokens, special ones included; the server refuses more than `maxCharacters` code points. */
  readonly limits: { readonly maxTokens: number; readonly maxCharacters: number };
  /** How it was made, and from what. */
  readonly lineage: Lineage;
  /** By name, such as accuracy and macroF1, over held-out data or by cross-validation: `lineage.evaluation` says which. */
  readonly metrics: Readonly<Record<string, MetricValue>>;
  /** Every file but weir.json itself, by path relative to the bundle, with forward slashes. */
  readonly files: Readonly<Record<string, FileEntry>>;
}

/** What one file of a bundle computes. */
export interface Signature {
  /** Its path in the bundle, such as onnx/model.onnx. */
  readonly file: string;
  /** What it is fed. */
  readonly inputs: readonly TensorSpec[];
  /** What it answers; at least one. */
  readonly outputs: readonly TensorSpec[];
}

/** A tensor that a model reads or gives. */
export interface TensorSpec {
  /** As in the file. */
  readonly name: string;
  /** The type of its elements. */
  readonly dtype: "i64" | "i32" | "f32" | "f16" | "bool" | "u8";
  /** Sizes; a text names an axis whose size the caller chooses, such as batch_size. */
  readonly shape: readonly (number | string)[];
}

/** Where a bundle came from. */
export interface Lineage {
  /** The recorded run that trained it. */
  readonly runId: string;
  /** sha256: and 64 hexadecimal digits, over the training data; null where they are not known, as of an imported checkpoint. */
  readonly dataHash: string | null;
  /** The model it was fine-tuned from; null when trained from scratch. */
  readonly baseModel: string | null;
  /** sha256: and 64 hexadecimal digits, over the weights of the base model. */
  readonly baseModelHash?: string;
  /** `full`, `frozen-trunk`, the adapter method, or `imported` for a checkpoint that was registered as it is. */
  readonly method: string;
  /** How the tokenizer was made; absent where that is not known. */
  readonly tokenizer?: TokenizerLineage;
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
  /** The cleaning steps that chose rows or changed labels before the training, in order. Absent: none. */
  readonly rowSteps?: readonly RowStep[];
  /** How many rows each part of the data had; absent where the bundle was made before that was kept, or not trained here. */
  readonly rows?: { readonly train: number; readonly validation: number; readonly test: number };
  /** What the metrics were measured on; absent where that was not recorded. */
  readonly evaluation?: EvaluationOrigin;
}

/** What a model's metrics were measured on. */
export interface EvaluationOrigin {
  /** `held-out`: rows that it was not trained on. `cross-validation`: all rows, by models trained like it on the others. */
  readonly method: "held-out" | "cross-validation";
  /** Where those rows came from, as a phrase for people. */
  readonly origin: string;
  /** Of a cross-validation: how many models. */
  readonly folds?: number;
  /** Of a cross-validation, by metric: the standard deviation of its values on the folds. */
  readonly spread?: Readonly<Record<string, number>>;
}

/** A cleaning step of a training's rows, and how many it left. */
export interface RowStep {
  /** As it was written, such as `min-words=3`. */
  readonly step: string;
  /** Rows before it. */
  readonly rowsBefore: number;
  /** Rows after it. */
  readonly rowsAfter: number;
}

/** How a tokenizer was made, and how it fits the data; without a kind it is that of the base model. */
export interface TokenizerLineage {
  /** The kind that was trained: `wordpiece` or `bpe`. */
  readonly tokenizer?: string;
  /** Whether capitals stay. */
  readonly cased?: boolean;
  /** Whether accents are dropped. */
  readonly stripAccents?: boolean;
  /** The most distinct characters that it was allowed. */
  readonly limitAlphabet?: number;
  /** The share of unknown tokens among those of the texts of each part, from 0 to 1. */
  readonly unknownTokens: Readonly<Record<"train" | "validation" | "test", number>>;
}

/** A metric and its confidence interval, over held-out data. */
export type MetricValue = Omit<Interval, "resamples">;

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

/** Limits on a manifest, which somebody else may have made. */
export const manifestLimits = {
  bytes: 4 * 2 ** 20,
  files: 10_000,
  labels: 100_000,
  steps: 32,
  /** Of one file. */
  fileBytes: 2 ** 34,
  /** As `max_position_embeddings` of a `config.json` may be at most. */
  maxTokens: 10_000_000,
  /** The longest text that JavaScript holds. */
  maxCharacters: 2 ** 29,
  /** Of a label, in UTF-16 units. */
  labelCharacters: 1_000,
  tensors: 1_000,
};

/** The architecture of a manifest of format 1, which named none; `config.json` does. */
export const unknownArchitecture = "unknown";

/**
 * Reads and validates weir.json, of format 3, 2 or 1. The last becomes 2: its labels become the head, and its model the
 * signature of a text classifier. Fields that this version does not know are kept.
 *
 * @param json The text of weir.json, its bytes, or what they parse to.
 * @param source How to name it in errors, such as its path.
 * @throws {BundleError} When it is not JSON, of another format, or a field is missing or not what it should be.
 *
 * @example
 * ```ts
 * import { parseManifest } from "./manifest.ts";
 * import assert from "node:assert/strict";
 *
 * assert.throws(() => parseManifest({ format: "weir-bundle/9" }), /reads weir-bundle\/1 to weir-bundle\/3/);
 * ```
 */
export function parseManifest(json: unknown, source = "weir.json"): Manifest {
  const draft = parseManifestDraft(json, source);
  for (const field of ["version", "files"] as const) {
    if (draft[field] === undefined) throw new BundleError(`${source}: ${field}: is missing.`);
  }
  return draft as Manifest;
}

/** Like {@linkcode parseManifest}, for a bundle that has no version or no list of files yet. */
export function parseManifestDraft(json: unknown, source = "weir.json"): ManifestDraft {
  const isText = typeof json === "string" || json instanceof Uint8Array;
  if (isText && json.length > manifestLimits.bytes) {
    throw new BundleError(
      `${source} is larger than ${manifestLimits.bytes} bytes: it is no bundle manifest.`,
    );
  }
  const value = isText
    ? parseJson(json, (problem) => new BundleError(`${source}: ${problem}.`), { distinctKeys: true })
    : json;
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === "string" && !/^weir-bundle\/[123]$/.test(format)) {
    throw new BundleError(
      `${source} is of format "${
        format.slice(0, 40)
      }" and this Weir reads weir-bundle/1 to weir-bundle/3: update Weir.`,
    );
  }
  if (format === "weir-bundle/1") return fromFormat1(validate(format1, value, source));
  return validate(format2And3, value, source);
}

/** The labels of a head, where it has any. */
export function labelsOf(manifest: Pick<Manifest, "head">): readonly string[] | undefined {
  return manifest.head.labels as readonly string[] | undefined;
}

function fromFormat1({ labels, ...rest }: z.infer<typeof format1>): ManifestDraft {
  const ids = (name: string): TensorSpec => ({
    name,
    dtype: "i64",
    shape: ["batch_size", "sequence_length"],
  });
  return {
    ...rest,
    format: "weir-bundle/2",
    architecture: unknownArchitecture,
    head: { labels },
    signatures: {
      model: {
        file: "onnx/model.onnx",
        inputs: [ids("input_ids"), ids("attention_mask"), ids("token_type_ids")],
        outputs: [{ name: "logits", dtype: "f32", shape: ["batch_size", labels.length] }],
      },
    },
  };
}

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const shortText = z.string().max(1_000);
const hash = z.string().regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 hexadecimal digits");
const bundlePath = z.string().refine(isBundlePath, "must be a relative path inside the bundle");
const labels = z.array(z.string().max(manifestLimits.labelCharacters)).min(1).max(manifestLimits.labels)
  .refine((labels) => new Set(labels).size === labels.length, "names a label twice");

const share = z.number().min(0).max(1);

const common = {
  name: z.string().refine(isModelName, "is no model name"),
  version: z.string().refine(isVersion, "is no semantic version").optional(),
  task: z.string().regex(/^[a-z0-9-]{1,64}$/, "is no task name"),
  createdAt: z.iso.datetime({ offset: true }),
  lineage: z.looseObject({
    runId: shortText,
    dataHash: hash.nullable(),
    baseModel: shortText.nullable(),
    baseModelHash: hash.optional(),
    method: shortText,
    tokenizer: z.looseObject({
      tokenizer: shortText.optional(),
      cased: z.boolean().optional(),
      stripAccents: z.boolean().optional(),
      limitAlphabet: count.optional(),
      unknownTokens: z.object({ train: share, validation: share, test: share }),
    }).optional(),
    seed: z.number(),
    device: shortText,
    epochs: z.number().nonnegative(),
    steps: count,
    trainSeconds: z.number().nonnegative(),
    rowSteps: z.array(z.looseObject({ step: shortText, rowsBefore: count, rowsAfter: count }))
      .max(manifestLimits.steps).optional(),
    rows: z.object({
      ...{ train: z.number().int().nonnegative(), validation: z.number().int().nonnegative() },
      test: z.number().int().nonnegative(),
    }).optional(),
    evaluation: z.looseObject({
      method: z.enum(["held-out", "cross-validation"]),
      origin: shortText,
      folds: count.optional(),
      spread: z.record(z.string().max(manifestLimits.labelCharacters + 100), z.number().nonnegative())
        .optional(),
    }).optional(),
  }),
  metrics: z.record(
    // A metric may be named after a label.
    z.string().max(manifestLimits.labelCharacters + 100),
    z.looseObject({
      value: z.number(),
      low: z.number(),
      high: z.number(),
      confidence: z.number().gt(0).lt(1),
      n: count,
      method: z.string().max(100).optional(),
    }).refine(({ low, high }) => low <= high, "has an interval whose low end is above its high end"),
  ),
  limits: z.looseObject({
    maxTokens: count.min(1).max(manifestLimits.maxTokens),
    maxCharacters: count.min(1).max(manifestLimits.maxCharacters),
  }),
  files: z.record(
    bundlePath,
    z.object({
      sizeBytes: count.max(manifestLimits.fileBytes),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits"),
    }),
  ).refine(
    (entries) => Object.keys(entries).length <= manifestLimits.files,
    `has over ${manifestLimits.files} entries`,
  ).optional(),
};

const format1 = z.looseObject({ format: z.literal("weir-bundle/1"), labels, ...common });

const tensors = z.array(z.looseObject({
  name: z.string().min(1).max(200),
  dtype: z.enum(["i64", "i32", "f32", "f16", "bool", "u8"]),
  shape: z.array(z.union([count, z.string().min(1).max(100)])).max(16),
})).max(manifestLimits.tensors)
  .refine((specs) => new Set(specs.map(({ name }) => name)).size === specs.length, "names a tensor twice");

const format2And3: z.ZodType<ManifestDraft> = z.looseObject({
  format: z.enum(["weir-bundle/2", "weir-bundle/3"]),
  ...common,
  architecture: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "is no model type"),
  head: z.looseObject({ labels: labels.optional() }),
  pairColumn: shortText.nullable().optional(),
  cleaning: z.array(shortText).min(1).max(manifestLimits.steps).optional(),
  signatures: z.record(
    z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, "is no name of a signature"),
    z.looseObject({ file: bundlePath, inputs: tensors, outputs: tensors.min(1) }),
  ),
}).superRefine(({ format, cleaning, files, head, signatures }, context) => {
  if (cleaning !== undefined && format === "weir-bundle/2") {
    context.addIssue({ code: "custom", path: ["cleaning"], message: "is of the format weir-bundle/3" });
  }
  for (const [name, { file, outputs }] of Object.entries(signatures)) {
    const path = ["signatures", name];
    if (files !== undefined && !Object.hasOwn(files, file)) {
      context.addIssue({
        code: "custom",
        path: [...path, "file"],
        message: `${file} is not among the files`,
      });
    }
    const width = outputs.find((output) => output.name === "logits")?.shape.at(-1);
    if (head.labels !== undefined && typeof width === "number" && width !== head.labels.length) {
      context.addIssue({
        code: "custom",
        path: [...path, "outputs"],
        message: `logits are ${width} wide and head.labels has ${head.labels.length}`,
      });
    }
  }
});

function validate<T>(schema: z.ZodType<T>, value: unknown, source: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue.path.length > 0 ? issue.path.join(".").slice(0, 120) : "the document";
  throw new BundleError(`${source}: ${oneLine(field)}: ${oneLine(describe(issue))}.`);
}

function describe(issue: z.core.$ZodIssue): string {
  // A bad key is reported with the reason one level down.
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  return issue.message.replace(/^Invalid input: /, "");
}
