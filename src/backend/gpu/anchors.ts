/**
 * Which nodes are **anchors**, the heavy part of a kernel, and which of them one kernel makes together.
 *
 * Some anchors are *closed*: their kernels take their operands from memory and store nothing but their results. Closed anchors of one
 * family with the same operands are *siblings*, made by one kernel with several results. So are the sums over rows of a
 * normalisation's gradients and the gradient of its operand.
 *
 * @module
 */
import type { Node } from "../../graph/node.ts";

/** Whether a node is the heavy part of a kernel. */
export function isAnchor(node: Node): boolean {
  return anchors.has(node.op) || isRowSum(node) || isClosed(node);
}

/** Whether a node is a sum over rows that is made along with another anchor. */
export function isRowSum(node: Node): boolean {
  return Object.hasOwn(rowSums, node.op);
}

/** Whether a node is an anchor whose kernel can make such sums along with it. */
export function makesRowSums(node: Node): boolean {
  return Object.values(rowSums).includes(node.op);
}

/** Whether a node is an anchor whose kernel computes nothing on the way in or out. */
export function isClosed(node: Node): boolean {
  return Object.hasOwn(families, node.op);
}

/** Whether an anchor reads its operands from memory, through strides, instead of computing them on the way in. */
export function readsStored(node: Node): boolean {
  return node.op === "matmul" || isClosed(node);
}

/** Whether one kernel can make both anchors: they are of one family and have the same operands. */
export function areSiblings(a: Node, b: Node): boolean {
  const family = (n: Node) => isClosed(n) ? families[n.op] : rowSums[n.op] ?? n.op;
  return family(a) === family(b) && (isClosed(a) || isRowSum(a) || isRowSum(b)) &&
    a.inputs.length === b.inputs.length && a.inputs.every((u, i) => u === b.inputs[i]) &&
    JSON.stringify(a.attrs) === JSON.stringify(b.attrs);
}

const anchors: ReadonlySet<string> = new Set([
  "matmul",
  "reduce_sum",
  "reduce_max",
  "softmax",
  "softmax_grad",
  "layer_norm",
  "layer_norm_grad",
  "rms_norm",
  "rms_norm_grad",
  "softmax_cross_entropy",
  "softmax_cross_entropy_grad",
  "scatter_add",
]);

/** Anchors that are sums over rows, by the anchor of the same operands whose kernel makes them on its way through the rows. */
const rowSums: Readonly<Record<string, string>> = {
  layer_norm_grad_weight: "layer_norm_grad",
  layer_norm_grad_bias: "layer_norm_grad",
  rms_norm_grad_weight: "rms_norm_grad",
};

/** Closed anchors by what one kernel can make at once. */
const families: Readonly<Record<string, string>> = {
  attention: "attention",
  attention_stats: "attention",
  attention_grad_query: "attention_grad_query",
  attention_grad_key: "attention_grad_key_value",
  attention_grad_value: "attention_grad_key_value",
  attention_grad_packed: "attention_grad_packed",
};
