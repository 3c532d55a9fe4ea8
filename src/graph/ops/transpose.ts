/** The op `transpose`: another order of dimensions. @module */
import type { OpSpec } from "../op_spec.ts";
import { numeric, ShapeError, stridesOf } from "../shape.ts";
import { stridedOffsets, take } from "./broadcasting.ts";
import { exact } from "./unary.ts";

/** Dimensions in another order: the result's axis `i` is the operand's axis `perm[i]`. */
export const transpose: OpSpec<"transpose"> = {
  infer([x], { perm }) {
    const sorted = [...perm].sort((p, q) => p - q);
    if (perm.length !== x.shape.length || sorted.some((p, i) => p !== i)) {
      throw new ShapeError(`perm must order the ${x.shape.length} axes, got [${perm.join(", ")}]`);
    }
    return { dtype: x.dtype, shape: perm.map((p) => x.shape[p]) };
  },
  vjp(b, node, dy) {
    const inverse = node.attrs.perm.map((_, i) => node.attrs.perm.indexOf(i));
    return [b.transpose(dy, inverse)];
  },
  eval([x], { perm }, out) {
    const strides = stridesOf(x.shape);
    return take(x, stridedOffsets(numeric(out.shape), perm.map((p) => strides[p])));
  },
  onnx: (scope, node, inputs) => scope.emit("Transpose", inputs, { attrs: { perm: node.attrs.perm } }),
  identity: (node, [x]) => node.attrs.perm.every((p, i) => p === i) ? x : undefined,
  view: true,
  tolerance: exact,
};
