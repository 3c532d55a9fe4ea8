import type { OpSpec } from "../builder.ts";
import { typedArray } from "../dtype.ts";
import { fold, keptShape, reducedType } from "./reduction.ts";
import { exact } from "./unary.ts";

/** The maximum over `axes`; its gradient is shared equally by the elements that attain it. */
export const reduceMax: OpSpec<"reduce_max"> = {
  infer: reducedType,
  vjp(b, node, dy) {
    const x = node.inputs[0];
    const shape = keptShape(x, node.attrs);
    const hit = b.cast(b.equal(x, b.reshape(node, shape)), dy.dtype);
    const count = b.sum(hit, node.attrs.axes, { keepDims: true });
    return [b.mul(hit, b.div(b.reshape(dy, shape), count))];
  },
  eval: ([x], attrs, out) => typedArray(out.dtype, fold(x, attrs, out, -Infinity, (a, v) => v > a ? v : a)),
  onnx(scope, node, inputs) {
    const { axes, keepDims } = node.attrs;
    const list = scope.constant("i64", [axes.length], axes);
    return scope.emit("ReduceMax", [inputs[0], list], {
      attrs: { keepdims: keepDims ? 1 : 0, noop_with_empty_axes: 1 },
    });
  },
  reduces: true,
  wide: true,
  tolerance: exact,
};
