import type { OpSpec } from "../builder.ts";
import { allocate } from "../dtype.ts";
import { formatShape, numeric, ShapeError, sizeOf, stridesOf } from "../shape.ts";
import { stridedOffsets } from "./broadcasting.ts";
import { sameAsOperand } from "./identity.ts";
import { exact } from "./unary.ts";

/** The operand along `axis` inside zeros: `before` of them first and `size` elements in all. The gradient of `slice`. */
export const pad: OpSpec<"pad"> = {
  infer([x], { axis, before, size }) {
    const inner = x.shape[axis];
    if (before < 0 || (typeof inner === "number" && typeof size === "number" && before + inner > size)) {
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
    const offsets = stridedOffsets(x.shape, strides, before * strides[axis]);
    for (let i = 0; i < offsets.length; i++) data[offsets[i]] = x.data[i];
    return data;
  },
  onnx(scope, node, inputs) {
    const { axis, before, size } = node.attrs;
    const rank = node.shape.length;
    const inner = node.inputs[0].shape[axis];
    const pads = new Array<number>(2 * rank).fill(0);
    pads[axis] = before;
    if (typeof size === "number" && typeof inner === "number") {
      pads[rank + axis] = size - before - inner;
      return scope.emit("Pad", [inputs[0], scope.constant("i64", [2 * rank], pads)]);
    }
    const used = scope.emit("Add", [scope.shape([inner]), scope.constant("i64", [1], [before])]);
    const after = scope.emit("Sub", [scope.shape([size]), used]);
    const place = scope.constant("i64", [2 * rank], pads.map((_, i) => i === rank + axis ? 1 : 0));
    const wide = scope.emit("Mul", [place, after]);
    return scope.emit("Pad", [inputs[0], scope.emit("Add", [wide, scope.constant("i64", [2 * rank], pads)])]);
  },
  identity: sameAsOperand,
  tolerance: exact,
  bind: (attrs, dim) => ({ ...attrs, size: dim(attrs.size) }),
};
