/**
 * Losses, as graph: each is a mean over what it judges, weighted, and a mean over nothing is 0.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import type { Node } from "../graph/node.ts";
import { formatShape, product, sameShape, type Shape, ShapeError } from "../graph/shape.ts";

/**
 * Softmax cross-entropy: the mean over examples, weighted, of `-log softmax(logits)[label]`; a scalar in nats.
 *
 * Logits are f32 `[..., C]`, labels i32 `[...]` in [0, C), weights f32 `[...]` (0 leaves an example out: that is how the last
 * batch is filled up): `[B, C]` and `[B]` for texts, `[B, S, C]` and `[B, S]` for tokens. Examples whose label is `ignoreIndex`
 * are left out as if their weight were 0. The maximum is taken off first, so logits of any size give a finite loss, and if
 * every weight is 0 the loss is 0.
 *
 * With `classWeights`, one positive number a class, weights are to have the weight of each example's class as a factor: the mean
 * then divides by their sum, as PyTorch's `CrossEntropyLoss` does. With label smoothing each class weighs in its own share.
 *
 * @throws {ShapeError} when labels or weights do not have the logits' leading dimensions, or the smoothing is not in [0, 1).
 */
export function softmaxCrossEntropy(
  b: Builder,
  logits: Node,
  options: {
    labels: Node;
    weights?: Node;
    labelSmoothing?: number;
    ignoreIndex?: number;
    classWeights?: readonly number[];
  },
): Node {
  const { ignoreIndex, labelSmoothing = 0, classWeights } = options;
  const lead = logits.shape.slice(0, -1);
  const count = product(lead);
  const [labels, weights] = [options.labels, options.weights].map((node) => {
    if (node && (lead.length === 0 || !sameShape(node.shape, lead))) {
      throw new ShapeError(
        `Cannot build a cross-entropy: logits are [..., classes] and labels and weights [...], got ${
          formatShape(logits.shape)
        } and ${formatShape(node.shape)}`,
      );
    }
    return node && b.reshape(node, [count]); // [N]
  }) as [Node, Node | undefined];
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw new ShapeError(
      `Cannot build a cross-entropy: label smoothing must be in [0, 1), got ${labelSmoothing}`,
    );
  }
  return b.named("loss", () => {
    const rows = b.reshape(logits, [count, logits.shape.at(-1)!]); // [N, C]
    const losses = classWeights && labelSmoothing > 0
      ? smoothedByClass(b, rows, labels, { labelSmoothing, ignoreIndex, classWeights }) // [N]
      : b.softmaxCrossEntropy(rows, labels, { labelSmoothing, ignoreIndex }); // [N]
    const given = weights ?? b.broadcast(b.scalar(1), [count]); // [N]
    return weightedMean(
      b,
      losses,
      ignoreIndex === undefined ? given : b.where(b.equal(labels, ignoreIndex), 0, given),
    );
  });
}

/**
 * `(1 - e) nll[label] + e / C * sum over classes of w[c] nll[c] / w[label]`: times the weight of the label, it is what PyTorch
 * sums up.
 */
function smoothedByClass(
  b: Builder,
  rows: Node, // [N, C]
  labels: Node, // [N]
  options: { labelSmoothing: number; ignoreIndex?: number; classWeights: readonly number[] },
): Node {
  const { labelSmoothing, ignoreIndex, classWeights } = options;
  const classes = classWeights.length;
  const [count] = rows.shape;
  const own = b.softmaxCrossEntropy(rows, labels, { labelSmoothing: 0, ignoreIndex }); // [N]
  const table = b.constant("f32", [classes, 1], classWeights);
  const at = b.minimum(b.maximum(labels, 0), classes - 1); // a label that is ignored may be anything
  const ofLabel = b.reshape(b.gather(table, at), [count]); // [N]
  // The log of the sum of exponentials, with the maximum taken off first.
  const most = b.max(rows, [1], { keepDims: true }); // [N, 1]
  const sum = b.sum(b.exp(b.sub(rows, b.broadcast(most, rows.shape))), [1], { keepDims: true }); // [N, 1]
  const nll = b.sub(b.broadcast(b.add(most, b.log(sum)), rows.shape), rows); // [N, C]
  const weighted = b.mul(nll, b.broadcast(b.constant("f32", [1, classes], classWeights), rows.shape));
  const spread = b.div(b.mul(b.sum(weighted, [1]), labelSmoothing / classes), ofLabel); // [N]
  return b.add(b.mul(own, 1 - labelSmoothing), spread);
}

