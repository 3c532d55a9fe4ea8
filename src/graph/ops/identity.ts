/**
 * When a node is one of its inputs.
 *
 * @module
 */
import type { Node, TensorType } from "../node.ts";
import { sameShape } from "../shape.ts";

/** The first operand, where it is of the node's type: for ops that change the shape or the type alone. */
export function sameAsOperand(node: TensorType, [x]: readonly Node[]): Node | undefined {
  return isOfType(x, node) ? x : undefined;
}

/** The operand that the other one, a constant, leaves as it is: `x` is what the first one has to be for that, `y` the second. */
export function neutral(
  node: TensorType,
  [x, y]: readonly Node[],
  values: { readonly x?: number; readonly y?: number },
): Node | undefined {
  if (isValue(y, values.y) && isOfType(x, node)) return x;
  return isValue(x, values.x) && isOfType(y, node) ? y : undefined;
}

function isOfType(x: TensorType, { dtype, shape }: TensorType): boolean {
  return x.dtype === dtype && sameShape(x.shape, shape);
}

function isValue(node: Node, value: number | undefined): boolean {
  return node.op === "constant" && node.attrs.data.length === 1 && node.attrs.data[0] === value;
}
