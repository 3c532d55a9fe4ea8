/** The op `softmax_grad`: the gradient of softmax. @module */
import type { OpSpec } from "../op_spec.ts";
import { formatShape, sameShape, ShapeError } from "../shape.ts";
import { elementwiseType } from "./elementwise.ts";

/** The gradient of softmax's operand, `(dy - sum(dy y)) y` of each row, of dy and the softmax y. */
export const softmaxGrad: OpSpec<"softmax_grad"> = {
  infer([dy, y]) {
    if (y.shape.length === 0 || !sameShape(dy.shape, y.shape)) {
      throw new ShapeError(
        `operands must be rows of one shape, got ${formatShape(dy.shape)} and ${formatShape(y.shape)}`,
      );
    }
    return elementwiseType([dy, y], { float: true });
  },
  expand(b, _node, [dy, y]) {
    const weighted = b.mul(dy, y);
    return b.sub(weighted, b.mul(y, b.sum(weighted, [-1], { keepDims: true })));
  },
  tolerance: { relative: 1e-4, absolute: 1e-5 },
};
