/** The op `softmax_cross_entropy_grad`: the gradient of the cross-entropy. @module */
import type { OpSpec } from "../op_spec.ts";
import { formatShape, sameShape, ShapeError } from "../shape.ts";
import { checkCrossEntropy, crossEntropyParts, withoutIgnored } from "./cross_entropy.ts";

/** The gradient of the logits `[N, C]`, `(softmax(logits) - wanted) * dy`, of logits, labels `[N]` and dy `[N]`. */
export const softmaxCrossEntropyGrad: OpSpec<"softmax_cross_entropy_grad"> = {
  infer([logits, labels, dy], attrs) {
    checkCrossEntropy(logits, labels, attrs);
    if (!sameShape(dy.shape, labels.shape)) {
      throw new ShapeError(
        `the losses' gradient must have shape ${formatShape(labels.shape)}, got ${formatShape(dy.shape)}`,
      );
    }
    return { dtype: logits.dtype, shape: logits.shape };
  },
  expand(b, node, inputs) {
    // What differentiating the definition of the losses gives, through its maximum too.
    const [logits, labels] = inputs;
    const { target, top, exponentials, sum } = crossEntropyParts(b, inputs, node.attrs);
    const dy = withoutIgnored(b, labels, inputs[2], node.attrs);
    const spread = (t: typeof dy) => b.broadcast(b.reshape(t, top.shape), logits.shape);
    const wanted = b.mul(spread(b.neg(dy)), target);
    const dShifted = b.add(wanted, b.mul(spread(b.div(dy, sum)), exponentials));
    const dTop = b.sumTo(b.neg(dShifted), top.shape);
    const hit = b.cast(b.equal(logits, top), dy.dtype);
    const count = b.sum(hit, [-1], { keepDims: true });
    return b.add(dShifted, b.mul(hit, b.div(dTop, count)));
  },
  tolerance: { relative: 1e-4, absolute: 1e-5 },
};
