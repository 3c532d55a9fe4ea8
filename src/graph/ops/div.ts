/** The op `div`: division. @module */
import type { OpSpec } from "../op_spec.ts";
import { binary } from "./binary.ts";

/** `x / y`; integers truncate. */
export const div: OpSpec<"div"> = binary({
  onnx: "Div",
  f: (x, y) => x / y,
  integer: (x, y) => Math.trunc(x / y),
  neutral: { y: 1 },
  dx: (b, dz, _x, y) => b.div(dz, y),
  dy: (b, dz, _x, y, z) => b.neg(b.div(b.mul(dz, z), y)),
});
