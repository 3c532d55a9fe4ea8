/**
 * Reading a bundle, with every file that is used checked against the manifest.
 *
 * @module
 */
import { BundleError } from "./errors.ts";
import { damaged, decodeText, hashListed, listFiles, manifestName, readListed, readManifestText } from "./files.ts";
import { labelsOf, type Manifest, parseManifest, unknownArchitecture } from "./manifest.ts";
import { join } from "node:path";

/** A bundle as it was read and found whole. */
export interface Bundle {
  readonly directory: string;
  readonly manifest: Manifest;
  /** The parsed `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The texts of `tokenizer.json` and, where the bundle has one, of `tokenizer_config.json`. */
  readonly tokenizer: string;
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
 * Reads what a model is run with: configuration, tokenizer, the files of its signatures, and the baseline where there is one. Each is
 * read once, and is what the manifest lists; files that it does not list are not looked at.
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
  const listed = parseManifest(await readManifestText(directory), join(directory, manifestName));
  const isListed = (path: string) => Object.hasOwn(listed.files, path);
  const read = async (path: string, maxBytes: number) => {
    if (!isListed(path)) throw damaged(directory, manifestName, `does not list ${path}, which a model needs`);
    const bytes = await readListed(directory, path, listed.files[path], { maxBytes, shared: false });
    return decodeText(bytes, directory, path);
  };
  const readOptional = async (path: string, maxBytes: number) =>
    isListed(path) ? await read(path, maxBytes) : undefined;

  const config = parseObject(await read("config.json", bundleLimits.configBytes), directory, "config.json");
  const manifest = withArchitecture(listed, config);
  checkConfig(directory, manifest, config);
  const tokenizer = await read("tokenizer.json", bundleLimits.tokenizerBytes);
  const tokenizerConfig = await readOptional("tokenizer_config.json", bundleLimits.configBytes);
  const baseline = await readOptional("baseline.json", bundleLimits.baselineBytes);
  const { maxTokens, maxCharacters } = manifest.limits;
  return {
    directory,
    manifest,
    config,
    tokenizer,
    tokenizerConfig,
    baseline: baseline === undefined ? undefined : parseJson(baseline, directory, "baseline.json"),
    models: models ? await readModels(directory, manifest) : {},
    // Past its position embeddings a model reads outside its table.
    maxTokens: Math.min(maxTokens, wholeNumber(config.max_position_embeddings) ?? Infinity),
    maxCharacters,
  };
}

/**
 * Reads a bundle's weir.json alone.
 *
 * @throws {BundleError} When it is missing or not valid.
 */
export async function readManifest(directory: string): Promise<Manifest> {
  const manifest = parseManifest(await readManifestText(directory), join(directory, manifestName));
  if (manifest.architecture !== unknownArchitecture) return manifest;
  return (await readBundle(directory, { models: false })).manifest;
}

/**
 * Checks that a bundle is whole: every file that weir.json lists is there with its size and SHA-256, and no other.
 *
 * @returns The manifest.
 * @throws {BundleError} Naming the first file that is missing, changed or not listed.
 */
export async function verifyBundle(directory: string): Promise<Manifest> {
  const manifest = parseManifest(await readManifestText(directory), join(directory, manifestName));
  const present = new Set(await listFiles(directory));
  for (const [path, entry] of Object.entries(manifest.files)) {
    await hashListed(directory, path, entry);
    present.delete(path);
  }
  const [extra] = present;
  if (extra !== undefined) throw damaged(directory, extra, `is not listed in ${manifestName}`);
  return manifest;
}

