/**
 * The type rule that the elementwise ops share.
 *
 * @module
 */
import { isFloat } from "../dtype.ts";
import type { TensorType } from "../node.ts";
import { broadcastShapes, ShapeError } from "../shape.ts";

/** The type of an elementwise op's result: operands of one dtype, broadcast together. */
export function elementwiseType(
  inputs: readonly TensorType[],
  options: { float?: boolean } = {},
): TensorType {
  const dtype = inputs[0].dtype;
  for (const input of inputs) {
    if (input.dtype !== dtype) {
      throw new ShapeError(`operands must have one type, got ${inputs.map((i) => i.dtype).join(" and ")}`);
    }
  }
  if (options.float && !isFloat(dtype)) throw new ShapeError(`operand must be f32 or f16, got ${dtype}`);
  if (dtype === "bool") throw new ShapeError(`operands must be numbers, got bool`);
  return { dtype, shape: inputs.map((i) => i.shape).reduce(broadcastShapes) };
}
