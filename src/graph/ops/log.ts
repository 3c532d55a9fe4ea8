/** The op `log`: the natural logarithm. @module */
import type { OpSpec } from "../op_spec.ts";
import { unary } from "./unary.ts";

/** The natural logarithm. */
export const log: OpSpec<"log"> = unary({
  onnx: "Log",
  f: Math.log,
  vjp: (b, dy, x) => b.div(dy, x),
  float: true,
  tolerance: { relative: 1e-5, absolute: 1e-6 },
  tested: [[0.1, 4]],
});
