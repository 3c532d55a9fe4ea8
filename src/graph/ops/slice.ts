/** The op `slice`: a part along one axis. @module */
import type { OpSpec } from "../op_spec.ts";
import { difference, formatShape, mostOf, numeric, ShapeError, stridesOf, sum } from "../shape.ts";
import { stridedOffsets, take } from "./broadcasting.ts";
import { sameAsOperand } from "./identity.ts";
import { exact } from "./unary.ts";

/** `size` elements along `axis`, from `start`. */
export const slice: OpSpec<"slice"> = {
  infer([x], { axis, start, size }) {
    // What depends on the symbols' values is known only when they are bound.
    if (mostOf(start) < 0 || mostOf(difference(x.shape[axis], sum([start, size]))) < 0) {
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
    return take(x, stridedOffsets(numeric(out.shape), strides, (start as number) * strides[axis]));
  },
  onnx(scope, node, inputs) {
    const { axis, start, size } = node.attrs;
    const [from, to] = [scope.shape([start]), scope.shape([sum([start, size])])];
    return scope.emit("Slice", [inputs[0], from, to, scope.constant("i64", [1], [axis])]);
  },
  identity: sameAsOperand,
  view: true,
  tolerance: exact,
  bind: (attrs, dim) => ({ ...attrs, start: dim(attrs.start), size: dim(attrs.size) }),
};
