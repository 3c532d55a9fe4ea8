/**
 * Properties of all gradients together: their norm, and whether each is finite.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import type { Node } from "../../graph/node.ts";

/** The state of the gradients in one step. */
export interface GradientSummary {
  /** The Euclidean norm over all of them, f32 scalar. */
  readonly norm: Node;
  /** f32 scalar: 0 if every gradient is finite, else 1 + the index of the first that is not. */
  readonly firstNonFinite: Node;
}

/** Emits the summary of `gradients`. */
export function summarizeGradients(b: Builder, gradients: readonly Node[]): GradientSummary {
  return b.named("gradients", () => {
    const squares = b.concat(gradients.map((g) => b.reshape(b.sum(b.square(g)), [1])), 0); // [P]
    const finite = b.cast(b.less(squares, 3e38), "f32"); // a comparison with NaN is false
    const count = gradients.length;
    const rank = b.constant("f32", [count], Array.from({ length: count }, (_, i) => count - i));
    const first = b.max(b.mul(b.sub(1, finite), rank)); // count - index, or 0
    const bad = b.cast(b.less(0, first), "f32");
    return { norm: b.sqrt(b.sum(squares)), firstNonFinite: b.mul(bad, b.sub(count + 1, first)) };
  });
}

/** What gradients of that norm are multiplied by so that it does not pass `maxNorm`. As PyTorch's `clip_grad_norm_`. */
export function clipScale(b: Builder, norm: Node, maxNorm: number): Node {
  if (!(maxNorm > 0)) {
    throw new RangeError(`Cannot clip gradients: the norm must be positive, got ${maxNorm}`);
  }
  return b.minimum(b.div(maxNorm, b.add(norm, 1e-6)), 1);
}
