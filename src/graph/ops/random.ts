/** The op `random`: random bits. @module */
import type { OnnxScope, OpSpec } from "../op_spec.ts";
import { formatShape, product, ShapeError, sizeOf } from "../shape.ts";
import { exact } from "./unary.ts";

const streamStep = 0x9e3779b9;
const counterStep = 0x85ebca6b;

/**
 * Random bits without state: element `i` is a hash of the key, the node's stream number and `i`, so a recomputed or
 * resumed step draws the same bits on every backend. The hash is Wellons's `lowbias32`, a bijection of 32-bit words
 * found by search for the least bias (https://nullprogram.com/blog/2018/07/31/).
 */
export const random: OpSpec<"random"> = {
  infer([key], attrs) {
    if (key.dtype !== "u32" || key.shape.length !== 0) {
      throw new ShapeError(`key must be a u32 scalar, got ${key.dtype} ${formatShape(key.shape)}`);
    }
    return { dtype: "u32", shape: attrs.shape };
  },
  eval([key], attrs, out) {
    const data = new Uint32Array(sizeOf(out.shape));
    const base = mix32(key.data[0] + Math.imul(attrs.stream, streamStep));
    for (let i = 0; i < data.length; i++) data[i] = mix32(Math.imul(i, counterStep) + base);
    return data;
  },
  onnx(scope, node, inputs) {
    const { shape, stream } = node.attrs;
    const word = (value: number) => scope.constant("u32", [], [value >>> 0]);
    const base = emitMix(scope, scope.emit("Add", [inputs[0], word(Math.imul(stream, streamStep))]));
    const size = product(shape);
    const counters = typeof size === "number"
      ? scope.constant("u32", [size], counterWords(size))
      : symbolicCounters(scope, scope.shape([size]));
    const bits = emitMix(scope, scope.emit("Add", [counters, base]));
    return scope.emit("Reshape", [bits, scope.shape(shape)]);
  },
  tolerance: exact,
  bind: (attrs, dim) => ({ ...attrs, shape: attrs.shape.map(dim) }),
};

/** Random bits below this keep an element, so that a share `rate` of them is dropped. */
export function keepBelow(rate: number): number {
  return Math.min(Math.round((1 - rate) * 2 ** 32), 2 ** 32 - 1);
}

/** `lowbias32` of a 32-bit word. */
export function mix32(word: number): number {
  let x = word >>> 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  x ^= x >>> 16;
  return x >>> 0;
}

function counterWords(size: number): Uint32Array {
  const words = new Uint32Array(size);
  for (let i = 0; i < size; i++) words[i] = Math.imul(i, counterStep);
  return words;
}

function emitMix(scope: OnnxScope, word: string): string {
  const constant = (value: number) => scope.constant("u32", [], [value >>> 0]);
  const fold = (x: string, by: number) =>
    scope.emit("BitwiseXor", [
      x,
      scope.emit("BitShift", [x, constant(by)], { attrs: { direction: "RIGHT" } }),
    ]);
  let x = fold(word, 16);
  x = scope.emit("Mul", [x, constant(0x7feb352d)]);
  x = fold(x, 15);
  x = scope.emit("Mul", [x, constant(0x846ca68b)]);
  return fold(x, 16);
}

function symbolicCounters(scope: OnnxScope, size: string): string {
  const count = scope.emit("Squeeze", [size, scope.constant("i64", [1], [0])]);
  const range = scope.emit("Range", [scope.constant("i64", [], [0]), count, scope.constant("i64", [], [1])]);
  const words = scope.emit("Cast", [range], { attrs: { to: 12 } });
  return scope.emit("Mul", [words, scope.constant("u32", [], [counterStep >>> 0])]);
}
