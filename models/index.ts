/**
 * The architectures there are, by the `model_type` of their configuration.
 *
 * @module
 */
import { isObject } from "../src/base/json.ts";
import { show } from "../src/base/text.ts";
import type { Architecture, ModelConfig } from "./architecture.ts";
import { bert } from "./bert.ts";
import { distilBert } from "./distilbert.ts";
import { ModelError } from "./errors.ts";
import { mlpArchitecture } from "./mlp.ts";
import { roberta } from "./roberta.ts";

export type {
  Architecture,
  Body,
  BodyMode,
  ModelConfig,
  ModelSizes,
  TextInputName,
  TextInputs,
} from "./architecture.ts";
export { type BertConfig, bertConfig, type BertSizes } from "./bert.ts";
export { type DistilBertConfig, distilBertConfig } from "./distilbert.ts";
export { type MlpConfig, mlpConfig } from "./mlp.ts";
export { type RobertaConfig, robertaConfig } from "./roberta.ts";
export { type FittedWeights, fitWeights, type FitWeightsOptions } from "./weights.ts";

/** Every architecture, by its `model_type`. */
export const architectures = {
  bert,
  distilbert: distilBert,
  mlp: mlpArchitecture,
  roberta,
} as const satisfies Record<string, Architecture>;

/** The values of `model_type` that can be built. */
export type ModelType = keyof typeof architectures;

/** The same as a list. */
export const MODEL_TYPES = Object.keys(architectures) as readonly ModelType[];

/**
 * The architecture of a configuration.
 *
 * @throws {ModelError} when the type is unknown.
 */
export function architectureOf(config: Pick<ModelConfig, "modelType">): Architecture {
  if (Object.hasOwn(architectures, config.modelType)) return architectures[config.modelType as ModelType];
  throw new ModelError(
    `Cannot build a model of type ${show(config.modelType)}: "model_type" must be one of ${
      MODEL_TYPES.join(", ")
    }`,
  );
}

/**
 * Reads the fields of a `config.json` of any architecture that describe the body.
 *
 * @throws {ModelError} when the type is unknown or a field is wrong.
 *
 * @example
 * ```ts
 * import { architectureOf, parseConfig } from "./index.ts";
 * import { bertConfig } from "./bert.ts";
 * import assert from "node:assert/strict";
 * const config = bertConfig({ vocabSize: 100 });
 * assert.equal(parseConfig(architectureOf(config).json(config)).vocabSize, 100);
 * ```
 */
export function parseConfig(json: unknown): ModelConfig {
  const type = isObject(json) ? json.model_type : undefined;
  return architectureOf({ modelType: type as string }).parse(json);
}
