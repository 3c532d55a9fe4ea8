/** The op `broadcast`: copies along dimensions. @module */
import type { OpSpec } from "../op_spec.ts";
import { broadcastShapes, formatShape, numeric, sameShape, ShapeError } from "../shape.ts";
import { broadcastOffsets, take } from "./broadcasting.ts";
import { sameAsOperand } from "./identity.ts";
import { exact } from "./unary.ts";

/** Copies along dimensions of size 1, and along new leading ones, up to `shape`. */
export const broadcast: OpSpec<"broadcast"> = {
  infer([x], attrs) {
    if (!sameShape(broadcastShapes(x.shape, attrs.shape), attrs.shape)) {
      throw new ShapeError(`${formatShape(x.shape)} does not broadcast to ${formatShape(attrs.shape)}`);
    }
    return { dtype: x.dtype, shape: attrs.shape };
  },
  vjp: (b, node, dy) => [b.sumTo(dy, node.inputs[0].shape)],
  eval: ([x], _attrs, out) => take(x, broadcastOffsets(x.shape, numeric(out.shape))),
  onnx: (scope, node, inputs) => scope.emit("Expand", [inputs[0], scope.shape(node.shape)]),
  identity: sameAsOperand,
  tolerance: exact,
  bind: (attrs, dim) => ({ shape: attrs.shape.map(dim) }),
};
