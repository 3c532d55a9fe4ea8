/** The op `matmul_int8`: matrix products of 8-bit levels. @module */
import type { OnnxScope, OpSpec } from "../op_spec.ts";
import { allocate, dtypes } from "../dtype.ts";
import { formatShape, numeric, sameShape, type Shape, ShapeError } from "../shape.ts";
import { levelIn, maxInner } from "./int8.ts";
import { int64 } from "./quantize_rows.ts";

/**
 * `x @ w` of rows in levels and a weight in levels by column: the sum of products of levels, an exact integer, times the row's
 * scale, times the column's. Operands are x, u32 `[..., M, K / 4]`, and its scales, f32 `[..., M, 1]`, as `quantize_rows` and
 * `row_scales` make them; w, u32 `[K / 4, N]`, word `[k, n]` the levels of column n from row `4 k` on; and its scales, f32
 * `[N]`. The result is f32 `[..., M, N]`.
 *
 * The sum is rounded to f32, and so is each of the two products after it: the same on every device, to the last bit. For
 * inference: it has no gradient.
 */
export const matmulInt8: OpSpec<"matmul_int8"> = {
  infer([x, rowScales, w, columnScales]) {
    const [inner, columns] = w.shape;
    if (x.dtype !== "u32" || w.dtype !== "u32" || rowScales.dtype !== "f32" || columnScales.dtype !== "f32") {
      const given = [x, rowScales, w, columnScales].map((t) => t.dtype).join(", ");
      throw new ShapeError(`operands must be u32, f32, u32 and f32, got ${given}`);
    }
    if (x.shape.length < 2 || w.shape.length !== 2 || x.shape.at(-1) !== inner || typeof inner !== "number") {
      throw new ShapeError(
        `levels must be [..., M, K / 4] and [K / 4, N], got ${formatShape(x.shape)} and ${
          formatShape(w.shape)
        }`,
      );
    }
    const rows = [...x.shape.slice(0, -1), 1];
    if (!sameShape(rowScales.shape, rows) || !sameShape(columnScales.shape, [columns])) {
      throw new ShapeError(
        `scales must be ${formatShape(rows)} and ${formatShape([columns])}, got ${
          formatShape(rowScales.shape)
        } and ${formatShape(columnScales.shape)}`,
      );
    }
    if (4 * inner > maxInner) {
      throw new ShapeError(`the inner dimension is ${4 * inner}, at most ${maxInner} products fit an i32`);
    }
    return { dtype: "f32", shape: [...x.shape.slice(0, -1), columns] };
  },
  eval([x, rowScales, w, columnScales]) {
    const [inner, columns] = numeric(w.shape);
    const rows = rowScales.data.length;
    const data = allocate("f32", rows * columns);
    const levels = (words: ArrayLike<number>) =>
      Int8Array.from({ length: 4 * words.length }, (_, i) => levelIn(words[i >> 2], i & 3));
    const [a, b] = [levels(x.data), levels(w.data)];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          const [p, q] = [4 * (i * inner + k), 4 * (k * columns + j)];
          for (let l = 0; l < 4; l++) sum += a[p + l] * b[q + l];
        }
        data[i * columns + j] = Math.fround(Math.fround(sum) * rowScales.data[i]) * columnScales.data[j];
      }
    }
    return data;
  },
  onnx(scope, node, [x, rowScales, w, columnScales]) {
    const [inner, columns] = node.inputs[2].shape as [number, typeof node.shape[0]];
    const lead = node.inputs[0].shape.slice(0, -1);
    const a = onnxLevels(scope, x, { words: [...lead, inner, 1], levels: [...lead, 4 * inner], along: [4] });
    const b = onnxLevels(scope, w, {
      words: [inner, 1, columns],
      levels: [4 * inner, columns],
      along: [4, 1],
    });
    const zero = scope.constant("u8", [], [128]);
    const sum = scope.emit("MatMulInteger", [a, b, zero, zero]);
    const real = scope.emit("Cast", [sum], { attrs: { to: dtypes.f32.onnx } });
    return scope.emit("Mul", [scope.emit("Mul", [real, rowScales]), columnScales]);
  },
  wide: true,
  tolerance: { relative: 0, absolute: 0 },
};

/** Words as levels above -128, in bytes. */
function onnxLevels(
  scope: OnnxScope,
  words: string,
  shapes: { readonly words: Shape; readonly levels: Shape; readonly along: readonly number[] },
): string {
  const integers = (values: readonly number[], shape: readonly number[] = []) =>
    scope.constant("i64", shape, values);
  const wide = scope.emit("Cast", [words], { attrs: { to: int64 } });
  const apart = scope.emit("Reshape", [wide, scope.shape(shapes.words)]);
  const shifted = scope.emit("Div", [apart, integers([1, 2 ** 8, 2 ** 16, 2 ** 24], shapes.along)]);
  const biased = scope.emit("Mod", [scope.emit("Add", [shifted, integers([128])]), integers([256])]);
  const levels = scope.emit("Reshape", [biased, scope.shape(shapes.levels)]);
  return scope.emit("Cast", [levels], { attrs: { to: dtypes.u8.onnx } });
}
