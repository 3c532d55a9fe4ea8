/**
 * Small graphs for every op, from which the table-driven tests make themselves.
 *
 * @module
 */
import type { ExampleOperand, OpExample } from "../../src/graph/op_spec.ts";
import { edges } from "../../src/graph/ops/unary.ts";
import {
  type Builder,
  createBuilder,
  type Graph,
  type HostTensor,
  hostTensor,
  type Node,
  opTable,
} from "../../src/graph/graph.ts";
import type { DType } from "../../src/graph/dtype.ts";
import type { NodeOf, OpName } from "../../src/graph/node.ts";

/** One use of an op: its float inputs are what gradients are checked for. */
export interface OpCase {
  readonly name: string;
  readonly build: (b: Builder, inputs: readonly Node[]) => Node;
  readonly inputs: readonly HostTensor[];
  /** Whether a NaN is among the inputs, which has no gradient. */
  readonly hasNaN?: true;
}

/** A case as a graph whose output is `y` and whose inputs are `x0`, `x1`, ... */
export function caseGraph(c: OpCase): Graph {
  const b = createBuilder();
  const inputs = c.inputs.map((t, i) => b.input(`x${i}`, t.dtype, t.shape));
  b.output("y", c.build(b, inputs));
  return b.graph();
}

/** A case's inputs under their names. */
export function caseFeeds(c: OpCase): Record<string, HostTensor> {
  return Object.fromEntries(c.inputs.map((t, i) => [`x${i}`, t]));
}

let seed = 1;

/** Values spread over `[low, high)`, no two of a tensor near each other, so that finite differences meet no kink. */
function spread(shape: readonly number[], low = -2, high = 2, dtype: DType = "f32"): HostTensor {
  const size = shape.reduce((a, d) => a * d, 1);
  const order = Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const j = seed % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return hostTensor(dtype, shape, order.map((i) => low + (high - low) * (i + 0.37) / size));
}

const ints = (shape: readonly number[], values: readonly number[]) => hostTensor("i32", shape, values);
const words = (shape: readonly number[], values: readonly number[]) => hostTensor("u32", shape, values);

const one = (name: string, build: OpCase["build"], ...inputs: HostTensor[]): OpCase => ({
  name,
  build,
  inputs,
});

/** `[4, width]`: a row without NaN, one with a NaN first, one with it last, one with a negative NaN after an infinity. */
function withNaN(width: number): HostTensor {
  const x = spread([4, width]);
  const data = x.data as Float32Array;
  data[width] = NaN;
  data[3 * width - 1] = NaN;
  data[3 * width] = Infinity;
  new Uint32Array(data.buffer, data.byteOffset)[3 * width + 1] = 0xffc00000;
  return x;
}

/** What an elementwise op makes of NaN and infinities, as IEEE 754 has it. */
function atEdges(build: OpCase["build"], ...others: HostTensor[]): OpCase[] {
  return ([15, 16] as const).map((count) => ({
    ...one(`NaN and infinities, ${count}`, build, operandOf(edges(count)), ...others),
    hasNaN: true,
  }));
}

/** Rows as levels, times a weight whose words are anything. */
function levelProduct(
  shape: readonly number[],
  columns: number,
): [OpCase["build"], HostTensor, HostTensor, HostTensor] {
  const build: OpCase["build"] = (b, [x, w, scales]) =>
    b.apply(
      "matmul_int8",
      [b.apply("quantize_rows", [x], {}), b.apply("row_scales", [x], {}), w, scales],
      {},
    );
  const inner = shape.at(-1)! / 4;
  const weight = Array.from({ length: inner * columns }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0);
  return [build, spread(shape), words([inner, columns], weight), spread([columns], 0.01, 0.02)];
}

/** A gradient of a normalisation: of the result's gradient, the operand and the weight. */
function normGradients(
  op:
    | "layer_norm_grad"
    | "layer_norm_grad_weight"
    | "layer_norm_grad_bias"
    | "rms_norm_grad"
    | "rms_norm_grad_weight",
): OpCase[] {
  const build = (b: Builder, inputs: readonly Node[]) => b.apply(op, inputs, { epsilon: 1e-5 });
  return [
    one("rows", build, spread([3, 8]), spread([3, 8]), spread([8])),
    one("odd rows", build, spread([2, 9, 33]), spread([2, 9, 33], 1, 4), spread([33])),
  ];
}

