/**
 * Reading what is served from a bundle.
 *
 * @module
 */
import { join } from "node:path";
import { ServeError } from "./errors.ts";

/** A bundle as it was read and found whole. */
export interface Bundle {
  readonly directory: string;
  readonly manifest: Manifest;
  /** The text of `tokenizer.json` and, where there is one, of `tokenizer_config.json`. */
  readonly tokenizer: string;
  readonly tokenizerConfig?: string;
  /** The parsed `baseline.json`, where there is one. */
  readonly baseline?: unknown;
  /** The model files by path. */
  readonly models: Readonly<Record<string, Uint8Array>>;
  /** The most tokens the model takes, special ones included. */
  readonly maxTokens: number;
  /** The longest text that is read, in code points. */
  readonly maxCharacters: number;
}

/** What a server shows of `weir.json`. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly task: string;
  readonly createdAt: string;
  readonly head: Readonly<Record<string, unknown>>;
  readonly signatures: Readonly<Record<string, Signature>>;
  readonly lineage: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<
    Record<string, { value: number; low: number; high: number; confidence: number; n: number }>
  >;
}

/** What one file of a bundle computes. */
export interface Signature {
  readonly file: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** A tensor that a model reads or gives. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

/** The most bytes that are read of each file: a bundle may come from anywhere. */
export const bundleLimits = {
  configBytes: 8 * 2 ** 20,
  tokenizerBytes: 64 * 2 ** 20,
  manifestBytes: 4 * 2 ** 20,
  baselineBytes: 64 * 2 ** 20,
  modelBytes: 2 ** 31,
  labels: 100_000,
};

/**
 * Reads the parts of a bundle that serving needs, and checks that they are the files weir.json names.
 *
 * @param directory a bundle, as weir train writes it and the registry stores it
 * @throws {ServeError} `bundle`, naming the file that is missing, damaged or not what it should be
 */
export async function readBundle(directory: string): Promise<Bundle> {
  const raw = object(
    parse(await read(directory, "weir.json", bundleLimits.manifestBytes), directory, "weir.json"),
    directory,
    "weir.json",
  );
  if (raw.format !== "weir-bundle/1") {
    throw bad(
      directory,
      "weir.json",
      `its format is ${show(raw.format)}; wanted "weir-bundle/1". Export the model again`,
    );
  }
  const files = (raw.files ?? {}) as Record<string, { sizeBytes?: unknown; sha256?: unknown }>;
  const checked = (path: string, limit: number) => readChecked(directory, path, limit, files);

  const config = object(
    parse(await checked("config.json", bundleLimits.configBytes), directory, "config.json"),
    directory,
    "config.json",
  );
  const tokenizer = await checked("tokenizer.json", bundleLimits.tokenizerBytes);
  const tokenizerConfig = await exists(directory, "tokenizer_config.json")
    ? await checked("tokenizer_config.json", bundleLimits.configBytes)
    : undefined;
  const baseline = await exists(directory, "baseline.json")
    ? parse(await checked("baseline.json", bundleLimits.baselineBytes), directory, "baseline.json")
    : undefined;
  const model = await readBytes(directory, "onnx/model.onnx", bundleLimits.modelBytes);
  await compare(directory, "onnx/model.onnx", model, files["onnx/model.onnx"]);

  const limits = (raw.limits ?? {}) as { maxTokens?: unknown; maxCharacters?: unknown };
  const positions = whole(config.max_position_embeddings) ?? 512;
  return {
    directory,
    manifest: readManifest(raw, readLabels(config, directory), directory),
    tokenizer,
    tokenizerConfig,
    baseline,
    models: { "onnx/model.onnx": model },
    // Past its position embeddings a model reads outside its table.
    maxTokens: Math.min(whole(limits.maxTokens) ?? positions, positions),
    maxCharacters: whole(limits.maxCharacters) ?? 1_000_000,
  };
}

function readManifest(raw: Record<string, unknown>, labels: string[], directory: string): Manifest {
  const text = (field: string) => {
    const value = raw[field];
    if (typeof value === "string" && value.length > 0 && value.length <= 1_000) return value;
    throw bad(directory, "weir.json", `${field} is ${show(value)}; wanted a text`);
  };
  const metrics: Record<string, Manifest["metrics"][string]> = {};
  for (const [name, metric] of Object.entries(object(raw.metrics ?? {}, directory, "weir.json"))) {
    const { value, low, high, confidence, n } = (metric ?? {}) as Record<string, unknown>;
    if (![value, low, high, confidence, n].every((x) => typeof x === "number" && Number.isFinite(x))) {
      throw bad(
        directory,
        "weir.json",
        `metrics.${name} is ${show(metric)}; wanted value, low, high, confidence and n`,
      );
    }
    metrics[name] = { value, low, high, confidence, n } as Manifest["metrics"][string];
  }
  return {
    name: text("name"),
    version: text("version"),
    task: text("task"),
    createdAt: text("createdAt"),
    head: { labels },
    signatures: {
      model: {
        file: "onnx/model.onnx",
        inputs: [],
        outputs: [{ name: "logits", dtype: "f32", shape: ["batch_size", labels.length] }],
      },
    },
    lineage: object(raw.lineage ?? {}, directory, "weir.json"),
    metrics,
  };
}

function readLabels(config: Record<string, unknown>, directory: string): string[] {
  const map = config.id2label;
  if (typeof map !== "object" || map === null) {
    throw bad(directory, "config.json", "it has no id2label; wanted the labels by number");
  }
  const entries = Object.entries(map);
  if (entries.length === 0 || entries.length > bundleLimits.labels) {
    throw bad(
      directory,
      "config.json",
      `id2label has ${entries.length} labels; wanted 1 to ${bundleLimits.labels}`,
    );
  }
  const labels: string[] = [];
  for (const [id, label] of entries) {
    if (!/^\d+$/.test(id) || Number(id) >= entries.length || typeof label !== "string") {
      throw bad(
        directory,
        "config.json",
        `id2label has ${show(id)}: ${show(label)}; wanted numbers 0 to ${
          entries.length - 1
        } and a text for each`,
      );
    }
    labels[Number(id)] = label;
  }
  return labels;
}

async function readChecked(
  directory: string,
  path: string,
  limit: number,
  files: Record<string, { sizeBytes?: unknown; sha256?: unknown }>,
): Promise<string> {
  const bytes = await readBytes(directory, path, limit);
  await compare(directory, path, bytes, files[path]);
  return decode(bytes, directory, path);
}

async function compare(
  directory: string,
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  entry: { sizeBytes?: unknown; sha256?: unknown } | undefined,
): Promise<void> {
  if (!entry) return;
  if (entry.sizeBytes !== bytes.length) {
    throw bad(directory, path, `it has ${bytes.length} bytes and weir.json says ${show(entry.sizeBytes)}`);
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  if (entry.sha256 !== hash) {
    throw bad(directory, path, "its content is not what weir.json says (SHA-256 differs)");
  }
}

async function read(directory: string, path: string, limit: number): Promise<string> {
  return decode(await readBytes(directory, path, limit), directory, path);
}

async function readBytes(directory: string, path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const full = join(directory, path);
  try {
    const { size } = await Deno.stat(full);
    if (size > limit) throw bad(directory, path, `it has ${size} bytes; at most ${limit} are read`);
    return await Deno.readFile(full);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      throw new ServeError(
        "bundle",
        `Cannot serve ${directory}: it has no ${path}. Give the directory of a bundle, as weir train writes it.`,
      );
    }
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
      throw new ServeError("bundle", `Cannot serve ${directory}: ${path} may not be read.`);
    }
    throw error;
  }
}

async function exists(directory: string, path: string): Promise<boolean> {
  try {
    return (await Deno.stat(join(directory, path))).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function decode(bytes: Uint8Array, directory: string, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw bad(directory, path, "it is not valid UTF-8");
  }
}

function parse(text: string, directory: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bad(directory, path, `it is not JSON: ${(error as Error).message}`);
  }
}

function object(value: unknown, directory: string, path: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw bad(directory, path, `it holds ${show(value)}; wanted an object`);
}

function whole(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? value as number : undefined;
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 80);
}

function bad(directory: string, path: string, problem: string): ServeError {
  return new ServeError("bundle", `Cannot serve ${directory}: ${path} is damaged or not ours: ${problem}.`);
}
