/** The op `less`: comparison by order. @module */
import type { OpSpec } from "../op_spec.ts";
import { mapElements } from "./broadcasting.ts";
import { exact } from "./unary.ts";
import { elementwiseType } from "./elementwise.ts";

/** Whether `x < y`. */
export const less: OpSpec<"less"> = {
  infer: (inputs) => ({ ...elementwiseType(inputs), dtype: "bool" }),
  eval: (inputs, _attrs, out) => mapElements(inputs, out, (x, y) => x < y ? 1 : 0),
  onnx: (scope, _node, inputs) => scope.emit("Less", inputs),
  broadcasts: true,
  tolerance: exact,
};
