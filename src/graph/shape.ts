/**
 * Shapes with symbolic dimensions. A dimension is a number, a symbol such as `batch`, or a product of those written
 * canonically (`4*batch*sequence`): enough for reshapes such as `[batch, sequence, 128]` to `[batch*sequence, 128]`.
 *
 * @module
 */

/** A number, a symbol, or a canonical product: coefficient first (if not 1), then the symbols in order. */
export type Dim = number | string;

/** Outermost dimension first. A scalar is `[]`. */
export type Shape = readonly Dim[];

/** The value of every symbol, for `bindDim` and `bindShape`. */
export type Bindings = Readonly<Record<string, number>>;

/** A shape or rank that does not fit the operation asked for. */
export class ShapeError extends Error {
  /** Says which error it is. */
  override readonly name = "ShapeError";
}

/** `[batch, 128]` as text. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes are the same for every binding of their symbols. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/**
 * The product of dimensions, canonical, so that equal products are equal values.
 *
 * @example
 * ```ts
 * import { product } from "./shape.ts";
 * import assert from "node:assert/strict";
 * assert.equal(product(["sequence", 2, "batch", 3]), "6*batch*sequence");
 * assert.equal(product([2, 3]), 6);
 * ```
 */
export function product(dims: Shape): Dim {
  let coefficient = 1;
  const symbols: string[] = [];
  for (const dim of dims) {
    const factors = factorsOf(dim);
    coefficient *= factors.coefficient;
    symbols.push(...factors.symbols);
  }
  return join(coefficient, symbols);
}

/**
 * The exact quotient of two dimensions, or `undefined` where it is not a whole dimension.
 *
 * @example
 * ```ts
 * import { quotient } from "./shape.ts";
 * import assert from "node:assert/strict";
 * assert.equal(quotient("6*batch*sequence", "2*sequence"), "3*batch");
 * assert.equal(quotient(7, 2), undefined);
 * ```
 */
export function quotient(numerator: Dim, denominator: Dim): Dim | undefined {
  const top = factorsOf(numerator);
  const bottom = factorsOf(denominator);
  if (bottom.coefficient === 0 || top.coefficient % bottom.coefficient !== 0) return undefined;
  const symbols = [...top.symbols];
  for (const symbol of bottom.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  return join(top.coefficient / bottom.coefficient, symbols);
}

/** The symbols a dimension is made of, repeated where squared; empty for a number. */
export function symbolsOf(dim: Dim): readonly string[] {
  return factorsOf(dim).symbols;
}

/** The numeric factor of a dimension. */
export function coefficientOf(dim: Dim): number {
  return factorsOf(dim).coefficient;
}

/**
 * The number a dimension stands for.
 *
 * @throws {ShapeError} naming the symbol that has no value.
 */
export function bindDim(dim: Dim, bindings: Bindings): number {
  if (typeof dim === "number") return dim;
  const { coefficient, symbols } = factorsOf(dim);
  return symbols.reduce((value, symbol) => {
    const bound = bindings[symbol];
    if (bound === undefined) {
      throw new ShapeError(`Cannot bind dimension "${dim}": no value given for symbol "${symbol}"`);
    }
    return value * bound;
  }, coefficient);
}

/** Bindings that are checked to be positive whole numbers. */
export function checkBindings(bindings: Bindings): Bindings {
  for (const [symbol, value] of Object.entries(bindings)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ShapeError(`Cannot bind "${symbol}": it must be a positive whole number, got ${value}`);
    }
  }
  return bindings;
}

/** The numbers a shape stands for. */
export function bindShape(shape: Shape, bindings: Bindings = {}): number[] {
  return shape.map((d) => bindDim(d, bindings));
}

/**
 * The shape two operands broadcast to, by NumPy's rule: aligned at the right, equal or 1.
 *
 * @throws {ShapeError} when a pair of dimensions differs and neither is 1.
 */
export function broadcastShapes(a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `dimensions must be equal or 1 to broadcast, got ${formatShape(a)} and ${formatShape(b)}`,
      );
    }
    out.push(x === 1 ? y : x);
  }
  return out;
}

/** Row-major strides, in elements, of a numeric shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

/** Number of elements of a numeric shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, d) => a * d, 1);
}

/** The shape as numbers, for code that runs after binding. */
export function numeric(shape: Shape): readonly number[] {
  for (const dim of shape) {
    if (typeof dim !== "number") {
      throw new ShapeError(`Expected a bound shape, got ${formatShape(shape)}: bind "${dim}" first`);
    }
  }
  return shape as readonly number[];
}

/** `axis` counted from the front. */
export function normalizeAxis(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= rank) {
    throw new ShapeError(`axis ${axis} is out of range for rank ${rank}`);
  }
  return at;
}

interface Factors {
  coefficient: number;
  symbols: readonly string[];
}

function factorsOf(dim: Dim): Factors {
  if (typeof dim === "number") return { coefficient: dim, symbols: [] };
  const parts = dim.split("*");
  const first = Number(parts[0]);
  return Number.isNaN(first) ? { coefficient: 1, symbols: parts } : {
    coefficient: first,
    symbols: parts.slice(1),
  };
}

function join(coefficient: number, symbols: readonly string[]): Dim {
  if (symbols.length === 0 || coefficient === 0) return coefficient;
  const sorted = [...symbols].sort().join("*");
  return coefficient === 1 ? sorted : `${coefficient}*${sorted}`;
}
