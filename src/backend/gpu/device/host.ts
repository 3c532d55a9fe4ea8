/**
 * Tensors as the device's bytes and back: the same but for bool, which takes a word there.
 *
 * @module
 */
import { allocate, type DType, type HostTensor, type TypedArray } from "../../../graph/dtype.ts";

/** Writes a tensor's elements at `offset` bytes. */
export function encode(tensor: HostTensor, into: Uint8Array, offset: number): void {
  const { data } = tensor;
  if (tensor.dtype === "bool") {
    const words = new Uint32Array(into.buffer, into.byteOffset + offset, data.length);
    for (let i = 0; i < data.length; i++) words[i] = data[i] ? 1 : 0;
    return;
  }
  into.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
}

/** A copy of `elements` elements that lie at `offset` bytes. */
export function decode(dtype: DType, elements: number, from: ArrayBuffer, offset: number): TypedArray {
  const data = allocate(dtype, elements);
  decodeInto(data, dtype, from, offset);
  return data;
}

/** Copies as many elements as `data` has, which lie at `offset` bytes. */
export function decodeInto(data: TypedArray, dtype: DType, from: ArrayBuffer, offset: number): void {
  if (dtype === "bool") data.set(new Uint32Array(from, offset, data.length) as never);
  else {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    bytes.set(new Uint8Array(from, offset, data.byteLength));
  }
}
