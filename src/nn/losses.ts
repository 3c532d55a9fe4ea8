/**
 * Losses, as graph.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import type { Node } from "../graph/node.ts";
import { ShapeError } from "../graph/shape.ts";

/**
 * Softmax cross-entropy: the mean over examples, weighted, of `-log softmax(logits)[label]`; a scalar in nats.
 *
 * Logits are f32 `[B, C]`, labels i32 `[B]` in [0, C), weights f32 `[B]` (0 leaves an example out: that is how the last
 * batch is filled up). Examples whose label is `ignoreIndex` are left out as if their weight were 0. The maximum is taken off
 * first, so logits of any size give a finite loss, and if every weight is 0 the loss is 0.
 *
 * @throws {ShapeError} when the logits are not `[B, C]` with a numeric C, or the smoothing is not in [0, 1).
 */
export function softmaxCrossEntropy(
  b: Builder,
  logits: Node,
  options: { labels: Node; weights?: Node; labelSmoothing?: number; ignoreIndex?: number },
): Node {
  const { labels, ignoreIndex, labelSmoothing = 0 } = options;
  if (logits.shape.length !== 2) {
    throw new ShapeError(
      `Cannot build a cross-entropy: logits must be [batch, classes], got rank ${logits.shape.length}`,
    );
  }
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new ShapeError(
      `Cannot build a cross-entropy: label smoothing must be in [0, 1), got ${labelSmoothing}`,
    );
  }
  return b.named("loss", () => {
    const losses = b.softmaxCrossEntropy(logits, labels, { labelSmoothing, ignoreIndex }); // [B]
    const given = options.weights ??
      b.broadcast(b.scalar(1), [logits.shape[0]]); // [B]
    const weights = ignoreIndex === undefined ? given : b.where(b.equal(labels, ignoreIndex), 0, given);
    const total = b.max(b.sum(weights), 1e-12);
    return b.div(b.sum(b.mul(losses, weights)), total);
  });
}
