/**
 * A checkpoint's tensors as the values of a graph's parameters.
 *
 * @module
 */
import { allFinite } from "../src/base/arrays.ts";
import { convertTensor, dtypes, type HostTensor } from "../src/graph/dtype.ts";
import type { Graph } from "../src/graph/node.ts";
import { bundleStates } from "../src/graph/states.ts";
import type { Architecture } from "./architecture.ts";
import { ModelError } from "./errors.ts";

/** What of a checkpoint fits a graph's parameters and buffers. */
export interface FittedWeights {
  /** Tensors that fit, by parameter. */
  readonly states: Record<string, HostTensor>;
  /** Parameters that the checkpoint lacks: they keep their initial values. */
  readonly missing: string[];
  /** Tensors of the checkpoint that the graph has no place for, or one of another shape. */
  readonly unexpected: string[];
}

/** How a checkpoint is matched with a graph. */
export interface FitWeightsOptions {
  /**
   * Which parameters and buffers must be there: all, or those of these names; the others may be missing, and count as
   * missing where they have another shape, as those of another task's head. Unless given, any may be missing and none may
   * have another shape.
   */
  readonly strict?: true | ((name: string) => boolean);
  /** Whose names the checkpoint's tensors are renamed to. */
  readonly architecture?: Pick<Architecture, "rename">;
}

/**
 * Matches a checkpoint's tensors with the graph's parameters and buffers by name, after the architecture's renaming; floats
 * of another precision are converted.
 *
 * @throws {ModelError} when a tensor has another shape than its parameter, or a type that is no float where that is one (or
 *   the other way around), or one is missing that must be there, or an element is no finite number.
 */
export function fitWeights(
  graph: Graph,
  tensors: Readonly<Record<string, HostTensor>>,
  options: FitWeightsOptions = {},
): FittedWeights {
  const { strict } = options;
  const isReplaceable = (name: string) => typeof strict === "function" && !strict(name);
  const parameters = bundleStates(graph);
  const named = renamed(tensors, options.architecture);
  const states: Record<string, HostTensor> = {};
  const missing: string[] = [];
  for (const { name, dtype, shape } of parameters) {
    if (!Object.hasOwn(named, name!)) {
      missing.push(name!);
      continue;
    }
    const tensor = named[name!];
    if (tensor.shape.length !== shape.length || tensor.shape.some((d, i) => d !== shape[i])) {
      if (isReplaceable(name!)) {
        missing.push(name!);
        continue;
      }
      throw new ModelError(
        `Cannot load tensor "${name}": the model wants shape [${shape.join(", ")}], the checkpoint has ` +
          `[${tensor.shape.join(", ")}]`,
      );
    }
    const floats = [tensor.dtype, dtype].every((type) => dtypes[type].kind === "float");
    if (tensor.dtype !== dtype && !floats) {
      throw new ModelError(
        `Cannot load tensor "${name}": the model wants ${dtype}, the checkpoint has ${tensor.dtype}`,
      );
    }
    const state = convertTensor(tensor, dtype);
    if (!allFinite(state.data)) {
      const at = state.data.findIndex((value) => !Number.isFinite(value));
      throw new ModelError(
        `Cannot load tensor "${name}": its element ${at} is ${state.data[at]}, a finite number was expected`,
      );
    }
    states[name!] = state;
  }
  const unexpected = Object.keys(named).filter((name) => !Object.hasOwn(states, name));
  const lacking = strict === undefined ? [] : missing.filter((name) => !isReplaceable(name));
  if (lacking.length > 0) {
    throw new ModelError(
      `Cannot load the checkpoint: it lacks ${listNames(lacking)}` +
        `${unexpected.length > 0 ? `; it has ${listNames(unexpected)}, which the model lacks` : ""}`,
    );
  }
  return { states, missing, unexpected };
}

/** The first few of many names. */
export function listNames(names: readonly string[]): string {
  const some = names.slice(0, 4).join(", ");
  return names.length > 4 ? `${some} and ${names.length - 4} more` : some;
}

/**
 * How tensors of Hugging Face's checkpoints are renamed: TensorFlow's `gamma` and `beta` become `weight` and `bias`, names
 * of a bare body get the prefix that they have below a head, and buffers and the heads of pre-training are left out.
 *
 * @param options `body`: what the names of a bare body begin with; `leftOut`: the heads of pre-training
 *
 * @example
 * ```ts
 * import { renaming } from "./weights.ts";
 * import assert from "node:assert/strict";
 * const rename = renaming("bert", { body: ["embeddings", "encoder"], leftOut: /^cls\./ });
 * assert.equal(rename("embeddings.LayerNorm.gamma"), "bert.embeddings.LayerNorm.weight");
 * assert.equal(rename("classifier.weight"), "classifier.weight");
 * assert.equal(rename("cls.predictions.bias"), undefined);
 * ```
 */
export function renaming(
  prefix: string,
  { body, leftOut }: { readonly body: readonly string[]; readonly leftOut: RegExp },
): (tensor: string) => string | undefined {
  return (tensor) => {
    if (tensor.endsWith("position_ids") || leftOut.test(tensor)) return undefined;
    const modern = tensor.replace(/LayerNorm\.gamma$/, "LayerNorm.weight").replace(
      /LayerNorm\.beta$/,
      "LayerNorm.bias",
    );
    return body.some((part) => modern.startsWith(`${part}.`)) ? `${prefix}.${modern}` : modern;
  };
}

/** The tensors by their names here; of two that come to the same name the first stays. */
function renamed(
  tensors: Readonly<Record<string, HostTensor>>,
  architecture: Pick<Architecture, "rename"> | undefined,
): Readonly<Record<string, HostTensor>> {
  if (!architecture?.rename) return tensors;
  const result: Record<string, HostTensor> = {};
  for (const [tensor, value] of Object.entries(tensors)) {
    const name = architecture.rename(tensor);
    if (name !== undefined && !Object.hasOwn(result, name)) result[name] = value;
  }
  return result;
}
