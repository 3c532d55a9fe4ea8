import type { OpSpec } from "../builder.ts";
import { typedArray } from "../dtype.ts";
import { bindDim, formatShape, numeric, product, ShapeError, sizeOf } from "../shape.ts";

/** Zeros `[rows, ...row]` to which each `updates` row is added at its index: the gradient of `gather`. */
export const scatterAdd: OpSpec<"scatter_add"> = {
  infer([indices, updates], attrs) {
    if (indices.dtype !== "i32") throw new ShapeError(`indices must be i32, got ${indices.dtype}`);
    const rank = indices.shape.length;
    if (formatShape(updates.shape.slice(0, rank)) !== formatShape(indices.shape)) {
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
    const row = updates.shape.slice(indices.shape.length);
    const zeros = scope.emit("Expand", [scope.constant(node.dtype, [], [0]), scope.shape(node.shape)]);
    const count = product(indices.shape);
    const flatIndices = scope.emit("Reshape", [inputs[0], scope.shape([count, 1])]);
    // ScatterND takes int64 indices only.
    const wide = scope.emit("Cast", [flatIndices], { attrs: { to: 7 } });
    const flat = scope.emit("Reshape", [inputs[1], scope.shape([count, ...row])]);
    return scope.emit("ScatterND", [zeros, wide, flat], { attrs: { reduction: "add" } });
  },
  tolerance: { relative: 1e-5, absolute: 1e-5 },
  bind: (attrs, dim) => ({ rows: dim(attrs.rows) }),
};
