/**
 * What the reductions have in common.
 *
 * @module
 */
import type { HostTensor } from "../dtype.ts";
import type { Node, OpAttrs, TensorType } from "../node.ts";
import { type Dim, numeric, stridesOf } from "../shape.ts";
import { stridedOffsets } from "./broadcasting.ts";

type Attrs = OpAttrs["reduce_sum"];

/** The result's type: reduced axes become 1 or go. */
export function reducedType([x]: readonly TensorType[], attrs: Attrs): TensorType {
  return { dtype: x.dtype, shape: reducedShape(x.shape, attrs.axes, attrs.keepDims) };
}

/** `shape` with `axes` set to 1 or left out. */
export function reducedShape(shape: readonly Dim[], axes: readonly number[], keepDims: boolean): Dim[] {
  return shape.map((d, i): Dim => axes.includes(i) ? 1 : d).filter((_, i) => keepDims || !axes.includes(i));
}

/** The gradient's shape with the reduced axes put back as 1, so that it broadcasts against the operand. */
export function keptShape(x: Node, attrs: Attrs): Dim[] {
  return reducedShape(x.shape, attrs.axes, true);
}

/** Folds each group of elements that reduce to one result. */
export function fold(
  x: HostTensor,
  attrs: Attrs,
  out: HostTensor,
  start: number,
  f: (accumulated: number, value: number) => number,
): Float64Array {
  const shape = numeric(x.shape);
  const kept = reducedShape(shape, attrs.axes, true) as number[];
  const strides = stridesOf(kept);
  const target = stridedOffsets(shape, kept.map((d, i) => d === 1 ? 0 : strides[i]));
  const accumulated = new Float64Array(out.data.length).fill(start);
  for (let i = 0; i < target.length; i++) accumulated[target[i]] = f(accumulated[target[i]], x.data[i]);
  return accumulated;
}
