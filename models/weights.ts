/**
 * A checkpoint's tensors as the values of a graph's parameters.
 *
 * @module
 */
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
  /** Tensors of the checkpoint that the graph has no place for. */
  readonly unexpected: string[];
}

/**
 * Matches a checkpoint's tensors with the graph's parameters and buffers by name, after the architecture's renaming; floats of another
 * precision are converted.
 *
 * @param options `replaceHead`: a tensor of another shape counts as missing, since another task's head has other sizes
 * @throws {ModelError} when a tensor has another shape than its parameter, or a type that is no float where that is one (or the other
 * way around); with `strict`, also when one is missing.
 */
export function fitWeights(
  graph: Graph,
  tensors: Readonly<Record<string, HostTensor>>,
  options: { strict?: boolean; replaceHead?: boolean; architecture?: Pick<Architecture, "rename"> } = {},
): FittedWeights {
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
      if (options.replaceHead) {
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
    states[name!] = convertTensor(tensor, dtype);
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
