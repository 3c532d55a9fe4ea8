/** The op `reduce_max`: maxima over axes. @module */
import type { OpSpec } from "../op_spec.ts";
import { dtypes, isFloat, typedArray } from "../dtype.ts";
import { fold, keptShape, reducedType } from "./reduction.ts";
import { exact } from "./unary.ts";

/**
 * The maximum over `axes`, NaN where one of the elements is (the `maximum` of IEEE 754-2019, PyTorch's `amax`); its
 * gradient is shared equally by the elements that attain it.
 */
export const reduceMax: OpSpec<"reduce_max"> = {
  infer: reducedType,
  vjp(b, node, dy) {
    const x = node.inputs[0];
    const shape = keptShape(x, node.attrs);
    const hit = b.cast(b.equal(x, b.reshape(node, shape)), dy.dtype);
    const count = b.sum(hit, node.attrs.axes, { keepDims: true });
    return [b.mul(hit, b.div(b.reshape(dy, shape), count))];
  },
  eval: ([x], attrs, out) =>
    typedArray(out.dtype, fold(x, attrs, out, -Infinity, (a, v) => v > a || Number.isNaN(v) ? v : a)),
  onnx(scope, node, inputs) {
    const { axes, keepDims } = node.attrs;
    const list = scope.constant("i64", [axes.length], axes);
    const reduced = (op: string, x: string) =>
      scope.emit(op, [x, list], { attrs: { keepdims: keepDims ? 1 : 0, noop_with_empty_axes: 1 } });
    const largest = reduced("ReduceMax", inputs[0]);
    if (!isFloat(node.dtype)) return largest;
    // What ReduceMax makes of a NaN is left open, and ONNX Runtime's WebGPU has no IsNaN: a NaN alone is not equal to itself.
    const [x] = inputs;
    const isNumber = scope.emit("Cast", [scope.emit("Equal", [x, x])], { attrs: { to: dtypes.f32.onnx } });
    const all = scope.emit("Cast", [reduced("ReduceMin", isNumber)], { attrs: { to: dtypes.bool.onnx } });
    return scope.emit("Where", [all, largest, scope.constant(node.dtype, [], [NaN])]);
  },
  reduces: true,
  wide: true,
  tolerance: exact,
};
