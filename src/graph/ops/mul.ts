/** The op `mul`: multiplication. @module */
import type { OpSpec } from "../op_spec.ts";
import { binary } from "./binary.ts";

/** `x * y`; integers wrap. */
export const mul: OpSpec<"mul"> = binary({
  onnx: "Mul",
  f: (x, y) => x * y,
  integer: Math.imul,
  neutral: { x: 1, y: 1 },
  dx: (b, dz, _x, y) => b.mul(dz, y),
  dy: (b, dz, x) => b.mul(dz, x),
});
