import type { OpSpec } from "../builder.ts";
import { allocate, isFloat } from "../dtype.ts";
import { formatShape, ShapeError } from "../shape.ts";
import { rowsOf } from "./broadcasting.ts";

/**
 * Layer normalisation over the last dimension, `(x - mean) / sqrt(variance + epsilon) * weight + bias`, with the
 * variance of the population (Ba, Kiros and Hinton, arXiv:1607.06450).
 */
export const layerNorm: OpSpec<"layer_norm"> = {
  infer([x, weight, bias]) {
    const width = x.shape[x.shape.length - 1];
    if (!isFloat(x.dtype) || typeof width !== "number") {
      throw new ShapeError(
        `operand must be f32 or f16 with a numeric last dimension, got ${x.dtype} ${formatShape(x.shape)}`,
      );
    }
    for (const [name, t] of [["weight", weight], ["bias", bias]] as const) {
      if (t.shape.length !== 1 || t.shape[0] !== width) {
        throw new ShapeError(`${name} must have shape [${width}], got ${formatShape(t.shape)}`);
      }
    }
    return { dtype: x.dtype, shape: x.shape };
  },
  vjp(b, node, dy, needed) {
    const [x, weight, bias] = node.inputs;
    const mean = (t: typeof x) => b.mean(t, [-1], { keepDims: true });
    const centred = b.sub(x, mean(x));
    const scale = b.div(1, b.sqrt(b.add(mean(b.square(centred)), node.attrs.epsilon)));
    const normal = b.mul(centred, scale);
    let dx = null;
    if (needed[0]) {
      const dn = b.mul(dy, weight);
      const inner = b.sub(b.sub(dn, mean(dn)), b.mul(normal, mean(b.mul(dn, normal))));
      dx = b.mul(inner, scale);
    }
    return [
      dx,
      needed[1] ? b.sumTo(b.mul(dy, normal), weight.shape) : null,
      needed[2] ? b.sumTo(dy, bias.shape) : null,
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
