/**
 * What softmax cross-entropy and its gradient have in common.
 *
 * @module
 */
import type { Builder } from "../builder.ts";
import { isFloat } from "../dtype.ts";
import type { Node, OpAttrs, TensorType } from "../node.ts";
import { formatShape, numeric, sameShape, ShapeError } from "../shape.ts";

type Attrs = OpAttrs["softmax_cross_entropy"];

/** Refuses operands that are no logits `[N, C]` with labels `[N]`. */
export function checkCrossEntropy(logits: TensorType, labels: TensorType, attrs: Attrs): void {
  const [rows, classes] = logits.shape;
  if (!isFloat(logits.dtype) || logits.shape.length !== 2 || typeof classes !== "number") {
    throw new ShapeError(
      `logits must be f32 or f16 [batch, classes] with a numeric number of classes, got ${logits.dtype} ${
        formatShape(logits.shape)
      }`,
    );
  }
  if (labels.dtype !== "i32" || !sameShape(labels.shape, [rows])) {
    throw new ShapeError(
      `labels must be i32 ${formatShape([rows])}, got ${labels.dtype} ${formatShape(labels.shape)}`,
    );
  }
  if (!(attrs.labelSmoothing >= 0 && attrs.labelSmoothing < 1)) {
    throw new ShapeError(`label smoothing must be in [0, 1), got ${attrs.labelSmoothing}`);
  }
}

/** The definition's parts: logits minus their row's maximum, the sum of their exponentials, and the wanted distribution. */
export function crossEntropyParts(b: Builder, [logits, labels]: readonly Node[], attrs: Attrs): {
  readonly target: Node;
  readonly top: Node;
  readonly shifted: Node;
  readonly exponentials: Node;
  readonly sum: Node;
} {
  const { labelSmoothing: smoothing } = attrs;
  const [classes] = numeric(logits.shape.slice(1));
  const column = b.reshape(labels, [labels.shape[0], 1]); // [N, 1]
  const hot = b.cast(b.equal(b.iota([classes], 0, labels.dtype), column), logits.dtype); // [N, C]
  const target = smoothing === 0 ? hot : b.add(b.mul(hot, 1 - smoothing), smoothing / classes);
  const top = b.max(logits, [-1], { keepDims: true }); // [N, 1]
  const shifted = b.sub(logits, top); // [N, C], at most 0
  const exponentials = b.exp(shifted);
  return { target, top, shifted, exponentials, sum: b.sum(exponentials, [-1]) };
}

/** `values` `[N]` with 0 where the label is the one to be ignored. */
export function withoutIgnored(b: Builder, labels: Node, values: Node, attrs: Attrs): Node {
  return attrs.ignoreIndex === null ? values : b.where(b.equal(labels, attrs.ignoreIndex), 0, values);
}
