/** The op `where`: selection by a condition. @module */
import type { OpSpec } from "../op_spec.ts";
import { broadcastShapes, ShapeError } from "../shape.ts";
import { mapElements } from "./broadcasting.ts";
import { exact } from "./unary.ts";
import { elementwiseType } from "./elementwise.ts";

/** `condition ? x : y`. */
export const where: OpSpec<"where"> = {
  infer([condition, x, y]) {
    if (condition.dtype !== "bool") throw new ShapeError(`condition must be bool, got ${condition.dtype}`);
    const type = elementwiseType([x, y]);
    return { dtype: type.dtype, shape: broadcastShapes(condition.shape, type.shape) };
  },
  vjp(b, node, dz, needed) {
    const [condition, x, y] = node.inputs;
    const zero = b.scalar(0, dz.dtype);
    return [
      null,
      needed[1] ? b.sumTo(b.where(condition, dz, zero), x.shape) : null,
      needed[2] ? b.sumTo(b.where(condition, zero, dz), y.shape) : null,
    ];
  },
  eval: (inputs, _attrs, out) => mapElements(inputs, out, (c, x, y) => c ? x : y),
  onnx: (scope, _node, inputs) => scope.emit("Where", inputs),
  broadcasts: true,
  tolerance: exact,
};
