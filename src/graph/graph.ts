/**
 * The graph's front door: a builder with the op table in it, and everything that works on the finished graph.
 *
 * @module
 */
import { Builder } from "./builder.ts";
import type { Graph } from "./node.ts";
import { opTable } from "./table.ts";

export { type GradientOptions, gradients } from "./autodiff.ts";
export { Builder } from "./builder.ts";
export {
  bytesOf,
  convertTensor,
  type DType,
  dtypes,
  type DTypeSpec,
  type HostTensor,
  hostTensor,
  type TypedArray,
} from "./dtype.ts";
export {
  type Graph,
  type Init,
  inputsOf,
  labelOf,
  type Node,
  type NodeOf,
  type Pass,
  type StateAttrs,
  type StateRole,
  statesOf,
} from "./node.ts";
export { freeze } from "./passes/freeze.ts";
export { printGraph } from "./print.ts";
export { type Bindings, type Dim, type Shape, ShapeError } from "./shape.ts";
export { bundleStates, checkpointStates, stateBytes, trainableStates } from "./states.ts";
export { opTable } from "./table.ts";
export { verify } from "./verify.ts";

/**
 * An empty graph to build in.
 *
 * @example
 * ```ts
 * import { createBuilder } from "./graph.ts";
 * import assert from "node:assert/strict";
 * const b = createBuilder();
 * const x = b.input("x", "f32", ["batch", 3]);
 * const w = b.parameter("w", [3, 2], { kind: "normal", std: 0.02 });
 * const y = b.matmul(x, w);
 * b.output("y", y);
 * assert.deepEqual(y.shape, ["batch", 2]);
 * ```
 */
export function createBuilder(): Builder {
  return new Builder(opTable);
}

/**
 * A builder that goes on from a finished graph: its nodes, outputs, updates and boundaries are there, new names must differ
 * from its own, and what is random draws from streams that it does not use. The graph itself does not change.
 *
 * @example A new head on an encoder whose parameters are frozen.
 * ```ts
 * import { continueFrom, createBuilder, freeze, trainableStates } from "./graph.ts";
 * import assert from "node:assert/strict";
 * const trunk = createBuilder();
 * const w = trunk.parameter("encoder.weight", [3, 2], { kind: "normal", std: 0.02 });
 * trunk.output("hidden", trunk.matmul(trunk.input("x", "f32", ["batch", 3]), w)); // [batch, 2]
 * const frozen = freeze((name) => name.startsWith("encoder."))(trunk.graph());
 *
 * const b = continueFrom({ ...frozen, outputs: {} });
 * const head = b.parameter("classifier.weight", [2, 5], { kind: "normal", std: 0.02 });
 * b.output("logits", b.matmul(frozen.outputs.hidden, head)); // [batch, 5]
 * assert.deepEqual(trainableStates(b.graph()).map((state) => state.name), ["classifier.weight"]);
 * ```
 */
export function continueFrom(graph: Graph): Builder {
  return new Builder(opTable, graph);
}
