/**
 * The rules of all ops without a kernel of their own, apart from those that have one: kernels are written with them.
 *
 * @module
 */
import type { Node, OpName } from "../../../graph/node.ts";
import type { ElementRule } from "./element.ts";
import { pointwiseRules } from "./pointwise.ts";
import { sourceRules } from "./sources.ts";
import { viewRules } from "./views.ts";

/** By name. */
export const elementRules = { ...pointwiseRules, ...viewRules, ...sourceRules };

/** The rule of a node that has no kernel of its own and is no leaf. */
export function elementRuleOf(node: Node): ElementRule<OpName> | undefined {
  return (elementRules as Readonly<Partial<Record<string, ElementRule<never>>>>)[node.op] as
    | ElementRule<OpName>
    | undefined;
}
