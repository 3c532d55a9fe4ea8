/**
 * Arithmetic of strides: where an element of a rearranged tensor lies in the tensor it was made from.
 *
 * @module
 */
import { sizeOf } from "../../../graph/shape.ts";

/** Element `c` of the view is element `offset + sum(c[d] * strides[d])` of what it is a view of. */
export interface IndexMap {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The same elements repeated to fill `shape`. */
export function broadcastMap(map: IndexMap, shape: readonly number[]): IndexMap {
  const lead = shape.length - map.shape.length;
  const strides = shape.map((_, i) => i < lead || map.shape[i - lead] === 1 ? 0 : map.strides[i - lead]);
  return { shape, strides, offset: map.offset };
}

/** Whether element i of the view is element i of the base. */
export function isIdentity(map: IndexMap): boolean {
  const dims = mergedDims(map);
  return map.offset === 0 && (dims.length === 0 || dims.length === 1 && dims[0].stride === 1);
}

/** A dimension of a map. */
export interface MapDim {
  readonly size: number;
  readonly stride: number;
}

/** The map's dimensions, outermost first, without those of size 1 and with neighbours that step alike made one. */
export function mergedDims({ shape, strides }: IndexMap): MapDim[] {
  const dims: MapDim[] = [];
  for (let i = 0; i < shape.length; i++) {
    if (shape[i] === 1) continue;
    const last = dims.at(-1);
    if (last && last.stride === strides[i] * shape[i]) {
      dims[dims.length - 1] = { size: last.size * shape[i], stride: strides[i] };
    } else dims.push({ size: shape[i], stride: strides[i] });
  }
  return dims;
}

/** Strides under which the elements of a strided tensor, in order, have another shape; `undefined` where none do. */
export function reshapeStrides(
  shape: readonly number[],
  strides: readonly number[],
  target: readonly number[],
): number[] | undefined {
  const dims = mergedDims({ shape, strides, offset: 0 });
  const out = new Array<number>(target.length).fill(0);
  let at = target.length - 1;
  for (let d = dims.length - 1; d >= 0; d--) {
    let left = dims[d].size;
    let stride = dims[d].stride;
    while (left > 1) {
      while (at >= 0 && target[at] === 1) at--;
      if (at < 0 || left % target[at] !== 0) return undefined;
      out[at] = stride;
      stride *= target[at];
      left /= target[at];
      at--;
    }
  }
  return sizeOf(shape) === sizeOf(target) ? out : undefined;
}
