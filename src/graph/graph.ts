/**
 * The graph's front door: a builder with the op table in it, and everything that works on the finished graph.
 *
 * @module
 */
import { Builder } from "./builder.ts";
import { opTable } from "./table.ts";

export { type GradientOptions, gradients } from "./autodiff.ts";
export { Builder } from "./builder.ts";
export { type DType, type HostTensor, hostTensor, type TypedArray } from "./dtype.ts";
export { type Graph, type Init, inputsOf, labelOf, type Node, type NodeOf, statesOf } from "./node.ts";
export { printGraph } from "./print.ts";
export { type Bindings, type Dim, type Shape, ShapeError } from "./shape.ts";
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
