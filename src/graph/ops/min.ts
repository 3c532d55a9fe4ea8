/** The op `min`: the smaller of two. @module */
import type { OpSpec } from "../op_spec.ts";
import { binary, route } from "./binary.ts";

/** The smaller of `x` and `y`, NaN where one is; where they are equal the gradient goes to `y`. */
export const min: OpSpec<"min"> = binary({
  onnx: "Min",
  f: (x, y) => Math.min(x, y),
  dx: (b, dz, x, y) => route(b, dz, b.neg(x), b.neg(y), false),
  dy: (b, dz, x, y) => route(b, dz, b.neg(y), b.neg(x), true),
});
