/**
 * Starting from a checkpoint: a folder as Hugging Face's transformers saves it, or a bundle.
 *
 * @module
 */
import { basename, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { architectureOf, type ModelConfig, parseConfig } from "../../models/index.ts";
import { UserError } from "../base/errors.ts";
import { isThere, readLimited } from "../base/files.ts";
import { isObject, parseJson } from "../base/json.ts";
import { show } from "../base/text.ts";
import { checkVocabulary } from "../bundle/checks.ts";
import { checkEntry, manifestName } from "../bundle/files.ts";
import { type Fingerprints, readFingerprints } from "../bundle/fingerprints.ts";
import type { Manifest } from "../bundle/manifest.ts";
import { readManifest } from "../bundle/reader.ts";
import type { HostTensor } from "../graph/graph.ts";
import { readSafetensors } from "../nn/safetensors.ts";
import type { ModelSpec } from "../tasks/model.ts";
import { servedTask, TASK_NAMES, type TaskName } from "../tasks/served.ts";
import { trainedTasks } from "../tasks/trained.ts";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import { LifecycleError } from "./errors.ts";

/** A checkpoint: configuration, weights, tokenizer. */
export interface Pretrained {
  /** What lineage calls it: the name it was asked by, or the folder's. */
  readonly name: string;
  readonly config: ModelConfig;
  /** The whole `config.json`, which may describe a head. */
  readonly configJson: Readonly<Record<string, unknown>>;
  /** By the checkpoint's own names. */
  readonly tensors: Readonly<Record<string, HostTensor>>;
  /** `tokenizer.json` and, where there is one, `tokenizer_config.json`, as parsed JSON. */
  readonly tokenizerFiles: { readonly tokenizer: object; readonly config: object };
  /** That tokenizer, loaded. */
  readonly tokenizer: Tokenizer;
  /** `sha256:...` of the weights' file. */
  readonly hash: string;
  /** Of a bundle. */
  readonly manifest?: Manifest;
  /** Of a bundle that has them: the rows that it has seen. */
  readonly fingerprints?: Fingerprints;
}

/** The most bytes that are read of each file: a checkpoint may come from anywhere. */
export const checkpointLimits = { json: 64 * 2 ** 20, weights: 2 ** 32 };

/**
 * Reads a checkpoint's folder. Weights are read from safetensors alone: a pickle can run code when it is read. Of a bundle each
 * file is held to its SHA-256.
 *
 * @throws {LifecycleError} naming the file that is missing, too large or not JSON, and how to make it of what is there; the
 *   readers' own errors for what is in them.
 * @throws {BundleError} when its tokenizer has ids that its token table has no rows for, or a bundle's file is not what its
 *   `weir.json` lists.
 */
export async function readPretrained(
  directory: string,
  name = basename(resolve(directory)),
): Promise<Pretrained> {
  const manifest = await exists(directory, manifestName) ? await readManifest(directory) : undefined;
  const configJson = await readJson(directory, "config.json", manifest);
  const tokenizerFiles = {
    tokenizer: await readJson(directory, "tokenizer.json", manifest),
    config: await exists(directory, "tokenizer_config.json")
      ? await readJson(directory, "tokenizer_config.json", manifest)
      : {},
  };
  const bytes = await readBytes(directory, "model.safetensors", checkpointLimits.weights);
  const sha256 = await listedHash(directory, "model.safetensors", bytes, manifest);
  const { tensors } = readSafetensors(bytes, { name: join(directory, "model.safetensors") });
  // Here, where every checkpoint comes in: what is trained, exported or registered looks ids up in the table.
  const tokenizer = loadTokenizer(tokenizerFiles.tokenizer, tokenizerFiles.config);
  checkVocabulary(tokenizer.vocabSize, configJson, directory);
  return {
    name,
    config: parseConfig(configJson),
    configJson,
    tensors,
    tokenizerFiles,
    tokenizer,
    hash: `sha256:${sha256}`,
    manifest,
    fingerprints: manifest && await readFingerprints(directory, manifest),
  };
}

/**
 * The model that a folder holds: of the task that its `weir.json` names or, in a folder from elsewhere, of the one that
 * `task` says; otherwise of the first whose own files it has, or whose head its `config.json` describes.
 *
 * @throws {LifecycleError} when the folder describes no head.
 */
export async function specOf(
  directory: string,
  pretrained: Pretrained,
  options: { readonly task?: TaskName } = {},
): Promise<ModelSpec> {
  const { manifest } = pretrained;
  const given = manifest ? servedTask(manifest.task).name as TaskName : options.task;
  for (const task of given ? [given] : await tasksByFiles(directory)) {
    const head = await headIn(directory, pretrained, task);
    if (head !== undefined) return { task, config: pretrained.config, head };
  }
  const { architectures } = pretrained.configJson;
  const found = architectures === undefined ? "" : `; it is of ${show(architectures)}`;
  throw new LifecycleError(
    `${pretrained.name}: config.json describes no head of ${given ?? TASK_NAMES.join(", ")}${found}`,
  );
}

/** The head that a folder describes for a task; `undefined` where it describes none, or is a bundle of another task. */
export async function headIn(
  directory: string,
  { configJson, manifest }: Pretrained,
  task: TaskName,
): Promise<unknown> {
  if (manifest) return manifest.task === task ? servedTask(task).head.parse(manifest.head) : undefined;
  const { headFiles = [], headOfConfig } = trainedTasks[task];
  const files: Record<string, unknown> = {};
  for (const file of headFiles) {
    if (await exists(directory, file)) files[file] = await readAnyJson(directory, file);
  }
  return headOfConfig?.(configJson, files);
}

/**
 * The most tokens that a checkpoint was made for, special ones included: the least that its manifest, its configuration, its
 * tokenizer or sentence-transformers' settings name.
 */
export async function maxTokensIn(
  directory: string,
  { config, tokenizerFiles, manifest }: Pretrained,
): Promise<number> {
  const settings = "sentence_bert_config.json";
  const { max_seq_length } = await exists(directory, settings) ? await readJson(directory, settings) : {};
  const { model_max_length } = tokenizerFiles.config as { model_max_length?: unknown };
  return Math.min(
    config.maxPositions,
    manifest?.limits.maxTokens ?? Infinity,
    lengthIn(max_seq_length, `${join(directory, settings)}: max_seq_length`),
    lengthIn(model_max_length, `${join(directory, "tokenizer_config.json")}: model_max_length`),
  );
}

/** A number of tokens in a file from elsewhere; transformers writes 1e30 where there is no limit, and null is none either. */
function lengthIn(value: unknown, where: string): number {
  if (value === undefined || value === null) return Infinity;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1) return value;
  throw new LifecycleError(`${where} is ${show(value)}, wanted a whole number of tokens of at least 1`);
}

