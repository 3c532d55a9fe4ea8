/**
 * What the elementwise ops of one operand have in common.
 *
 * @module
 */
import type { Builder } from "../builder.ts";
import type { ExampleOperand, OpExample, OpSpec, Tolerance } from "../op_spec.ts";
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
  const far = ([15, 16] as const).map((count): OpExample<K> => ({
    name: `NaN and infinities, ${count}`,
    attrs,
    operands: [edges(count)],
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
    examples: [...floats, ...far, ...(rule.float ? [] : [ints])],
  };
}

/** NaN, the infinities, both zeros and numbers far out; 15 go one by one on a GPU, 16 four at a time. */
export function edges(count: 15 | 16): ExampleOperand {
  const values = [1, NaN, -2, 0, Infinity, 30, -0, -30, -Infinity, 0.5, 2e38, -2e38, NaN, -0.5, 16, 3];
  return { shape: [count], dtype: "f32", values: values.slice(0, count) };
}
