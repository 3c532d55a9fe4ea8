/**
 * What the elementwise ops of one operand have in common.
 *
 * @module
 */
import type { Builder, OpExample, OpSpec, Tolerance } from "../builder.ts";
import type { Node, OpAttrs, OpName } from "../node.ts";
import { mapElements } from "./broadcasting.ts";
import { elementwiseType } from "./elementwise.ts";

/** Results of one rounding; transcendental functions declare more. */
export const exact: Tolerance = { relative: 1e-6, absolute: 1e-7 };

/** The spec of `y = f(x)` whose gradient is `dy` times something of x and y; `tested` are ranges of x. */
export function unary<K extends OpName>(rule: {
  onnx: string;
  f: (x: number) => number;
  vjp: (b: Builder, dy: Node, x: Node, y: Node) => Node;
  float: boolean;
  tolerance?: Tolerance;
  tested: readonly (readonly [low: number, high: number])[];
}): OpSpec<K> {
  const attrs = {} as OpAttrs[K];
  const floats = rule.tested.map(([low, high]): OpExample<K> => ({
    name: `${low} to ${high}`,
    attrs,
    operands: [{ shape: [7, 9], low, high }],
  }));
  const ints: OpExample<K> = {
    name: "i32",
    attrs,
    operands: [{ shape: [3], dtype: "i32", values: [1, -2, 0] }],
  };
  return {
    infer: (inputs) => elementwiseType(inputs, { float: rule.float }),
    vjp: (b, node, dy) => [rule.vjp(b, dy, node.inputs[0], node as Node)],
    eval: (inputs, _attrs: OpAttrs[K], out) => mapElements(inputs, out, rule.f),
    onnx: (scope, _node, inputs) => scope.emit(rule.onnx, inputs),
    tolerance: rule.tolerance ?? exact,
    examples: rule.float ? floats : [...floats, ints],
  };
}
