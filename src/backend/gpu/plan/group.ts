/**
 * What one kernel, or a few in a row, compute.
 *
 * @module
 */
import type { Node } from "../../../graph/node.ts";

/** Nodes that are computed by one kernel. */
export interface Group {
  readonly level: number;
  /** Elements of what it computes. */
  readonly size: number;
  readonly anchor?: Node;
  /** Computed at the output's index; the anchor is among them, and so are its siblings and row sums. */
  readonly nodes: ReadonlySet<Node>;
  /** Computed at the index of the anchor's operand. */
  readonly prologue: ReadonlySet<Node>;
  /** Those of `nodes` that are stored, in the graph's order. */
  readonly outputs: readonly Node[];
  /** Stored nodes of other groups, inputs, states and constants that it reads. */
  readonly loads: ReadonlySet<Node>;
}
