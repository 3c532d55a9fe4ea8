import type { OpSpec } from "../builder.ts";
import { type DType, isFloat } from "../dtype.ts";
import { mapElements } from "./broadcasting.ts";
import { sameAsOperand } from "./identity.ts";
import { exact } from "./unary.ts";

/** ONNX's numbers of the types. */
export const onnxTypes: Record<DType, number> = { f32: 1, f16: 10, i32: 6, u32: 12, bool: 9 };

/** The same values as another type: floats are truncated to integers, anything but 0 is true. */
export const cast: OpSpec<"cast"> = {
  infer: (inputs, attrs) => ({ dtype: attrs.dtype, shape: inputs[0].shape }),
  vjp(b, node, dy) {
    const x = node.inputs[0];
    return [isFloat(x.dtype) && isFloat(node.dtype) ? b.cast(dy, x.dtype) : null];
  },
  eval: (inputs, attrs, out) =>
    mapElements(inputs, out, attrs.dtype === "bool" ? (x) => x === 0 ? 0 : 1 : (x) => x),
  onnx: (scope, node, inputs) => scope.emit("Cast", inputs, { attrs: { to: onnxTypes[node.dtype] } }),
  identity: sameAsOperand,
  tolerance: exact,
};
