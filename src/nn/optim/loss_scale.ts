/**
 * Dynamic loss scaling, decided inside the graph.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import type { Node } from "../../graph/node.ts";

/** The state that the loss is multiplied by. */
export const LOSS_SCALE_STATE = "loss_scale";

/** The state that counts steps since the scale changed. */
export const GOOD_STEPS_STATE = "good_steps";

/** How the scale moves. */
export interface LossScaleOptions {
  /** The first scale; 65536 if not given. */
  readonly start?: number;
  /** Good steps in a row after which the scale doubles; 2000 if not given. */
  readonly growEvery?: number;
}

/** No gradient of this size is lost in f16, and beyond it f32 sums of squares come near their end. */
const LARGEST = 2 ** 24;

/** What the loss is multiplied by before it is differentiated. */
export interface LossScale {
  /** f32 scalar: what this step's gradients are too large by. */
  readonly scale: Node;
  /** Appends the scale's next value: doubled after so many good steps, halved (down to 1) after a step that is not `good`. */
  update(good: Node): void;
}

/**
 * A scale that keeps gradients within f16: as large as it can be without one that is not finite. A step with such a one must be
 * skipped: `applyIf` of the optimisers. Appends two states, so it is called once in a graph.
 *
 * Source: Micikevicius et al., "Mixed Precision Training" (2018), section 3.2; the numbers are PyTorch's `GradScaler`'s.
 *
 * @example
 * ```ts
 * import { createBuilder, gradients } from "../../graph/graph.ts";
 * import { adamw } from "./adamw.ts";
 * import { summarizeGradients } from "./gradients.ts";
 * import { lossScale } from "./loss_scale.ts";
 *
 * const b = createBuilder();
 * const w = b.parameter("w", [3], { kind: "fill", value: 1 });
 * const scaling = lossScale(b);
 * const scaled = gradients(b, b.mul(b.sum(b.square(w)), scaling.scale), [w]);
 * const good = b.equal(summarizeGradients(b, scaled).firstNonFinite, 0);
 * scaling.update(good);
 * const scale = b.div(1, scaling.scale);
 * adamw().emit(b, [w], scaled, { rate: b.scalar(1e-3), scale, applyIf: good });
 * ```
 */
export function lossScale(b: Builder, options: LossScaleOptions = {}): LossScale {
  const { start = 65536, growEvery = 2000 } = options;
  const scale = b.state(LOSS_SCALE_STATE, "f32", [], {
    role: "counter",
    init: { kind: "fill", value: start },
  });
  const goodSteps = b.state(GOOD_STEPS_STATE, "i32", [], { role: "counter" });
  return {
    scale,
    update(good) {
      b.named("loss_scale", () => {
        const count = b.add(goodSteps, 1);
        const full = b.less(growEvery - 1, count);
        const grown = b.where(full, b.minimum(b.mul(scale, 2), LARGEST), scale);
        b.update(scale, b.where(good, grown, b.maximum(b.mul(scale, 0.5), 1)));
        const reset = b.scalar(0, "i32");
        b.update(goodSteps, b.where(good, b.where(full, reset, count), reset));
      });
    },
  };
}
