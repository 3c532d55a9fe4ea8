/**
 * Reading a bundle, with every file that is used checked against the manifest.
 *
 * @module
 */
import { join } from "node:path";
import { isObject, parseJson } from "../base/json.ts";
import { show } from "../base/text.ts";
import { damaged, hashListed, listFiles, manifestName, readListed, readManifestBytes } from "./files.ts";
import {
  type FileEntry,
  labelsOf,
  type Manifest,
  type ManifestDraft,
  parseManifest,
  unknownArchitecture,
} from "./manifest.ts";

/** A bundle as it was read and found whole. */
export interface Bundle {
  /** Where it lies. */
  readonly directory: string;
  /** Its weir.json, as format 2. */
  readonly manifest: Manifest;
  /** The parsed `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The text of `tokenizer.json`. */
  readonly tokenizer: string;
  /** The text of `tokenizer_config.json`, where the bundle has one. */
  readonly tokenizerConfig?: string;
  /** The parsed `baseline.json`, where the bundle has one. */
  readonly baseline?: unknown;
  /** The model files by path, in shared memory: posted to any number of Workers, they stay one copy. */
  readonly models: Readonly<Record<string, Uint8Array<SharedArrayBuffer>>>;
  /** The most tokens that the model takes, special ones included. */
  readonly maxTokens: number;
  /** The longest text that is read, in code points. */
  readonly maxCharacters: number;
}

/** The most bytes that are read of each file: a bundle may come from anywhere. */
export const bundleLimits = {
  configBytes: 8 * 2 ** 20,
  tokenizerBytes: 64 * 2 ** 20,
  baselineBytes: 64 * 2 ** 20,
  modelBytes: 2 ** 31,
};

/**
 * Reads what a model is run with: configuration, tokenizer, the files of its signatures, and the baseline where there is
 * one. Each is read once, and is what the manifest lists; files that it does not list are not looked at.
 *
 * @param directory A bundle, as weir train writes it and the registry stores it.
 * @param options `models`: whether to read the signatures' files, which is most of the time; true unless given.
 * @throws {BundleError} Naming the file that is missing, damaged or at odds with the others.
 *
 * @example
 * ```ts
 * import { readBundle } from "./reader.ts";
 * import assert from "node:assert/strict";
 *
 * const { manifest, models } = await readBundle(new URL("../../tests/golden/serve/bundle", import.meta.url).pathname);
 * assert.deepEqual(manifest.head.labels, ["ham", "spam"]);
 * assert.equal(models[manifest.signatures.model.file].length, manifest.files["onnx/model.onnx"].sizeBytes);
 * ```
 */
export async function readBundle(
  directory: string,
  { models = true }: { readonly models?: boolean } = {},
): Promise<Bundle> {
  const { manifest, config } = await readConfigured(directory);
  checkConfig(directory, manifest, config);
  const has = (path: string) => Object.hasOwn(manifest.files, path);
  const read = async (path: string, maxBytes: number) => {
    const entry = entryOf(directory, manifest, path);
    return await readListed(directory, path, entry, { maxBytes, shared: false });
  };
  const readText = async (path: string, maxBytes: number) =>
    decodeText(await read(path, maxBytes), directory, path);
  const tokenizer = await readText("tokenizer.json", bundleLimits.tokenizerBytes);
  const tokenizerConfig = has("tokenizer_config.json")
    ? await readText("tokenizer_config.json", bundleLimits.configBytes)
    : undefined;
  const baseline = has("baseline.json")
    ? parseFile(await read("baseline.json", bundleLimits.baselineBytes), directory, "baseline.json")
    : undefined;
  const { maxTokens, maxCharacters } = manifest.limits;
  return {
    directory,
    manifest,
    config,
    tokenizer,
    tokenizerConfig,
    baseline,
    models: models ? await readModels(directory, manifest) : {},
    // Past its position embeddings a model reads outside its table. An architecture that leaves rows of it unused (RoBERTa) takes
    // fewer tokens, which the limits say.
    maxTokens: Math.min(maxTokens, positiveCount(config.max_position_embeddings) ?? Infinity),
    maxCharacters,
  };
}

/**
 * Reads a bundle's weir.json alone; of format 1, also the architecture in its config.json.
 *
 * @throws {BundleError} When it is missing or not valid.
 */
