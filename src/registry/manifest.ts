import { z } from "zod";
import { RegistryError } from "./errors.ts";
import { isVersion } from "./versions.ts";

/** weir.json: what a bundle is, where it came from, how good it is, and what files belong to it. */
export interface Manifest {
  /** the document's format and its version */
  format: "weir-bundle/1";
  /** the registered model's name */
  name: string;
  /** semantic version; the registry sets it when the bundle is published */
  version: string;
  /** the Hugging Face pipeline it serves, such as text-classification */
  task: string;
  /** ISO-8601, UTC */
  createdAt: string;
  /** how it was made, and from what */
  lineage: Lineage;
  /** by name, such as accuracy and macroF1, over held-out data */
  metrics: Record<string, MetricValue>;
  /** in the order of the logits */
  labels: string[];
  /** texts are cut to maxTokens; the server refuses more than maxCharacters */
  limits: { maxTokens: number; maxCharacters: number };
  /** every file but weir.json itself, by path relative to the bundle, with forward slashes */
  files: Record<string, FileEntry>;
}

/** Where a bundle came from. */
export interface Lineage {
  /** the recorded run that trained it */
  runId: string;
  /** sha256: and 64 hexadecimal digits, over the training data */
  dataHash: string;
  /** the model it was fine-tuned from; null when trained from scratch */
  baseModel: string | null;
  /** full, or the adapter method */
  method: string;
  /** of the split, the initial weights, the order and dropout */
  seed: number;
  /** the backend it was trained on */
  device: string;
  /** passes over the training data */
  epochs: number;
  /** optimiser steps */
  steps: number;
  /** wall-clock time of training, s */
  trainSeconds: number;
}

/** A metric and its bootstrap confidence interval. */
export interface MetricValue {
  /** over all examples */
  value: number;
  /** lower end of the interval */
  low: number;
  /** upper end of the interval */
  high: number;
  /** the interval's level, such as 0.95 */
  confidence: number;
  /** examples that it was measured on */
  n: number;
}

/** The size and content of one file. */
export interface FileEntry {
  /** length of the file */
  sizeBytes: number;
  /** 64 lower-case hexadecimal digits */
  sha256: string;
}

/** What a trainer writes into weir.json: the registry gives the version and completes the list of files. */
export type ManifestDraft =
  & Omit<Manifest, "version" | "files">
  & Partial<Pick<Manifest, "version" | "files">>;

/** Limits on what is read from a bundle that somebody else may have made. */
export const manifestLimits = {
  manifestBytes: 4 * 2 ** 20,
  files: 10_000,
  pathCharacters: 255,
  labels: 100_000,
};

/**
 * Reads and validates weir.json. Fields that this version does not know are kept.
 *
 * @param json the text of weir.json, or what it parses to
 * @param source how to name it in errors, such as its path
 * @throws {RegistryError} when it is no JSON, of another format, or a field is missing or not what it should be
 */
export function parseManifest(json: unknown, source = "weir.json"): Manifest {
  return validate(manifestSchema, json, source);
}

/** Like {@linkcode parseManifest}, for a bundle that has no version yet. */
export function parseManifestDraft(json: unknown, source = "weir.json"): ManifestDraft {
  return validate(draftSchema, json, source);
}

/**
 * Checks the name of a model or an alias: it becomes part of paths and addresses.
 *
 * @throws {RegistryError} when it holds anything but lower-case letters, digits, dots, hyphens and underscores
 */
export function checkName(kind: "model" | "alias", name: string): string {
  if (!namePattern.test(name)) {
    throw new RegistryError(
      `"${
        name.slice(0, 80)
      }" is no ${kind} name: wanted 1 to 64 of a-z, 0-9, ".", "_" and "-", beginning with a ` +
        `letter or digit.`,
    );
  }
  return name;
}

/** Whether `path` stays inside the bundle on every file system: relative, forward slashes, no empty, `.` or `..` part. */
export function isBundlePath(path: string): boolean {
  return path.length > 0 && path.length <= manifestLimits.pathCharacters &&
    path.split("/").every((part) => partPattern.test(part) && !part.endsWith(".") && part !== "__proto__");
}

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;
// Letters, digits, and what file names of models hold; no backslash, colon, space or control character.
const partPattern = /^(?!\.{1,2}$)[\p{L}\p{N}._@+=,-]+$/u;

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const shortText = z.string().max(1_000);
const metric = z.looseObject({
  value: z.number(),
  low: z.number(),
  high: z.number(),
  confidence: z.number().gt(0).lt(1),
  n: count,
});
const files = z.record(
  z.string().refine(isBundlePath, "must be a relative path inside the bundle"),
  z.object({ sizeBytes: count, sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits") }),
).refine(
  (entries) => Object.keys(entries).length <= manifestLimits.files,
  `has over ${manifestLimits.files} entries`,
);

const draftSchema: z.ZodType<ManifestDraft> = z.looseObject({
  format: z.literal("weir-bundle/1"),
  name: z.string().regex(namePattern, "is no model name"),
  version: z.string().refine(isVersion, "is no semantic version").optional(),
  task: z.string().regex(/^[a-z0-9-]{1,64}$/, "is no task name"),
  createdAt: z.iso.datetime({ offset: true }),
  lineage: z.looseObject({
    runId: shortText,
    dataHash: z.string().regex(/^sha256:[0-9a-f]{64}$/, "must be sha256: and 64 hexadecimal digits"),
    baseModel: shortText.nullable(),
    method: shortText,
    seed: z.number(),
    device: shortText,
    epochs: z.number().nonnegative(),
    steps: count,
    trainSeconds: z.number().nonnegative(),
  }),
  metrics: z.record(z.string().max(200), metric),
  labels: z.array(shortText).min(1).max(manifestLimits.labels)
    .refine((labels) => new Set(labels).size === labels.length, "names a label twice"),
  limits: z.looseObject({ maxTokens: count.min(1), maxCharacters: count.min(1) }),
  files: files.optional(),
});

const manifestSchema = draftSchema.refine((m) => m.version !== undefined, {
  path: ["version"],
  message: "is missing",
})
  .refine((m) => m.files !== undefined, { path: ["files"], message: "is missing" }) as unknown as z.ZodType<
    Manifest
  >;

function validate<T>(schema: z.ZodType<T>, json: unknown, source: string): T {
  let value = json;
  if (typeof json === "string") {
    if (json.length > manifestLimits.manifestBytes) {
      throw new RegistryError(
        `${source} is larger than ${manifestLimits.manifestBytes} bytes: it is no bundle manifest.`,
      );
    }
    try {
      value = JSON.parse(json);
    } catch (error) {
      throw new RegistryError(`${source} is not JSON: ${(error as Error).message}.`);
    }
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === "string" && format !== "weir-bundle/1") {
    throw new RegistryError(
      `${source} is of format "${
        format.slice(0, 40)
      }" and this Weir reads weir-bundle/1: update Weir, or export again.`,
    );
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue.path.length > 0 ? issue.path.join(".").slice(0, 120) : "the document";
  throw new RegistryError(`${source}: ${field}: ${describe(issue)}.`);
}

function describe(issue: z.core.$ZodIssue): string {
  // A bad key is reported with the reason one level down.
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  return issue.message.replace(/^Invalid input: /, "");
}
