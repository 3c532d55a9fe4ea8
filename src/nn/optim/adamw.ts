/**
 * Adam with decoupled weight decay, as graph.
 *
 * @module
 */
import { type Optimiser, updater } from "./optimiser.ts";

/** How AdamW steps. */
export interface AdamWOptions {
  /** Decay of the first moment; .9 if not given. */
  readonly beta1?: number;
  /** Decay of the second moment; .999 if not given. */
  readonly beta2?: number;
  /** Added to the root of the second moment; 1e-8 if not given. */
  readonly epsilon?: number;
  /** Decoupled weight decay of the parameters that decay (`StateAttrs.decays`); .01 if not given. */
  readonly weightDecay?: number;
}

/**
 * Updates each parameter by its gradient, and the optimiser's own states with it: `adamw.m.<name>` and `adamw.v.<name>`
 * of the parameter's shape, and the scalars `adamw.c1` and `adamw.c2`, which hold `1 - beta^t`.
 *
 * Those come from `c = beta * c + (1 - beta)`, which stays exact where `1 - pow(beta, t)` in f32 would lose most of its
 * digits at the first steps. `m / c1 / (sqrt(v / c2) + epsilon)` is written as `m * (sqrt(c2) / c1) / (sqrt(v) + epsilon *
 * sqrt(c2))`: equal, with one pass less over the parameters; the gradient's scale goes into scalars for the same reason.
 *
 * Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2; steps as PyTorch's AdamW.
 *
 * @example
 * ```ts
 * import { createBuilder } from "../../graph/graph.ts";
 * import { gradients } from "../../graph/autodiff.ts";
 * import { adamw } from "./adamw.ts";
 * import assert from "node:assert/strict";
 *
 * const b = createBuilder();
 * const w = b.parameter("w", [3], { kind: "fill", value: 1 });
 * adamw().emit(b, [w], gradients(b, b.sum(b.square(w)), [w]), { rate: b.scalar(1e-3) });
 * assert.equal(b.graph().updates.length, 5); // w, its two moments, two counters
 * ```
 */
export function adamw(options: AdamWOptions = {}): Optimiser {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = options;
  return {
    name: "adamw",
    settings: { beta1, beta2, epsilon, weightDecay },
    emit(b, parameters, gradients, { rate, scale, applyIf }) {
      b.named("adamw", () => {
        const set = updater(b, applyIf);
        const decayedCounter = (name: string, beta: number) => {
          const counter = b.state(name, "f32", [], { role: "counter" });
          const next = b.add(b.mul(counter, beta), 1 - beta);
          set(counter, next);
          return next;
        };
        const c1 = decayedCounter("adamw.c1", beta1);
        const c2 = decayedCounter("adamw.c2", beta2);
        const root = b.sqrt(c2);
        const stepSize = b.div(b.mul(rate, root), c1);
        const floor = b.mul(root, epsilon);
        const firstScale = scale ? b.mul(scale, 1 - beta1) : b.scalar(1 - beta1);
        const secondScale = scale ? b.mul(b.square(scale), 1 - beta2) : b.scalar(1 - beta2);
        const shrink = b.sub(1, b.mul(rate, weightDecay));
        parameters.forEach((p, i) => {
          const g = gradients[i];
          const m = b.state(`adamw.m.${p.name}`, "f32", p.shape, { role: "moment" });
          const v = b.state(`adamw.v.${p.name}`, "f32", p.shape, { role: "moment" });
          const nextM = b.add(b.mul(m, beta1), b.mul(g, firstScale));
          const nextV = b.add(b.mul(v, beta2), b.mul(b.square(g), secondScale));
          const step = b.mul(b.div(nextM, b.add(b.sqrt(nextV), floor)), stepSize);
          set(m, nextM);
          set(v, nextV);
          set(p, b.sub(weightDecay !== 0 && p.attrs.decays ? b.mul(p, shrink) : p, step));
        });
      });
    },
  };
}

/** Adam: `adamw` without decay, in the same states. Source: Kingma and Ba, "Adam" (2015). */
export function adam(options: Omit<AdamWOptions, "weightDecay"> = {}): Optimiser {
  const { settings: { weightDecay: _, ...settings }, emit } = adamw({ ...options, weightDecay: 0 });
  return { name: "adam", settings, emit };
}
