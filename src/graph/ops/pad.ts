/** The op `pad`: zeros around a tensor. @module */
import type { OpSpec } from "../op_spec.ts";
import { allocate } from "../dtype.ts";
import {
  difference,
  type Dim,
  formatShape,
  mostOf,
  numeric,
  ShapeError,
  sizeOf,
  stridesOf,
  sum,
} from "../shape.ts";
import { stridedOffsets } from "./broadcasting.ts";
import { sameAsOperand } from "./identity.ts";
import { exact } from "./unary.ts";

/** The operand along `axis` inside zeros: `before` of them first and `size` elements in all. The gradient of `slice`. */
export const pad: OpSpec<"pad"> = {
  infer([x], { axis, before, size }) {
    if (mostOf(before) < 0 || mostOf(difference(size, sum([before, x.shape[axis]]))) < 0) {
      throw new ShapeError(
        `axis ${axis} of ${formatShape(x.shape)} after ${before} zeros does not fit into ${size}`,
      );
    }
    return { dtype: x.dtype, shape: x.shape.map((d, i) => i === axis ? size : d) };
  },
  vjp(b, node, dy) {
    const { axis, before } = node.attrs;
    return [b.slice(dy, axis, before, node.inputs[0].shape[axis])];
  },
  eval([x], { axis, before }, out) {
    const shape = numeric(out.shape);
    const strides = stridesOf(shape);
    const data = allocate(out.dtype, sizeOf(shape));
    const offsets = stridedOffsets(x.shape, strides, (before as number) * strides[axis]);
    for (let i = 0; i < offsets.length; i++) data[offsets[i]] = x.data[i];
    return data;
  },
  onnx(scope, node, inputs) {
    const { axis, before, size } = node.attrs;
    const rank = node.shape.length;
    const pads = new Array<Dim>(2 * rank).fill(0);
    pads[axis] = before;
    pads[rank + axis] = difference(size, sum([before, node.inputs[0].shape[axis]]));
    return scope.emit("Pad", [inputs[0], scope.shape(pads)]);
  },
  identity: sameAsOperand,
  tolerance: exact,
  bind: (attrs, dim) => ({ ...attrs, before: dim(attrs.before), size: dim(attrs.size) }),
};
