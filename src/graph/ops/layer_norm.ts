/** The op `layer_norm`: layer normalisation. @module */
import type { OpSpec } from "../op_spec.ts";
import { allocate } from "../dtype.ts";
import { rowsOf } from "./broadcasting.ts";
import { normType } from "./normalization.ts";

/**
 * Layer normalisation over the last dimension, `(x - mean) / sqrt(variance + epsilon) * weight + bias`, with the
 * variance of the population (Ba, Kiros and Hinton, arXiv:1607.06450).
 */
export const layerNorm: OpSpec<"layer_norm"> = {
  infer: ([x, weight, bias]) => normType(x, { weight, bias }),
  vjp(b, node, dy, needed) {
    const operands = [dy, node.inputs[0], node.inputs[1]];
    return [
      needed[0] ? b.apply("layer_norm_grad", operands, node.attrs) : null,
      needed[1] ? b.apply("layer_norm_grad_weight", operands, node.attrs) : null,
      needed[2] ? b.apply("layer_norm_grad_bias", operands, node.attrs) : null,
    ];
  },
  eval([x, weight, bias], attrs, out) {
    const { rows, width } = rowsOf(x.shape);
    const data = allocate(out.dtype, x.data.length);
    for (let r = 0; r < rows; r++) {
      const at = r * width;
      let mean = 0;
      for (let i = 0; i < width; i++) mean += x.data[at + i] / width;
      let variance = 0;
      for (let i = 0; i < width; i++) variance += (x.data[at + i] - mean) ** 2 / width;
      const scale = 1 / Math.sqrt(variance + attrs.epsilon);
      for (let i = 0; i < width; i++) {
        data[at + i] = (x.data[at + i] - mean) * scale * weight.data[i] + bias.data[i];
      }
    }
    return data;
  },
  onnx: (scope, node, inputs) =>
    scope.emit("LayerNormalization", inputs, { attrs: { axis: -1, epsilon: { float: node.attrs.epsilon } } }),
  tolerance: { relative: 1e-4, absolute: 1e-5 },
};
