/** The op `softmax`: probabilities of logits. @module */
import type { OpSpec } from "../op_spec.ts";
import { allocate } from "../dtype.ts";
import { ShapeError } from "../shape.ts";
import { rowsOf } from "./broadcasting.ts";
import { elementwiseType } from "./elementwise.ts";

/** `e^x / sum(e^x)` over the last dimension, computed from x minus the row's maximum. */
export const softmax: OpSpec<"softmax"> = {
  infer(inputs) {
    if (inputs[0].shape.length === 0) {
      throw new ShapeError("operand must have at least one dimension, got a scalar");
    }
    return elementwiseType(inputs, { float: true });
  },
  vjp: (b, node, dy) => [b.apply("softmax_grad", [dy, node], {})],
  eval([x], _attrs, out) {
    const { rows, width } = rowsOf(x.shape);
    const data = allocate(out.dtype, x.data.length);
    const row = new Float64Array(width);
    for (let r = 0; r < rows; r++) {
      let top = -Infinity;
      for (let i = 0; i < width; i++) top = Math.max(top, x.data[r * width + i]);
      let sum = 0;
      for (let i = 0; i < width; i++) sum += row[i] = Math.exp(x.data[r * width + i] - top);
      for (let i = 0; i < width; i++) data[r * width + i] = row[i] / sum;
    }
    return data;
  },
  onnx: (scope, _node, inputs) => scope.emit("Softmax", inputs, { attrs: { axis: -1 } }),
  wide: true,
  tolerance: { relative: 1e-5, absolute: 1e-6 },
};
