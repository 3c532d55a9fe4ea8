/**
 * Multi-head scaled dot-product attention.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import type { Init, Node } from "../graph/node.ts";
import { ShapeError } from "../graph/shape.ts";
import { type Dropout, linear } from "./layers.ts";

/** Where attention's parameters stand and how it is cut into heads. */
export interface AttentionOptions {
  /** Names of the four linear layers, without `.weight` and `.bias`. */
  readonly names: {
    readonly query: string;
    readonly key: string;
    readonly value: string;
    readonly output: string;
  };
  /** The hidden size H: the last dimension of every operand. */
  readonly size: number;
  /** Number of heads h; divides `size`. */
  readonly heads: number;
  /** What is attended to, `[B, T, H]`; `x` itself if not given. */
  readonly memory?: Node;
  /** Added to the scores, broadcast to `[B, h, S, T]`: see `paddingMask`. */
  readonly mask?: Node;
  /** Causal: a token attends only to itself and earlier ones. */
  readonly causal?: boolean;
  /** Dropout of the attention probabilities. */
  readonly dropout?: Dropout;
  /** Of the weights; BERT's if not given. */
  readonly init?: Init;
}

/**
 * Attention of `x` `[B, S, H]` to `memory` `[B, T, H]`, after the output projection: `[B, S, H]`.
 *
 * Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.
 *
 * @throws {ShapeError} when the heads do not divide the hidden size.
 */
export function attention(b: Builder, x: Node, options: AttentionOptions): Node {
  const { names, size, heads, init } = options;
  const memory = options.memory ?? x;
  if (size % heads !== 0) {
    throw new ShapeError(`Cannot build attention: ${heads} heads do not divide the hidden size ${size}`);
  }
  const project = (from: Node, name: string) => linear(b, from, { name, in: size, out: size, init });
  const query = project(x, names.query); // [B, S, H]
  const key = project(memory, names.key); // [B, T, H]
  const value = project(memory, names.value); // [B, T, H]
  const attended = b.attention(query, key, value, {
    heads,
    scale: 1 / Math.sqrt(size / heads),
    causal: options.causal,
    mask: options.mask,
    dropout: options.dropout,
  });
  return project(attended, names.output); // [B, S, H]
}

/**
 * The additive mask of an `attention_mask` `[B, T]` (1: a token, 0: padding): f32 `[B, 1, 1, T]`, 0 or -1e9.
 *
 * -1e9 is far below any score, so its softmax is exactly 0, and finite, so that a row which is all padding attends evenly
 * instead of giving NaN.
 */
export function paddingMask(b: Builder, attentionMask: Node): Node {
  const [batch, length] = attentionMask.shape;
  const tokens = b.reshape(b.cast(attentionMask, "f32"), [batch, 1, 1, length]);
  return b.mul(b.sub(tokens, 1), 1e9);
}
