/**
 * Index arithmetic that the ops' definitions share: clarity before speed.
 *
 * @module
 */
import { allocate, type HostTensor, type TypedArray } from "../dtype.ts";
import { numeric, sizeOf, stridesOf } from "../shape.ts";

/** Applies `f` to the operands' elements, broadcast to the result's shape. */
export function mapElements(
  inputs: readonly HostTensor[],
  out: HostTensor,
  f: (...values: number[]) => number,
): TypedArray {
  const size = sizeOf(out.shape);
  const data = allocate(out.dtype, size);
  if (inputs.every((t) => t.data.length === size)) {
    if (inputs.length === 1) {
      const a = inputs[0].data;
      for (let i = 0; i < size; i++) data[i] = f(a[i]);
      return data;
    }
    if (inputs.length === 2) {
      const [a, b] = [inputs[0].data, inputs[1].data];
      for (let i = 0; i < size; i++) data[i] = f(a[i], b[i]);
      return data;
    }
  }
  const offsets = inputs.map((t) => broadcastOffsets(t.shape, out.shape));
  const values = new Array<number>(inputs.length);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < inputs.length; k++) values[k] = inputs[k].data[offsets[k][i]];
    data[i] = f(...values);
  }
  return data;
}

/** For each element of `to`, the index in a tensor of shape `from` that broadcasts to it. */
export function broadcastOffsets(from: readonly number[], to: readonly number[]): Uint32Array {
  const lead = to.length - from.length;
  const strides = stridesOf(from);
  const steps = to.map((_, i) => i < lead || from[i - lead] === 1 ? 0 : strides[i - lead]);
  return stridedOffsets(to, steps);
}

/** For each element of `shape` in order, `base` plus the sum of its indices times `steps`. */
export function stridedOffsets(shape: readonly number[], steps: readonly number[], base = 0): Uint32Array {
  const size = sizeOf(shape);
  const offsets = new Uint32Array(size);
  const index = new Array<number>(shape.length).fill(0);
  let offset = base;
  for (let i = 0; i < size; i++) {
    offsets[i] = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += steps[axis];
      if (++index[axis] < shape[axis]) break;
      offset -= steps[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return offsets;
}

/** Copies elements of `x` in the order `offsets` gives. */
export function take(x: HostTensor, offsets: Uint32Array): TypedArray {
  const data = allocate(x.dtype, offsets.length);
  for (let i = 0; i < offsets.length; i++) data[i] = x.data[offsets[i]];
  return data;
}

/** The last dimension and the number of rows before it. */
export function rowsOf(shape: readonly number[]): { rows: number; width: number } {
  const dims = numeric(shape);
  const width = dims[dims.length - 1];
  return { rows: sizeOf(dims) / width, width };
}
