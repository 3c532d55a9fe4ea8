/**
 * What the elementwise ops of two operands have in common.
 *
 * @module
 */
import type { Builder } from "../builder.ts";
import type { OpSpec } from "../op_spec.ts";
import { isFloat } from "../dtype.ts";
import type { Node, OpName } from "../node.ts";
import { mapElements } from "./broadcasting.ts";
import { elementwiseType } from "./elementwise.ts";
import { neutral } from "./identity.ts";
import { exact } from "./unary.ts";

/** The spec of `z = f(x, y)`; the gradient rules give the gradients before they are summed over broadcast dimensions. */
export function binary<K extends OpName>(rule: {
  onnx: string;
  f: (x: number, y: number) => number;
  /** Where 64-bit floating-point arithmetic is not exact for 32-bit integers, or means something else. */
  integer?: (x: number, y: number) => number;
  /** What an operand has to be for the result to be the other one. */
  neutral?: { readonly x?: number; readonly y?: number };
  dx: (b: Builder, dz: Node, x: Node, y: Node, z: Node) => Node;
  dy: (b: Builder, dz: Node, x: Node, y: Node, z: Node) => Node;
}): OpSpec<K> {
  return {
    infer: (inputs) => elementwiseType(inputs),
    vjp(b, node, dz, needed) {
      const [x, y] = node.inputs;
      return [
        needed[0] ? b.sumTo(rule.dx(b, dz, x, y, node as Node), x.shape) : null,
        needed[1] ? b.sumTo(rule.dy(b, dz, x, y, node as Node), y.shape) : null,
      ];
    },
    eval: (inputs, _attrs, out) =>
      mapElements(inputs, out, isFloat(out.dtype) ? rule.f : rule.integer ?? rule.f),
    onnx: (scope, _node, inputs) => scope.emit(rule.onnx, inputs),
    identity: (node, inputs) => rule.neutral && neutral(node, inputs, rule.neutral),
    broadcasts: true,
    tolerance: exact,
  };
}

/** Routes a gradient to where `chosen` is larger than `other`, and where they are equal if `ties`. */
export function route(b: Builder, dz: Node, chosen: Node, other: Node, ties: boolean): Node {
  const wins = b.cast(b.less(other, chosen), dz.dtype);
  const routed = b.mul(dz, wins);
  return ties ? b.add(routed, b.mul(dz, b.cast(b.equal(chosen, other), dz.dtype))) : routed;
}
