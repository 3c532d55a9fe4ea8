/**
 * Shapes with symbolic dimensions. A dimension is a number, a symbol such as `batch`, or a sum of products of those written
 * canonically: `4*batch*sequence` for reshapes such as `[batch, sequence, 128]` to `[batch*sequence, 128]`, `past + sequence`
 * for keys that are kept and keys that are new, `sequence - 1` for tokens that have one before them.
 *
 * @module
 */
import { shorten } from "../base/text.ts";

/** A number, a symbol, or a canonical sum of products: what `sum`, `difference` and `product` return. */
export type Dim = number | string;

/** Outermost dimension first. A scalar is `[]`. */
export type Shape = readonly Dim[];

/** The value of every symbol, for `bindDim` and `bindShape`. */
export type Bindings = Readonly<Record<string, number>>;

/** One product of a sum: a whole number, not 0, times symbols, in order and repeated where squared. */
export interface Term {
  /** What the symbols are multiplied by. */
  readonly coefficient: number;
  /** None for the number that a sum ends with. */
  readonly symbols: readonly string[];
}

/** A shape or rank that does not fit the operation asked for. */
export class ShapeError extends Error {
  /** Says which error it is. */
  override readonly name = "ShapeError";
}

/** `[batch, 128]` as text, cut short where a file gives hundreds of dimensions. */
export function formatShape(shape: Shape): string {
  return `[${shorten(shape.join(", "), 60)}]`;
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
 * assert.equal(product(["batch", "past + 1"]), "batch + batch*past");
 * assert.equal(product([2, 3]), 6);
 * ```
 */
export function product(dims: Shape): Dim {
  return join(dims.map(termsOf).reduce(multiply, one));
}

/**
 * The sum of dimensions, canonical like products.
 *
 * @example
 * ```ts
 * import { sum } from "./shape.ts";
 * import assert from "node:assert/strict";
 * assert.equal(sum(["sequence", "past", 1, "past"]), "2*past + sequence + 1");
 * ```
 */
export function sum(dims: Shape): Dim {
  return join(collect(dims.flatMap(termsOf)));
}

/** The first dimension less the second. */
export function difference(from: Dim, less: Dim): Dim {
  return sum([from, product([-1, less])]);
}

/**
 * The exact quotient of two dimensions, or `undefined` where it is not a whole dimension.
 *
 * @example
 * ```ts
 * import { quotient } from "./shape.ts";
 * import assert from "node:assert/strict";
 * assert.equal(quotient("6*batch*sequence", "2*sequence"), "3*batch");
 * assert.equal(quotient("batch*past + batch*sequence", "past + sequence"), "batch");
 * assert.equal(quotient(7, 2), undefined);
 * ```
 */
export function quotient(numerator: Dim, denominator: Dim): Dim | undefined {
  const divisor = termsOf(denominator);
  if (divisor.length === 0) return undefined;
  const found: Term[] = [];
  for (let rest = termsOf(numerator); rest.length > 0;) {
    const step = divideTerm(leading(rest), leading(divisor));
    if (!step) return undefined;
    found.push(step);
    rest = collect([...rest, ...multiply([{ ...step, coefficient: -step.coefficient }], divisor)]);
  }
  return join(collect(found));
}

/** The products that a dimension is the sum of; none for 0. */
export function termsOf(dim: Dim): readonly Term[] {
  if (typeof dim === "number") return dim === 0 ? [] : [{ coefficient: dim, symbols: [] }];
  const known = parsed.get(dim);
  if (known) return known;
  const terms = parse(dim);
  parsed.set(dim, terms);
  return terms;
}

/** A dimension that a person wrote, in its canonical form. */
export function canonical(dim: Dim): Dim {
  return typeof dim === "number" ? dim : join(termsOf(dim));
}

/** A number that a dimension is never below, whatever its symbols are; these are 1 or more. */
export function leastOf(dim: Dim): number {
  return -mostOf(product([-1, dim]));
}

/** A number that a dimension is never above, whatever its symbols are. */
export function mostOf(dim: Dim): number {
  const terms = termsOf(dim);
  const grows = terms.some(({ coefficient, symbols }) => coefficient > 0 && symbols.length > 0);
  return grows ? Infinity : terms.reduce((all, { coefficient }) => all + coefficient, 0);
}

/**
 * The number a dimension stands for.
 *
 * @throws {ShapeError} naming the symbol that has no value, or the dimension that is less than 0.
 */
export function bindDim(dim: Dim, bindings: Bindings): number {
  if (typeof dim === "number") return dim;
  let value = 0;
  for (const { coefficient, symbols } of termsOf(dim)) {
    value += symbols.reduce((part, symbol) => {
      const bound = bindings[symbol];
      if (bound === undefined) {
        throw new ShapeError(`Cannot bind dimension "${dim}": no value given for symbol "${symbol}"`);
      }
      return part * bound;
    }, coefficient);
  }
  if (value < 0) {
    throw new ShapeError(`Cannot bind dimension "${dim}": it is ${value} for ${JSON.stringify(bindings)}`);
  }
  return value;
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

const one: readonly Term[] = [{ coefficient: 1, symbols: [] }];

const parsed = new Map<string, readonly Term[]>();

function parse(text: string): readonly Term[] {
  const parts = text.split(/([+-])/);
  if (parts.length > 1 && parts[0].trim() === "") parts.shift(); // it begins with its sign
  else parts.unshift("+");
  const terms: Term[] = [];
  for (let i = 0; i < parts.length; i += 2) {
    let coefficient = parts[i] === "-" ? -1 : 1;
    const symbols: string[] = [];
    for (const factor of parts[i + 1].split("*").map((part) => part.trim())) {
      if (factor === "" || /\s/.test(factor)) throw new ShapeError(`Cannot read "${text}" as a dimension`);
      if (Number.isNaN(Number(factor))) symbols.push(factor);
      else coefficient *= Number(factor);
    }
    terms.push({ coefficient, symbols });
  }
  return collect(terms);
}

/** Terms of the same symbols as one, without those that are 0. */
function collect(terms: readonly Term[]): readonly Term[] {
  if (terms.length === 1 && terms[0].symbols.length < 2 && terms[0].coefficient !== 0) return terms;
  const bySymbols = new Map<string, Term>();
  for (const { coefficient, symbols } of terms) {
    const sorted = [...symbols].sort();
    const key = sorted.join("*");
    const all = (bySymbols.get(key)?.coefficient ?? 0) + coefficient;
    bySymbols.set(key, { coefficient: all, symbols: sorted });
  }
  return [...bySymbols.values()].filter(({ coefficient }) => coefficient !== 0);
}

function multiply(a: readonly Term[], b: readonly Term[]): readonly Term[] {
  return collect(
    a.flatMap((x) =>
      b.map((y) => ({ coefficient: x.coefficient * y.coefficient, symbols: [...x.symbols, ...y.symbols] }))
    ),
  );
}

/** The term that division begins with: of the most symbols, then of the first in the alphabet. */
function leading(terms: readonly Term[]): Term {
  const key = (term: Term) => term.symbols.join("*");
  return terms.reduce((a, b) => {
    const degree = b.symbols.length - a.symbols.length;
    return degree > 0 || (degree === 0 && key(b) < key(a)) ? b : a;
  });
}

function divideTerm(top: Term, bottom: Term): Term | undefined {
  const symbols = [...top.symbols];
  for (const symbol of bottom.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  const coefficient = top.coefficient / bottom.coefficient;
  return Number.isInteger(coefficient) ? { coefficient, symbols } : undefined;
}

/** What is added before what is taken off, each in the order of the alphabet and numbers at the end. */
function join(terms: readonly Term[]): Dim {
  if (terms.every(({ symbols }) => symbols.length === 0)) return terms[0]?.coefficient ?? 0;
  const texts = terms.map(({ coefficient, symbols }) => {
    const size = Math.abs(coefficient);
    const text = [...(size === 1 && symbols.length > 0 ? [] : [size]), ...symbols].join("*");
    return { text, symbols: symbols.join("*") || "~", negative: coefficient < 0 };
  });
  texts.sort((a, b) => Number(a.negative) - Number(b.negative) || (a.symbols < b.symbols ? -1 : 1));
  return texts.map(({ text, negative }, i) => (negative ? i ? " - " : "-" : i ? " + " : "") + text).join("");
}
