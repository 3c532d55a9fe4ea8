/**
 * Multi-head attention as ops: the result and what its gradients need of each row, both defined by ordinary nodes.
 *
 * @module
 */
import type { Builder } from "../builder.ts";
import type { CompositeOp } from "../op_spec.ts";
import { isFloat } from "../dtype.ts";
import type { AttentionAttrs, Node, TensorType } from "../node.ts";
import {
  broadcastShapes,
  difference,
  formatShape,
  leastOf,
  sameShape,
  type Shape,
  ShapeError,
} from "../shape.ts";
import { keepBelow } from "./random.ts";

/** What attention ops compute from, under their names. */
export interface AttentionOperands<T> {
  /** `[B, S, H]`. */
  readonly query: T;
  /** `[B, T, H]`. */
  readonly key: T;
  /** `[B, T, H]`. */
  readonly value: T;
  /** f32, added to the scores, broadcast to `[B, h, S, T]`. */
  readonly mask?: T;
  /** u32 scalar: the key that dropout draws with. */
  readonly rng?: T;
  /** Whatever else an op takes after these. */
  readonly rest: readonly T[];
}

/** Operands in the order of an op's inputs. */
export function attentionOperands<T>(inputs: readonly T[], attrs: AttentionAttrs): AttentionOperands<T> {
  const [query, key, value, ...more] = inputs;
  const mask = attrs.masked ? more.shift() : undefined;
  const rng = attrs.rate > 0 ? more.shift() : undefined;
  return { query, key, value, mask, rng, rest: more };
}

/**
 * What each query finds among the values: `softmax(scale q k^T + mask) v` in each of `heads` slices of the last dimension,
 * `[B, S, H]`, with dropout of the probabilities. Where `causal`, the last query sees all keys and each one before it one less.
 *
 * Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.
 */
export const attention: CompositeOp<"attention"> = {
  infer: (inputs, attrs) => attentionType(inputs, attrs, 0),
  vjp(b, node, dy, needed) {
    const { attrs } = node;
    const operands = attentionOperands(node.inputs, attrs);
    if (attrs.masked && needed[3]) {
      const grads = attentionGradients(b, operands, attrs, dy);
      return [grads.query(), grads.key(), grads.value(), grads.mask!(), null];
    }
    const [batch, rows, size] = node.shape;
    const stats = b.apply("attention_stats", node.inputs, attrs);
    const heads = [batch, rows, attrs.heads, size as number / attrs.heads];
    const products = b.mul(b.cast(dy, "f32"), b.cast(node as Node, "f32")); // [B, S, H]
    const delta = b.sum(b.reshape(products, heads), [-1]); // [B, S, h]
    const inputs = [...node.inputs, stats, delta, dy];
    return [
      needed[0] ? b.apply("attention_grad_query", inputs, attrs) : null,
      needed[1] ? b.apply("attention_grad_key", inputs, attrs) : null,
      needed[2] ? b.apply("attention_grad_value", inputs, attrs) : null,
      null,
      null,
    ];
  },
  expand(b, node, inputs) {
    const { query, value } = attentionOperands(inputs, node.attrs);
    const { kept, split } = probabilities(b, attentionOperands(inputs, node.attrs), node.attrs);
    const attended = b.transpose(b.matmul(kept, split(value)), [0, 2, 1, 3]); // [B, S, h, d]
    return b.cast(b.reshape(attended, query.shape), query.dtype); // [B, S, H]
  },
  half: () => [0, 1, 2],
  attends: true,
  tolerance: { relative: 1e-4, absolute: 1e-5 },
};

/**
 * The largest score of each row and the sum of `e^(score - largest)`: f32 `[2, B, h, S]`. Apart, because their one number
 * `log(sum) + largest` loses the sum where a row is all padding and its scores are -1e9.
 */
export const attentionStats: CompositeOp<"attention_stats"> = {
  infer(inputs, attrs) {
    const { shape } = attentionType(inputs, attrs, 0);
    return { dtype: "f32", shape: [2, shape[0], attrs.heads, shape[1]] };
  },
  expand(b, node, inputs) {
    const { scores } = probabilities(b, attentionOperands(inputs, node.attrs), node.attrs);
    const largest = b.max(scores, [-1], { keepDims: true }); // [B, h, S, 1]
    const sums = b.sum(b.exp(b.sub(scores, largest)), [-1]); // [B, h, S]
    const row = [1, ...node.shape.slice(1)];
    return b.concat([b.reshape(largest, row), b.reshape(sums, row)], 0);
  },
  half: () => [0, 1, 2],
  attends: true,
  tolerance: { relative: 1e-4, absolute: 1e-5 },
};

/** The gradients' definitions, each built when it is called; `mask` where there is one. */
export interface AttentionGradients {
  query(): Node;
  key(): Node;
  value(): Node;
  mask?(): Node;
}

/** What differentiating the definition of attention gives, node for node, so that equal parts merge with the definition's. */
export function attentionGradients(
  b: Builder,
  operands: AttentionOperands<Node>,
  attrs: AttentionAttrs,
  dy: Node,
): AttentionGradients {
  const { query, key, value, mask } = operands;
  const { weights, kept, scale, scaled, split } = probabilities(b, operands, attrs);
  const gradient = split(dy); // [B, h, S, d]
  const join = (node: Node, like: Node) => b.reshape(b.transpose(node, [0, 2, 1, 3]), like.shape);
  const narrow = (node: Node, like: Node) => b.cast(node, like.dtype);
  const scoreGradient = () => {
    const dropped = b.matmul(gradient, split(value), { transB: true }); // [B, h, S, T]
    return b.apply("softmax_grad", [scale ? b.mul(dropped, scale) : dropped, weights], {});
  };
  return {
    query() {
      const dquery = join(b.matmul(scoreGradient(), split(key)), query); // [B, S, H]
      return narrow(b.mul(dquery, attrs.scale), query);
    },
    key: () => narrow(join(b.matmul(scoreGradient(), scaled, { transA: true }), key), key),
    value: () => narrow(join(b.matmul(kept, gradient, { transA: true }), value), value),
    mask: mask && (() => b.sumTo(scoreGradient(), mask.shape)),
  };
}

