/** The op `exp`: the exponential function. @module */
import type { OpSpec } from "../op_spec.ts";
import { unary } from "./unary.ts";

/** `e^x`. */
export const exp: OpSpec<"exp"> = unary({
  onnx: "Exp",
  f: Math.exp,
  vjp: (b, dy, _x, y) => b.mul(dy, y),
  float: true,
  tolerance: { relative: 1e-5, absolute: 1e-7 },
  tested: [[-2, 2], [-80, 20]],
});
