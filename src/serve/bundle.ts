import { join } from "node:path";
import { type FileDigest, hashFile, sha256 } from "../base/hash.ts";
import { checkJson, indexed, isObject, parseJson, text } from "../base/json.ts";
import { show } from "../base/text.ts";
import { ServeError } from "./errors.ts";

/** What of a bundle a text classifier is served from. */
export interface ServedBundle {
  /** path of the directory */
  directory: string;
  manifest: ServedManifest;
  /** in the order of the logits */
  labels: string[];
  /** the text of tokenizer.json and, where there is one, of tokenizer_config.json */
  tokenizer: string;
  tokenizerConfig?: string;
  /** the parsed baseline.json, where there is one */
  baseline?: unknown;
  /** path of the ONNX file */
  modelPath: string;
  /** the most tokens the model takes, special ones included */
  maxTokens: number;
  /** the longest text that is read, in characters */
  maxCharacters: number;
}

/** What the server shows of weir.json. */
export interface ServedManifest {
  /** the registered model's name */
  name: string;
  /** semantic version */
  version: string;
  /** text-classification */
  task: string;
  /** ISO-8601, UTC */
  createdAt: string;
  /** where it came from: run, data, seed, device ... */
  lineage: Record<string, unknown>;
  /** by name, over held-out texts, with confidence intervals */
  metrics: Record<string, { value: number; low: number; high: number; confidence: number; n: number }>;
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
export async function readBundle(directory: string): Promise<ServedBundle> {
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
  if (raw.task !== "text-classification") {
    throw bad(directory, "weir.json", `its task is ${show(raw.task)}; this server runs text-classification`);
  }
  const manifest = readManifest(raw, directory);
  const files = (raw.files ?? {}) as Readonly<Record<string, ListedFile>>;
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
  await checkModel(directory, files["onnx/model.onnx"]);

  const limits = (raw.limits ?? {}) as { maxTokens?: unknown; maxCharacters?: unknown };
  const positions = whole(config.max_position_embeddings) ?? 512;
  return {
    directory,
    manifest,
    labels: readLabels(config, directory),
    tokenizer,
    tokenizerConfig,
    baseline,
    modelPath: join(directory, "onnx/model.onnx"),
    // Past its position embeddings a model reads outside its table.
    maxTokens: Math.min(whole(limits.maxTokens) ?? positions, positions),
    maxCharacters: whole(limits.maxCharacters) ?? 1_000_000,
  };
}

function readManifest(raw: Record<string, unknown>, directory: string): ServedManifest {
  const field = (name: string) => {
    const value = raw[name];
    if (typeof value === "string" && value.length > 0 && value.length <= 1_000) return value;
    throw bad(directory, "weir.json", `${name} is ${show(value)}; wanted a text`);
  };
  const metrics: ServedManifest["metrics"] = {};
  for (const [name, metric] of Object.entries(object(raw.metrics ?? {}, directory, "weir.json"))) {
    const { value, low, high, confidence, n } = (metric ?? {}) as Record<string, unknown>;
    if (![value, low, high, confidence, n].every((x) => typeof x === "number" && Number.isFinite(x))) {
      throw bad(
        directory,
        "weir.json",
        `metrics.${name} is ${show(metric)}; wanted value, low, high, confidence and n`,
      );
    }
    metrics[name] = { value, low, high, confidence, n } as ServedManifest["metrics"][string];
  }
  return {
    name: field("name"),
    version: field("version"),
    task: field("task"),
    createdAt: field("createdAt"),
    lineage: object(raw.lineage ?? {}, directory, "weir.json"),
    metrics,
  };
}

function readLabels(config: Record<string, unknown>, directory: string): string[] {
  const check = indexed(text(bundleLimits.configBytes), { least: 1, most: bundleLimits.labels });
  return checkJson(check, config.id2label, (problem) => bad(directory, "config.json", problem), "id2label");
}

async function readChecked(
  directory: string,
  path: string,
  limit: number,
  files: Readonly<Record<string, ListedFile>>,
): Promise<string> {
  const bytes = await readBytes(directory, path, limit);
  const entry = files[path];
  if (entry) compare(directory, path, { sizeBytes: bytes.length, sha256: sha256(bytes) }, entry);
  return decode(bytes, directory, path);
}

/** Checks the model as a stream: it is not in memory here, but in the Worker that runs it. */
async function checkModel(directory: string, entry: ListedFile | undefined): Promise<void> {
  const path = "onnx/model.onnx";
  const found = await reading(directory, path, bundleLimits.modelBytes, hashFile);
  if (entry) compare(directory, path, found, entry);
}

/** What weir.json says of a file. */
interface ListedFile {
  readonly sizeBytes?: unknown;
  readonly sha256?: unknown;
}

function compare(directory: string, path: string, found: FileDigest, entry: ListedFile): void {
  if (entry.sizeBytes !== found.sizeBytes) {
    throw bad(directory, path, `it has ${found.sizeBytes} bytes and weir.json says ${show(entry.sizeBytes)}`);
  }
  if (entry.sha256 !== found.sha256) {
    throw bad(directory, path, "its content is not what weir.json says (SHA-256 differs)");
  }
}

async function read(directory: string, path: string, limit: number): Promise<string> {
  return decode(await readBytes(directory, path, limit), directory, path);
}

async function readBytes(directory: string, path: string, limit: number): Promise<Uint8Array> {
  return await reading(directory, path, limit, (full) => Deno.readFile(full));
}

/** Reads a file of at most `limit` bytes in whatever way, and says what to do where it is missing or may not be read. */
async function reading<T>(
  directory: string,
  path: string,
  limit: number,
  read: (full: string) => Promise<T>,
): Promise<T> {
  const full = join(directory, path);
  try {
    const { size } = await Deno.stat(full);
    if (size > limit) throw bad(directory, path, `it has ${size} bytes; at most ${limit} are read`);
    return await read(full);
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
  return parseJson(text, (problem) => bad(directory, path, problem));
}

function object(value: unknown, directory: string, path: string): Record<string, unknown> {
  if (isObject(value)) return value;
  throw bad(directory, path, `it holds ${show(value)}; wanted an object`);
}

function whole(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? value as number : undefined;
}

function bad(directory: string, path: string, problem: string): ServeError {
  return new ServeError("bundle", `Cannot serve ${directory}: ${path} is damaged or not ours: ${problem}.`);
}
