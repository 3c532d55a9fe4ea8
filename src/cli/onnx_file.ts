/**
 * From a configuration and weights to the ONNX file that servers load.
 *
 * @module
 */
import { buildClassifier, fitWeights, type ModelConfig } from "../../models/index.ts";
import { createBuilder, type Graph, type HostTensor, opTable } from "../graph/graph.ts";
import { expand } from "../graph/passes/expand.ts";
import { optimize } from "../graph/passes/optimize.ts";
import { classifierInputs } from "../nn/classifier.ts";
import { exportOnnx } from "../onnx/export.ts";

/** The inference graph of a classifier: `input_ids`, `attention_mask`, `token_type_ids` to `logits`. */
export function inferenceGraph(config: ModelConfig): Graph {
  const b = createBuilder();
  b.output("logits", buildClassifier(b, config, classifierInputs(b)));
  return optimize(expand(b.graph()));
}

/**
 * The classifier as ONNX: int64 inputs `[batch_size, sequence_length]`, output `logits` f32 `[batch_size, labels]`.
 *
 * @throws {ModelError} when a weight is missing or has another shape.
 */
export function classifierOnnx(
  config: ModelConfig,
  weights: Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const graph = inferenceGraph(config);
  const { states } = fitWeights(graph, weights, { strict: true });
  return exportOnnx(graph, { table: opTable, states, int64Inputs: true, name: config.modelType, metadata });
}
