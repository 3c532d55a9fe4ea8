/**
 * The architectures there are, by the `model_type` of their configuration.
 *
 * @module
 */
import { isObject } from "../src/base/json.ts";
import type { Builder } from "../src/graph/builder.ts";
import type { HostTensor } from "../src/graph/dtype.ts";
import { type Graph, type Node, statesOf } from "../src/graph/node.ts";
import type { ClassifierInputs } from "../src/nn/classifier.ts";
import {
  type BertConfig,
  bertConfigJson,
  buildBertClassifier,
  parseBertConfig,
  renameBertTensors,
} from "./bert.ts";
import { ModelError } from "./errors.ts";
import { buildMlpClassifier, type MlpConfig, mlpConfigJson, parseMlpConfig } from "./mlp.ts";

/** A configuration of any architecture; `modelType` tells which. */
export type ModelConfig = BertConfig | MlpConfig;

/** The values of `model_type` that can be built. */
export const MODEL_TYPES = ["bert", "mlp"] as const;

/**
 * Reads a `config.json` of any architecture.
 *
 * @throws {ModelError} when the type is unknown or a field is wrong.
 *
 * @example
 * ```ts
 * import { configJson, parseConfig } from "./index.ts";
 * import { bertConfig } from "./bert.ts";
 * import assert from "node:assert/strict";
 * const config = bertConfig({ vocabSize: 100, labels: ["no", "yes"] });
 * assert.deepEqual(parseConfig(configJson(config)).labels, ["no", "yes"]);
 * ```
 */
export function parseConfig(json: unknown): ModelConfig {
  const type = isObject(json) ? json.model_type : undefined;
  switch (type) {
    case "bert":
      return parseBertConfig(json);
    case "mlp":
      return parseMlpConfig(json);
    default:
      throw new ModelError(
        `Cannot build a model of type ${JSON.stringify(type)}: "model_type" must be one of ${
          MODEL_TYPES.join(", ")
        }`,
      );
  }
}

/** The `config.json` of a configuration. */
export function configJson(config: ModelConfig): Record<string, unknown> {
  return config.modelType === "bert" ? bertConfigJson(config) : mlpConfigJson(config);
}

/** Logits f32 `[batch, labels]`; with `training`, dropout is drawn from the state `rng`, which is appended. */
export function buildClassifier(
  b: Builder,
  config: ModelConfig,
  inputs: ClassifierInputs,
  options: { training?: boolean } = {},
): Node {
  return config.modelType === "bert"
    ? buildBertClassifier(b, config, inputs, options)
    : buildMlpClassifier(b, config, inputs, options);
}

/** What of a checkpoint fits a graph's parameters. */
export interface FittedWeights {
  /** Tensors that fit, by parameter. */
  readonly states: Record<string, HostTensor>;
  /** Parameters that the checkpoint lacks: they keep their initial values. */
  readonly missing: string[];
  /** Tensors of the checkpoint that the graph has no place for. */
  readonly unexpected: string[];
}

/**
 * Matches a checkpoint's tensors with the graph's parameters by name; half precision becomes f32.
 *
 * @throws {ModelError} when a tensor's shape is another than its parameter's; with `strict`, also when one is missing.
 */
export function fitWeights(
  graph: Graph,
  tensors: Readonly<Record<string, HostTensor>>,
  options: { strict?: boolean } = {},
): FittedWeights {
  const parameters = statesOf(graph).filter((state) => state.attrs.trainable);
  // Only BERT's checkpoints have older names; another model's own "embeddings.weight" is no old name.
  const named = parameters.some(({ name }) => name!.startsWith("bert."))
    ? renameBertTensors(tensors)
    : tensors;
  const states: Record<string, HostTensor> = {};
  const missing: string[] = [];
  for (const { name, shape } of parameters) {
    if (!Object.hasOwn(named, name!)) {
      missing.push(name!);
      continue;
    }
    const tensor = named[name!];
    if (tensor.shape.length !== shape.length || tensor.shape.some((d, i) => d !== shape[i])) {
      throw new ModelError(
        `Cannot load tensor "${name}": the model wants shape [${shape.join(", ")}], the checkpoint has ` +
          `[${tensor.shape.join(", ")}]`,
      );
    }
    states[name!] = tensor.dtype === "f32"
      ? tensor
      : { ...tensor, dtype: "f32", data: Float32Array.from(tensor.data) };
  }
  if (options.strict && missing.length > 0) {
    throw new ModelError(
      `Cannot load the checkpoint: it lacks "${missing[0]}"${
        missing.length > 1 ? ` and ${missing.length - 1} more` : ""
      }`,
    );
  }
  const known = new Set(parameters.map((p) => p.name));
  return { states, missing, unexpected: Object.keys(named).filter((name) => !known.has(name)) };
}
