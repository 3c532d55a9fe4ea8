/** The op `tanh`: the hyperbolic tangent. @module */
import type { OpSpec } from "../op_spec.ts";
import { unary } from "./unary.ts";

/** The hyperbolic tangent. */
export const tanh: OpSpec<"tanh"> = unary({
  onnx: "Tanh",
  f: Math.tanh,
  vjp: (b, dy, _x, y) => b.mul(dy, b.sub(1, b.square(y))),
  float: true,
  tolerance: { relative: 1e-5, absolute: 1e-6 },
  tested: [[-2, 2], [-90, 90]],
});
