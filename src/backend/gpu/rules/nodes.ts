/**
 * What a bound node is by itself.
 *
 * @module
 */
import type { Node, NodeOf } from "../../../graph/node.ts";
import { numeric, sizeOf } from "../../../graph/shape.ts";

/** Number of elements of a bound node. */
export function elementsOf(node: Node): number {
  return sizeOf(numeric(node.shape));
}

/** Whether a node holds what is given, not what is computed. */
export function isLeaf(node: Node): node is NodeOf<"input"> | NodeOf<"state"> | NodeOf<"constant"> {
  return node.op === "input" || node.op === "state" || node.op === "constant";
}

/** Whether a node is a constant that holds one value, written into the kernels that read it. */
export function isLiteral(node: Node): boolean {
  return node.op === "constant" && node.attrs.data.every((v) => Object.is(v, node.attrs.data[0]));
}