/**
 * Sigmoid cross-entropy of labels that do not exclude each other: the mean over labels, weighted, of
 * `-t log sigmoid(x) - (1 - t) log sigmoid(-x)`; a scalar in nats, as PyTorch's `BCEWithLogitsLoss`.
 *
 * Logits are f32 `[B, L]` and targets f32 `[B, L]` in [0, 1]; weights are f32 `[B, L]`, or `[B]` for all labels of an example (0
 * leaves out a label that was not judged, or the rows that fill up a batch). Logits of any size give a finite loss.
 * `positiveWeights`, one a label, are factors on the first term, as its `pos_weight`.
 *
 * @throws {ShapeError} when targets or weights do not fit the logits.
 */
export function sigmoidCrossEntropy(
  b: Builder,
  logits: Node,
  options: { targets: Node; weights?: Node; positiveWeights?: readonly number[] },
): Node {
  const { targets, positiveWeights } = options;
  return b.named("loss", () => {
    const weights = weightsLike(b, logits, options);
    // log(1 + e^x) = m + log(e^(x - m) + e^-m) with m = max(x, 0): nothing overflows, and the gradient at 0 is 1/2 as it should
    // be.
    const most = b.maximum(logits, 0);
    const sum = b.add(b.exp(b.sub(logits, most)), b.exp(b.neg(most)));
    const softplus = b.add(most, b.log(sum)); // -log sigmoid(-x); -log sigmoid(x) is x less
    if (!positiveWeights) return weightedMean(b, b.sub(softplus, b.mul(logits, targets)), weights);
    const factors = b.constant("f32", [1, positiveWeights.length], positiveWeights);
    const positive = b.mul(b.mul(targets, b.broadcast(factors, logits.shape)), b.sub(softplus, logits));
    return weightedMean(b, b.add(positive, b.mul(b.sub(1, targets), softplus)), weights);
  });
}

/**
 * Squared error: the mean, weighted, of `(prediction - target)^2`, as PyTorch's `MSELoss`.
 *
 * Predictions and targets are f32 of one shape; weights are f32 of that shape, or of its leading dimensions.
 *
 * @throws {ShapeError} when targets or weights do not fit the predictions.
 */
export function squaredError(
  b: Builder,
  predictions: Node,
  options: { targets: Node; weights?: Node },
): Node {
  return b.named("loss", () => {
    const weights = weightsLike(b, predictions, options);
    return weightedMean(b, b.square(b.sub(predictions, options.targets)), weights);
  });
}

function weightedMean(b: Builder, losses: Node, weights: Node): Node {
  const total = b.maximum(b.sum(weights), 1e-12);
  return b.div(b.sum(b.mul(losses, weights)), total);
}

/** The weight of each element of `x`: 1 where none is given. */
function weightsLike(b: Builder, x: Node, { targets, weights }: { targets: Node; weights?: Node }): Node {
  const fits = (shape: Shape) => sameShape(shape, x.shape.slice(0, shape.length));
  if (!sameShape(targets.shape, x.shape) || (weights && !fits(weights.shape))) {
    throw new ShapeError(
      `Cannot build a loss: targets have the shape ${
        formatShape(x.shape)
      } of what they are compared with and weights that or its ` +
        `leading dimensions, got ${
          [targets, ...(weights ? [weights] : [])].map((n) => formatShape(n.shape)).join(" and ")
        }`,
    );
  }
  const given = weights ?? b.scalar(1);
  const spread = x.shape.map((dim, i) => i < given.shape.length ? dim : 1);
  return b.broadcast(b.reshape(given, spread), x.shape);
}
