/**
 * Similarities of vectors and the nearest rows of a corpus.
 *
 * @module
 */
import { descendingOrder } from "../../statistics/order.ts";
import { checkNumber, checkWhole, fail, refuse } from "../../statistics/checks.ts";

/** Vectors as the rows of a matrix. */
export interface Vectors {
  /** Row-major: [n, width]. */
  readonly data: Float32Array | Float64Array;
  /** Numbers that a vector has. */
  readonly width: number;
}

/** How alike two vectors are; distances count negative, so that more is always closer. */
export type Similarity = "cosine" | "dot" | "euclidean" | "manhattan";

/** The rows of a corpus that are closest to each query. */
export interface Neighbours {
  /** Neighbours of each query. */
  readonly k: number;
  /** Rows of the corpus, closest first: [queries, k]. */
  readonly indices: Uint32Array;
  /** Their similarities. */
  readonly scores: Float64Array;
}

const SORT_FROM = 128; // neighbours from which sorting everything is cheaper than keeping a list

/**
 * Similarity of row i of `a` and row i of `b`, in doubles: [n], cosines (default) in [-1, 1], distances negated.
 *
 * @throws {EvaluationError} When shapes differ, a number is not finite, or a vector whose cosine is wanted is all zeros.
 * @example
 * ```ts
 * import { similarities } from "./vectors.ts";
 * import assert from "node:assert/strict";
 * const a = { data: Float32Array.of(1, 0, 3, 4), width: 2 }, b = { data: Float32Array.of(0, 2, 3, 4), width: 2 };
 * assert.deepEqual([...similarities(a, b)], [0, 1]);
 * assert.deepEqual([...similarities(a, b, { similarity: "manhattan" })], [-3, 0]);
 * ```
 */
export function similarities(
  a: Vectors,
  b: Vectors,
  options: { similarity?: Similarity; names?: [string, string] } = {},
): Float64Array {
  const { similarity = "cosine", names = ["first vectors", "second vectors"] } = options;
  const n = checkPairs(a, b, { names, similarity });
  const compare = comparison(a, b, similarity);
  return Float64Array.from({ length: n }, (_, row) => compare(row, row));
}

/**
 * The k rows of a corpus closest to each query; of rows as close, the earlier comes first. Exact, and no more memory than the
 * result and one row of scores.
 *
 * @param options `similarity`, default "cosine"; `k` neighbours, fewer if the corpus has fewer.
 * @throws {EvaluationError} When widths differ, the corpus or the queries have no rows, a number is not finite, or a vector
 * whose cosine is wanted is all zeros.
 * @example
 * ```ts
 * import { nearest } from "./vectors.ts";
 * import assert from "node:assert/strict";
 * const corpus = { data: Float32Array.of(1, 0, 0, 1, 1, 1), width: 2 };
 * assert.deepEqual([...nearest({ data: Float32Array.of(2, 1), width: 2 }, corpus, { k: 2 }).indices], [2, 0]);
 * ```
 */
export function nearest(
  queries: Vectors,
  corpus: Vectors,
  options: { k: number; similarity?: Similarity },
): Neighbours {
  const { similarity = "cosine" } = options;
  checkWhole("k", options.k);
  const n = checkVectors(queries, "queries", similarity), size = checkVectors(corpus, "corpus", similarity);
  checkWidths(queries, corpus, ["queries", "corpus"]);
  const score = rowScores(queries, corpus, similarity);
  const k = Math.min(options.k, size);
  const indices = new Uint32Array(n * k), scores = new Float64Array(n * k), row = new Float64Array(size);
  for (let query = 0; query < n; query++) {
    score(query, row);
    const best = k >= SORT_FROM ? descendingOrder(row).subarray(0, k) : highest(row, k);
    indices.set(best, query * k);
    for (let i = 0; i < k; i++) scores[query * k + i] = row[best[i]];
  }
  return { k, indices, scores };
}

