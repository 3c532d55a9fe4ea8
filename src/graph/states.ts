/**
 * Which of a graph's states go where: into a bundle, into a checkpoint, into a file of what was trained.
 *
 * @module
 */
import { bytesOf } from "./dtype.ts";
import { type Graph, type NodeOf, statesOf } from "./node.ts";
import { numeric, sizeOf } from "./shape.ts";

/** What a model is, and so what a bundle holds: its parameters, frozen ones too, and its buffers. */
export function bundleStates(graph: Graph): NodeOf<"state">[] {
  return statesOf(graph).filter(({ attrs }) => attrs.role === "parameter" || attrs.role === "buffer");
}

/** What a run needs to go on as if it had never stopped: all but caches. */
export function checkpointStates(graph: Graph): NodeOf<"state">[] {
  return statesOf(graph).filter(({ attrs }) => attrs.role !== "cache");
}

/** The parameters that training changes, and so what gradients are taken of and an adapter's file holds. */
export function trainableStates(graph: Graph): NodeOf<"state">[] {
  return statesOf(graph, "parameter").filter(({ attrs }) => attrs.trainable);
}

/**
 * The bytes that a graph's states take; with `moments`, also those of so many f32 tensors beside each trainable parameter, for
 * a model that has no optimiser yet (AdamW keeps two).
 *
 * @example A frozen parameter takes 4 bytes a number, one that AdamW trains 12.
 * ```ts
 * import { createBuilder, stateBytes } from "./graph.ts";
 * import assert from "node:assert/strict";
 * const b = createBuilder();
 * b.parameter("frozen", [10], { kind: "normal", std: 0.02 }, { trainable: false });
 * b.parameter("trained", [10], { kind: "normal", std: 0.02 });
 * assert.equal(stateBytes(b.graph(), { moments: 2 }), 40 + 120);
 * ```
 * @throws {ShapeError} when a state's shape has a symbol: states are of fixed size.
 */
export function stateBytes(graph: Graph, options: { moments?: number } = {}): number {
  const elements = (state: NodeOf<"state">) => sizeOf(numeric(state.shape));
  const kept = statesOf(graph).reduce((sum, state) => sum + bytesOf(state.dtype, elements(state)), 0);
  const trained = trainableStates(graph).reduce((sum, state) => sum + elements(state), 0);
  return kept + bytesOf("f32", (options.moments ?? 0) * trained);
}
