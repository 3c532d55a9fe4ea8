/**
 * What a training step or an evaluation is fed: named tensors, whatever the model and the task.
 *
 * @module
 */
import type { HostTensor } from "../graph/dtype.ts";
import type { Bindings } from "../graph/shape.ts";

/** One batch. */
export interface Batch {
  /** By the name of the graph's input; inputs that a graph lacks are left out when it is fed. */
  readonly feeds: Readonly<Record<string, HostTensor>>;
  /** The value of every symbol in the inputs' shapes. */
  readonly bindings: Bindings;
  /**
   * How much the loss is a mean of, such as rows or labelled tokens: batches whose gradients are added up count in this
   * proportion.
   */
  readonly weight: number;
  /** The index of each row in the list that batches are made of; -1 for a row that only fills the batch up. */
  readonly rows: Int32Array;
}

/** The batches of one epoch, each made when asked for. */
export interface Batches extends Iterable<Batch> {
  /** Batches in the epoch. */
  readonly length: number;
  /** Batch `k` of the epoch, from 0, whatever was asked for before: training resumes from any. */
  at(k: number): Batch;
  /** The bindings of the batch that takes the most memory: what is compiled first. */
  readonly largest: Bindings;
}