/**
 * Alignment of positive pairs (Wang and Isola 2020): mean distance between the two, to the power `alpha`, of vectors brought to
 * length 1. From 0, where pairs coincide, to 2^alpha.
 *
 * @param options `alpha`, default 2.
 * @throws {EvaluationError} When shapes differ, a number is not finite, or a vector is all zeros.
 */
export function alignment(a: Vectors, b: Vectors, options: { alpha?: number } = {}): number {
  const { alpha = 2 } = options;
  checkNumber("alpha", alpha, { above: 0 });
  const n = checkPairs(a, b, { names: ["first vectors", "second vectors"], similarity: "cosine" });
  const distance = comparison(normalized(a), normalized(b), "euclidean");
  let sum = 0;
  for (let row = 0; row < n; row++) sum += (-distance(row, row)) ** alpha;
  return sum / n;
}

/**
 * Uniformity on the sphere (Wang and Isola 2020): ln of the mean of exp(−t · squared distance) over all pairs of vectors
 * brought to length 1. From −4t towards 0, where all coincide; the lower, the more evenly spread. Time grows with n².
 *
 * @param options `t`, default 2.
 * @throws {EvaluationError} When there are fewer than two vectors, a number is not finite, or a vector is all zeros.
 * @example
 * ```ts
 * import { alignment, uniformity } from "./vectors.ts";
 * import assert from "node:assert/strict";
 * assert.equal(uniformity({ data: Float32Array.of(1, 0, -3, 0), width: 2 }), -8);
 * const a = { data: Float32Array.of(1, 0), width: 2 };
 * assert.equal(alignment(a, { data: Float32Array.of(0, 5), width: 2 }).toFixed(9), "2.000000000");
 * ```
 */
export function uniformity(vectors: Vectors, options: { t?: number } = {}): number {
  const { t = 2 } = options;
  checkNumber("t", t, { above: 0 });
  const n = checkVectors(vectors, "vectors", "cosine");
  if (n < 2) fail(`Cannot tell how evenly ${n} vector is spread: at least 2 are needed`);
  const unit = normalized(vectors), distance = comparison(unit, unit, "euclidean");
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) sum += Math.exp(-t * distance(i, j) ** 2);
  }
  return Math.log(sum / (n * (n - 1) / 2));
}

/**
 * How many vectors there are.
 *
 * @throws {EvaluationError} When there are none, the shape is wrong, a number is not finite, or a vector whose cosine is wanted
 * is all zeros: the row is named.
 */
export function checkVectors({ data, width }: Vectors, name: string, similarity: Similarity): number {
  if (!(Number.isInteger(width) && width >= 1) || data.length % width !== 0) {
    fail(`Cannot split the ${data.length} numbers of the ${name} into vectors of ${width}`);
  }
  if (data.length === 0) fail(`Cannot evaluate: there are no rows in the ${name}`);
  for (let row = 0, at = 0; at < data.length; row++) {
    let empty = true;
    for (const end = at + width; at < end; at++) {
      if (!Number.isFinite(data[at])) {
        refuse(`place ${at % width} of row ${row} of the ${name}`, data[at], "a finite number");
      }
      empty &&= data[at] === 0;
    }
    if (empty && similarity === "cosine") {
      fail(`Cannot compare vectors: row ${row} of the ${name} is all zeros, so it has no cosine`);
    }
  }
  return data.length / width;
}

function checkPairs(
  a: Vectors,
  b: Vectors,
  { names, similarity }: { names: [string, string]; similarity: Similarity },
): number {
  const n = checkVectors(a, names[0], similarity), others = checkVectors(b, names[1], similarity);
  if (n !== others) fail(`Cannot pair ${n} ${names[0]} with ${others} ${names[1]}`);
  checkWidths(a, b, names);
  return n;
}

function checkWidths(a: Vectors, b: Vectors, names: [string, string]): void {
  if (a.width !== b.width) {
    fail(
      `Cannot compare vectors of ${a.width} numbers (${names[0]}) with vectors of ${b.width} (${names[1]})`,
    );
  }
}

