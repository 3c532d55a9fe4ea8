/** The op `reduce_sum`: sums over axes. @module */
import type { OpSpec } from "../op_spec.ts";
import { typedArray } from "../dtype.ts";
import { fold, keptShape, reducedType } from "./reduction.ts";

/** The sum over `axes`. */
export const reduceSum: OpSpec<"reduce_sum"> = {
  infer: reducedType,
  vjp(b, node, dy) {
    const x = node.inputs[0];
    return [b.broadcast(b.reshape(dy, keptShape(x, node.attrs)), x.shape)];
  },
  eval: ([x], attrs, out) => typedArray(out.dtype, fold(x, attrs, out, 0, (a, v) => a + v)),
  onnx(scope, node, inputs) {
    const { axes, keepDims } = node.attrs;
    const list = scope.constant("i64", [axes.length], axes);
    return scope.emit("ReduceSum", [inputs[0], list], {
      attrs: { keepdims: keepDims ? 1 : 0, noop_with_empty_axes: 1 },
    });
  },
  reduces: true,
  tolerance: { relative: 1e-5, absolute: 1e-5 },
};
