/** The op `cast`: conversion to another type. @module */
import type { OpSpec } from "../op_spec.ts";
import { dtypes, isFloat, typedArray, valuesOf } from "../dtype.ts";
import { sameAsOperand } from "./identity.ts";
import { exact } from "./unary.ts";

/** The same values as another type: floats are truncated to integers, anything but 0 is true. */
export const cast: OpSpec<"cast"> = {
  infer: (inputs, attrs) => ({ dtype: attrs.dtype, shape: inputs[0].shape }),
  vjp(b, node, dy) {
    const x = node.inputs[0];
    return [isFloat(x.dtype) && isFloat(node.dtype) ? b.cast(dy, x.dtype) : null];
  },
  eval([x], { dtype }) {
    const values = valuesOf(x);
    return dtype === "bool" ? Uint8Array.from(values, (v) => v === 0 ? 0 : 1) : typedArray(dtype, values);
  },
  onnx: (scope, node, inputs) => scope.emit("Cast", inputs, { attrs: { to: dtypes[node.dtype].onnx } }),
  takesStored: true,
  identity: sameAsOperand,
  tolerance: exact,
};