interface Attention {
  readonly heads: number;
  readonly scale?: number;
  readonly causal?: boolean;
  readonly rate?: number;
  /** 1: a token, 0: padding, for each key of each text. */
  readonly padding?: readonly number[];
}

/** A query, a key and a value. */
function attended(o: { batch?: number; queries: number; keys?: number; size?: number }): HostTensor[] {
  const { batch = 1, queries, keys = queries, size = 8 } = o;
  return [spread([batch, queries, size]), spread([batch, keys, size]), spread([batch, keys, size])];
}

function attend({ scale = 0.5, rate = 0, padding, ...options }: Attention): OpCase["build"] {
  return (b, [query, key, value]) => {
    const [batch, keys] = [query.shape[0], key.shape[1]] as number[];
    const mask = padding &&
      b.constant("f32", [batch, 1, 1, keys], padding.map((token) => token ? 0 : -1e9));
    const dropout = { rate, key: b.scalar(77, "u32") };
    return b.attention(query, key, value, { ...options, scale, mask, dropout });
  };
}

/** The statistics of the attention that these options make. */
function inner(op: "attention_stats", options: Attention): OpCase["build"] {
  return (b, inputs) => {
    const node = attend(options)(b, inputs) as NodeOf<"attention">;
    return b.apply(op, node.inputs, node.attrs);
  };
}

/** A gradient of the attention that these options make, where the result's is the query. */
function gradientOf(
  op: "attention_grad_query" | "attention_grad_key" | "attention_grad_value",
  options: Attention,
): OpCase["build"] {
  return (b, inputs) => {
    const node = attend(options)(b, inputs) as NodeOf<"attention">;
    const dy = inputs[0];
    const [batch, rows, size] = node.shape as number[];
    const stats = b.apply("attention_stats", node.inputs, node.attrs);
    const heads = b.reshape(b.mul(dy, node), [batch, rows, options.heads, size / options.heads]);
    return b.apply(op, [...node.inputs, stats, b.sum(heads, [-1]), dy], node.attrs);
  };
}

/** Padding after `tokens` of `length` keys. */
function paddingOf(length: number, tokens: number): number[] {
  return Array.from({ length }, (_, i) => i < tokens ? 1 : 0);
}

