/**
 * Writing a bundle's files into a folder.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/files.ts";
import { firstLine, show } from "../base/text.ts";
import { BundleError } from "./errors.ts";
import { manifestName } from "./files.ts";
import { type FileEntry, type ManifestDraft, parseManifestDraft } from "./manifest.ts";
import { isBundlePath } from "./names.ts";

/** The content of a file: bytes, a text, bytes that come piece by piece, or a value that is written as indented JSON. */
export type BundleContent = Uint8Array | string | AsyncIterable<Uint8Array> | object;

/**
 * Writes a bundle: its files, and last weir.json, which lists them with their sizes and hashes. The manifest may lack a
 * version until the registry gives it one; a list of files in it is replaced. A kill at any moment leaves each file whole,
 * and a bundle that was there before and is half written over is refused by the reader.
 *
 * @param directory Made where it is missing.
 * @param files By path in the bundle; all but weir.json.
 * @throws {BundleError} When the manifest or a path is not valid, a signature's file is not among the files, or the folder
 * cannot be written.
 *
 * @example
 * ```ts
 * import { writeBundle } from "./writer.ts";
 * import assert from "node:assert/strict";
 *
 * const folder = Deno.makeTempDirSync();
 * const text = { name: "input_ids", dtype: "i64", shape: ["batch_size", "sequence_length"] } as const;
 * const logits = { name: "logits", dtype: "f32", shape: ["batch_size", 2] } as const;
 * await writeBundle(folder, { "config.json": { model_type: "bert" }, "onnx/model.onnx": new Uint8Array(3) }, {
 *   format: "weir-bundle/2", name: "spam", task: "text-classification", createdAt: "2026-01-01T00:00:00Z",
 *   architecture: "bert", head: { labels: ["ham", "spam"] },
 *   signatures: { model: { file: "onnx/model.onnx", inputs: [text], outputs: [logits] } },
 *   limits: { maxTokens: 128, maxCharacters: 1_000_000 }, metrics: {},
 *   lineage: { runId: "r1", dataHash: `sha256:${"0".repeat(64)}`, baseModel: null, method: "full", seed: 1,
 *     device: "wasm", epochs: 3, steps: 300, trainSeconds: 80 },
 * });
 * const { files } = JSON.parse(Deno.readTextFileSync(`${folder}/weir.json`));
 * assert.equal(files["onnx/model.onnx"].sizeBytes, 3);
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export async function writeBundle(
  directory: string,
  files: Readonly<Record<string, BundleContent>>,
  manifest: ManifestDraft,
): Promise<void> {
  const paths = checkedPaths(Object.keys(files));
  // Before anything is written; what the files are is not known yet.
  const placeholder: FileEntry = { sizeBytes: 0, sha256: "0".repeat(64) };
  const draft = parseManifestDraft({
    ...manifest,
    files: Object.fromEntries(paths.map((path) => [path, placeholder])),
  }, manifestName);
  const entries: Record<string, FileEntry> = {};
  try {
    for (const path of paths) entries[path] = await writeFile(join(directory, path), files[path]);
    const json = jsonText({ ...draft, files: entries });
    await writeFileAtomic(join(directory, manifestName), json);
  } catch (error) {
    throw explain(error, directory);
  }
}

/** A value as it is written into a bundle's JSON files. */
export function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * The paths of a bundle's files, sorted.
 *
 * @throws {BundleError} When one would lie outside the bundle on some file system, or is weir.json's.
 */
export function checkedPaths(paths: readonly string[]): string[] {
  const unsafe = paths.find((path) => !isBundlePath(path) || path === manifestName);
  if (unsafe === undefined) return paths.toSorted();
  throw new BundleError(
    `${show(unsafe)} is no path inside a bundle: wanted one such as onnx/model.onnx.`,
  );
}

async function writeFile(path: string, content: BundleContent): Promise<FileEntry> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  async function* measured(): AsyncGenerator<Uint8Array> {
    for await (const bytes of partsOf(content)) {
      hash.update(bytes);
      sizeBytes += bytes.length;
      yield bytes;
    }
  }
  await writeFileAtomic(path, measured());
  return { sizeBytes, sha256: hash.digest("hex") };
}

function partsOf(content: BundleContent): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (typeof content === "string") return [new TextEncoder().encode(content)];
  if (content instanceof Uint8Array) return [content];
  if (Symbol.asyncIterator in content) return content;
  return [new TextEncoder().encode(jsonText(content))];
}

/** An error of the operating system as one for the user; others as they are. */
function explain(error: unknown, directory: string): unknown {
  if (!(error instanceof Error) || (error as { code?: unknown }).code === undefined) return error;
  return new UserError(`Cannot write the bundle ${directory}: ${firstLine(error)}.`, {
    cause: error,
  });
}
