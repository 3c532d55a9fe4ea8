/**
 * The encoder of BERT and its relatives: layers of self-attention and a feed-forward part, each followed by a residual
 * connection and a layer normalisation.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import type { Init, Node } from "../graph/node.ts";
import { attention } from "./attention.ts";
import { type Activation, type Dropout, dropout, feedForward, layerNorm } from "./layers.ts";

/** Names of one layer's parts, without `.weight` and `.bias`, as the checkpoint has them. */
export interface EncoderLayerNames {
  /** The projection to queries. */
  readonly query: string;
  /** The projection to keys. */
  readonly key: string;
  /** The projection to values. */
  readonly value: string;
  /** The projection after attention. */
  readonly attentionOutput: string;
  /** The normalisation after attention. */
  readonly attentionNorm: string;
  /** The two linear layers of the feed-forward part. */
  readonly up: string;
  /** The linear layer back from them. */
  readonly down: string;
  /** The normalisation after the feed-forward part. */
  readonly outputNorm: string;
}

/** The sizes of an encoder, and what it is called. */
export interface EncoderOptions {
  /** How many there are. */
  readonly layers: number;
  /** The states of a layer, counted from 0. */
  readonly names: (layer: number) => EncoderLayerNames;
  /** Hidden size H. */
  readonly size: number;
  /** Attention heads; divides `size`. */
  readonly heads: number;
  /** Width between the two linear layers. */
  readonly inner: number;
  /** Of the feed-forward block. */
  readonly activation: Activation;
  /** Of the layer norms. */
  readonly epsilon: number;
  /** After the feed-forward part, and after attention too unless that has its own. */
  readonly hidden: Dropout;
  /** After attention's projection. */
  readonly projection?: Dropout;
  /** Of the attention probabilities. */
  readonly attention: Dropout;
  /** Of the weights of linear layers. */
  readonly init: Init;
  /** Added to the attention scores `[B, 1, 1, S]`: `paddingMask`. */
  readonly mask: Node;
  /**
   * Whether the last layer is computed for the first token alone: its keys and values for all tokens, its queries and
   * everything after for one. The values and gradients are those of the whole layer, in less time.
   */
  readonly firstTokenOnly?: boolean;
}

/**
 * The encoder's output of `x` `[B, S, H]`: `[B, S, H]`, or `[B, 1, H]` with `firstTokenOnly`. Each layer's operand is marked as
 * a boundary for gradient checkpointing.
 *
 * Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.1; normalisation after the residual, as in BERT.
 */
export function encoder(b: Builder, x: Node, options: EncoderOptions): Node {
  const { layers, size, heads, init, hidden } = options;
  for (let i = 0; i < layers; i++) {
    const names = options.names(i);
    x = b.boundary(x);
    const from = options.firstTokenOnly && i === layers - 1 ? b.slice(x, 1, 0, 1) : x; // [B, S or 1, H]
    const attended = attention(b, from, {
      names: { query: names.query, key: names.key, value: names.value, output: names.attentionOutput },
      size,
      heads,
      memory: x,
      mask: options.mask,
      dropout: options.attention,
      init,
    });
    const norm = { size, epsilon: options.epsilon };
    const middle = layerNorm(b, b.add(dropout(b, attended, options.projection ?? hidden), from), {
      name: names.attentionNorm,
      ...norm,
    });
    const fed = feedForward(b, middle, {
      names: { up: names.up, down: names.down },
      size,
      inner: options.inner,
      activation: options.activation,
      init,
    });
    x = layerNorm(b, b.add(dropout(b, fed, hidden), middle), { name: names.outputNorm, ...norm });
  }
  return x;
}

/** The first token of hidden states `[B, S, H]`: `[B, H]`. */
export function firstToken(b: Builder, hidden: Node): Node {
  const token = hidden.shape[1] === 1 ? hidden : b.slice(hidden, 1, 0, 1); // [B, 1, H]
  return b.reshape(token, [hidden.shape[0], hidden.shape[2]]);
}
