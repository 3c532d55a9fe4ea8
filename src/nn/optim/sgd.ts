/**
 * Stochastic gradient descent with momentum, as graph.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import type { Node } from "../../graph/node.ts";
import { updater } from "./updater.ts";

/** How SGD steps. */
export interface SgdOptions {
  /** A number, or a scalar of the graph such as `linearSchedule` gives. */
  readonly learningRate: Node | number;
  /** Share of the last velocity that is kept; 0 if not given, and then there is no state. */
  readonly momentum?: number;
  /** What every gradient is multiplied by: `clipScale`. */
  readonly gradientScale?: Node;
  /** bool scalar: where it is false, every state keeps its value. */
  readonly applyIf?: Node;
}

/**
 * Updates each parameter by `p - rate * velocity`, where `velocity = momentum * velocity + gradient` is kept in the
 * states `sgd.v.<name>`. As PyTorch's SGD with dampening 0.
 */
export function sgd(
  b: Builder,
  parameters: readonly Node[],
  gradients: readonly Node[],
  options: SgdOptions,
): void {
  const momentum = options.momentum ?? 0;
  b.named("sgd", () => {
    const rate = typeof options.learningRate === "number"
      ? b.scalar(options.learningRate)
      : options.learningRate;
    const set = updater(b, options.applyIf);
    parameters.forEach((p, i) => {
      const g = options.gradientScale ? b.mul(gradients[i], options.gradientScale) : gradients[i];
      let velocity = g;
      if (momentum !== 0) {
        const state = b.state(`sgd.v.${p.name}`, "f32", p.shape, { role: "moment" });
        velocity = b.add(b.mul(state, momentum), g);
        set(state, velocity);
      }
      set(p, b.sub(p, b.mul(velocity, rate)));
    });
  });
}
