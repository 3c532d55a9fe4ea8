/** The op `row_scales`: what a level of a quantised row is worth. @module */
import type { OnnxScope, OpSpec } from "../op_spec.ts";
import { allocate, dtypes } from "../dtype.ts";
import type { TensorType } from "../node.ts";
import { formatShape, ShapeError } from "../shape.ts";
import { rowsOf } from "./broadcasting.ts";
import { leastRow, perLevel, scaleOf } from "./int8.ts";

/** The scale of each row of f32 `[..., K]`, `max |x| / 127`: f32 `[..., 1]`. */
export const rowScales: OpSpec<"row_scales"> = {
  infer: ([x]) => ({ dtype: "f32", shape: [...quantizedType(x).shape.slice(0, -1), 1] }),
  eval([x], _attrs, out) {
    const { rows, width } = rowsOf(x.shape);
    const data = allocate(out.dtype, rows);
    for (let r = 0; r < rows; r++) data[r] = scaleOf(x.data, r * width, (r + 1) * width);
    return data;
  },
  onnx: (scope, _node, [x]) => onnxScales(scope, x).scales,
  wide: true,
  tolerance: { relative: 0, absolute: 0 },
  examples: [
    { name: "rows", attrs: {}, operands: [{ shape: [2, 3, 36] }] },
    { name: "zeros", attrs: {}, operands: [{ shape: [1, 4], dtype: "f32", values: [0, 1e-34, -0, 0] }] },
  ],
};

/** Checks what is to be quantised. */
export function quantizedType(x: TensorType): TensorType {
  const width = x.shape.at(-1);
  if (x.dtype !== "f32" || typeof width !== "number" || width % 4 !== 0) {
    throw new ShapeError(
      `operand must be f32 with a last dimension that is a multiple of 4, got ${x.dtype} ${
        formatShape(x.shape)
      }`,
    );
  }
  return x;
}

/** Scales as ONNX, and whether a row has levels: it is finite and not of zeros. */
export function onnxScales(scope: OnnxScope, x: string): { scales: string; hasLevels: string } {
  const number = (value: number) => scope.constant("f32", [], [value]);
  const largest = scope.emit("ReduceMax", [scope.emit("Abs", [x]), scope.constant("i64", [1], [-1])]);
  // A NaN alone is not equal to itself, and an infinite value less itself is NaN.
  const off = scope.emit("Sub", [x, x]);
  const same = scope.emit("Cast", [scope.emit("Equal", [off, off])], { attrs: { to: dtypes.f32.onnx } });
  const least = scope.emit("ReduceMin", [same, scope.constant("i64", [1], [-1])]);
  const isFinite = scope.emit("Cast", [least], { attrs: { to: dtypes.bool.onnx } });
  const isLarge = scope.emit("GreaterOrEqual", [largest, number(leastRow)]);
  const scaled = scope.emit("Where", [
    isLarge,
    scope.emit("Mul", [largest, number(perLevel)]),
    number(0),
  ]);
  return {
    scales: scope.emit("Where", [isFinite, scaled, number(NaN)]),
    hasLevels: scope.emit("And", [isFinite, isLarge]),
  };
}