/** All tasks, first those whose own files the folder has. */
async function tasksByFiles(directory: string): Promise<TaskName[]> {
  const present: TaskName[] = [];
  for (const task of TASK_NAMES) {
    const [own] = trainedTasks[task].headFiles ?? [];
    if (own !== undefined && await exists(directory, own)) present.push(task);
  }
  return [...new Set([...present, ...TASK_NAMES])];
}

/**
 * Whether a checkpoint's head is the one that a task would have, by what `config.json` says of it: the same class and the
 * same labels.
 */
export function hasHead({ configJson, config }: Pretrained, { task, head }: ModelSpec): boolean {
  const wanted = trainedTasks[task].configJson(architectureOf(config), head);
  // Checkpoints seldom name the problem type, and the class and the labels imply it.
  return Object.entries(wanted).every(([field, value]) =>
    field === "problem_type" || isDeepStrictEqual(value, configJson[field])
  );
}

async function readJson(
  directory: string,
  file: string,
  manifest?: Manifest,
): Promise<Record<string, unknown>> {
  const value = await readAnyJson(directory, file, manifest);
  if (isObject(value)) return value;
  throw new LifecycleError(`${join(directory, file)} does not hold a JSON object`);
}

async function readAnyJson(directory: string, file: string, manifest?: Manifest): Promise<unknown> {
  const bytes = await readBytes(directory, file, checkpointLimits.json);
  if (manifest) await listedHash(directory, file, bytes, manifest);
  return parseJson(
    bytes,
    (problem) => new LifecycleError(`${join(directory, file)}: ${problem}`),
  );
}

/** The SHA-256 of a file, which in a bundle has to be the one that is listed. */
async function listedHash(
  directory: string,
  file: string,
  bytes: Uint8Array<ArrayBuffer>,
  manifest: Manifest | undefined,
): Promise<string> {
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  const listed = manifest && Object.hasOwn(manifest.files, file) ? manifest.files[file] : undefined;
  if (listed) checkEntry(directory, file, { sizeBytes: bytes.length, sha256 }, listed);
  return sha256;
}

async function readBytes(directory: string, file: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(directory, file);
  const bytes = await readLimited(path, limit).catch((error) => {
    throw error instanceof UserError ? new LifecycleError(error.message, { cause: error }) : error;
  });
  if (bytes) return bytes;
  const wanted = "a checkpoint's folder has config.json, tokenizer.json and model.safetensors";
  throw new LifecycleError(`${path} is not there; ${wanted}${await adviceFor(directory, file)}`);
}

/** What a folder may have instead of a file, and how the file is made of it, in Python and where the folder is trusted. */
const substitutes: readonly { readonly file: string; readonly found: string; readonly advice: string }[] = [
  {
    file: "model.safetensors",
    found: "pytorch_model.bin",
    advice:
      "which is a pickle: reading one can run any code, so it is never read here. Where you trust it, make safetensors " +
      "of it with " +
      "transformers: AutoModel.from_pretrained(folder).save_pretrained(folder)",
  },
  {
    file: "model.safetensors",
    found: "model.safetensors.index.json",
    advice:
      "so the weights are in several files, which are not read here. Make one of them with transformers: " +
      `AutoModel.from_pretrained(folder).save_pretrained(folder, max_shard_size="4GB")`,
  },
  ...["vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model"].map((found) => ({
    file: "tokenizer.json",
    found,
    advice: "of which transformers makes it: AutoTokenizer.from_pretrained(folder).save_pretrained(folder)",
  })),
];

async function adviceFor(directory: string, missing: string): Promise<string> {
  for (const { file, found, advice } of substitutes) {
    if (file === missing && await exists(directory, found)) return `. There is ${found}, ${advice}`;
  }
  return "";
}

async function exists(directory: string, file: string): Promise<boolean> {
  return await isThere(join(directory, file));
}
