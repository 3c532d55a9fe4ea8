import type { OpSpec } from "../builder.ts";
import { binary } from "./binary.ts";

/** `x + y`. */
export const add: OpSpec<"add"> = binary({
  onnx: "Add",
  f: (x, y) => x + y,
  dx: (_b, dz) => dz,
  dy: (_b, dz) => dz,
});
