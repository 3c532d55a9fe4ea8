/**
 * Parameters that training leaves as they are.
 *
 * @module
 */
import type { Pass } from "../node.ts";
import { rewrite } from "./rewrite.ts";

/**
 * Freezes the parameters whose names match: no gradient is taken of them and no optimiser keeps moments for them. They are
 * loaded, saved in bundles and checkpoints and exported like any others.
 *
 * @example
 * ```ts
 * import { createBuilder, trainableStates } from "../graph.ts";
 * import { freeze } from "./freeze.ts";
 * import assert from "node:assert/strict";
 * const b = createBuilder();
 * for (const name of ["trunk.weight", "head.weight"]) b.parameter(name, [2], { kind: "fill", value: 1 });
 * const graph = freeze((name) => name.startsWith("trunk."))(b.graph());
 * assert.deepEqual(trainableStates(graph).map((state) => state.name), ["head.weight"]);
 * ```
 */
export function freeze(matches: (name: string) => boolean): Pass {
  return (graph) =>
    rewrite(graph, (node, inputs, b) => {
      const due = node.op === "state" && node.attrs.role === "parameter" && matches(node.name!);
      return due ? b.clone(node, [], { ...node.attrs, trainable: false }) : b.clone(node, inputs);
    });
}
