/** The op `iota`: indices. @module */
import type { OpSpec } from "../op_spec.ts";
import { allocate, dtypes } from "../dtype.ts";
import { numeric, ShapeError, sizeOf, stridesOf } from "../shape.ts";
import { exact } from "./unary.ts";

/** Each element's index along `axis`. */
export const iota: OpSpec<"iota"> = {
  infer(_inputs, attrs) {
    if (!["f32", "i32", "u32"].includes(attrs.dtype)) {
      throw new ShapeError(`dtype must be f32, i32 or u32, got ${attrs.dtype}`);
    }
    return { dtype: attrs.dtype, shape: attrs.shape };
  },
  eval(_inputs, attrs, out) {
    const shape = numeric(out.shape);
    const data = allocate(out.dtype, sizeOf(shape));
    const step = stridesOf(shape)[attrs.axis];
    for (let i = 0; i < data.length; i++) data[i] = Math.floor(i / step) % shape[attrs.axis];
    return data;
  },
  onnx(scope, node) {
    const { shape, axis, dtype } = node.attrs;
    const length = shape[axis];
    if (shape.length === 1 && typeof length === "number") {
      return scope.constant(dtype, [length], Array.from({ length }, (_, i) => i));
    }
    const [zero, one] = [0, 1].map((v) => scope.constant("i64", [], [v]));
    const count = scope.emit("Squeeze", [scope.shape([shape[axis]]), scope.constant("i64", [1], [0])]);
    const range = scope.emit("Range", [zero, count, one]);
    const typed = scope.emit("Cast", [range], {
      attrs: { to: dtypes[dtype].onnx },
    });
    const column = shape.map((d, i) => i === axis ? d : 1);
    const placed = shape.length === 1 ? typed : scope.emit("Reshape", [typed, scope.shape(column)]);
    return column.every((d, i) => d === shape[i])
      ? placed
      : scope.emit("Expand", [placed, scope.shape(shape)]);
  },
  tolerance: exact,
  bind: (attrs, dim) => ({ ...attrs, shape: attrs.shape.map(dim) }),
};
