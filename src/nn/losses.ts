/**
 * Losses, as graph.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import type { Node } from "../graph/node.ts";
import { numeric, ShapeError } from "../graph/shape.ts";
import { oneHot } from "./layers.ts";

/**
 * Softmax cross-entropy: the mean over examples, weighted, of `-log softmax(logits)[label]`; a scalar in nats.
 *
 * Logits are f32 `[B, C]`, labels i32 `[B]` in [0, C), weights f32 `[B]` (0 leaves an example out: that is how the last
 * batch is filled up). The maximum is taken off first, so logits of any size give a finite loss, and if every weight is 0
 * the loss is 0.
 *
 * @throws {ShapeError} when the logits are not `[B, C]` with a numeric C, or the smoothing is not in [0, 1).
 */
export function softmaxCrossEntropy(
  b: Builder,
  logits: Node,
  options: { labels: Node; weights?: Node; labelSmoothing?: number },
): Node {
  const smoothing = options.labelSmoothing ?? 0;
  if (logits.shape.length !== 2) {
    throw new ShapeError(
      `Cannot build a cross-entropy: logits must be [batch, classes], got rank ${logits.shape.length}`,
    );
  }
  if (!(smoothing >= 0 && smoothing < 1)) {
    throw new ShapeError(`Cannot build a cross-entropy: label smoothing must be in [0, 1), got ${smoothing}`);
  }
  const [classes] = numeric(logits.shape.slice(1));
  return b.named("loss", () => {
    const hot = oneHot(b, options.labels, classes); // [B, C]
    const target = smoothing === 0 ? hot : b.add(b.mul(hot, 1 - smoothing), smoothing / classes);
    const shifted = b.sub(logits, b.maximum(logits, [-1], { keepDims: true })); // [B, C], at most 0
    const logSum = b.log(b.sum(b.exp(shifted), [-1])); // [B]
    const losses = b.sub(logSum, b.sum(b.mul(target, shifted), [-1])); // [B]
    const weights = options.weights ??
      b.broadcast(b.scalar(1), [logits.shape[0]]); // [B]
    const total = b.max(b.sum(weights), 1e-12);
    return b.div(b.sum(b.mul(losses, weights)), total);
  });
}