export async function readManifest(directory: string): Promise<Manifest> {
  const manifest = await readListing(directory);
  return manifest.architecture === unknownArchitecture
    ? (await readConfigured(directory)).manifest
    : manifest;
}

/**
 * Checks that a bundle is whole: every file that weir.json lists is there with its size and SHA-256, and no other.
 *
 * @returns The manifest.
 * @throws {BundleError} Naming the first file that is missing, changed or not listed.
 */
export async function verifyBundle(directory: string): Promise<Manifest> {
  const manifest = await readListing(directory);
  const present = new Set(await listFiles(directory));
  for (const [path, entry] of Object.entries(manifest.files)) {
    await hashListed(directory, path, entry);
    present.delete(path);
  }
  const [extra] = present;
  if (extra !== undefined) throw damaged(directory, extra, `is not listed in ${manifestName}`);
  return manifest;
}

/** A manifest with its architecture: that of format 1 names none, and `config.json` does. */
export function withArchitecture<M extends ManifestDraft>(
  manifest: M,
  config: Readonly<Record<string, unknown>>,
): M {
  const type = config.model_type;
  const isNeeded = manifest.architecture === unknownArchitecture;
  return isNeeded && typeof type === "string" && /^[A-Za-z0-9._-]{1,64}$/.test(type)
    ? { ...manifest, architecture: type }
    : manifest;
}

/** The object in a bundle's JSON file. */
export function parseObject(data: Uint8Array, directory: string, path: string): Record<string, unknown> {
  const value = parseFile(data, directory, path);
  if (isObject(value)) return value;
  throw damaged(directory, path, "does not hold a JSON object");
}

async function readListing(directory: string): Promise<Manifest> {
  return parseManifest(await readManifestBytes(directory), join(directory, manifestName));
}

async function readConfigured(
  directory: string,
): Promise<{ manifest: Manifest; config: Record<string, unknown> }> {
  const listing = await readListing(directory);
  const path = "config.json";
  const options = { maxBytes: bundleLimits.configBytes, shared: false };
  const bytes = await readListed(directory, path, entryOf(directory, listing, path), options);
  const config = parseObject(bytes, directory, path);
  return { manifest: withArchitecture(listing, config), config };
}

async function readModels(directory: string, manifest: Manifest): Promise<Bundle["models"]> {
  const models: Record<string, Uint8Array<SharedArrayBuffer>> = {};
  for (const path of new Set(Object.values(manifest.signatures).map(({ file }) => file))) {
    const options = { maxBytes: bundleLimits.modelBytes, shared: true } as const;
    models[path] = await readListed(directory, path, entryOf(directory, manifest, path), options);
  }
  return models;
}

function entryOf(directory: string, { files }: Manifest, path: string): FileEntry {
  if (Object.hasOwn(files, path)) return files[path];
  throw damaged(directory, manifestName, `does not list ${path}, which the model is run with`);
}

/** Two files that describe one model must describe the same. */
function checkConfig(directory: string, manifest: Manifest, config: Readonly<Record<string, unknown>>): void {
  const fail = (problem: string) => {
    throw damaged(directory, "config.json", problem);
  };
  const { architecture } = manifest;
  if (architecture !== unknownArchitecture && config.model_type !== architecture) {
    fail(
      `has the model_type ${show(config.model_type)} and ${manifestName} the architecture ${
        show(architecture)
      }`,
    );
  }
  const labels = labelsOf(manifest);
  if (labels === undefined) return;
  const named = config.id2label;
  if (!isObject(named)) return fail(`has no id2label; ${manifestName} has labels`);
  const count = Object.keys(named).length;
  if (count !== labels.length) {
    fail(`has ${count} labels in id2label and ${manifestName} has ${labels.length}`);
  }
  for (const [id, label] of labels.entries()) {
    const other = Object.hasOwn(named, id) ? named[id] : undefined;
    if (other !== label) fail(`has ${show(other)} as label ${id} and ${manifestName} has ${show(label)}`);
  }
}

function parseFile(data: Uint8Array, directory: string, path: string): unknown {
  return parseJson(data, (problem) => damaged(directory, path, problem.replace(/^it /, "")));
}

function decodeText(bytes: Uint8Array, directory: string, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw damaged(directory, path, "is not valid UTF-8");
  }
}

function positiveCount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? value as number : undefined;
}
