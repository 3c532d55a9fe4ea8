/**
 * Updates that a step may leave out.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import type { Node } from "../../graph/node.ts";

/** Registers updates: of every step, or of those alone for which the condition holds. */
export function updater(b: Builder, applyIf?: Node): (state: Node, value: Node) => void {
  return (state, value) => b.update(state, applyIf ? b.where(applyIf, value, state) : value);
}
