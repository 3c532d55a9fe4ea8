/** The op `max`: the larger of two. @module */
import type { OpSpec } from "../op_spec.ts";
import { binary, route } from "./binary.ts";

/**
 * The larger of `x` and `y`, NaN where one is; where they are equal the gradient goes to `y`, so that that of `max(x, 0)`
 * is 0 at 0.
 */
export const max: OpSpec<"max"> = binary({
  onnx: "Max",
  f: (x, y) => Math.max(x, y),
  dx: (b, dz, x, y) => route(b, dz, x, y, false),
  dy: (b, dz, x, y) => route(b, dz, y, x, true),
});
