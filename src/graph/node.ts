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
  /** `-x`. */
  readonly neg: NoAttrs;
  /** `|x|`. */
  readonly abs: NoAttrs;
  /** `e^x`. */
  readonly exp: NoAttrs;
  /** Natural logarithm. */
  readonly log: NoAttrs;
  /** Square root. */
  readonly sqrt: NoAttrs;
  /** Hyperbolic tangent. */
  readonly tanh: NoAttrs;
  /** Error function. */
  readonly erf: NoAttrs;
  /** Gaussian error linear unit. */
  readonly gelu: { readonly approximate: "none" | "tanh" };
  /** The same values as `dtype`. */
  readonly cast: { readonly dtype: DType };
  // elementwise, two or three operands, broadcasting
  /** `x + y`. */
  readonly add: NoAttrs;
  /** `x - y`. */
  readonly sub: NoAttrs;
  /** `x * y`. */
  readonly mul: NoAttrs;
  /** `x / y`. */
  readonly div: NoAttrs;
  /** The larger one. */
  readonly max: NoAttrs;
  /** The smaller one. */
  readonly min: NoAttrs;
  /** `x < y`, bool. */
  readonly less: NoAttrs;
  /** `x = y`, bool. */
  readonly equal: NoAttrs;
  /** `condition ? x : y`. */
  readonly where: NoAttrs;
  // reductions; `axes` ascending and non-negative
  /** Sum over `axes`. */
  readonly reduce_sum: { readonly axes: readonly number[]; readonly keepDims: boolean };
  /** Maximum over `axes`. */
  readonly reduce_max: { readonly axes: readonly number[]; readonly keepDims: boolean };
  // products and rows
  /** Product over the last two dimensions. */
  readonly matmul: {
    readonly transA: boolean;
    readonly transB: boolean;
    /** Type of the result, where it is not the operands'. */
    readonly dtype?: "f32";
  };
  /** What one level of a quantised row is worth. */
  readonly row_scales: NoAttrs;
  /** Rows as 8-bit levels, four to a word. */
  readonly quantize_rows: NoAttrs;
  /** Product of such levels. */
  readonly matmul_int8: NoAttrs;
  /** Softmax over the last dimension. */
  readonly softmax: NoAttrs;
  /** The gradient of softmax's operand. */
  readonly softmax_grad: NoAttrs;
  /** Layer normalisation of the last dimension. */
  readonly layer_norm: { readonly epsilon: number };
  /** The gradient of layer normalisation's operand. */
  readonly layer_norm_grad: { readonly epsilon: number };
  /** The gradient of its weight. */
  readonly layer_norm_grad_weight: { readonly epsilon: number };
  /** The gradient of its bias. */
  readonly layer_norm_grad_bias: { readonly epsilon: number };
  /** Root-mean-square normalisation of the last dimension. */
  readonly rms_norm: { readonly epsilon: number };
  /** The gradient of root-mean-square normalisation's operand. */
  readonly rms_norm_grad: { readonly epsilon: number };
  /** The gradient of its weight. */
  readonly rms_norm_grad_weight: { readonly epsilon: number };
  /** `-log softmax(logits)[label]` of each row, 0 where the label is `ignoreIndex`. */
  readonly softmax_cross_entropy: { readonly labelSmoothing: number; readonly ignoreIndex: number | null };
  /** The gradient of softmax cross-entropy's logits. */
  readonly softmax_cross_entropy_grad: {
    readonly labelSmoothing: number;
    readonly ignoreIndex: number | null;
  };
  /** Softmax-weighted values for each query and head. */
  readonly attention: AttentionAttrs;
  /** Each attention row's largest score and sum of exponentials. */
  readonly attention_stats: AttentionAttrs;
  /** Gradient of attention with respect to its query. */
  readonly attention_grad_query: AttentionAttrs;
  /** Gradient of attention with respect to its key. */
  readonly attention_grad_key: AttentionAttrs;
  /** Gradient of attention with respect to its value. */
  readonly attention_grad_value: AttentionAttrs;
  /** Several of these gradients side by side along the last dimension. */
  readonly attention_grad_packed: AttentionAttrs & { readonly parts: readonly ("query" | "key" | "value")[] };
  /** Rows of a table at indices. */
  readonly gather: NoAttrs;
  /** Rows added up at indices. */
  readonly scatter_add: { readonly rows: Dim };
  // views and layout
  /** Another shape, the same elements. */
  readonly reshape: { readonly shape: Shape };
  /** Dimensions in another order. */
  readonly transpose: { readonly perm: readonly number[] };
  /** Copies up to `shape`. */
  readonly broadcast: { readonly shape: Shape };
  /** `size` elements along `axis` from `start`. */
  readonly slice: { readonly axis: number; readonly start: Dim; readonly size: Dim };
  /** `x` inside zeros along `axis`: `before` first, `size` in all. */
  readonly pad: { readonly axis: number; readonly before: Dim; readonly size: Dim };
  /** Operands one after the other along `axis`. */
  readonly concat: { readonly axis: number };
  /** `x`, behind a barrier: equal nodes on its two sides are not merged. */
  readonly barrier: NoAttrs;
  // sources
  /** Each index along `axis`. */
  readonly iota: { readonly shape: Shape; readonly axis: number; readonly dtype: DType };
  /** Random bits, a function of key, stream and index. */
  readonly random: { readonly shape: Shape; readonly stream: number };
}

