/**
 * First values of a graph's states.
 *
 * @module
 */
import { allocate, dtypes, type HostTensor, typedArray } from "../graph/dtype.ts";
import { type Graph, type NodeOf, statesOf } from "../graph/node.ts";
import { numeric, sizeOf } from "../graph/shape.ts";
import { mix32 } from "../graph/ops/random.ts";

/**
 * A value for every state of the graph, each drawn from the seed and the state's own name: adding a layer changes no
 * other layer's weights.
 *
 * @throws {ShapeError} when a state's shape has a symbol: states are of fixed size.
 *
 * @example
 * ```ts
 * import { createBuilder } from "../graph/graph.ts";
 * import { initialStates } from "./init.ts";
 * import assert from "node:assert/strict";
 *
 * const b = createBuilder();
 * b.parameter("w", [2, 3], { kind: "normal", std: 0.02 });
 * const { w } = initialStates(b.graph(), 1);
 * assert.deepEqual(w.shape, [2, 3]);
 * assert.deepEqual(w, initialStates(b.graph(), 1).w);
 * ```
 */
export function initialStates(graph: Graph, seed: number): Record<string, HostTensor> {
  const states: Record<string, HostTensor> = {};
  for (const state of statesOf(graph)) states[state.name!] = initialState(state, seed);
  return states;
}

function initialState(state: NodeOf<"state">, seed: number): HostTensor {
  const shape = numeric(state.shape);
  const { computes } = dtypes[state.dtype];
  const data = computes ? allocate(state.dtype, sizeOf(shape)) : new Float32Array(sizeOf(shape));
  const stream = mix32(hashName(state.name!) ^ mix32(seed));
  const { init } = state.attrs;
  if (init.kind === "key") {
    data[0] = stream;
  } else if (init.kind === "fill") {
    data.fill(init.value);
  } else if (init.kind === "uniform") {
    for (let i = 0; i < data.length; i++) data[i] = (2 * uniform(stream, i) - 1) * init.bound;
  } else {
    for (let i = 0; i < data.length; i++) data[i] = normal(stream, i) * init.std;
  }
  return { dtype: state.dtype, shape: [...shape], data: computes ? data : typedArray(state.dtype, data) };
}

/** In (0, 1), the index's own: no state is carried from one element to the next. */
function uniform(stream: number, index: number): number {
  return (mix32(stream + mix32(index + 0x9e3779b9)) + 0.5) / 2 ** 32;
}

/** Standard normal, by the Box-Muller transform. */
function normal(stream: number, index: number): number {
  const radius = Math.sqrt(-2 * Math.log(uniform(stream, 2 * index)));
  return radius * Math.cos(2 * Math.PI * uniform(stream, 2 * index + 1));
}

/** FNV-1a over UTF-16 code units. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
