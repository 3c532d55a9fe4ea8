/** The op `abs`: absolute value. @module */
import type { OpSpec } from "../op_spec.ts";
import { unary } from "./unary.ts";

/** `|x|`, with gradient 0 at 0. */
export const abs: OpSpec<"abs"> = unary({
  onnx: "Abs",
  f: Math.abs,
  vjp(b, dy, x) {
    const positive = b.cast(b.less(b.scalar(0, x.dtype), x), dy.dtype);
    const negative = b.cast(b.less(x, 0), dy.dtype);
    return b.mul(dy, b.sub(positive, negative));
  },
  float: false,
  tested: [[-2, 2]],
});
