import { createHash } from "node:crypto";
import type { Manifest, ManifestDraft } from "../../src/registry/manifest.ts";

/** A draft such as a trainer writes. */
export function draft(fields: Partial<Manifest> = {}): ManifestDraft {
  return {
    format: "weir-bundle/1",
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
    labels: ["ham", "spam"],
    limits: { maxTokens: 128, maxCharacters: 1_000_000 },
    ...fields,
  };
}

/** The contents of a small bundle; `tag` makes it differ from others. */
export function contents(tag = "a", fields: Partial<Manifest> = {}): Record<string, string> {
  const files: Record<string, string> = {
    "config.json": JSON.stringify({ model_type: "bert", tag }),
    "tokenizer.json": "{}",
    "onnx/model.onnx": tag.repeat(5000),
  };
  const listed = Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, {
      sizeBytes: text.length,
      sha256: createHash("sha256").update(text).digest("hex"),
    }]),
  );
  return { ...files, "weir.json": JSON.stringify(draft({ files: listed, ...fields })) };
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
