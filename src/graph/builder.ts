/**
 * The builder that appends checked nodes to a graph. It is given the ops' type rules and imports no op, since an op's
 * gradient rule (`op_spec.ts`) is given the builder.
 *
 * @module
 */
import { type DType, dtypes, isFloat, typedArray } from "./dtype.ts";
import type {
  AttrsOf,
  Graph,
  Init,
  Node,
  NodeKind,
  NodeOf,
  OpAttrs,
  OpName,
  StateAttrs,
  TensorType,
  Update,
} from "./node.ts";
import {
  canonical,
  type Dim,
  formatShape,
  normalizeAxis,
  product,
  sameShape,
  type Shape,
  ShapeError,
} from "./shape.ts";

/** What the builder needs of an op; `op_spec.ts` has the rest of its rules. */
export interface TypeRule<K extends OpName> {
  /** The result's type, or a `ShapeError` that says what does not fit. */
  infer(inputs: readonly TensorType[], attrs: OpAttrs[K]): TensorType;
  /** Whether it takes types that are only stored (`DTypeSpec.computes`): it reads no element's value, or decodes it. */
  readonly takesStored?: boolean;
}

/** One for every op. */
export type TypeRules = { readonly [K in OpName]: TypeRule<K> };

/**
 * Appends nodes to a graph, inferring and checking every shape as it goes.
 *
 * Made by `createBuilder` of `graph.ts`, which supplies the rules of the op table.
 */
export class Builder {
  readonly #rules: TypeRules;
  readonly #nodes: Node[] = [];
  readonly #names = new Map<string, NodeOf<"input"> | NodeOf<"state">>();
  readonly #outputs: Record<string, Node> = {};
  readonly #updates: Update[] = [];
  readonly #boundaries: Node[] = [];
  #streams = 0;
  #scope = "";

