/** The op `equal`: comparison for equality. @module */
import type { OpSpec } from "../op_spec.ts";
import { mapElements } from "./broadcasting.ts";
import { exact } from "./unary.ts";
import { elementwiseType } from "./elementwise.ts";

/** Whether `x` and `y` are the same number. */
export const equal: OpSpec<"equal"> = {
  infer: (inputs) => ({ ...elementwiseType(inputs), dtype: "bool" }),
  eval: (inputs, _attrs, out) => mapElements(inputs, out, (x, y) => x === y ? 1 : 0),
  onnx: (scope, _node, inputs) => scope.emit("Equal", inputs),
  broadcasts: true,
  tolerance: exact,
};
