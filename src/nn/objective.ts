/**
 * What a training step needs to know of a model: its forward pass, and what is minimised.
 *
 * @module
 */
import type { Builder, Graph, Node } from "../graph/graph.ts";

/** What is minimised. */
export interface Objective {
  /** f32 scalar: the mean over what `weight` counts. */
  readonly loss: Node;
  /** f32 scalar: how many rows, tokens or pairs the loss is a mean of. */
  readonly weight: Node;
}

/** A model that can be trained: its forward pass, and what is minimised. */
export interface TrainableModel {
  /** Named inputs to named outputs; in training it may draw dropout. */
  forward(mode: { readonly training: boolean }): Graph;
  /** Appends inputs for targets and the loss of the outputs. */
  objective(b: Builder, outputs: Readonly<Record<string, Node>>): Objective;
}

/** The metric that makes an epoch the best. */
export interface BestBy {
  /** Its name. */
  readonly metric: string;
  /** Which way is better. */
  readonly better: "higher" | "lower";
  /**
   * How much worse than the best one a later epoch may be and still take its place; 0. On few held-out examples the
   * difference between epochs is noise, and the later one has learnt more: a standard error is a good tolerance.
   */
  readonly tolerance?: number;
}