interface Probabilities {
  /** Before the softmax, `[B, h, S, T]`. */
  readonly scores: Node;
  readonly weights: Node;
  /** The weights after dropout. */
  readonly kept: Node;
  /** What dropout multiplies by, if there is any. */
  readonly scale?: Node;
  /** The scaled query, `[B, h, S, d]`. */
  readonly scaled: Node;
  /** `[B, *, H]` as f32 `[B, h, *, d]`. */
  split(node: Node): Node;
}

function probabilities(b: Builder, operands: AttentionOperands<Node>, attrs: AttentionAttrs): Probabilities {
  const { query, key, mask, rng } = operands;
  const { heads } = attrs;
  const size = query.shape[2] as number;
  const split = (node: Node) => {
    const wide = b.cast(node, "f32");
    return b.transpose(b.reshape(wide, [...node.shape.slice(0, 2), heads, size / heads]), [0, 2, 1, 3]);
  };
  const scaled = split(b.mul(b.cast(query, "f32"), attrs.scale)); // [B, h, S, d]
  let scores = b.matmul(scaled, split(key), { transB: true }); // [B, h, S, T]
  if (mask) scores = b.add(scores, mask);
  if (attrs.causal) scores = b.where(visible(b, query, key), scores, HIDDEN);
  const weights = b.softmax(scores);
  if (!rng) return { scores, weights, kept: weights, scaled, split };
  const bits = b.apply("random", [rng], { shape: weights.shape, stream: attrs.stream });
  const keep = b.cast(b.less(bits, b.scalar(keepBelow(attrs.rate), "u32")), "f32"); // 1 or 0
  const scale = b.mul(keep, 1 / (1 - attrs.rate));
  return { scores, weights, kept: b.mul(weights, scale), scale, scaled, split };
}

/** The score of a key that a causal query does not see: far below that of padding, so that it weighs 0 beside padding too. */
export const HIDDEN = -1e30;

/** Whether a query sees a key: bool `[S, T]`. */
function visible(b: Builder, query: Node, key: Node): Node {
  const [rows, columns] = [query.shape[1], key.shape[1]];
  const keys = b.iota([columns], 0); // [T]
  const offset = difference(columns, rows);
  const own = typeof offset === "number"
    ? b.add(b.iota([rows, 1], 0), offset + 1)
    : b.add(b.reshape(b.slice(keys, 0, offset, rows), [rows, 1]), 1);
  return b.less(keys, own);
}

/** The type of an attention op's result like its input `like`, or a `ShapeError`. */
export function attentionType(
  inputs: readonly TensorType[],
  attrs: AttentionAttrs,
  like: number,
  extra: readonly ((shape: { batch: Shape[number]; rows: Shape[number]; size: number }) => Shape)[] = [],
): TensorType {
  const { query, key, value, mask, rng, rest } = attentionOperands(inputs, attrs);
  const wanted = 3 + (attrs.masked ? 1 : 0) + (attrs.rate > 0 ? 1 : 0) + extra.length;
  if (inputs.length !== wanted) throw new ShapeError(`it takes ${wanted} operands, got ${inputs.length}`);
  const [batch, rows, size] = query.shape;
  const shapes = [query, key, value].map((t) => formatShape(t.shape)).join(", ");
  const fits = query.shape.length === 3 && key.shape.length === 3 && sameShape(key.shape, value.shape) &&
    key.shape[0] === batch && key.shape[2] === size && typeof size === "number" && size % attrs.heads === 0;
  if (!fits) {
    throw new ShapeError(
      `query, key and value must be [B, S, H], [B, T, H], [B, T, H] with H a multiple of ${attrs.heads} heads, got ${shapes}`,
    );
  }
  if (!isFloat(query.dtype) || key.dtype !== query.dtype || value.dtype !== query.dtype) {
    throw new ShapeError(
      `query, key and value must be of one float type, got ${query.dtype}, ${key.dtype}, ${value.dtype}`,
    );
  }
  const columns = key.shape[1];
  if (mask) {
    const scores = [batch, attrs.heads, rows, columns];
    if (mask.dtype !== "f32" || !sameShape(broadcastShapes(scores, mask.shape), scores)) {
      throw new ShapeError(
        `mask must be f32 and broadcast to ${formatShape(scores)}, got ${mask.dtype} ${
          formatShape(mask.shape)
        }`,
      );
    }
  }
  if (rng && (rng.dtype !== "u32" || rng.shape.length !== 0)) {
    throw new ShapeError(`dropout's key must be a u32 scalar, got ${rng.dtype} ${formatShape(rng.shape)}`);
  }
  if (attrs.causal && leastOf(difference(columns, rows)) < 0) {
    throw new ShapeError(`causal attention needs as many keys as queries or more, got ${shapes}`);
  }
  extra.forEach((shapeOf, i) => {
    const shape = shapeOf({ batch, rows, size: size as number });
    if (!sameShape(rest[i].shape, shape)) {
      throw new ShapeError(
        `operand ${inputs.length - extra.length + i} must be ${formatShape(shape)}, got ${
          formatShape(rest[i].shape)
        }`,
      );
    }
  });
  return { dtype: inputs[like].dtype, shape: inputs[like].shape };
}
