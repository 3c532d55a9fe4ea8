/**
 * Element types and the host-side tensors that carry them between a program and its user.
 *
 * @module
 */

/** What one element of a tensor is. `bool` is one byte on the host; a backend may store it wider. */
export type DType = "f32" | "f16" | "i32" | "u32" | "bool";

/** The typed arrays that hold tensor data on the host. */
export type TypedArray = Float32Array | Float16Array | Int32Array | Uint32Array | Uint8Array;

/** A dense, row-major tensor in host memory: `data.length` is the product of `shape`. */
export interface HostTensor {
  /** What one element is. */
  readonly dtype: DType;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  /** The elements, last dimension fastest. */
  readonly data: TypedArray;
}

const constructors = {
  f32: Float32Array,
  f16: Float16Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint8Array,
} as const;

/** Bytes of one element on the host. */
export function bytesPerElement(dtype: DType): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

/** Whether gradients flow through tensors of this type. */
export function isFloat(dtype: DType): boolean {
  return dtype === "f32" || dtype === "f16";
}

/** Zero-filled data for `size` elements. */
export function allocate(dtype: DType, size: number): TypedArray {
  return new constructors[dtype](size);
}

/** Copies plain numbers into the typed array of `dtype`, wrapping and rounding as that array does. */
export function typedArray(dtype: DType, values: ArrayLike<number>): TypedArray {
  if (dtype === "bool") return Uint8Array.from(values as ArrayLike<number>, (v) => v ? 1 : 0);
  return constructors[dtype].from(values as ArrayLike<number>);
}

/**
 * Builds a host tensor from numbers, checking that they fill the shape.
 *
 * @example
 * ```ts
 * import { hostTensor } from "./dtype.ts";
 * import assert from "node:assert/strict";
 * const t = hostTensor("f32", [2, 2], [1, 2, 3, 4]);
 * assert.equal(t.data.length, 4);
 * ```
 * @throws {RangeError} when the number of values is not the product of the shape.
 */
export function hostTensor(dtype: DType, shape: readonly number[], values: ArrayLike<number>): HostTensor {
  const size = shape.reduce((a, d) => a * d, 1);
  if (values.length !== size) {
    throw new RangeError(
      `Cannot make a tensor of shape [${shape.join(", ")}]: it holds ${size} values, got ${values.length}`,
    );
  }
  const data = values instanceof constructors[dtype] ? values : typedArray(dtype, values);
  return { dtype, shape: [...shape], data };
}
