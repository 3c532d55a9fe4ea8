import { createHash } from "node:crypto";
import type { Manifest, ManifestDraft, TensorSpec } from "../../src/bundle/manifest.ts";

/** A draft such as a trainer writes. */
export function draft(fields: Partial<Manifest> = {}): ManifestDraft {
  const ids = (name: string): TensorSpec => ({
    name,
    dtype: "i64",
    shape: ["batch_size", "sequence_length"],
  });
  return {
    format: "weir-bundle/2",
    name: "spam",
    task: "text-classification",
    createdAt: "2026-01-02T03:04:05.678Z",
    lineage: {
      runId: "run-1",
      dataHash: `sha256:${"ab".repeat(32)}`,
      baseModel: null,
      method: "full",
      seed: 7,
      device: "native",
      epochs: 3,
      steps: 441,
      trainSeconds: 71.5,
    },
    metrics: {
      accuracy: { value: 0.9855, low: 0.978, high: 0.9915, confidence: 0.95, n: 1174 },
      macroF1: { value: 0.983, low: 0.975, high: 0.99, confidence: 0.95, n: 1174 },
    },
    architecture: "bert",
    head: { labels: ["ham", "spam"] },
    signatures: {
      model: {
        file: "onnx/model.onnx",
        inputs: [ids("input_ids"), ids("attention_mask"), ids("token_type_ids")],
        outputs: [{ name: "logits", dtype: "f32", shape: ["batch_size", 2] }],
      },
    },
    limits: { maxTokens: 128, maxCharacters: 1_000_000 },
    ...fields,
  };
}

/** The same as format 1 had it. */
export function draft1(fields: Record<string, unknown> = {}): Record<string, unknown> {
  const { architecture: _a, head, signatures: _s, ...rest } = draft();
  return { ...rest, format: "weir-bundle/1", labels: head.labels, ...fields };
}

/** What a small bundle holds besides weir.json; `tag` makes it differ from others. */
export function payload(tag = "a"): Record<string, string> {
  const config = { model_type: "bert", vocab_size: 100, max_position_embeddings: 64, tag };
  return {
    "config.json": JSON.stringify({ ...config, id2label: { 0: "ham", 1: "spam" } }),
    "tokenizer.json": "{}",
    "onnx/model.onnx": tag.repeat(5000),
  };
}

/** The list of files in a manifest. */
export function listing(files: Record<string, string>): Manifest["files"] {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, {
      sizeBytes: new TextEncoder().encode(text).length,
      sha256: createHash("sha256").update(text).digest("hex"),
    }]),
  );
}

/** The contents of a small bundle without a version. */
export function contents(tag = "a", fields: Partial<Manifest> = {}): Record<string, string> {
  const files = payload(tag);
  return { ...files, "weir.json": JSON.stringify(draft({ files: listing(files), ...fields })) };
}

/** Writes a bundle's files into a folder. */
export async function writeContents(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${folder}/${path}`, text);
  }
}

/** Every file below a folder, sorted. */
export function tree(folder: string, prefix = ""): string[] {
  return [...Deno.readDirSync(`${folder}/${prefix}`)].flatMap((entry) =>
    entry.isDirectory ? tree(folder, `${prefix}${entry.name}/`) : [prefix + entry.name]
  ).sort();
}
