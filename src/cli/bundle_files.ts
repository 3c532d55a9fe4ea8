/**
 * Writing a bundle's files into a folder, for the registry to take in.
 *
 * @module
 */
import { join } from "node:path";
import { configJson, type ModelConfig } from "../../models/index.ts";
import type { Baseline } from "../drift/mod.ts";
import type { HostTensor } from "../graph/graph.ts";
import { writeSafetensors } from "../nn/safetensors.ts";
import type { ManifestDraft } from "../bundle/manifest.ts";
import { classifierOnnx } from "./onnx_file.ts";

/** What a bundle is made from. */
export interface BundleParts {
  readonly manifest: ManifestDraft;
  readonly config: ModelConfig;
  /** The parameters, by checkpoint name. */
  readonly weights: Readonly<Record<string, HostTensor>>;
  /** `tokenizer.json` and `tokenizer_config.json`. */
  readonly tokenizer: object;
  readonly tokenizerConfig: object;
  /** Absent where there were too few texts to make one of. */
  readonly baseline: Baseline | undefined;
}

/** Writes the bundle's files but the model card and the manifest's list of files, which the registry adds. */
export async function writeBundleFiles(directory: string, parts: BundleParts): Promise<void> {
  await Deno.mkdir(join(directory, "onnx"), { recursive: true });
  const json = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  const files: Record<string, Uint8Array> = {
    "config.json": json(configJson(parts.config)),
    "tokenizer.json": json(parts.tokenizer),
    "tokenizer_config.json": json(parts.tokenizerConfig),
    "model.safetensors": writeSafetensors(parts.weights, { metadata: { format: "pt" } }),
    "onnx/model.onnx": classifierOnnx(parts.config, parts.weights, { task: parts.manifest.task }),
    ...(parts.baseline && { "baseline.json": new TextEncoder().encode(JSON.stringify(parts.baseline)) }),
    "weir.json": json(parts.manifest),
  };
  for (const [path, bytes] of Object.entries(files)) await Deno.writeFile(join(directory, path), bytes);
}
