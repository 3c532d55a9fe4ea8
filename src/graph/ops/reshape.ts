/** The op `reshape`: another shape. @module */
import type { OpSpec } from "../op_spec.ts";
import { formatShape, product, ShapeError } from "../shape.ts";
import { sameAsOperand } from "./identity.ts";
import { exact } from "./unary.ts";

/** The same elements in the same order under another shape. */
export const reshape: OpSpec<"reshape"> = {
  infer([x], attrs) {
    if (product(x.shape) !== product(attrs.shape)) {
      throw new ShapeError(
        `${formatShape(x.shape)} has ${product(x.shape)} elements, ${formatShape(attrs.shape)} has ${
          product(attrs.shape)
        }`,
      );
    }
    return { dtype: x.dtype, shape: attrs.shape };
  },
  vjp: (b, node, dy) => [b.reshape(dy, node.inputs[0].shape)],
  eval: ([x]) => x.data.slice(),
  onnx: (scope, node, inputs) => scope.emit("Reshape", [inputs[0], scope.shape(node.shape)]),
  takesStored: true,
  identity: sameAsOperand,
  view: true,
  tolerance: exact,
  bind: (attrs, dim) => ({ shape: attrs.shape.map(dim) }),
};
