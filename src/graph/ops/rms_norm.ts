/** The op `rms_norm`: root-mean-square normalisation. @module */
import type { OpSpec } from "../op_spec.ts";
import { allocate } from "../dtype.ts";
import { rowsOf } from "./broadcasting.ts";
import { normType } from "./normalization.ts";

/**
 * Root-mean-square normalisation over the last dimension, `x / sqrt(mean(x^2) + epsilon) * weight` (Zhang and Sennrich,
 * arXiv:1910.07467).
 */
export const rmsNorm: OpSpec<"rms_norm"> = {
  infer: ([x, weight]) => normType(x, { weight }),
  vjp(b, node, dy, needed) {
    const operands = [dy, node.inputs[0], node.inputs[1]];
    return [
      needed[0] ? b.apply("rms_norm_grad", operands, node.attrs) : null,
      needed[1] ? b.apply("rms_norm_grad_weight", operands, node.attrs) : null,
    ];
  },
  eval([x, weight], attrs, out) {
    const { rows, width } = rowsOf(x.shape);
    const data = allocate(out.dtype, x.data.length);
    for (let r = 0; r < rows; r++) {
      const at = r * width;
      let squares = 0;
      for (let i = 0; i < width; i++) squares += x.data[at + i] ** 2 / width;
      const scale = 1 / Math.sqrt(squares + attrs.epsilon);
      for (let i = 0; i < width; i++) data[at + i] = x.data[at + i] * scale * weight.data[i];
    }
    return data;
  },
  onnx: (scope, node, inputs) =>
    scope.emit("SimplifiedLayerNormalization", inputs, {
      attrs: { axis: -1, epsilon: { float: node.attrs.epsilon }, stash_type: 1 },
    }),
  tolerance: { relative: 1e-4, absolute: 1e-5 },
};
