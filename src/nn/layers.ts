/**
 * Layers: functions that append nodes to a graph and name their parameters as the checkpoint does.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import type { Init, Node } from "../graph/node.ts";
import { keepBelow } from "../graph/ops/random.ts";

/** The standard deviation BERT's checkpoints start from (`initializer_range`). */
export const BERT_STD = 0.02;

/** What dropout needs: its rate, and the key of this step; without a key (evaluation) nothing is dropped. */
export interface Dropout {
  /** Share of the elements that become 0, in [0, 1). */
  readonly rate: number;
  /** A u32 scalar that differs from step to step, see `rngKey`. */
  readonly key?: Node;
}

/** An activation by its name in Hugging Face configurations. */
export type Activation = "gelu" | "gelu_new" | "relu" | "tanh";

/** The activations there are. */
export const ACTIVATIONS: readonly Activation[] = ["gelu", "gelu_new", "relu", "tanh"];

/**
 * `x W^T + b` over the last dimension: `[..., in]` to `[..., out]`. Parameters `<name>.weight` `[out, in]` and
 * `<name>.bias` `[out]`, laid out as PyTorch's `nn.Linear`.
 *
 * @throws {ShapeError} when the last dimension of `x` is not `in`.
 *
 * @example
 * ```ts
 * import { createBuilder } from "../graph/graph.ts";
 * import { linear } from "./layers.ts";
 * import assert from "node:assert/strict";
 *
 * const b = createBuilder();
 * const x = b.input("x", "f32", ["batch", 4]);
 * const y = linear(b, x, { name: "classifier", in: 4, out: 2 });
 * assert.deepEqual(y.shape, ["batch", 2]);
 * ```
 */
export function linear(
  b: Builder,
  x: Node,
  options: { name: string; in: number; out: number; bias?: boolean; init?: Init },
): Node {
  const { name, out } = options;
  const init = options.init ?? { kind: "normal", std: BERT_STD };
  const weight = b.parameter(`${name}.weight`, [out, options.in], init); // [out, in]
  const bias = options.bias === false
    ? undefined
    : b.parameter(`${name}.bias`, [out], { kind: "fill", value: 0 }, { decays: false });
  return b.named(name, () => {
    const y = b.matmul(x, weight, { transB: true }); // [..., out]
    return bias ? b.add(y, bias) : y;
  });
}

/**
 * Rows of `<name>.weight` `[count, size]` at i32 `indices` `[...]`: `[..., size]`.
 *
 * A table of few rows is read by a product with a one-hot matrix: every token of a batch shares them, and a gradient
 * that is a product needs no thousands of additions to one row.
 */
export function embedding(
  b: Builder,
  indices: Node,
  options: { name: string; count: number; size: number; init?: Init },
): Node {
  const { name, count, size } = options;
  const init = options.init ?? { kind: "normal", std: BERT_STD };
  const table = b.parameter(`${name}.weight`, [count, size], init);
  return b.named(
    name,
    () => count <= 16 ? b.matmul(oneHot(b, indices, count), table) : b.gather(table, indices),
  );
}

/** f32 `[..., count]`: 1 at each index, else 0. An index out of range gives a row of zeros. */
export function oneHot(b: Builder, indices: Node, count: number): Node {
  const column = b.reshape(indices, [...indices.shape, 1]); // [..., 1]
  return b.cast(b.equal(b.iota([count], 0, indices.dtype), column), "f32");
}

/** Layer normalisation of the last dimension with parameters `<name>.weight` and `<name>.bias`, both `[size]`. */
export function layerNorm(
  b: Builder,
  x: Node,
  options: { name: string; size: number; epsilon?: number },
): Node {
  const shape = [options.size];
  const weight = b.parameter(`${options.name}.weight`, shape, { kind: "fill", value: 1 }, { decays: false });
  const bias = b.parameter(`${options.name}.bias`, shape, { kind: "fill", value: 0 }, { decays: false });
  return b.named(options.name, () => b.layerNorm(x, weight, bias, options.epsilon ?? 1e-12));
}

/** Root-mean-square normalisation of the last dimension with the parameter `<name>.weight` `[size]`. */
export function rmsNorm(
  b: Builder,
  x: Node,
  options: { name: string; size: number; epsilon?: number },
): Node {
  const shape = [options.size];
  const weight = b.parameter(`${options.name}.weight`, shape, { kind: "fill", value: 1 }, { decays: false });
  return b.named(options.name, () => b.rmsNorm(x, weight, options.epsilon ?? 1e-6));
}

/**
 * Sets a share `rate` of the elements to 0 and scales the others by `1 / (1 - rate)`, so that the mean stays. The mask
 * depends on the key, on this dropout's place in the graph and on the element's index alone: a resumed step draws the same.
 */
export function dropout(b: Builder, x: Node, options: Dropout): Node {
  const { rate, key } = options;
  if (!(rate >= 0 && rate < 1)) {
    throw new RangeError(`Cannot build dropout: its rate must be in [0, 1), got ${rate}`);
  }
  if (rate === 0 || !key) return x;
  return b.named("dropout", () => {
    const bits = b.random(key, x.shape);
    const kept = b.cast(b.less(bits, b.scalar(keepBelow(rate), "u32")), "f32"); // 1 or 0, as x
    return b.mul(x, b.mul(kept, 1 / (1 - rate)));
  });
}

/** The activation function of that name, elementwise. */
export function activate(b: Builder, x: Node, activation: Activation): Node {
  switch (activation) {
    case "gelu":
      return b.gelu(x);
    case "gelu_new":
      return b.gelu(x, "tanh");
    case "relu":
      return b.relu(x);
    case "tanh":
      return b.tanh(x);
  }
}

/** Two linear layers with an activation between: `[..., size]` to `[..., inner]` and back. */
export function feedForward(
  b: Builder,
  x: Node,
  options: {
    names: { up: string; down: string };
    size: number;
    inner: number;
    activation?: Activation;
    init?: Init;
  },
): Node {
  const { names, size, inner, init } = options;
  const hidden = linear(b, x, { name: names.up, in: size, out: inner, init }); // [..., inner]
  const active = activate(b, hidden, options.activation ?? "gelu");
  return linear(b, active, { name: names.down, in: inner, out: size, init }); // [..., size]
}
