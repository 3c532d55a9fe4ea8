/** The op `scatter_add`: sums into rows of a table. @module */
import type { OpSpec } from "../op_spec.ts";
import { typedArray } from "../dtype.ts";
import { bindDim, formatShape, numeric, product, sameShape, ShapeError, sizeOf } from "../shape.ts";

/** Zeros `[rows, ...row]` to which each `updates` row is added at its index: the gradient of `gather`. */
export const scatterAdd: OpSpec<"scatter_add"> = {
  infer([indices, updates], attrs) {
    if (indices.dtype !== "i32") throw new ShapeError(`indices must be i32, got ${indices.dtype}`);
    const rank = indices.shape.length;
    if (!sameShape(updates.shape.slice(0, rank), indices.shape)) {
      throw new ShapeError(
        `updates must begin with the indices' shape ${formatShape(indices.shape)}, got ${
          formatShape(updates.shape)
        }`,
      );
    }
    return { dtype: updates.dtype, shape: [attrs.rows, ...updates.shape.slice(rank)] };
  },
  vjp: (b, node, dy) => [null, b.gather(dy, node.inputs[0])],
  eval([indices, updates], attrs, out) {
    const rows = bindDim(attrs.rows, {});
    const width = sizeOf(numeric(out.shape).slice(1));
    const sums = new Float64Array(rows * width);
    for (let i = 0; i < indices.data.length; i++) {
      const at = indices.data[i];
      if (at < 0 || at >= rows) throw new RangeError(`scatter_add: index ${at} is outside ${rows} rows`);
      for (let j = 0; j < width; j++) sums[at * width + j] += updates.data[i * width + j];
    }
    return typedArray(out.dtype, sums);
  },
  onnx(scope, node, inputs) {
    const [indices, updates] = node.inputs;
    const width = sizeOf(numeric(updates.shape.slice(indices.shape.length)));
    const count = product(indices.shape);
    // An index per element, over one dimension. ScatterND would take one per row, but ONNX Runtime 1.30 adds its rows in
    // parallel without a lock and loses some where indices repeat; over two dimensions ScatterElements is twice as slow.
    const first = scope.emit("Reshape", [inputs[0], scope.shape([count, 1])]);
    const wide = scope.emit("Cast", [first], { attrs: { to: 7 } });
    const starts = scope.emit("Mul", [wide, scope.constant("i64", [], [width])]);
    const columns = scope.constant("i64", [1, width], Array.from({ length: width }, (_, j) => j));
    const places = scope.emit("Reshape", [
      scope.emit("Add", [starts, columns]),
      scope.shape([product([count, width])]),
    ]);
    const zeros = scope.emit("Expand", [
      scope.constant(node.dtype, [], [0]),
      scope.shape([product(node.shape)]),
    ]);
    const values = scope.emit("Reshape", [inputs[1], scope.shape([product([count, width])])]);
    const sums = scope.emit("ScatterElements", [zeros, places, values], {
      attrs: { axis: 0, reduction: "add" },
    });
    return scope.emit("Reshape", [sums, scope.shape(node.shape)]);
  },
  tolerance: { relative: 1e-5, absolute: 1e-5 },
  bind: (attrs, dim) => ({ rows: dim(attrs.rows) }),
};
