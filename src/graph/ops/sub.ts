/** The op `sub`: subtraction. @module */
import type { OpSpec } from "../op_spec.ts";
import { binary } from "./binary.ts";

/** `x - y`. */
export const sub: OpSpec<"sub"> = binary({
  onnx: "Sub",
  f: (x, y) => x - y,
  neutral: { y: 0 },
  dx: (_b, dz) => dz,
  dy: (b, dz) => b.neg(dz),
});
