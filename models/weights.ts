/**
 * A checkpoint's tensors as the values of a graph's parameters.
 *
 * @module
 */
import type { HostTensor } from "../src/graph/dtype.ts";
import { type Graph, statesOf } from "../src/graph/node.ts";
import type { Architecture } from "./architecture.ts";
import { ModelError } from "./errors.ts";

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
 * Matches a checkpoint's tensors with the graph's parameters by name, after the architecture's renaming; half precision becomes
 * f32.
 *
 * @param options `replaceHead`: a tensor of another shape counts as missing, since another task's head has other sizes
 * @throws {ModelError} when a tensor's shape is another than its parameter's; with `strict`, also when one is missing.
 */
export function fitWeights(
  graph: Graph,
  tensors: Readonly<Record<string, HostTensor>>,
  options: { strict?: boolean; replaceHead?: boolean; architecture?: Pick<Architecture, "rename"> } = {},
): FittedWeights {
  const parameters = statesOf(graph).filter((state) => state.attrs.trainable);
  const named = renamed(tensors, options.architecture);
  const states: Record<string, HostTensor> = {};
  const missing: string[] = [];
  for (const { name, shape } of parameters) {
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