/** How attention is computed, and which operands there are after query, key and value. */
export interface AttentionAttrs {
  /** Slices of the last dimension that attend each for itself. */
  readonly heads: number;
  /** What the query is multiplied by. */
  readonly scale: number;
  /** Causal: a token attends only to itself and earlier ones. */
  readonly causal: boolean;
  /** Whether there is a mask. */
  readonly masked: boolean;
  /** Share of the probabilities that are dropped; above 0 there is a key to draw with. */
  readonly rate: number;
  /** The stream they are drawn from. */
  readonly stream: number;
}

/** The name of an op. */
export type OpName = keyof OpAttrs;

/**
 * How a state's first value is made; `fan` initialisers are written out by the layer as `normal` or `uniform`. A `key` is the one
 * u32 that seeds the state's own stream of random numbers.
 */
export type Init =
  | { readonly kind: "fill"; readonly value: number }
  | { readonly kind: "normal"; readonly std: number }
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "key" };

/**
 * What a state is for. A `parameter` is learnt, a `buffer` belongs to the model but is not learnt (running statistics), a
 * `moment` is what an optimiser keeps of past gradients, a `counter` is where a run is (steps, random key, loss scale), and a
 * `cache` is what later runs of the same step or request read and nothing saves (accumulated gradients, keys and values of
 * earlier tokens).
 */
export type StateRole = "parameter" | "buffer" | "moment" | "counter" | "cache";

/** The properties of a state: all are declared, none is inferred from its name. */
export interface StateAttrs {
  /** What it is for: this decides where it is saved, see `bundleStates` and `checkpointStates`. */
  readonly role: StateRole;
  /** Whether training changes it: of a parameter that is frozen, no gradient is taken. */
  readonly trainable: boolean;
  /** Whether weight decay applies to it: not to biases, nor to weights of normalisations. */
  readonly decays: boolean;
  /** How its first value is made. */
  readonly init: Init;
}

/** The attributes of nodes that are not computed. */
export interface LeafAttrs {
  /** Fed at every run. */
  readonly input: NoAttrs;
  /** Part of the graph. */
  readonly constant: { readonly data: TypedArray };
  /** Kept between runs. */
  readonly state: StateAttrs;
}

/** An op, or one of the three kinds of leaf. */
export type NodeKind = OpName | keyof LeafAttrs;

/** The attributes of a kind of node. */
export type AttrsOf<K extends NodeKind> = K extends OpName ? OpAttrs[K]
  : K extends keyof LeafAttrs ? LeafAttrs[K]
  : never;

/** A tensor's element type and shape. */
export interface TensorType {
  /** What one element is. */
  readonly dtype: DType;
  /** Outermost dimension first. */
  readonly shape: Shape;
}

/** A node of a known kind. */
export interface NodeOf<K extends NodeKind> extends TensorType {
  /** Its index in the graph's list; inputs have smaller ids. */
  readonly id: number;
  /** What it computes, or which kind of leaf it is. */
  readonly op: K;
  /** The operands, in order. */
  readonly inputs: readonly Node[];
  /** What the op needs to know besides its operands. */
  readonly attrs: AttrsOf<K>;
  /** Inputs and states: unique and always there. Others: a label for people. */
  readonly name?: string;
}

/** Any node; `node.op` decides which attributes it has. */
export type Node = { [K in NodeKind]: NodeOf<K> }[NodeKind];

/** After each run, `state` takes the value of `value`. All values are computed from the states before the run. */
export interface Update {
  /** What changes. */
  readonly state: NodeOf<"state">;
  /** What it becomes: of the state's type. */
  readonly value: Node;
}

/** Nodes in an order in which each one's inputs come first, what is read from them, and what is kept. */
export interface Graph {
  /** In an order in which inputs come first; `nodes[i].id` is `i`. */
  readonly nodes: readonly Node[];
  /** What a run returns, by name. */
  readonly outputs: Readonly<Record<string, Node>>;
  /** What a run changes. */
  readonly updates: readonly Update[];
  /** The values between which gradients may compute the rest again instead of keeping it, in order: the operand of each layer. */
  readonly boundaries: readonly Node[];
}

/** What makes one graph of another: every pass and every method that adapts a model is one, so that they compose. */
export type Pass = (graph: Graph) => Graph;

/** The graph's inputs by name. */
export function inputsOf(graph: Graph): NodeOf<"input">[] {
  return graph.nodes.filter((n) => n.op === "input");
}

/** The graph's states, in order: all of them, or those of one role. */
export function statesOf(graph: Graph, role?: StateRole): NodeOf<"state">[] {
  return graph.nodes.filter((n): n is NodeOf<"state"> =>
    n.op === "state" && (role === undefined || n.attrs.role === role)
  );
}

/** How a node is called in messages: its label, or op and id. */
export function labelOf(node: Node): string {
  return node.name ? `${node.op} "${node.name}"` : `${node.op} %${node.id}`;
}
