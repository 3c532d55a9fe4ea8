import type { OpSpec } from "../builder.ts";
import { coefficientOf, formatShape, numeric, ShapeError, stridesOf, symbolsOf } from "../shape.ts";
import { stridedOffsets, take } from "./broadcasting.ts";
import { sameAsOperand } from "./identity.ts";
import { exact } from "./unary.ts";

/** `size` elements along `axis`, from `start`. */
export const slice: OpSpec<"slice"> = {
  infer([x], { axis, start, size }) {
    const available = x.shape[axis];
    // A symbolic dimension is at least its coefficient; what lies beyond that is known only when it is bound.
    const known = symbolsOf(available).length === 0 && typeof size === "number";
    if (start < 0 || (known && start + size > coefficientOf(available))) {
      throw new ShapeError(
        `elements ${start} to ${start} + ${size} are outside axis ${axis} of ${formatShape(x.shape)}`,
      );
    }
    return { dtype: x.dtype, shape: x.shape.map((d, i) => i === axis ? size : d) };
  },
  vjp(b, node, dy) {
    const { axis, start } = node.attrs;
    return [b.pad(dy, axis, start, node.inputs[0].shape[axis])];
  },
  eval([x], { axis, start }, out) {
    const strides = stridesOf(x.shape);
    return take(x, stridedOffsets(numeric(out.shape), strides, start * strides[axis]));
  },
  onnx(scope, node, inputs) {
    const { axis, start, size } = node.attrs;
    const from = scope.constant("i64", [1], [start]);
    const length = scope.shape([size]);
    const to = typeof size === "number"
      ? scope.constant("i64", [1], [start + size])
      : start === 0
      ? length
      : scope.emit("Add", [length, from]);
    return scope.emit("Slice", [inputs[0], from, to, scope.constant("i64", [1], [axis])]);
  },
  identity: sameAsOperand,
  view: true,
  tolerance: exact,
  bind: (attrs, dim) => ({ ...attrs, size: dim(attrs.size) }),
};
