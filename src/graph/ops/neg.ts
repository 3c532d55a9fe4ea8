/** The op `neg`: negation. @module */
import type { OpSpec } from "../op_spec.ts";
import { unary } from "./unary.ts";

/** `-x`. */
export const neg: OpSpec<"neg"> = unary({
  onnx: "Neg",
  f: (x) => -x,
  vjp: (b, dy) => b.neg(dy),
  float: false,
  tested: [[-2, 2]],
});