/** Similarity of row i of `a` and row j of `b`. */
function comparison(a: Vectors, b: Vectors, similarity: Similarity): (i: number, j: number) => number {
  const { data: x, width } = a, { data: y } = b;
  switch (similarity) {
    case "dot":
      return (i, j) => dot(x, i * width, y, j * width, width);
    case "cosine": {
      const lengthsX = lengths(a), lengthsY = a === b ? lengthsX : lengths(b);
      return (i, j) => {
        const cosine = dot(x, i * width, y, j * width, width) / (lengthsX[i] * lengthsY[j]);
        return cosine > 1 ? 1 : cosine < -1 ? -1 : cosine;
      };
    }
    case "euclidean":
      return (i, j) => {
        let sum = 0;
        for (let p = i * width, q = j * width, end = p + width; p < end; p++, q++) sum += (x[p] - y[q]) ** 2;
        return 0 - Math.sqrt(sum); // 0 where both are the same, not -0
      };
    case "manhattan":
      return (i, j) => {
        let sum = 0;
        for (let p = i * width, q = j * width, end = p + width; p < end; p++, q++) {
          sum += Math.abs(x[p] - y[q]);
        }
        return 0 - sum;
      };
    default:
      fail(`There is no similarity "${similarity}", only cosine, dot, euclidean and manhattan`);
  }
}

function dot(x: Vectors["data"], p: number, y: Vectors["data"], q: number, width: number): number {
  let sum = 0;
  for (const end = p + width; p < end; p++, q++) sum += x[p] * y[q];
  return sum;
}

/** Writes the similarity of a row of `a` to every row of `b`: what `comparison` gives, to the last bit. */
function rowScores(a: Vectors, b: Vectors, similarity: Similarity): (i: number, out: Float64Array) => void {
  if (similarity !== "dot" && similarity !== "cosine") {
    const compare = comparison(a, b, similarity);
    return (i, out) => {
      for (let j = 0; j < out.length; j++) out[j] = compare(i, j);
    };
  }
  const { width } = a, row = new Float64Array(width);
  const lengthsA = lengths(a), lengthsB = lengths(b);
  return (i, out) => {
    row.set(a.data.subarray(i * width, (i + 1) * width));
    dots(row, b.data, out);
    if (similarity === "dot") return;
    for (let j = 0; j < out.length; j++) {
      const cosine = out[j] / (lengthsA[i] * lengthsB[j]);
      out[j] = cosine > 1 ? 1 : cosine < -1 ? -1 : cosine;
    }
  };
}

/** Four rows at a time: the processor need not wait for one addition before the next. */
function dots(row: Float64Array, matrix: Vectors["data"], out: Float64Array): void {
  const width = row.length;
  let j = 0;
  for (; j + 3 < out.length; j += 4) {
    let a = 0, b = 0, c = 0, d = 0;
    let p = j * width, q = p + width, r = q + width, s = r + width;
    for (let i = 0; i < width; i++) {
      const value = row[i];
      a += value * matrix[p++], b += value * matrix[q++], c += value * matrix[r++], d += value * matrix[s++];
    }
    out[j] = a, out[j + 1] = b, out[j + 2] = c, out[j + 3] = d;
  }
  for (; j < out.length; j++) out[j] = dot(row, 0, matrix, j * width, width);
}

function lengths({ data, width }: Vectors): Float64Array {
  return Float64Array.from(
    { length: data.length / width },
    (_, row) => Math.sqrt(dot(data, row * width, data, row * width, width)),
  );
}

function normalized(vectors: Vectors): Vectors {
  const { data, width } = vectors, sizes = lengths(vectors);
  return { data: Float64Array.from(data, (value, i) => value / sizes[Math.floor(i / width)]), width };
}

/** Indices of the k highest values, highest first; of equal ones the earlier. */
function highest(values: Float64Array, k: number): Uint32Array {
  const best = new Uint32Array(k);
  let kept = 0;
  for (let i = 0; i < values.length; i++) {
    if (kept === k && !(values[i] > values[best[k - 1]])) continue;
    let at = kept < k ? kept++ : k - 1;
    for (; at > 0 && values[i] > values[best[at - 1]]; at--) best[at] = best[at - 1];
    best[at] = i;
  }
  return best;
}
