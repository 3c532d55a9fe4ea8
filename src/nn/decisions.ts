/**
 * What a model decides, as graph: fewer numbers to read from a device than the scores that it decides by.
 *
 * @module
 */
import type { Builder } from "../graph/builder.ts";
import type { Node } from "../graph/node.ts";
import { ShapeError } from "../graph/shape.ts";

/** The largest f32; NaN and infinities are not below it. */
const largest = 3.4028234663852886e38;

/**
 * The class with the highest logit: f32 `[..., C]` to f32 `[...]`. Of equal ones it is the first, and -1 where a logit is NaN or
 * infinite, which must not count as a class.
 *
 * @example
 * ```ts
 * import { createInterpBackend } from "../backend/interp/interp.ts";
 * import { createBuilder, hostTensor } from "../graph/graph.ts";
 * import { bestClass } from "./decisions.ts";
 * import assert from "node:assert/strict";
 *
 * const b = createBuilder();
 * b.output("best", bestClass(b, b.input("logits", "f32", ["batch", 3])));
 * const program = await createInterpBackend().compile(b.graph(), { bindings: { batch: 3 } });
 * const { best } = await program.run({ logits: hostTensor("f32", [3, 3], [1, 7, 7, 3, 2, 1, NaN, 0, 0]) });
 * assert.deepEqual([...best.data], [1, 0, -1]);
 * ```
 */
export function bestClass(b: Builder, logits: Node): Node {
  const [last, classes] = widthOf(logits);
  const best = b.max(logits, [last], { keepDims: true }); // [..., 1]
  const fromEnd = b.sub(classes, b.cast(b.iota(logits.shape, last), "f32")); // C for the first class, 1 for the last
  const first = b.max(b.where(b.equal(logits, b.broadcast(best, logits.shape)), fromEnd, 0), [last]); // [...]
  return b.where(allFinite(b, logits), b.sub(classes, first), -1);
}

/** Choices of a row that are one number: the largest f32 up to which all whole numbers are there is 2^24. */
export const CHOICES_A_NUMBER = 16;

/**
 * Which logits are 0 or more, that is of a probability of at least a half, as bits: f32 `[B, L]` to f32 `[B, ceil(L / 16)]`, of
 * which each is a sum of powers of 2, label 0 being bit 0 of the first. All numbers of a row with a NaN or an infinity are -1.
 */
export function choices(b: Builder, logits: Node): Node {
  const [last, labels] = widthOf(logits);
  const [rows] = logits.shape;
  const groups = Math.ceil(labels / CHOICES_A_NUMBER);
  const chosen = b.where(b.less(logits, 0), 0, b.broadcast(b.scalar(1), logits.shape)); // [B, L]
  const whole = b.pad(chosen, last, 0, groups * CHOICES_A_NUMBER); // [B, 16 G]
  const powers = Array.from({ length: CHOICES_A_NUMBER }, (_, bit) => 2 ** bit);
  const weights = b.constant("f32", [1, 1, CHOICES_A_NUMBER], powers);
  const bits = b.reshape(whole, [rows, groups, CHOICES_A_NUMBER]);
  const numbers = b.sum(b.mul(bits, b.broadcast(weights, bits.shape)), [2]); // [B, G]
  const finite = b.broadcast(b.reshape(allFinite(b, logits), [rows, 1]), numbers.shape);
  return b.where(finite, numbers, -1);
}

/** Whether no logit of a row is NaN or infinite: `[..., C]` to bool `[...]`. */
function allFinite(b: Builder, logits: Node): Node {
  const [last, classes] = widthOf(logits);
  const finite = b.cast(b.less(b.abs(logits), largest), "f32"); // a comparison with NaN is false
  return b.equal(b.sum(finite, [last]), classes);
}

/** The last axis, and its length. */
function widthOf({ shape }: Node): [number, number] {
  const width = shape.at(-1);
  if (typeof width === "number") return [shape.length - 1, width];
  throw new ShapeError(`Cannot decide between classes: their number must be known, got ${String(width)}`);
}
