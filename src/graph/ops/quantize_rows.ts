/** The op `quantize_rows`: rows as 8-bit levels. @module */
import type { OpSpec } from "../op_spec.ts";
import { allocate, dtypes } from "../dtype.ts";
import { product } from "../shape.ts";
import { rowsOf } from "./broadcasting.ts";
import { levelOf, scaleOf, wordOf } from "./int8.ts";
import { onnxScales, quantizedType } from "./row_scales.ts";

/**
 * The values of each row of f32 `[..., K]` in units of its scale, rounded to the nearest of 255 levels: u32 `[..., K / 4]`, four
 * levels a word. `row_scales` of the same operand says what a level is worth.
 */
export const quantizeRows: OpSpec<"quantize_rows"> = {
  infer([x]) {
    const { shape } = quantizedType(x);
    return { dtype: "u32", shape: [...shape.slice(0, -1), shape.at(-1) as number / 4] };
  },
  eval([x], _attrs, out) {
    const { rows, width } = rowsOf(x.shape);
    const data = allocate(out.dtype, rows * width / 4);
    for (let r = 0, at = 0; r < rows; r++) {
      const scale = scaleOf(x.data, r * width, (r + 1) * width);
      for (let i = r * width; i < (r + 1) * width; i += 4) {
        const [a, b, c, d] = [0, 1, 2, 3].map((j) => levelOf(x.data[i + j], scale));
        data[at++] = wordOf(a, b, c, d);
      }
    }
    return data;
  },
  onnx(scope, node, [x]) {
    const number = (value: number) => scope.constant("f32", [], [value]);
    const cast = (value: string, to: number) => scope.emit("Cast", [value], { attrs: { to } });
    const { scales, hasLevels } = onnxScales(scope, x);
    const scale = scope.emit("Where", [hasLevels, scales, number(1)]);
    const size = scope.emit("Abs", [x]);
    const near = scope.emit("Floor", [
      scope.emit("Add", [scope.emit("Div", [size, scale]), number(0.5)]),
    ]);
    const threshold = (step: number) =>
      scope.emit("Mul", [scope.emit("Add", [near, number(step - 0.5)]), scale]);
    const above = cast(scope.emit("GreaterOrEqual", [size, threshold(1)]), dtypes.f32.onnx);
    const below = cast(scope.emit("Less", [size, threshold(0)]), dtypes.f32.onnx);
    const level = scope.emit("Mul", [
      scope.emit("Sub", [scope.emit("Add", [near, above]), below]),
      scope.emit("Sign", [x]),
    ]);
    const kept = cast(scope.emit("Where", [hasLevels, level, number(0)]), int64);
    const integers = (values: readonly number[]) => scope.constant("i64", [values.length], values);
    const unsigned = scope.emit("Mod", [scope.emit("Add", [kept, integers([256])]), integers([256])]);
    const fours = scope.emit("Reshape", [
      unsigned,
      scope.shape([product(node.shape), 4]),
    ]);
    const parts = scope.emit("Mul", [fours, integers([1, 2 ** 8, 2 ** 16, 2 ** 24])]);
    const sums = scope.emit("ReduceSum", [parts, integers([-1])], { attrs: { keepdims: 0 } });
    return cast(scope.emit("Reshape", [sums, scope.shape(node.shape)]), dtypes.u32.onnx);
  },
  wide: true,
  tolerance: { relative: 0, absolute: 0 },
  examples: [
    { name: "rows", attrs: {}, operands: [{ shape: [2, 3, 36], low: -3, high: 5 }] },
    { name: "a long row", attrs: {}, operands: [{ shape: [1, 2052] }] },
    {
      name: "ties, zeros and small numbers",
      attrs: {},
      operands: [{
        shape: [4, 4],
        dtype: "f32",
        values: [127, 0.5, -1.5, 126.5, 0, -0, 1e-34, 0, 1e-30, 5e-31, -1e-33, 3e-33, -1, 1, 0.25, -0.75],
      }],
    },
  ],
};

/** `TensorProto.INT64`. */
export const int64 = 7;