  /** An empty graph, or one to go on from: `createBuilder` and `continueFrom` supply the rules. */
  constructor(rules: TypeRules, from?: Graph) {
    this.#rules = rules;
    if (!from) return;
    this.#nodes.push(...from.nodes);
    for (const node of from.nodes) if (isNamed(node)) this.#names.set(node.name!, node);
    Object.assign(this.#outputs, from.outputs);
    this.#updates.push(...from.updates);
    this.#boundaries.push(...from.boundaries);
    this.reserveStreams(from.nodes);
  }

  /** The graph so far. Later additions do not show in it. */
  graph(): Graph {
    return {
      nodes: [...this.#nodes],
      outputs: { ...this.#outputs },
      updates: [...this.#updates],
      boundaries: [...this.#boundaries],
    };
  }

  /** The nodes so far, in order: a live view. */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** A value fed at each run. Its dimensions are where symbols come from: `sum` and its kind make others of them. */
  input(name: string, dtype: DType, shape: Shape): NodeOf<"input"> {
    const type = { dtype, shape: shape.map(canonical) };
    return this.#append("input", [], {}, type, name) as NodeOf<"input">;
  }

  /**
   * What the model learns, named as in the checkpoint: f32, trainable and subject to weight decay by default; a type
   * that has no gradients (an integer, bf16) is never trainable. A name that is known already is the parameter that has it:
   * tied weights.
   *
   * @throws {ShapeError} when a parameter of that name has another type or other attributes.
   */
  parameter(
    name: string,
    shape: Shape,
    init: Init,
    options: { trainable?: boolean; decays?: boolean; dtype?: DType } = {},
  ): NodeOf<"state"> {
    const { dtype = "f32", ...rest } = options;
    const wanted = { role: "parameter", ...rest, init } as const;
    return this.#known(name, { dtype, shape }, wanted) ??
      this.state(name, dtype, shape, { trainable: isFloat(dtype), decays: true, ...wanted });
  }

  /**
   * What belongs to the model but is not learnt: saved, exported and restored with the parameters, and changed by updates
   * alone. A name that is known already is the buffer that has it.
   *
   * @throws {ShapeError} when a state of that name has another type or other attributes.
   */
  buffer(name: string, dtype: DType, shape: Shape, options: { init: Init }): NodeOf<"state"> {
    const wanted = { role: "buffer", ...options } as const;
    return this.#known(name, { dtype, shape }, wanted) ?? this.state(name, dtype, shape, wanted);
  }

  /** A value kept on the device between runs: zeros, neither trained nor decaying by default. */
  state(
    name: string,
    dtype: DType,
    shape: Shape,
    options: Pick<StateAttrs, "role"> & Partial<StateAttrs>,
  ): NodeOf<"state"> {
    const { role, trainable = false, decays = false, init = { kind: "fill", value: 0 } } = options;
    if (trainable && !isFloat(dtype)) {
      throw new ShapeError(
        `Cannot build state "${name}": ${dtype} has no gradients, so it cannot be trained`,
      );
    }
    const attrs = { role, trainable, decays, init };
    return this.#append("state", [], attrs, { dtype, shape }, name) as NodeOf<"state">;
  }

  /** The input or state of that name, if there is one. */
  find(name: string): NodeOf<"input"> | NodeOf<"state"> | undefined {
    return this.#names.get(name);
  }

  /** A tensor that is part of the graph. */
  constant(dtype: DType, shape: readonly number[], values: ArrayLike<number>): NodeOf<"constant"> {
    const size = shape.reduce((a, d) => a * d, 1);
    if (values.length !== size) {
      throw new ShapeError(
        `Cannot build constant of shape ${formatShape(shape)}: it holds ${size} values, got ${values.length}`,
      );
    }
    const data = typedArray(dtype, values);
    return this.#append("constant", [], { data }, { dtype, shape }) as NodeOf<"constant">;
  }

  /** A constant with no dimensions. */
  scalar(value: number, dtype: DType = "f32"): Node {
    return this.constant(dtype, [], [value]);
  }

  /** Makes a node readable by name after each run. */
  output(name: string, node: Node): void {
    this.#outputs[name] = node;
  }

  /** What was made readable, by name. */
  get outputs(): Readonly<Record<string, Node>> {
    return this.#outputs;
  }

  /** Lets `state` take the value of `value` after each run. */
  update(state: Node, value: Node): void {
    if (state.op !== "state") {
      throw new ShapeError(`Cannot update ${state.op} %${state.id}: only a state can be`);
    }
    if (state.dtype !== value.dtype || !sameShape(state.shape, value.shape)) {
      throw new ShapeError(
        `Cannot update state "${state.name}": it is ${state.dtype} ${formatShape(state.shape)}, ` +
          `got ${value.dtype} ${formatShape(value.shape)}`,
      );
    }
    if (this.#updates.some((u) => u.state === state)) {
      throw new ShapeError(`Cannot update state "${state.name}" twice`);
    }
    this.#updates.push({ state, value });
  }

  /** Marks a value between which and the next one a training step may compute again instead of keeping: a layer's operand. */
  boundary(x: Node): Node {
    this.#boundaries.push(x);
    return x;
  }

  /** What was marked, in order: see `gradients`. */
  get boundaries(): readonly Node[] {
    return this.#boundaries;
  }

  /** Labels the nodes built inside `build` with a name, for messages and profiles. */
  named<T>(name: string, build: () => T): T {
    const outer = this.#scope;
    this.#scope = outer ? `${outer}.${name}` : name;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** Appends one op. Throws a `ShapeError` that names the op, its label and what was wrong. */
  apply<K extends OpName>(op: K, inputs: readonly Node[], attrs: OpAttrs[K]): NodeOf<K> {
    const type = this.#infer(op, inputs, attrs, this.#scope);
    return this.#append(op, inputs, attrs as AttrsOf<K>, type, this.#scope || undefined);
  }

  /** Appends a copy of a node with other inputs: what graph passes rebuild with. */
  clone(node: Node, inputs: readonly Node[], attrs: AttrsOf<NodeKind> = node.attrs, shape?: Shape): Node {
    if (node.op === "input" || node.op === "state" || node.op === "constant") {
      return this.#append(
        node.op,
        [],
        attrs as never,
        { dtype: node.dtype, shape: shape ?? node.shape },
        node.name,
      ) as Node;
    }
    const type = this.#infer(node.op, inputs, attrs as never, node.name);
    return this.#append(node.op, inputs, attrs as never, type, node.name) as Node;
  }

  // ---- elementwise -------------------------------------------------------------------------------------------------

  /** `-x`. */
  neg(x: Node): Node {
    return this.apply("neg", [x], {});
  }
  /** `|x|`. */
  abs(x: Node): Node {
    return this.apply("abs", [x], {});
  }
  /** `e^x`. */
  exp(x: Node): Node {
    return this.apply("exp", [x], {});
  }
  /** The natural logarithm of `x`. */
  log(x: Node): Node {
    return this.apply("log", [x], {});
  }
  /** The square root of `x`. */
  sqrt(x: Node): Node {
    return this.apply("sqrt", [x], {});
  }
  /** The hyperbolic tangent of `x`. */
  tanh(x: Node): Node {
    return this.apply("tanh", [x], {});
  }
  /** The error function of `x`. */
  erf(x: Node): Node {
    return this.apply("erf", [x], {});
  }
  /** The Gaussian error linear unit of `x`, by erf or by its tanh approximation. */
  gelu(x: Node, approximate: "none" | "tanh" = "none"): Node {
    return this.apply("gelu", [x], { approximate });
  }
  /** The same values as another type. */
  cast(x: Node, dtype: DType): Node {
    return x.dtype === dtype ? x : this.apply("cast", [x], { dtype });
  }
  /** `x + y`, broadcast. */
  add(x: Node, y: Node | number): Node {
    return this.apply("add", [x, this.#like(y, x)], {});
  }
  /** `x - y`, broadcast. */
  sub(x: Node | number, y: Node | number): Node {
    return this.#binary("sub", x, y);
  }
  /** `x * y`, broadcast. */
  mul(x: Node, y: Node | number): Node {
    return this.apply("mul", [x, this.#like(y, x)], {});
  }
  /** `x / y`, broadcast; integers truncate. */
  div(x: Node | number, y: Node | number): Node {
    return this.#binary("div", x, y);
  }
  /** The larger of `x` and `y`, broadcast; the largest over axes is `max`. */
  maximum(x: Node, y: Node | number): Node {
    return this.apply("max", [x, this.#like(y, x)], {});
  }
  /** The smaller of `x` and `y`, broadcast. */
  minimum(x: Node, y: Node | number): Node {
    return this.apply("min", [x, this.#like(y, x)], {});
  }
  /** Whether `x < y`, broadcast, as bool. */
  less(x: Node | number, y: Node | number): Node {
    return this.#binary("less", x, y);
  }
  /** Whether `x = y`, broadcast, as bool. */
  equal(x: Node, y: Node | number): Node {
    return this.apply("equal", [x, this.#like(y, x)], {});
  }
  /** `condition ? x : y`, all three broadcast together. */
  where(condition: Node, x: Node | number, y: Node | number): Node {
    const [a, b] = this.#pair(x, y);
    return this.apply("where", [condition, a, b], {});
  }
  /** `x` where positive, else 0. */
  relu(x: Node): Node {
    return this.maximum(x, 0);
  }
  /** `x * x`. */
  square(x: Node): Node {
    return this.mul(x, x);
  }

  // ---- reductions --------------------------------------------------------------------------------------------------

  /** Sum over `axes` (all of them if not given); negative axes count from the end. */
  sum(x: Node, axes?: readonly number[], options: { keepDims?: boolean } = {}): Node {
    return this.apply("reduce_sum", [x], {
      axes: this.#axes(x, axes),
      keepDims: options.keepDims ?? false,
    });
  }
  /** The largest over `axes`; the larger of two operands is `maximum`. */
  max(x: Node, axes?: readonly number[], options: { keepDims?: boolean } = {}): Node {
    return this.apply("reduce_max", [x], {
      axes: this.#axes(x, axes),
      keepDims: options.keepDims ?? false,
    });
  }
  /** Mean over `axes`, whose sizes must be numbers. */
  mean(x: Node, axes?: readonly number[], options: { keepDims?: boolean } = {}): Node {
    const count = product(this.#axes(x, axes).map((a) => x.shape[a]));
    if (typeof count !== "number") {
      throw new ShapeError(
        `Cannot build mean: the number of elements "${count}" is symbolic; divide a sum by a mask's sum`,
      );
    }
    return this.mul(this.sum(x, axes, options), 1 / count);
  }

  // ---- products and rows -------------------------------------------------------------------------------------------

  /** `a @ b` over the last two dimensions; leading ones broadcast, and a rank-2 `b` serves every leading index of `a`. */
  matmul(a: Node, b: Node, options: { transA?: boolean; transB?: boolean; dtype?: "f32" } = {}): Node {
    const { transA = false, transB = false, dtype } = options;
    return this.apply("matmul", [a, b], { transA, transB, ...(dtype && { dtype }) });
  }
  /** Softmax over the last dimension. */
  softmax(x: Node): Node {
    return this.apply("softmax", [x], {});
  }
  /** Normalises the last dimension to mean 0 and variance 1, then scales by `weight` and shifts by `bias`. */
  layerNorm(x: Node, weight: Node, bias: Node, epsilon: number): Node {
    return this.apply("layer_norm", [x, weight, bias], { epsilon });
  }
  /** Scales the last dimension to a mean square of 1, then by `weight`. */
  rmsNorm(x: Node, weight: Node, epsilon: number): Node {
    return this.apply("rms_norm", [x, weight], { epsilon });
  }
  /** The cross-entropy of each row of `logits` `[N, C]` with its i32 label: `[N]`; 0 where the label is `ignoreIndex`. */
  softmaxCrossEntropy(
    logits: Node,
    labels: Node,
    options: { labelSmoothing?: number; ignoreIndex?: number } = {},
  ): Node {
    const { labelSmoothing = 0, ignoreIndex = null } = options;
    return this.apply("softmax_cross_entropy", [logits, labels], { labelSmoothing, ignoreIndex });
  }
  /**
   * Attention of `query` `[B, S, H]` to `key` and `value` `[B, T, H]` in `heads` slices of H: `[B, S, H]`. The mask is added to
   * the scores `[B, h, S, T]`; dropout draws from a stream of its own.
   */
  attention(
    query: Node,
    key: Node,
    value: Node,
    options: {
      heads: number;
      scale: number;
      causal?: boolean;
      mask?: Node;
      dropout?: { readonly rate: number; readonly key?: Node };
    },
  ): Node {
    const { heads, scale, mask, dropout } = options;
    const rng = dropout && dropout.rate > 0 ? dropout.key : undefined;
    return this.apply("attention", [query, key, value, ...(mask ? [mask] : []), ...(rng ? [rng] : [])], {
      heads,
      scale,
      causal: options.causal ?? false,
      masked: mask !== undefined,
      rate: rng ? dropout!.rate : 0,
      stream: rng ? this.nextStream() : 0,
    });
  }
  /** Rows of `table` `[V, ...]` at `indices` `[...]`: `[...indices, ...row]`. Indices must be in range. */
  gather(table: Node, indices: Node): Node {
    return this.apply("gather", [table, indices], {});
  }
  /** Zeros `[rows, ...]` to which each row of `updates` is added at its index. */
  scatterAdd(indices: Node, updates: Node, rows: Dim): Node {
    return this.apply("scatter_add", [indices, updates], { rows });
  }

  // ---- views and layout --------------------------------------------------------------------------------------------

  /** The same elements in the same order under another shape. */
  reshape(x: Node, shape: Shape): Node {
    return sameShape(x.shape, shape) ? x : this.apply("reshape", [x], { shape });
  }
  /** Dimensions in another order: the result's axis `i` is the operand's axis `perm[i]`. */
  transpose(x: Node, perm: readonly number[]): Node {
    return this.apply("transpose", [x], { perm });
  }
  /** Copies along dimensions of size 1, and along new leading ones, up to `shape`. */
  broadcast(x: Node, shape: Shape): Node {
    return sameShape(x.shape, shape) ? x : this.apply("broadcast", [x], { shape });
  }
  /** `size` elements along `axis` from `start`. */
  slice(x: Node, axis: number, start: Dim, size: Dim): Node {
    return this.apply("slice", [x], { axis: normalizeAxis(axis, x.shape.length), start, size });
  }
  /** `x` along `axis` inside zeros: `before` of them first, `size` elements in all. */
  pad(x: Node, axis: number, before: Dim, size: Dim): Node {
    return this.apply("pad", [x], { axis: normalizeAxis(axis, x.shape.length), before, size });
  }
  /** Operands one after the other along `axis`. */
  concat(xs: readonly Node[], axis: number): Node {
    return xs.length === 1
      ? xs[0]
      : this.apply("concat", xs, { axis: normalizeAxis(axis, xs[0].shape.length) });
  }

  /** `x`, in such a way that its readers are not merged with readers of `x` that compute the same. */
  barrier(x: Node): Node {
    return this.apply("barrier", [x], {});
  }

  // ---- sources -----------------------------------------------------------------------------------------------------

  /** Each element's index along `axis`. */
  iota(shape: Shape, axis: number, dtype: DType = "i32"): Node {
    return this.apply("iota", [], { shape, axis: normalizeAxis(axis, shape.length), dtype });
  }
  /** Random u32 bits, a function of the scalar `key`, this node's stream number and the element's index alone. */
  random(key: Node, shape: Shape): Node {
    return this.apply("random", [key], { shape, stream: this.nextStream() });
  }
  /** A stream number that no node of this graph has: for ops that draw inside. */
  nextStream(): number {
    return this.#streams++;
  }
  /** Leaves the streams that these nodes draw from to them: for graphs that are rebuilt or gone on from. */
  reserveStreams(nodes: readonly Node[]): void {
    for (const { attrs } of nodes) {
      const { stream, rate = 1 } = attrs as Partial<OpAttrs["attention"]>;
      if (stream !== undefined && rate > 0) this.#streams = Math.max(this.#streams, stream + 1);
    }
  }

  /** Sums `x` down to `shape`, undoing a broadcast from it. */
  sumTo(x: Node, shape: Shape): Node {
    if (sameShape(x.shape, shape)) return x;
    const lead = x.shape.length - shape.length;
    const axes = x.shape.map((_, i) => i)
      .filter((i) => i < lead || (shape[i - lead] === 1 && x.shape[i] !== 1));
    return this.reshape(axes.length > 0 ? this.sum(x, axes, { keepDims: true }) : x, shape);
  }

  /** The state of that name, if there is one; an error if it is another than what is asked for. */
  #known(
    name: string,
    type: TensorType,
    wanted: Pick<StateAttrs, "role"> & Partial<StateAttrs>,
  ): NodeOf<"state"> | undefined {
    const known = this.#names.get(name);
    if (!known) return undefined;
    const text = (value: unknown) => JSON.stringify(value);
    const fits = known.op === "state" && known.dtype === type.dtype && sameShape(known.shape, type.shape) &&
      Object.entries(wanted).every(([key, value]) =>
        text(known.attrs[key as keyof StateAttrs]) === text(value)
      );
    if (fits) return known;
    const there = known.op === "state" ? text(known.attrs) : known.op;
    throw new ShapeError(
      `Cannot build ${wanted.role} "${name}": it is ${known.dtype} ${
        formatShape(known.shape)
      } ${there} already, ` +
        `asked for as ${type.dtype} ${formatShape(type.shape)} ${text(wanted)}`,
    );
  }

  #infer<K extends OpName>(op: K, inputs: readonly Node[], attrs: OpAttrs[K], label?: string): TensorType {
    try {
      const stored = inputs.find(({ dtype }) => !dtypes[dtype].computes);
      if (stored && !this.#rules[op].takesStored) {
        throw new ShapeError(`${stored.dtype} is only stored; cast it to a type to compute with`);
      }
      return this.#rules[op].infer(inputs, attrs);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      throw new ShapeError(`Cannot build ${op}${label ? ` "${label}"` : ""}: ${error.message}`);
    }
  }

  #append<K extends NodeKind>(
    op: K,
    inputs: readonly Node[],
    attrs: AttrsOf<K>,
    type: TensorType,
    name?: string,
  ): NodeOf<K> {
    for (const input of inputs) {
      if (this.#nodes[input.id] !== input) {
        throw new ShapeError(
          `Cannot build ${op}: its input ${input.op} %${input.id} belongs to another graph`,
        );
      }
    }
    const node = { id: this.#nodes.length, op, inputs, attrs, dtype: type.dtype, shape: type.shape, name };
    if (op === "input" || op === "state") {
      if (!name) throw new ShapeError(`Cannot build ${op}: it needs a name`);
      if (this.#names.has(name)) throw new ShapeError(`Cannot build ${op} "${name}": that name is taken`);
      this.#names.set(name, node as unknown as NodeOf<"input"> | NodeOf<"state">);
    }
    this.#nodes.push(node as unknown as Node);
    return node as NodeOf<K>;
  }

  #axes(x: Node, axes?: readonly number[]): readonly number[] {
    const all = axes?.map((a) => normalizeAxis(a, x.shape.length)) ?? x.shape.map((_, i) => i);
    return [...new Set(all)].sort((p, q) => p - q);
  }

  #like(y: Node | number, x: Node): Node {
    return typeof y === "number" ? this.scalar(y, x.dtype) : y;
  }

  #pair(x: Node | number, y: Node | number): [Node, Node] {
    if (typeof x !== "number") return [x, this.#like(y, x)];
    return typeof y === "number" ? [this.scalar(x), this.scalar(y)] : [this.scalar(x, y.dtype), y];
  }

  #binary(op: "sub" | "div" | "less", x: Node | number, y: Node | number): Node {
    return this.apply(op, this.#pair(x, y), {});
  }
}

function isNamed(node: Node): node is NodeOf<"input"> | NodeOf<"state"> {
  return node.op === "input" || node.op === "state";
}
