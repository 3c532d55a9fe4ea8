/** The op `concat`: operands one after the other. @module */
import type { OpSpec } from "../op_spec.ts";
import { allocate } from "../dtype.ts";
import type { Node } from "../node.ts";
import { type Dim, formatShape, numeric, ShapeError, sizeOf, stridesOf, sum } from "../shape.ts";
import { stridedOffsets } from "./broadcasting.ts";
import { exact } from "./unary.ts";

/** Operands one after the other along `axis`. */
export const concat: OpSpec<"concat"> = {
  infer(inputs, { axis }) {
    for (const { dtype, shape } of inputs) {
      const fits = shape.length === inputs[0].shape.length && dtype === inputs[0].dtype &&
        shape.every((d, i) => i === axis || d === inputs[0].shape[i]);
      if (!fits) {
        throw new ShapeError(
          `operands must agree except in axis ${axis}, got ${
            inputs.map((i) => formatShape(i.shape)).join(", ")
          }`,
        );
      }
    }
    const total = sum(inputs.map(({ shape }) => shape[axis]));
    return { dtype: inputs[0].dtype, shape: inputs[0].shape.map((d, i) => i === axis ? total : d) };
  },
  vjp(b, node, dy, needed) {
    const { axis } = node.attrs;
    let start: Dim = 0;
    return node.inputs.map((input: Node, i) => {
      const size = input.shape[axis];
      const part = needed[i] ? b.slice(dy, axis, start, size) : null;
      start = sum([start, size]);
      return part;
    });
  },
  eval(inputs, { axis }, out) {
    const shape = numeric(out.shape);
    const strides = stridesOf(shape);
    const data = allocate(out.dtype, sizeOf(shape));
    let start = 0;
    for (const x of inputs) {
      const offsets = stridedOffsets(x.shape, strides, start * strides[axis]);
      for (let i = 0; i < offsets.length; i++) data[offsets[i]] = x.data[i];
      start += x.shape[axis];
    }
    return data;
  },
  onnx: (scope, node, inputs) => scope.emit("Concat", inputs, { attrs: { axis: node.attrs.axis } }),
  tolerance: exact,
};
