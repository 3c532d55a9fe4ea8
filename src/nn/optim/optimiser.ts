/**
 * What an optimiser is to the step that uses it.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import type { Node, NodeOf } from "../../graph/node.ts";

/** What an optimiser or a schedule was made with, every default filled in: a run resumes only under the same. */
export type OptimSettings = Readonly<Record<string, string | number | boolean>>;

/** What a step gives the optimiser besides parameters and gradients. */
export interface OptimStep {
  /** The learning rate, f32 scalar: `Schedule.rate`. */
  readonly rate: Node;
  /** What every gradient is multiplied by, f32 scalar: `clipScale`. */
  readonly scale?: Node;
  /** bool scalar: where it is false, every state keeps its value. */
  readonly applyIf?: Node;
}

/** A rule that moves parameters by their gradients, as a value: it is made once and written into any number of graphs. */
export interface Optimiser {
  /** `adamw`, `adam` or `sgd`. */
  readonly name: string;
  /** What it was made with. */
  readonly settings: OptimSettings;
  /** Appends the update of each parameter by the gradient in its place, and the states that takes, with their updates. */
  emit(
    b: Builder,
    parameters: readonly NodeOf<"state">[],
    gradients: readonly Node[],
    at: OptimStep,
  ): void;
}

/** Registers updates: of every step, or of those alone for which the condition holds. */
export function updater(b: Builder, applyIf?: Node): (state: Node, value: Node) => void {
  return (state, value) => b.update(state, applyIf ? b.where(applyIf, value, state) : value);
}
