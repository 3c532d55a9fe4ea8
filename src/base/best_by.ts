/**
 * Which metric chooses between the epochs of a run.
 *
 * @module
 */

/** The metric that makes an epoch the best. */
export interface BestBy {
  /** Its name. */
  readonly metric: string;
  /** Which way is better. */
  readonly better: "higher" | "lower";
  /**
   * How much worse than the best one a later epoch may be and still take its place, once the learning rate has come down; 0. On
   * few held-out examples the difference between epochs is noise, and the later one has learnt more: a standard error is a good
   * tolerance. It is no gain to wait for: patience and "best so far" go by the metric alone.
   */
  readonly tolerance?: number;
}
