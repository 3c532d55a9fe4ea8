/**
 * What ops compute from what, as far as cutting them needs it: which axes of the operands and the result run together, which of them
 * are summed over, and which have to be seen whole.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import type { AttentionAttrs, Node, NodeOf, OpAttrs } from "../../graph/node.ts";
import { attentionOperands } from "../../graph/ops/attention.ts";
import { numeric } from "../../graph/shape.ts";
import { elementwise } from "./alike.ts";
import { endOf, type Range } from "./split_boxes.ts";

/** An axis of a tensor that runs along a dimension of the op: `unit` elements for each step of that. */
export interface Axis {
  readonly dim: number;
  readonly unit: number;
}

/** The axes of an operand or a result; `undefined` for those that are always taken whole. */
export type Axes = readonly (Axis | undefined)[];

/** What an op computes from what. */
export interface Rule {
  /** The sizes of the op's dimensions. */
  readonly dims: readonly number[];
  readonly out: Axes;
  /** By operand; an operand without is read by `make` itself. */
  readonly operands: readonly (Axes | undefined)[];
  /** Dimensions that one kernel has to see whole. */
  readonly whole: ReadonlySet<number>;
  /** How results are put together over the dimensions that the result does not have. */
  readonly combine?: "sum" | "max";
  /** The result for some ranges of the dimensions. */
  make(cell: Cell): Node;
}

/** What a part of a result is made with. */
export interface Cell {
  readonly b: Builder;
  /** The range of each dimension. */
  readonly ranges: readonly Range[];
  /** Whether the result is to be summed up, so that it should not be rounded. */
  readonly partial: boolean;
  /** An operand's part for these ranges, or for others. */
  operand(i: number, ranges?: readonly Range[]): Node;
  /** The ranges that an axis of an operand is cut into. */
  rangesOf(i: number, axis: number): readonly Range[];
  /** A box of an operand. */
  box(i: number, box: readonly (Range | undefined)[]): Node;
}

/** The rule of a node, if it has one. */
export function ruleOf(node: Node): Rule | undefined {
  if (elementwise.has(node.op) || node.op === "barrier") return pointwise(node);
  switch (node.op) {
    case "softmax":
    case "softmax_grad":
    case "layer_norm":
    case "layer_norm_grad":
    case "rms_norm":
    case "rms_norm_grad":
      return rows(node);
    case "layer_norm_grad_weight":
    case "layer_norm_grad_bias":
    case "rms_norm_grad_weight":
      return rowSums(node);
    case "softmax_cross_entropy":
    case "softmax_cross_entropy_grad":
      return crossEntropy(node);
    case "reduce_sum":
    case "reduce_max":
      return reduction(node);
    case "matmul":
      return product(node);
    case "gather":
      return lookup(node);
    case "scatter_add":
      return scatter(node);
    case "attention":
    case "attention_stats":
    case "attention_grad_query":
    case "attention_grad_key":
    case "attention_grad_value":
      return attends(node as AttentionNode);
    default:
      return undefined;
  }
}

const nothing: ReadonlySet<number> = new Set();

/** Axes that run along the dimensions of the same number, the last along the last; those of size 1 that are spread do not. */
function aligned(shape: readonly number[], dims: readonly number[]): Axes {
  const lead = dims.length - shape.length;
  return shape.map((size, i) => size === dims[lead + i] ? { dim: lead + i, unit: 1 } : undefined);
}

/** Each element from the operands' elements at its place. */
function pointwise(node: Node): Rule {
  const dims = numeric(node.shape);
  return {
    dims,
    out: aligned(dims, dims),
    operands: node.inputs.map((u) => aligned(numeric(u.shape), dims)),
    whole: nothing,
    make: ({ b, operand }) => b.clone(node, node.inputs.map((_, i) => operand(i))),
  };
}

/** Each row from the operands' rows. */
function rows(node: Node): Rule {
  const rule = pointwise(node);
  return { ...rule, whole: new Set([rule.dims.length - 1]) };
}

/** One row as the sum of what each row of the operands gives. */
function rowSums(node: Node): Rule {
  const dims = numeric(node.inputs[0].shape);
  return {
    dims,
    out: [{ dim: dims.length - 1, unit: 1 }],
    operands: node.inputs.map((u) => aligned(numeric(u.shape), dims)),
    whole: new Set([dims.length - 1]),
    combine: "sum",
    make: ({ b, operand, partial }) =>
      b.clone(
        node,
        node.inputs.map((_, i) => partial ? b.cast(operand(i), wide(node)) : operand(i)),
      ),
  };
}

function crossEntropy(node: Node): Rule {
  const dims = numeric(node.inputs[0].shape); // rows, classes
  const row = [{ dim: 0, unit: 1 }];
  return {
    dims,
    out: node.shape.length === 1 ? row : aligned(dims, dims),
    operands: node.inputs.map((u) => u.shape.length === 1 ? row : aligned(dims, dims)),
    whole: new Set([1]),
    make: ({ b, operand }) => b.clone(node, node.inputs.map((_, i) => operand(i))),
  };
}

function reduction(node: NodeOf<"reduce_sum"> | NodeOf<"reduce_max">): Rule {
  const dims = numeric(node.inputs[0].shape);
  const { axes, keepDims } = node.attrs;
  const out = dims.map((_, dim) => axes.includes(dim) ? undefined : { dim, unit: 1 });
  return {
    dims,
    out: keepDims ? out : out.filter((axis) => axis),
    operands: [aligned(dims, dims)],
    whole: nothing,
    combine: node.op === "reduce_sum" ? "sum" : "max",
    make: ({ b, operand, partial }) => b.clone(node, [partial ? b.cast(operand(0), wide(node)) : operand(0)]),
  };
}

