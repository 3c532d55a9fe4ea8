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
  /**
   * Appends what an evaluation can read in place of the outputs, text by text as these are, such as the class decided for.
   * Absent: the outputs are read.
   */
  decisions?(b: Builder, outputs: Readonly<Record<string, Node>>): Readonly<Record<string, Node>>;
}
