/**
 * Element types and the host-side tensors that carry them between a program and its user.
 *
 * @module
 */
import { formatShape } from "./shape.ts";

/** What one element of a tensor is. */
export type DType = "f32" | "f16" | "bf16" | "i32" | "u32" | "i8" | "u8" | "u4" | "bool";

/** The typed arrays that hold tensor data on the host. */
export type TypedArray =
  | Float32Array
  | Float16Array
  | Int32Array
  | Uint32Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Everything that differs from type to type. */
export interface DTypeSpec {
  /** Floats take part in gradients, and a checkpoint's floats may be read as any other float. */
  readonly kind: "float" | "integer" | "bool";
  /** Bits of one element on the host and in files. */
  readonly bits: number;
  /** The array that holds elements on the host: little-endian, as in files. */
  readonly host:
    | typeof Float32Array
    | typeof Float16Array
    | typeof Int32Array
    | typeof Uint32Array
    | typeof Uint16Array
    | typeof Int8Array
    | typeof Uint8Array;
  /**
   * Whether an element of the host's array is the value itself, so that ops compute with it. The others are only stored: they are
   * reshaped and cast, and nothing else.
   */
  readonly computes: boolean;
  /** How an element lies in a buffer on the GPU and what it is computed as there; absent where the GPU has no such type yet. */
  readonly wgsl?: { readonly storage: string; readonly compute: string };
  /** `TensorProto.DataType`. */
  readonly onnx: number;
  /** The type's name in safetensors files, which know no 4-bit integers. */
  readonly safetensors?: string;
}

/** Every element type. `bf16` is held as its bits; `u4` lies two to a byte, the first in the low half, as ONNX has it. */
export const dtypes: { readonly [D in DType]: DTypeSpec } = {
  f32: {
    kind: "float",
    bits: 32,
    host: Float32Array,
    computes: true,
    wgsl: { storage: "f32", compute: "f32" },
    onnx: 1,
    safetensors: "F32",
  },
  f16: {
    kind: "float",
    bits: 16,
    host: Float16Array,
    computes: true,
    wgsl: { storage: "f16", compute: "f32" },
    onnx: 10,
    safetensors: "F16",
  },
  bf16: { kind: "float", bits: 16, host: Uint16Array, computes: false, onnx: 16, safetensors: "BF16" },
  i32: {
    kind: "integer",
    bits: 32,
    host: Int32Array,
    computes: true,
    wgsl: { storage: "i32", compute: "i32" },
    onnx: 6,
    safetensors: "I32",
  },
  u32: {
    kind: "integer",
    bits: 32,
    host: Uint32Array,
    computes: true,
    wgsl: { storage: "u32", compute: "u32" },
    onnx: 12,
    safetensors: "U32",
  },
  i8: { kind: "integer", bits: 8, host: Int8Array, computes: true, onnx: 3, safetensors: "I8" },
  u8: { kind: "integer", bits: 8, host: Uint8Array, computes: true, onnx: 2, safetensors: "U8" },
  u4: { kind: "integer", bits: 4, host: Uint8Array, computes: false, onnx: 21 },
  bool: {
    kind: "bool",
    bits: 8,
    host: Uint8Array,
    computes: true,
    wgsl: { storage: "u32", compute: "bool" },
    onnx: 9,
    safetensors: "BOOL",
  },
};

/** A dense, row-major tensor in host memory: `data` holds as many elements as the product of `shape`. */
export interface HostTensor {
  /** What one element is. */
  readonly dtype: DType;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  /** The elements, last dimension fastest, in the array that `dtypes` says. */
  readonly data: TypedArray;
}

/** The bytes of so many elements on the host and in files. */
export function bytesOf(dtype: DType, elements: number): number {
  return Math.ceil(elements * dtypes[dtype].bits / 8);
}

/** Whether gradients flow through tensors of this type. */
export function isFloat(dtype: DType): boolean {
  return dtypes[dtype].kind === "float" && dtypes[dtype].computes;
}

/** Zero-filled data for `size` elements. */
export function allocate(dtype: DType, size: number): TypedArray {
  const { host } = dtypes[dtype];
  return new host(bytesOf(dtype, size) / host.BYTES_PER_ELEMENT);
}

/** Copies plain numbers into the typed array of `dtype`, wrapping and rounding as that type does. */
export function typedArray(dtype: DType, values: ArrayLike<number>): TypedArray {
  switch (dtype) {
    case "bool":
      return Uint8Array.from(values, (v) => v ? 1 : 0);
    case "bf16":
      return bfloatBits(Float32Array.from(values));
    case "u4": {
      const data = allocate("u4", values.length);
      for (let i = 0; i < values.length; i++) data[i >> 1] |= (values[i] & 15) << 4 * (i & 1);
      return data;
    }
    default:
      return dtypes[dtype].host.from(values);
  }
}

/** The elements of a tensor as numbers. */
export function valuesOf({ dtype, shape, data }: HostTensor): ArrayLike<number> {
  switch (dtype) {
    case "bf16":
      return new Float32Array(Uint32Array.from(data, (half) => half << 16).buffer); // the upper half of an f32
    case "u4": {
      const size = shape.reduce((a, d) => a * d, 1);
      return Uint8Array.from({ length: size }, (_, i) => data[i >> 1] >> 4 * (i & 1) & 15);
    }
    default:
      return data;
  }
}

/** The same values in another type, rounded where that has less room; the tensor itself if it has that type. */
export function convertTensor(tensor: HostTensor, dtype: DType): HostTensor {
  return tensor.dtype === dtype ? tensor : { ...tensor, dtype, data: typedArray(dtype, valuesOf(tensor)) };
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
      `Cannot make a tensor of shape ${formatShape(shape)}: it holds ${size} values, got ${values.length}`,
    );
  }
  const { host, computes } = dtypes[dtype];
  const data = computes && values instanceof host ? values : typedArray(dtype, values);
  return { dtype, shape: [...shape], data };
}

/** The upper halves of f32 values, rounded to nearest and ties to even. */
function bfloatBits(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer);
  return Uint16Array.from(words, (word, i) => {
    if (Number.isNaN(values[i])) return word >>> 16 | 0x40; // a NaN stays one
    return word + 0x7fff + (word >>> 16 & 1) >>> 16;
  });
}