function product(node: NodeOf<"matmul">): Rule {
  const { transA, transB } = node.attrs;
  const [x, y] = node.inputs.map((u) => numeric(u.shape));
  const dims = [...numeric(node.shape), x.at(transA ? -2 : -1)!];
  const [m, n, k] = [-3, -2, -1].map((i) => ({ dim: dims.length + i, unit: 1 }));
  const batch = (shape: readonly number[]) => aligned(shape.slice(0, -2), dims.slice(0, -3));
  return {
    dims,
    out: aligned(dims.slice(0, -1), dims.slice(0, -1)),
    operands: [[...batch(x), ...(transA ? [k, m] : [m, k])], [...batch(y), ...(transB ? [n, k] : [k, n])]],
    whole: nothing,
    combine: "sum",
    make({ b, operand, partial }) {
      const attrs: OpAttrs["matmul"] = partial && node.dtype === "f16"
        ? { ...node.attrs, dtype: "f32" }
        : node.attrs;
      return b.clone(node, [operand(0), operand(1)], attrs);
    },
  };
}

function lookup(node: NodeOf<"gather">): Rule {
  const dims = numeric(node.shape);
  const indices = numeric(node.inputs[1].shape);
  const along = (count: number, from: number): Axes =>
    Array.from({ length: count }, (_, i) => ({ dim: from + i, unit: 1 }));
  return {
    dims,
    out: along(dims.length, 0),
    operands: [undefined, along(indices.length, 0)],
    whole: nothing,
    make({ b, ranges, operand, rangesOf, box }) {
      const at = operand(1);
      const row = ranges.slice(indices.length);
      const wideShape = [...at.shape, ...row.map(() => 1)];
      const parts = rangesOf(0, 0);
      if (parts.length === 1) return b.clone(node, [box(0, [undefined, ...row]), at]);
      // Each row from the part that has it.
      return parts.map((range) => {
        const local = b.max(b.min(b.sub(at, range.begin), range.size - 1), 0);
        return b.clone(node, [box(0, [range, ...row]), local]);
      }).reduce((before, found, i) =>
        b.where(b.reshape(b.less(at, parts[i].begin), wideShape), before, found)
      );
    },
  };
}

function scatter(node: NodeOf<"scatter_add">): Rule {
  const [indices, updates] = node.inputs.map((u) => numeric(u.shape));
  const [all, ...row] = numeric(node.shape);
  const dims = [...updates, all];
  const last = { dim: updates.length, unit: 1 };
  return {
    dims,
    out: [last, ...row.map((_, i) => ({ dim: indices.length + i, unit: 1 }))],
    operands: [aligned(indices, indices), aligned(updates, updates)],
    whole: nothing,
    combine: "sum",
    make({ b, ranges, operand, partial }) {
      const { begin, size } = ranges[last.dim];
      const rest = partial ? b.cast(operand(1), wide(node)) : operand(1);
      if (size === all) return b.clone(node, [operand(0), rest]);
      // What belongs to other parts goes into a row that nobody reads.
      const local = b.sub(operand(0), begin);
      const inside = b.where(b.less(local, 0), size, b.where(b.less(local, size), local, size));
      return b.slice(b.clone(node, [inside, rest], { rows: size + 1 }), 0, 0, size);
    },
  };
}

type AttentionNode = NodeOf<
  "attention" | "attention_stats" | "attention_grad_query" | "attention_grad_key" | "attention_grad_value"
>;

/** Attention's dimensions are the batch, its heads, queries and keys. */
function attends(node: AttentionNode): Rule {
  const attrs: AttentionAttrs = node.attrs;
  const [query, key, , ...rest] = node.inputs.map((u) => numeric(u.shape));
  const dims = [query[0], attrs.heads, query[1], key[1]];
  const [batch, head, row, column] = dims.map((_, dim) => ({ dim, unit: 1 }));
  const slice = { dim: 1, unit: query[2] / attrs.heads };
  const [queries, keys] = [[batch, row, slice], [batch, column, slice]];
  const { mask, rng } = attentionOperands(node.inputs, attrs);
  const others = [
    ...(mask ? [aligned(rest[0], dims)] : []),
    ...(rng ? [[]] : []),
    ...[[undefined, batch, head, row], [batch, row, head], queries],
  ].slice(0, rest.length);
  const ofKeys = node.op === "attention_grad_key" || node.op === "attention_grad_value";
  return {
    dims,
    out: node.op === "attention_stats" ? [undefined, batch, head, row] : ofKeys ? keys : queries,
    operands: [queries, keys, keys, ...others],
    // Random bits are counted over all of the probabilities.
    whole: new Set(attrs.rate > 0 ? [0, 1, 2, 3] : [3]),
    combine: "sum",
    make({ b, ranges, operand }) {
      // The last query sees all keys, so that the queries before it see fewer.
      const seen = attrs.causal ? dims[3] - dims[2] + endOf(ranges[2]) : dims[3];
      const local = ranges.map((r, dim) => dim === 3 ? { begin: 0, size: seen } : r);
      const inputs = node.inputs.map((_, i) => operand(i, local));
      const made = b.clone(node, inputs, { ...attrs, heads: ranges[1].size } as typeof node.attrs);
      return ofKeys && seen < dims[3] ? b.pad(made, 1, 0, dims[3]) : made;
    },
  };
}

/** The type that a sum of parts is made in. */
function wide(node: Node): Node["dtype"] {
  return node.dtype === "f16" ? "f32" : node.dtype;
}
