/**
 * Views: nodes whose elements lie, by strides, in another node.
 *
 * @module
 */
import type { Node } from "../../../graph/node.ts";
import { numeric, stridesOf } from "../../../graph/shape.ts";
import { elementRuleOf } from "./elements.ts";
import type { IndexMap } from "./strides.ts";

/** A map of indices, and the node whose elements it gives. */
export interface View extends IndexMap {
  readonly base: Node;
}

/** Whether a node only rearranges its operand by strides. */
export function isStridedOp(node: Node): boolean {
  const rule = elementRuleOf(node);
  return rule?.kind === "view" && rule.strides !== undefined;
}

/**
 * Follows strided ops down to the first node that is none, that `stop` holds for, or that strides cannot express (a reshape
 * across a transposition).
 */
export function viewOf(node: Node, stop: (node: Node) => boolean): View {
  const shape = numeric(node.shape);
  const itself = { base: node, shape, strides: stridesOf(shape), offset: 0 };
  const rule = elementRuleOf(node);
  if (rule?.kind !== "view" || !rule.strides || stop(node)) return itself;
  const inner = viewOf(node.inputs[0], stop);
  const map = rule.strides(node as never, inner);
  return map ? { base: inner.base, ...map } : itself;
}
