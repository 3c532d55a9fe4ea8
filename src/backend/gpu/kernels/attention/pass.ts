/**
 * What attention computes, as data: the problem that an op states, the passes over its scores, and where their results go.
 *
 * @module
 */
import type { AttentionAttrs, Node, NodeOf, OpName } from "../../../../graph/node.ts";
import { type AttentionOperands, attentionOperands } from "../../../../graph/ops/attention.ts";
import { numeric } from "../../../../graph/shape.ts";
import type { Storage } from "../writer.ts";

/** The ops that are made by kernels of attention. */
export type AttentionOp = Extract<OpName, `attention${string}`>;

/** A node of one of them. */
export type AttentionNode = { [K in AttentionOp]: NodeOf<K> }[AttentionOp];

/** What an op states: query `[batch, queries, size]`, key and value `[batch, keys, size]`, with heads of `width`. */
export interface Problem {
  readonly attrs: AttentionAttrs;
  readonly operands: AttentionOperands<Node>;
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  /** Elements of all heads, H. */
  readonly size: number;
  /** Elements of one head, d. */
  readonly width: number;
}

/** The problem of a node. */
export function problemOf({ inputs, attrs }: AttentionNode): Problem {
  const operands = attentionOperands(inputs, attrs);
  const [batch, queries, size] = numeric(operands.query.shape);
  const keys = numeric(operands.key.shape)[1];
  return { attrs, operands, batch, queries, keys, size, width: size / attrs.heads };
}

/** The three passes: the result and its statistics; the query's gradient; the key's and the value's gradients. */
export type AttentionPassName = "forward" | "queryGradient" | "keyGradients";

/** A pass over the scores: a workgroup keeps a tile of rows, and tiles of columns follow each other past it. */
export interface AttentionPass {
  readonly rowsAre: "queries" | "keys";
  readonly rows: number;
  readonly columns: number;
  /** Batch times heads. */
  readonly heads: number;
  /** Elements of one head, d. */
  readonly width: number;
  /** Products whose sum runs over the head, each of an operand that a workgroup keeps for its rows. */
  readonly kept: 1 | 2;
  /** Results of `rows` x d. */
  readonly results: 1 | 2;
  /** Operands copied to workgroup memory for each tile of columns. */
  readonly fills: number;
}

const passes = {
  forward: { rowsAre: "queries", kept: 1, results: 1, fills: 2 },
  queryGradient: { rowsAre: "queries", kept: 2, results: 1, fills: 3 },
  keyGradients: { rowsAre: "keys", kept: 2, results: 2, fills: 4 },
} as const satisfies Record<AttentionPassName, Partial<AttentionPass>>;

/** A pass of a problem. */
export function attentionPassOf(
  name: AttentionPassName,
  { attrs, batch, queries, keys, width }: Problem,
): AttentionPass {
  const pass = passes[name];
  const [rows, columns] = pass.rowsAre === "queries" ? [queries, keys] : [keys, queries];
  return { ...pass, rows, columns, heads: batch * attrs.heads, width };
}

/** Where a result goes: elements from one row to the next and before the first. */
export interface Result {
  readonly storage: Storage;
  readonly stride: number;
  readonly offset: number;
}

/** The results that a kernel makes; `query`, `key` and `value` are the gradients of these. */
export type Results = Readonly<Partial<Record<"output" | "statistics" | "query" | "key" | "value", Result>>>;
