/**
 * The rules of all ops, and what follows from them for a node. An op that is left out does not compile.
 *
 * @module
 */
import type { Node, OpName } from "../../../graph/node.ts";
import { specOf } from "../../../graph/table.ts";
import { elementsOf, isLeaf } from "./nodes.ts";
import { attentionRules } from "./attention.ts";
import { type AxesRule, pointwiseAxes } from "./axes.ts";
import { int8Rules } from "./int8.ts";
import { elementRuleOf, elementRules } from "./elements.ts";
import { productRules } from "./products.ts";
import { reductionRules } from "./reductions.ts";
import { rowRules } from "./rows.ts";
import type { AnchorRule, GpuRule, KernelLimits } from "./rule.ts";
import { scatterRules } from "./scatter.ts";

/** What the GPU knows of every op. */
export const gpuRules: { readonly [K in OpName]: GpuRule<K> } = {
  ...elementRules,
  ...rowRules,
  ...reductionRules,
  ...productRules,
  ...int8Rules,
  ...scatterRules,
  ...attentionRules,
};

/** The rule of a node; leaves have none. */
export function ruleOf(node: Node): GpuRule<OpName> | undefined {
  return isLeaf(node) ? undefined : gpuRules[node.op] as unknown as GpuRule<OpName>;
}

/** The rule of a node that is the heavy part of a kernel; others have none. */
export function anchorRuleOf(node: Node): AnchorRule<OpName> | undefined {
  const rule = ruleOf(node);
  return rule && "kernels" in rule ? rule : undefined;
}

/** Whether a node is the heavy part of a kernel. */
export function isAnchor(node: Node): boolean {
  return anchorRuleOf(node) !== undefined;
}

/** Whether a composite op has a kernel here; the others are expanded before a plan is made. */
export function hasKernel(node: Node, limits: KernelLimits): boolean {
  if (!specOf(node)?.expand) return false;
  return anchorRuleOf(node)?.supported?.(node as never, limits) ?? true;
}

/** Whether an anchor computes nothing on the way in or out. */
export function isClosed(node: Node): boolean {
  return anchorRuleOf(node)?.kind === "closed";
}

/** Whether a node is a sum over rows that is made along with another anchor of its family. */
export function isRowSum(node: Node): boolean {
  return anchorRuleOf(node)?.sumsRows ?? false;
}

/** Whether a node is an anchor whose kernel can make such sums along with it. */
export function makesRowSums(node: Node): boolean {
  const rule = anchorRuleOf(node);
  return rule?.kind === "row" && rule.family !== undefined && !rule.sumsRows;
}

/** Whether an anchor reads its operands from memory, through strides, instead of computing them on the way in. */
export function readsStored(node: Node): boolean {
  return anchorRuleOf(node)?.reads === "stored";
}

/** Whether one kernel can make both anchors: they are of one family and have the same operands. */
export function areSiblings(a: Node, b: Node): boolean {
  const family = anchorRuleOf(a)?.family;
  return family !== undefined && family === anchorRuleOf(b)?.family &&
    (isClosed(a) || isRowSum(a) || isRowSum(b)) &&
    a.inputs.length === b.inputs.length && a.inputs.every((u, i) => u === b.inputs[i]) &&
    JSON.stringify(a.attrs) === JSON.stringify(b.attrs);
}

/** Whether a node makes each element from the elements of the same number. */
export function isPointwise(node: Node): boolean {
  return elementRuleOf(node)?.kind === "pointwise";
}

/** Whether element i of a node without a kernel of its own needs element i of its operand k and no other of that. */
export function readsSameIndex(node: Node, k: number): boolean {
  const rule = elementRuleOf(node);
  if (rule?.kind === "view") return rule.readsSameIndex?.(node as never, k) ?? false;
  return elementsOf(node.inputs[k]) === elementsOf(node);
}

/** Whether a node changes the type of its operand alone. */
export function converts(node: Node): boolean {
  const rule = elementRuleOf(node);
  return rule?.kind === "pointwise" && rule.converts === true;
}

/** Whether a node is one number made of many. */
export function isFullReduction(node: Node): boolean {
  return anchorRuleOf(node)?.folds !== undefined && elementsOf(node) === 1 && elementsOf(node.inputs[0]) > 1;
}

/** Whether a node has its operand's elements in its operand's order. */
export function keepsOrder(node: Node): boolean {
  const rule = elementRuleOf(node);
  return rule?.kind === "view" && rule.keepsOrder === true;
}

/** What a node has the elements of, in the same order. */
export function throughReshapes(node: Node): Node {
  return keepsOrder(node) ? throughReshapes(node.inputs[0]) : node;
}

/** The axis along which a node joins its operands, if that is what it does. */
export function joinedAxis(node: Node): number | undefined {
  const rule = elementRuleOf(node);
  return rule?.kind === "view" ? rule.joinedAxis?.(node as never) : undefined;
}

/** Which axes of a node and its operands run together, if parts of it can be computed so. */
export function axesOf(node: Node): AxesRule | undefined {
  const rule = ruleOf(node);
  if (!rule || rule.kind === "source") return undefined;
  return rule.kind === "pointwise" ? pointwiseAxes(node) : rule.axes?.(node as never);
}
