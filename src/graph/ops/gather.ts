/** The op `gather`: rows of a table. @module */
import type { OpSpec } from "../op_spec.ts";
import { allocate } from "../dtype.ts";
import { numeric, ShapeError, sizeOf } from "../shape.ts";
import { exact } from "./unary.ts";

/** Rows of a table `[V, ...row]` at `indices` `[...]`: `[...indices, ...row]`. */
export const gather: OpSpec<"gather"> = {
  infer([table, indices]) {
    if (indices.dtype !== "i32") throw new ShapeError(`indices must be i32, got ${indices.dtype}`);
    if (table.shape.length === 0) {
      throw new ShapeError("table must have at least one dimension, got a scalar");
    }
    return { dtype: table.dtype, shape: [...indices.shape, ...table.shape.slice(1)] };
  },
  vjp(b, node, dy) {
    const [table, indices] = node.inputs;
    return [b.scatterAdd(indices, dy, table.shape[0]), null];
  },
  eval([table, indices], _attrs, out) {
    const [rows, ...row] = numeric(table.shape);
    const width = sizeOf(row);
    const data = allocate(out.dtype, indices.data.length * width);
    for (let i = 0; i < indices.data.length; i++) {
      const at = indices.data[i];
      if (at < 0 || at >= rows) {
        throw new RangeError(`gather: index ${at} is outside a table of ${rows} rows`);
      }
      data.set(table.data.subarray(at * width, (at + 1) * width) as never, i * width);
    }
    return data;
  },
  onnx: (scope, _node, inputs) => scope.emit("Gather", inputs, { attrs: { axis: 0 } }),
  tolerance: exact,
};
