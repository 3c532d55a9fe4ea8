/** The op `add`: addition. @module */
import type { OpSpec } from "../op_spec.ts";
import { binary } from "./binary.ts";

/** `x + y`. */
export const add: OpSpec<"add"> = binary({
  onnx: "Add",
  f: (x, y) => x + y,
  neutral: { x: 0, y: 0 },
  dx: (_b, dz) => dz,
  dy: (_b, dz) => dz,
});
