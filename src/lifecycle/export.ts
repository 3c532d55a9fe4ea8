/**
 * From a model and its weights to the ONNX file that servers load, and the rest of a bundle's files.
 *
 * @module
 */
import { architectureOf, fitWeights } from "../../models/index.ts";
import type { Signature, TensorSpec } from "../bundle/manifest.ts";
import type { Baseline } from "../drift/mod.ts";
import { type Graph, type HostTensor, inputsOf, opTable } from "../graph/graph.ts";
import type { Shape } from "../graph/shape.ts";
import { expand } from "../graph/passes/expand.ts";
import { optimize } from "../graph/passes/optimize.ts";
import { writeSafetensors } from "../nn/safetensors.ts";
import { exportOnnx, type ExportOptions } from "../onnx/export.ts";
import { forwardGraph, type ModelSpec } from "../tasks/model.ts";
import { trainedTasks } from "../tasks/trained.ts";

/** Where a bundle has its model. */
export const MODEL_FILE = "onnx/model.onnx";

/** What the dynamic axes are called in exported files, as Hugging Face's exporters do. */
const axes: Readonly<Record<string, string>> = { batch: "batch_size", sequence: "sequence_length" };

/** The inference graph: the forward pass as exporters and planners want it. */
export function inferenceGraph(spec: ModelSpec): Graph {
  return optimize(expand(forwardGraph(spec)));
}

/**
 * The model as ONNX: int64 inputs `[batch_size, sequence_length]`, the task's outputs.
 *
 * @throws {ModelError} when a weight is missing or has another shape.
 */
export function modelOnnx(spec: ModelSpec, weights: Readonly<Record<string, HostTensor>>): Uint8Array {
  const graph = inferenceGraph(spec);
  const architecture = architectureOf(spec.config);
  const { states } = fitWeights(graph, weights, { strict: true, architecture });
  return exportOnnx(graph, {
    table: opTable,
    states,
    ...exportOptionsOf(spec),
  });
}

/** How a task's model is written, whatever its weights are kept in. */
export function exportOptionsOf({ config, task }: ModelSpec): Omit<ExportOptions, "table" | "states"> {
  return { int64Inputs: true, name: config.modelType, symbols: axes, metadata: { task } };
}

/** What the exported model takes and gives, for the manifest. */
export function signatureOf(spec: ModelSpec): Signature {
  const graph = inferenceGraph(spec);
  const named = (shape: Shape) => shape.map((dim) => typeof dim === "string" ? axes[dim] ?? dim : dim);
  return {
    file: MODEL_FILE,
    inputs: inputsOf(graph).map(({ name, shape }): TensorSpec => ({
      name: name!,
      dtype: "i64",
      shape: named(shape),
    })),
    outputs: Object.entries(graph.outputs).map(([name, { shape }]): TensorSpec => ({
      name,
      dtype: "f32",
      shape: named(shape),
    })),
  };
}

/** What a bundle is made from, besides its manifest. */
export interface BundleParts {
  readonly spec: ModelSpec;
  /** Parameters and buffers, by name. */
  readonly weights: Readonly<Record<string, HostTensor>>;
  readonly tokenizerFiles: { readonly tokenizer: object; readonly config: object };
  /** The longest text, in tokens. */
  readonly maxTokens: number;
  /** Absent where there were too few rows to make one of. */
  readonly baseline?: Baseline;
}

/** The files of a bundle, by path: bytes, or what is to be written as JSON. */
export function bundleFiles(
  { spec, weights, tokenizerFiles, maxTokens, baseline }: BundleParts,
): Record<string, Uint8Array | string | object> {
  const architecture = architectureOf(spec.config);
  const task = trainedTasks[spec.task];
  return {
    "config.json": { ...task.configJson(architecture, spec.head), ...architecture.json(spec.config) },
    "tokenizer.json": tokenizerFiles.tokenizer,
    // Python's tokenizers make token types by default, and models without them refuse those.
    "tokenizer_config.json": { ...tokenizerFiles.config, model_input_names: architecture.inputs },
    "model.safetensors": writeSafetensors(weights, { metadata: { format: "pt" } }),
    [MODEL_FILE]: modelOnnx(spec, weights),
    ...task.files?.(spec.config, spec.head, { maxTokens }),
    ...baselineFile(baseline),
  };
}

/** The file of a baseline, where there is one: in one line, since it is thousands of numbers, for no one to read. */
export function baselineFile(baseline: Baseline | undefined): Record<string, string> {
  return baseline ? { "baseline.json": `${JSON.stringify(baseline)}\n` } : {};
}