/** Cases that take more than an op with its operands and attributes: `examples` of the op's own file are those. */
const furtherCases: { readonly [K in OpName]?: readonly OpCase[] } = {
  gelu: [
    one("erf", (b, [x]) => b.gelu(x), spread([7, 9], -5, 5)),
    one("tanh", (b, [x]) => b.gelu(x, "tanh"), spread([7, 9], -5, 5)),
    ...atEdges((b, [x]) => b.gelu(x)),
    ...atEdges((b, [x]) => b.gelu(x, "tanh")),
  ],
  cast: [
    one("f32 to i32", (b, [x]) => b.cast(x, "i32"), spread([11], -5, 5)),
    one("i32 to f32", (b, [x]) => b.cast(x, "f32"), ints([3], [-1, 0, 7])),
    one("u32 to f32", (b, [x]) => b.cast(x, "f32"), words([3], [1, 2 ** 31, 4294967040])),
    one("bool to f32", (b, [x]) => b.cast(b.less(x, 0), "f32"), spread([7])),
    ...atEdges((b, [x]) => b.cast(b.cast(x, "bool"), "i32")),
    one("i32 to bool and back", (b, [x]) => b.cast(b.cast(x, "bool"), "i32"), ints([3], [-1, 0, 7])),
  ],
  add: [
    one("same shape", (b, [x, y]) => b.add(x, y), spread([3, 5]), spread([3, 5])),
    one("row", (b, [x, y]) => b.add(x, y), spread([3, 5]), spread([5])),
    one("both broadcast", (b, [x, y]) => b.add(x, y), spread([3, 1]), spread([2, 1, 5])),
    one("scalar", (b, [x]) => b.add(x, 2.5), spread([3, 5])),
    ...atEdges((b, [x, y]) => b.add(x, y), hostTensor("f32", [1], [-Infinity])),
    one("i32", (b, [x]) => b.add(x, 3), ints([3], [-1, 0, 7])),
    one("u32 wraps", (b, [x]) => b.add(x, 3), words([2], [1, 0xffffffff])),
  ],
  sub: [
    one("column", (b, [x, y]) => b.sub(x, y), spread([3, 5]), spread([3, 1])),
    one("number first", (b, [x]) => b.sub(1, x), spread([3, 5])),
    ...atEdges((b, [x, y]) => b.sub(x, y), hostTensor("f32", [1], [Infinity])),
  ],
  mul: [
    one("same shape", (b, [x, y]) => b.mul(x, y), spread([3, 5]), spread([3, 5])),
    one("same operand", (b, [x]) => b.mul(x, x), spread([3, 5])),
    one("scalar tensor", (b, [x, y]) => b.mul(x, y), spread([3, 5]), spread([])),
    ...atEdges((b, [x, y]) => b.mul(x, y), hostTensor("f32", [1], [0])),
    one("u32 wraps", (b, [x]) => b.mul(x, 0x9e3779b9), words([3], [1, 3, 0xffffffff])),
  ],
  div: [
    one("row", (b, [x, y]) => b.div(x, y), spread([3, 5]), spread([5], 0.5, 2)),
    one("number first", (b, [x]) => b.div(1, x), spread([3, 5], 0.5, 2)),
    ...atEdges((b, [x, y]) => b.div(x, y), hostTensor("f32", [1], [Infinity])),
    one("i32 truncates", (b, [x, y]) => b.div(x, y), ints([4], [7, -7, 7, -7]), ints([4], [2, 2, -2, -2])),
  ],
  max: [
    { ...one("a NaN wins", (b, [x, y]) => b.maximum(x, y), withNaN(5), spread([4, 5])), hasNaN: true },
    one("f32", (b, [x, y]) => b.maximum(x, y), spread([3, 5]), spread([3, 5], -1.9, 1.8)),
    one("relu", (b, [x]) => b.relu(x), spread([3, 5])),
    ...atEdges((b, [x]) => b.relu(x)),
  ],
  min: [
    ...atEdges((b, [x]) => b.minimum(x, 4)),
    one("row", (b, [x, y]) => b.minimum(x, y), spread([3, 5]), spread([5], -1.9, 1.8)),
    { ...one("a NaN wins", (b, [x, y]) => b.minimum(x, y), spread([4, 5]), withNaN(5)), hasNaN: true },
  ],
  less: [
    one("f32", (b, [x, y]) => b.less(x, y), spread([3, 5]), spread([5])),
    ...atEdges((b, [x]) => b.less(x, 1)),
    ...atEdges((b, [x]) => b.less(1, x)),
    one("u32 is unsigned", (b, [x]) => b.less(x, 0x80000000), words([3], [1, 0x7fffffff, 0xffffffff])),
  ],
  equal: [
    one("i32", (b, [x, y]) => b.equal(x, y), ints([2, 3], [0, 1, 2, 2, 1, 0]), ints([3], [0, 1, 1])),
    ...atEdges((b, [x]) => b.equal(x, x)),
    ...atEdges((b, [x, y]) => b.equal(x, y), hostTensor("f32", [1], [Infinity])),
  ],
  where: [
    one(
      "f32",
      (b, [x, y]) => b.where(b.less(x, y), x, b.mul(y, 2)),
      spread([3, 5]),
      spread([3, 5], -1.9, 1.8),
    ),
    one("broadcast", (b, [x, y]) => b.where(b.less(x, 0), y, 7), spread([3, 1]), spread([5])),
    ...atEdges((b, [x]) => b.where(b.less(x, 1), 2, x)),
  ],
  reduce_sum: [
    { ...one("NaN", (b, [x]) => b.sum(x, [-1]), withNaN(8)), hasNaN: true },
    one("all", (b, [x]) => b.sum(x), spread([4, 5])),
    one("last", (b, [x]) => b.sum(x, [-1]), spread([4, 70])),
    one("last, kept", (b, [x]) => b.sum(x, [-1], { keepDims: true }), spread([4, 300])),
    one("first", (b, [x]) => b.sum(x, [0]), spread([70, 5])),
    one("middle", (b, [x]) => b.sum(x, [1]), spread([3, 4, 5])),
    one("first and last", (b, [x]) => b.sum(x, [0, 2], { keepDims: true }), spread([3, 4, 5])),
    one("large", (b, [x]) => b.sum(x), spread([33, 129], -0.01, 0.02)),
  ],
  reduce_max: [
    one("last", (b, [x]) => b.max(x, [-1]), spread([4, 70])),
    one("first, kept", (b, [x]) => b.max(x, [0], { keepDims: true }), spread([7, 5])),
    one("all", (b, [x]) => b.max(x), spread([3, 3])),
    { ...one("a NaN wins", (b, [x]) => b.max(x, [-1]), withNaN(8)), hasNaN: true },
    { ...one("a NaN wins in long rows", (b, [x]) => b.max(x, [-1]), withNaN(701)), hasNaN: true },
    { ...one("a NaN wins in columns", (b, [x]) => b.max(x, [0]), withNaN(12)), hasNaN: true },
  ],
  row_scales: [{ ...one("NaN", (b, [x]) => b.apply("row_scales", [x], {}), withNaN(8)), hasNaN: true }],
  matmul_int8: [
    one("rows", ...levelProduct([3, 12], 5)),
    one("batched, wide", ...levelProduct([2, 3, 4, 64], 68)),
    one("many rows", ...levelProduct([130, 72], 132)),
    one("a long inner dimension", ...levelProduct([5, 2048], 8)),
  ],
  matmul: [
    { ...one("NaN", (b, [x, y]) => b.matmul(x, y), withNaN(8), spread([8, 5])), hasNaN: true },
    one("2d", (b, [x, y]) => b.matmul(x, y), spread([3, 4]), spread([4, 5])),
    one("transA", (b, [x, y]) => b.matmul(x, y, { transA: true }), spread([4, 3]), spread([4, 5])),
    one("transB", (b, [x, y]) => b.matmul(x, y, { transB: true }), spread([3, 4]), spread([5, 4])),
    one(
      "both",
      (b, [x, y]) => b.matmul(x, y, { transA: true, transB: true }),
      spread([4, 3]),
      spread([5, 4]),
    ),
    one("batched", (b, [x, y]) => b.matmul(x, y), spread([2, 3, 4]), spread([2, 4, 5])),
    one(
      "batched transB",
      (b, [x, y]) => b.matmul(x, y, { transB: true }),
      spread([2, 2, 3, 4]),
      spread([2, 2, 5, 4]),
    ),
    one(
      "batched transA",
      (b, [x, y]) => b.matmul(x, y, { transA: true }),
      spread([2, 4, 3]),
      spread([2, 4, 5]),
    ),
    one("linear", (b, [x, y]) => b.matmul(x, y, { transB: true }), spread([2, 3, 4]), spread([5, 4])),
    one("linear, not transposed", (b, [x, y]) => b.matmul(x, y), spread([2, 3, 4]), spread([4, 5])),
    one("broadcast batch", (b, [x, y]) => b.matmul(x, y), spread([2, 1, 3, 4]), spread([3, 4, 2])),
    one(
      "larger than a tile",
      (b, [x, y]) => b.matmul(x, y),
      spread([70, 65], -1, 1),
      spread([65, 130], -1, 1),
    ),
    one("one column", (b, [x, y]) => b.matmul(x, y), spread([9, 33]), spread([33, 1])),
  ],
  softmax: [
    { ...one("NaN", (b, [x]) => b.softmax(x), withNaN(8)), hasNaN: true },
    { ...one("NaN in long rows", (b, [x]) => b.softmax(x), withNaN(701)), hasNaN: true },
    one("rows", (b, [x]) => b.softmax(x), spread([3, 5])),
    one("long rows", (b, [x]) => b.softmax(x), spread([2, 2, 300], -8, 8)),
    one(
      "masked",
      (b, [x]) => b.softmax(b.add(x, b.constant("f32", [5], [0, 0, -1e9, 0, -1e9]))),
      spread([3, 5]),
    ),
  ],
  softmax_grad: [
    one("rows", (b, [dy, y]) => b.apply("softmax_grad", [dy, y], {}), spread([3, 8]), spread([3, 8], 0, 0.2)),
    one(
      "of scaled rows",
      (b, [dy, y]) => b.mul(b.apply("softmax_grad", [b.mul(dy, 3), b.softmax(y)], {}), 0.5),
      spread([2, 2, 131]),
      spread([2, 2, 131]),
    ),
  ],
  layer_norm: [
    {
      ...one("NaN", (b, [x, w, c]) => b.layerNorm(x, w, c, 1e-5), withNaN(8), spread([8]), spread([8])),
      hasNaN: true,
    },
    one("rows", (b, [x, w, c]) => b.layerNorm(x, w, c, 1e-5), spread([3, 8]), spread([8]), spread([8])),
    one(
      "offset rows",
      (b, [x, w, c]) => b.layerNorm(x, w, c, 1e-12),
      spread([2, 3, 130], 5, 9),
      spread([130]),
      spread([130]),
    ),
  ],
  layer_norm_grad: normGradients("layer_norm_grad"),
  layer_norm_grad_weight: normGradients("layer_norm_grad_weight"),
  layer_norm_grad_bias: normGradients("layer_norm_grad_bias"),
  rms_norm: [
    { ...one("NaN", (b, [x, w]) => b.rmsNorm(x, w, 1e-5), withNaN(8), spread([8])), hasNaN: true },
    one("rows", (b, [x, w]) => b.rmsNorm(x, w, 1e-5), spread([3, 8]), spread([8])),
    one("odd rows", (b, [x, w]) => b.rmsNorm(x, w, 1e-6), spread([2, 3, 65], 1, 3), spread([65])),
  ],
  rms_norm_grad: normGradients("rms_norm_grad"),
  rms_norm_grad_weight: normGradients("rms_norm_grad_weight"),
  softmax_cross_entropy: [
    {
      ...one("NaN", (b, [x, l]) => b.softmaxCrossEntropy(x, l), withNaN(12), ints([4], [0, 11, 3, 5])),
      hasNaN: true,
    },
    one(
      "two classes",
      (b, [x, l]) => b.softmaxCrossEntropy(x, l),
      spread([3, 2]),
      ints([3], [0, 1, 1]),
    ),
    one(
      "smoothed, one row ignored",
      (b, [x, l]) => b.softmaxCrossEntropy(x, l, { labelSmoothing: 0.2, ignoreIndex: -100 }),
      spread([4, 12], -6, 6),
      ints([4], [0, 11, -100, 5]),
    ),
    one(
      "many classes",
      (b, [x, l]) => b.softmaxCrossEntropy(x, l, { labelSmoothing: 0.1 }),
      spread([2, 301], -6, 6),
      ints([2], [300, 7]),
    ),
  ],
  softmax_cross_entropy_grad: [
    {
      ...one(
        "NaN",
        (b, [x, l, dy]) =>
          b.apply("softmax_cross_entropy_grad", [x, l, dy], { labelSmoothing: 0.1, ignoreIndex: null }),
        withNaN(12),
        ints([4], [0, 11, 3, 5]),
        spread([4]),
      ),
      hasNaN: true,
    },
    one(
      "smoothed, one row ignored",
      (b, [x, l, dy]) =>
        b.apply("softmax_cross_entropy_grad", [x, l, dy], { labelSmoothing: 0.2, ignoreIndex: -100 }),
      spread([4, 12], -6, 6),
      ints([4], [0, 11, -100, 5]),
      spread([4]),
    ),
    one(
      "many classes",
      (b, [x, l, dy]) => {
        const attrs = { labelSmoothing: 0, ignoreIndex: null };
        return b.apply("softmax_cross_entropy_grad", [b.mul(x, 2), l, dy], attrs);
      },
      spread([2, 301], -3, 3),
      ints([2], [300, 7]),
      spread([2]),
    ),
  ],
  attention: [
    ...[0, 1, 2].map((at): OpCase => ({
      ...one(
        `NaN in ${["query", "key", "value"][at]}`,
        attend({ heads: 2 }),
        ...attended({ size: 8, queries: 4 }).map((x, i) =>
          i === at ? hostTensor("f32", [1, 4, 8], withNaN(8).data as Float32Array) : x
        ),
      ),
      hasNaN: true,
    })),
    one("two heads", attend({ heads: 2 }), ...attended({ size: 8, queries: 3 })),
    one("more keys than queries", attend({ heads: 1, scale: 0.5 }), ...attended({ queries: 2, keys: 5 })),
    one("causal", attend({ heads: 2, causal: true }), ...attended({ queries: 4 })),
    one(
      "padding",
      attend({ heads: 2, padding: [1, 1, 1, 1, 0, 0] }),
      ...attended({ batch: 2, queries: 3 }),
    ),
    one("dropout", attend({ heads: 2, rate: 0.3, padding: [1, 1, 1, 0] }), ...attended({ queries: 4 })),
    one(
      "a mask with a gradient",
      (b, [q, k, v, mask]) => b.attention(q, k, v, { heads: 2, scale: 0.5, mask }),
      ...attended({ batch: 2, queries: 3 }),
      spread([1, 2, 3, 3]),
    ),
    one(
      "heads of 32, longer than a block",
      attend({ heads: 2, rate: 0.1, padding: paddingOf(130, 100), scale: 0.2 }),
      ...attended({ size: 64, queries: 35, keys: 130 }),
    ),
    one("heads of 40, causal", attend({ heads: 2, causal: true }), ...attended({ size: 80, queries: 33 })),
  ],
  attention_stats: [
    one("masked", inner("attention_stats", { heads: 2 }), ...attended({ queries: 3, keys: 5 })),
    one(
      "heads of 32",
      inner("attention_stats", { heads: 2, causal: true }),
      ...attended({ size: 64, queries: 67 }),
    ),
  ],
  attention_grad_query: [
    one("no dropout", gradientOf("attention_grad_query", { heads: 2 }), ...attended({ queries: 3, keys: 5 })),
    one(
      "heads of 32",
      gradientOf("attention_grad_query", { heads: 2, rate: 0.2 }),
      ...attended({ size: 64, queries: 67 }),
    ),
  ],
  attention_grad_key: [
    one("no dropout", gradientOf("attention_grad_key", { heads: 2 }), ...attended({ queries: 3, keys: 5 })),
    one(
      "heads of 32",
      gradientOf("attention_grad_key", { heads: 2, rate: 0.2 }),
      ...attended({ size: 64, queries: 67 }),
    ),
  ],
  attention_grad_packed: [
    one(
      "all three",
      (b, inputs) => {
        const one = gradientOf("attention_grad_query", { heads: 2, rate: 0.2 })(b, inputs);
        const { inputs: operands, attrs } = one as NodeOf<"attention_grad_query">;
        return b.apply("attention_grad_packed", operands, { ...attrs, parts: ["query", "key", "value"] });
      },
      ...attended({ size: 32, queries: 9 }),
    ),
    one(
      "key and value",
      (b, inputs) => {
        const one = gradientOf("attention_grad_query", { heads: 2 })(b, inputs);
        const { inputs: operands, attrs } = one as NodeOf<"attention_grad_query">;
        return b.apply("attention_grad_packed", operands, { ...attrs, parts: ["key", "value"] });
      },
      ...attended({ size: 32, queries: 1, keys: 9 }),
    ),
  ],
  attention_grad_value: [
    one("no dropout", gradientOf("attention_grad_value", { heads: 2 }), ...attended({ queries: 3, keys: 5 })),
    one(
      "heads of 32",
      gradientOf("attention_grad_value", { heads: 2, rate: 0.2, causal: true }),
      ...attended({ size: 64, queries: 67 }),
    ),
  ],
  gather: [
    one("rows", (b, [t, i]) => b.gather(t, i), spread([7, 4]), ints([2, 3], [0, 6, 3, 3, 1, 0])),
    one("scalars", (b, [t, i]) => b.gather(t, i), spread([7]), ints([3], [6, 0, 6])),
  ],
  scatter_add: [
    one("rows", (b, [i, u]) => b.scatterAdd(i, u, 7), ints([2, 3], [0, 6, 3, 3, 1, 3]), spread([2, 3, 4])),
    one("scalars", (b, [i, u]) => b.scatterAdd(i, u, 3), ints([5], [0, 2, 2, 0, 2]), spread([5])),
  ],
  reshape: [one("split", (b, [x]) => b.mul(b.reshape(x, [2, 3, 2]), 2), spread([4, 3]))],
  transpose: [
    one("2d", (b, [x]) => b.transpose(x, [1, 0]), spread([3, 5])),
    one("heads", (b, [x]) => b.transpose(x, [0, 2, 1, 3]), spread([2, 3, 4, 5])),
    one("rotate", (b, [x]) => b.transpose(x, [2, 0, 1]), spread([2, 3, 4])),
  ],
  broadcast: [
    one("row", (b, [x]) => b.broadcast(x, [3, 5]), spread([5])),
    one("column", (b, [x]) => b.broadcast(x, [2, 3, 5]), spread([3, 1])),
  ],
  slice: [
    one("middle axis", (b, [x]) => b.slice(x, 1, 1, 2), spread([3, 4, 5])),
    one("first axis", (b, [x]) => b.slice(x, 0, 2, 1), spread([3, 4])),
  ],
  pad: [one("both sides", (b, [x]) => b.pad(x, 1, 1, 6), spread([3, 4, 2]))],
  concat: [
    one("last", (b, [x, y]) => b.concat([x, y], -1), spread([3, 2]), spread([3, 4])),
    one("first of three", (b, [x, y]) => b.concat([x, y, x], 0), spread([1, 4]), spread([2, 4])),
  ],
  iota: [
    one("columns", (b, [x]) => b.mul(b.iota([3, 4], 1, "f32"), x), spread([4])),
    one("rows", (b, [x]) => b.add(b.iota([3, 4], 0), x), ints([], [5])),
  ],
  barrier: [one("copy", (b, [x]) => b.mul(b.barrier(x), x), spread([3, 4]))],
  random: [
    one("bits", (b, [key]) => b.random(key, [5, 7]), words([], [12345])),
    one("second stream", (b, [key]) => (b.random(key, [2]), b.random(key, [40])), words([], [0xfffffff0])),
  ],
};

