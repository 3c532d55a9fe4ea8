/** The op `sqrt`: the square root. @module */
import type { OpSpec } from "../op_spec.ts";
import { unary } from "./unary.ts";

/** The square root. */
export const sqrt: OpSpec<"sqrt"> = unary({
  onnx: "Sqrt",
  f: Math.sqrt,
  vjp: (b, dy, _x, y) => b.div(b.mul(dy, 0.5), y),
  float: true,
  tested: [[0.1, 4]],
});
