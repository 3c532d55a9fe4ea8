/**
 * Stochastic gradient descent with momentum, as graph.
 *
 * @module
 */
import { type Optimiser, updater } from "./optimiser.ts";

/** How SGD steps. */
export interface SgdOptions {
  /** Share of the last velocity that is kept; 0 if not given, and then there is no state. */
  readonly momentum?: number;
}

/**
 * Updates each parameter by `p - rate * velocity`, where `velocity = momentum * velocity + gradient` is kept in the
 * states `sgd.v.<name>`. As PyTorch's SGD with dampening 0.
 */
export function sgd({ momentum = 0 }: SgdOptions = {}): Optimiser {
  return {
    name: "sgd",
    settings: { momentum },
    emit(b, parameters, gradients, { rate, scale, applyIf }) {
      b.named("sgd", () => {
        const set = updater(b, applyIf);
        parameters.forEach((p, i) => {
          const g = scale ? b.mul(gradients[i], scale) : gradients[i];
          let velocity = g;
          if (momentum !== 0) {
            const state = b.state(`sgd.v.${p.name}`, "f32", p.shape, { role: "moment" });
            velocity = b.add(b.mul(state, momentum), g);
            set(state, velocity);
          }
          set(p, b.sub(p, b.mul(velocity, rate)));
        });
      });
    },
  };
}
