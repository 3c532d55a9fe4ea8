/**
 * What a computation is made of: nodes, each the result of one op on earlier nodes.
 *
 * @module
 */
import type { DType, TypedArray } from "./dtype.ts";
import type { Dim, Shape } from "./shape.ts";

/** For ops that have no attributes. */
export type NoAttrs = Readonly<Record<never, never>>;

/** The attributes of every op: the keys are the closed list of ops. */
export interface OpAttrs {
  // elementwise, one operand
  neg: NoAttrs;
  abs: NoAttrs;
  exp: NoAttrs;
  log: NoAttrs;
  sqrt: NoAttrs;
  tanh: NoAttrs;
  erf: NoAttrs;
  gelu: { readonly approximate: "none" | "tanh" };
  cast: { readonly dtype: DType };
  // elementwise, two or three operands, broadcasting
  add: NoAttrs;
  sub: NoAttrs;
  mul: NoAttrs;
  div: NoAttrs;
  max: NoAttrs;
  min: NoAttrs;
  less: NoAttrs;
  equal: NoAttrs;
  where: NoAttrs;
  // reductions; `axes` ascending and non-negative
  reduce_sum: { readonly axes: readonly number[]; readonly keepDims: boolean };
  reduce_max: { readonly axes: readonly number[]; readonly keepDims: boolean };
  // products and rows
  matmul: { readonly transA: boolean; readonly transB: boolean };
  softmax: NoAttrs;
  layer_norm: { readonly epsilon: number };
  gather: NoAttrs;
  scatter_add: { readonly rows: Dim };
  // views and layout
  reshape: { readonly shape: Shape };
  transpose: { readonly perm: readonly number[] };
  broadcast: { readonly shape: Shape };
  slice: { readonly axis: number; readonly start: number; readonly size: Dim };
  pad: { readonly axis: number; readonly before: number; readonly size: Dim };
  concat: { readonly axis: number };
  // sources
  iota: { readonly shape: Shape; readonly axis: number; readonly dtype: DType };
  random: { readonly shape: Shape; readonly stream: number };
}

/** The name of an op. */
export type OpName = keyof OpAttrs;

/** How a state's first value is made; `fan` initialisers are written out by the layer as `normal` or `uniform`. */
export type Init =
  | { readonly kind: "fill"; readonly value: number }
  | { readonly kind: "normal"; readonly std: number }
  | { readonly kind: "uniform"; readonly bound: number };

/** The attributes of nodes that are not computed. */
export interface LeafAttrs {
  /** Fed at every run. */
  input: NoAttrs;
  /** Part of the graph. */
  constant: { readonly data: TypedArray };
  /** Kept between runs: parameters, moments, counters, keys. `trainable` marks what gradients are taken of. */
  state: { readonly trainable: boolean; readonly init: Init };
}

/** An op, or one of the three kinds of leaf. */
export type NodeKind = OpName | keyof LeafAttrs;

/** The attributes of a kind of node. */
export type AttrsOf<K extends NodeKind> = K extends OpName ? OpAttrs[K]
  : K extends keyof LeafAttrs ? LeafAttrs[K]
  : never;

/** A tensor's element type and shape. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A node of a known kind. */
export interface NodeOf<K extends NodeKind> extends TensorType {
  /** Its place in the graph's list; inputs have smaller ids. */
  readonly id: number;
  readonly op: K;
  readonly inputs: readonly Node[];
  readonly attrs: AttrsOf<K>;
  /** Inputs and states: unique and always there. Others: a label for people. */
  readonly name?: string;
}

/** Any node; `node.op` tells which attributes it has. */
export type Node = { [K in NodeKind]: NodeOf<K> }[NodeKind];

/** After each run, `state` takes the value of `value`. All values are computed from the states before the run. */
export interface Update {
  readonly state: NodeOf<"state">;
  readonly value: Node;
}

/** Nodes in an order in which each one's inputs come first, what is read from them, and what is kept. */
export interface Graph {
  readonly nodes: readonly Node[];
  readonly outputs: Readonly<Record<string, Node>>;
  readonly updates: readonly Update[];
}

/** The graph's inputs by name. */
export function inputsOf(graph: Graph): NodeOf<"input">[] {
  return graph.nodes.filter((n) => n.op === "input");
}

/** The graph's states, in order. */
export function statesOf(graph: Graph): NodeOf<"state">[] {
  return graph.nodes.filter((n) => n.op === "state");
}

/** How a node is called in messages: its label, or op and id. */
export function labelOf(node: Node): string {
  return node.name ? `${node.op} "${node.name}"` : `${node.op} %${node.id}`;
}
