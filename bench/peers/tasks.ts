/**
 * What each library trains: the same sizes, first weights and data, so that their losses can be held against each other.
 *
 * @module
 */

/** A tensor on the host. */
export interface Values {
  readonly shape: number[];
  readonly data: Float32Array;
}

/** A training task. */
export interface Task {
  readonly name: string;
  /** Matrices are `[in, out]`, vectors `[out]`. */
  readonly weights: Record<string, Values>;
  /** `[batch, ..., features]`. */
  readonly x: Values;
  /** Of the classifier: one-hot `[batch, classes]`; of the block: what it should give, of x's shape. */
  readonly y: Values;
}

/** A classifier of pictures with two hidden layers, ReLU, softmax cross-entropy: 128 x 784 to 1024, 1024, 10. */
export interface MlpTask extends Task {
  readonly kind: "mlp";
  readonly labels: Int32Array;
}

/**
 * A transformer block as Vaswani et al. have it: attention and feed-forward with ReLU, each with a residual and a LayerNorm
 * after it; the mean square error of its output.
 */
export interface BlockTask extends Task {
  readonly kind: "block";
  readonly batch: number;
  readonly sequence: number;
  readonly hidden: number;
  readonly heads: number;
  readonly inner: number;
}

/** Adam without decay, which all three offer or which is a few lines of what they offer. */
export const adamOptions = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
/** Added to the variance. */
export const normEpsilon = 1e-5;

/** One library, ready to train one task. */
export interface Contestant {
  /** Takes so many steps, keeps everything on the device, and gives the last step's loss. */
  run(steps: number): Promise<number>;
  close(): void | Promise<void>;
}

/** The classifier. */
export function mlpTask(options: { tiny?: boolean } = {}): MlpTask {
  const [batch, sizes] = options.tiny ? [8, [12, 16, 16, 10]] : [128, [784, 1024, 1024, 10]];
  const random = generator(1);
  const weights: Record<string, Values> = {};
  for (let i = 0; i + 1 < sizes.length; i++) {
    weights[`w${i}`] = random([sizes[i], sizes[i + 1]], Math.sqrt(2 / sizes[i]));
    weights[`b${i}`] = filled([sizes[i + 1]], 0);
  }
  const classes = sizes.at(-1)!;
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes);
  const y = filled([batch, classes], 0);
  labels.forEach((label, i) => y.data[i * classes + label] = 1);
  return {
    kind: "mlp",
    name: `MLP ${sizes.join("-")}, batch ${batch}`,
    weights,
    x: random([batch, sizes[0]], 1),
    y,
    labels,
  };
}

/** The block. */
export function blockTask(options: { tiny?: boolean } = {}): BlockTask {
  const [batch, sequence, hidden, heads] = options.tiny ? [2, 8, 16, 2] : [16, 128, 384, 12];
  const inner = 4 * hidden;
  const random = generator(2);
  const weights: Record<string, Values> = {};
  const linear = (name: string, from: number, to: number) => {
    weights[`${name}.w`] = random([from, to], 0.02);
    weights[`${name}.b`] = filled([to], 0);
  };
  for (const name of ["query", "key", "value", "out"]) linear(name, hidden, hidden);
  linear("up", hidden, inner);
  linear("down", inner, hidden);
  for (const name of ["norm1", "norm2"]) {
    weights[`${name}.w`] = filled([hidden], 1);
    weights[`${name}.b`] = filled([hidden], 0);
  }
  const x = random([batch, sequence, hidden], 1);
  const y = random([batch, sequence, hidden], 1);
  const name = `transformer block ${hidden}, ${heads} heads, batch ${batch} x ${sequence}`;
  return { kind: "block", name, weights, x, y, batch, sequence, hidden, heads, inner };
}

function filled(shape: number[], value: number): Values {
  return { shape, data: new Float32Array(shape.reduce((p, q) => p * q, 1)).fill(value) };
}

function generator(seed: number): (shape: number[], std: number) => Values {
  let state = seed;
  const uniform = () => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return (shape, std) => {
    const values = filled(shape, 0);
    for (let i = 0; i < values.data.length; i++) {
      values.data[i] = std * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    }
    return values;
  };
}