/** What is tried of every op: its own examples, and those here. */
export const opCases = Object.fromEntries(
  Object.entries(opTable).map(([op, spec]): [string, readonly OpCase[]] => {
    const examples = (spec.examples ?? []) as readonly OpExample<OpName>[];
    return [op, [
      ...examples.map(({ name, attrs, operands }): OpCase => ({
        ...one(name, (b, inputs) => b.apply(op as OpName, inputs, attrs) as Node, ...operands.map(operandOf)),
        ...(operands.some((x) => "values" in x && x.values.some(Number.isNaN)) && { hasNaN: true }),
      })),
      ...furtherCases[op as OpName] ?? [],
    ]];
  }),
) as { readonly [K in OpName]: readonly OpCase[] };

/** The tensor of an example's operand; a second NaN in it is a negative one. */
function operandOf(operand: ExampleOperand): HostTensor {
  if (!("values" in operand)) return spread(operand.shape, operand.low, operand.high);
  const x = hostTensor(operand.dtype, operand.shape, operand.values);
  const { buffer, byteOffset } = x.data;
  const nans = operand.values.keys().filter((i) => Number.isNaN(operand.values[i])).toArray();
  if (nans.length > 1) new Uint32Array(buffer, byteOffset)[nans[1]] = 0xffc00000;
  return x;
}
