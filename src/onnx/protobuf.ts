/**
 * The protobuf wire format, as much of it as ONNX needs: a writer that copies big tensors once, and a reader that holds
 * untrusted bytes to limits.
 *
 * Source: the encoding as published by the Protocol Buffers project (varints, little-endian fixed 32 and 64 bits,
 * length-delimited fields; groups are not used by ONNX and are refused).
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";
import { UserError } from "../base/errors.ts";

/** Bytes that are not the protobuf message they should be; the message is for the user. */
export class ProtobufError extends UserError {}

/** Writes one message. Nested messages are given as writers and tensors as bytes; neither is copied before `finish`. */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = [];
  #chunk = new Uint8Array(64);
  #used = 0;
  #flushed = 0;

  /** Bytes written so far. */
  get size(): number {
    return this.#flushed + this.#used;
  }

  /** An int64, int32, enum or bool field. Negative numbers take ten bytes, as the format wants. */
  int(field: number, value: number | bigint): this {
    this.#tag(field, 0);
    this.#varint(value);
    return this;
  }

  /** A 32-bit float field. */
  float(field: number, value: number): this {
    this.#tag(field, 5);
    this.#floats([value]);
    return this;
  }

  /** A packed field of 32-bit floats. */
  packedFloats(field: number, values: readonly number[]): this {
    this.#tag(field, 2);
    this.#varint(values.length * 4);
    this.#floats(values);
    return this;
  }

  /** A field of bytes, kept by reference. */
  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, 2);
    this.#varint(value.length);
    this.#flush();
    this.#parts.push(value);
    this.#flushed += value.length;
    return this;
  }

  /** A UTF-8 string field. */
  string(field: number, value: string): this {
    const bytes = new TextEncoder().encode(value);
    this.#tag(field, 2);
    this.#varint(bytes.length);
    this.#room(bytes.length);
    this.#chunk.set(bytes, this.#used);
    this.#used += bytes.length;
    return this;
  }

  /** A nested message. */
  message(field: number, value: ProtobufWriter): this {
    this.#tag(field, 2);
    this.#varint(value.size);
    this.#flush();
    value.#flush();
    for (const part of value.#parts) this.#parts.push(part);
    this.#flushed += value.#flushed;
    return this;
  }

  /** The message as bytes. */
  finish(): Uint8Array {
    this.#flush();
    return concatBytes(this.#parts);
  }

  #tag(field: number, wire: number): void {
    this.#varint(field * 8 + wire);
  }

  #varint(value: number | bigint): void {
    this.#room(10);
    if (typeof value === "number" && value >= 0 && value < 2 ** 31) {
      let rest = value;
      while (rest > 127) {
        this.#chunk[this.#used++] = (rest & 127) | 128;
        rest >>>= 7;
      }
      this.#chunk[this.#used++] = rest;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#chunk[this.#used++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#chunk[this.#used++] = Number(rest);
  }

  #floats(values: readonly number[]): void {
    this.#room(values.length * 4);
    const view = new DataView(this.#chunk.buffer);
    for (const value of values) {
      view.setFloat32(this.#used, value, true);
      this.#used += 4;
    }
  }

  #room(bytes: number): void {
    if (this.#used + bytes <= this.#chunk.length) return;
    this.#flush();
    this.#chunk = new Uint8Array(Math.max(256, bytes));
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#parts.push(this.#chunk.subarray(0, this.#used));
    this.#flushed += this.#used;
    this.#chunk = new Uint8Array(64);
    this.#used = 0;
  }
}

/** What a reader accepts. */
export interface ProtobufLimits {
  /** Bytes of the whole message. */
  readonly maxBytes: number;
  /** Messages inside messages. */
  readonly maxDepth: number;
  /** Fields read in all, nested ones and the values of packed ones included. */
  readonly maxFields: number;
}

/** Limits for an ONNX file: protobuf's own 2 GiB, ten times the nesting a graph without subgraphs has. */
export const defaultLimits: ProtobufLimits = { maxBytes: 2 ** 31 - 1, maxDepth: 64, maxFields: 20_000_000 };

/** One field of a message, seen but not read yet. */
export interface ProtobufField {
  readonly number: number;
  /** 0 varint, 1 fixed 64, 2 length-delimited, 5 fixed 32. */
  readonly wire: 0 | 1 | 2 | 5;
}

/**
 * Reads a message field by field: `next()` gives a field's number and wire type, then exactly one of the value methods
 * reads it, or `skip` passes over it.
 *
 * @throws {ProtobufError} saying at which byte the message breaks off, or which limit it exceeds.
 */
export class ProtobufReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: ProtobufLimits;
  readonly #place: Place;
  #at: number;

  constructor(bytes: Uint8Array, limits: Partial<ProtobufLimits> = {}, place?: Place) {
    this.#limits = { ...defaultLimits, ...limits };
    if (bytes.length > this.#limits.maxBytes) {
      throw new ProtobufError(
        `Cannot read a message of ${bytes.length} bytes: the limit is ${this.#limits.maxBytes}`,
      );
    }
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#place = place ?? { start: 0, end: bytes.length, depth: 0, count: { fields: 0 } };
    this.#at = this.#place.start;
  }

  /** The next field, or `undefined` at the end of the message. */
  next(): ProtobufField | undefined {
    if (this.#at >= this.#place.end) return undefined;
    this.#count();
    const start = this.#at;
    const tag = this.#varint();
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (number < 1 || number > 0x1fff_ffff) {
      throw new ProtobufError(`Cannot read message: field number ${number} at byte ${start} is out of range`);
    }
    if (wire !== 0 && wire !== 1 && wire !== 2 && wire !== 5) {
      throw new ProtobufError(
        `Cannot read message: wire type ${wire} of field ${number} at byte ${start} is unknown`,
      );
    }
    return { number, wire };
  }

  /** A varint as an integer, signed 64 bits wide on the wire; one that a number cannot hold exactly is an error. */
  int(field: ProtobufField): number {
    this.#expect(field, 0);
    return this.#int(this.#place.end);
  }

  /** A repeated varint field's values: one, or many if it is packed. */
  ints(field: ProtobufField, into: number[]): void {
    if (field.wire !== 2) {
      into.push(this.int(field));
      return;
    }
    const end = this.#length();
    for (; this.#at < end; this.#count()) into.push(this.#int(end));
  }

  /** A 32-bit float. */
  float(field: ProtobufField): number {
    this.#expect(field, 5);
    return this.#float(this.#place.end);
  }

  /** A repeated 32-bit float field's values: one, or many if it is packed. */
  floats(field: ProtobufField, into: number[]): void {
    if (field.wire !== 2) {
      into.push(this.float(field));
      return;
    }
    const end = this.#length();
    for (; this.#at < end; this.#count()) into.push(this.#float(end));
  }

  /** A length-delimited field's bytes: a view, not a copy. */
  bytes(field: ProtobufField): Uint8Array {
    this.#expect(field, 2);
    const end = this.#length();
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return value;
  }

  /** A string; bytes that are not UTF-8 are an error. */
  string(field: ProtobufField): string {
    const start = this.#at;
    const bytes = this.bytes(field);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new ProtobufError(
        `Cannot read message: string field ${field.number} at byte ${start} is not UTF-8`,
      );
    }
  }

  /** A reader of a nested message. */
  message(field: ProtobufField): ProtobufReader {
    this.#expect(field, 2);
    const { depth, count } = this.#place;
    if (depth + 1 > this.#limits.maxDepth) {
      throw new ProtobufError(
        `Cannot read message: more than ${this.#limits.maxDepth} messages inside each other at byte ${this.#at}`,
      );
    }
    const end = this.#length();
    const place = { start: this.#at, end, depth: depth + 1, count };
    this.#at = end;
    return new ProtobufReader(this.#bytes, this.#limits, place);
  }

  /** Passes over a field. */
  skip(field: ProtobufField): void {
    if (field.wire === 0) this.#varint();
    else if (field.wire === 2) this.#at = this.#length();
    else this.#at = this.#check(field.wire === 1 ? 8 : 4, this.#place.end);
  }

  #count(): void {
    if (++this.#place.count.fields > this.#limits.maxFields) {
      throw new ProtobufError(`Cannot read message: more than ${this.#limits.maxFields} fields`);
    }
  }

  #expect(field: ProtobufField, wire: number): void {
    if (field.wire !== wire) {
      throw new ProtobufError(
        `Cannot read message: field ${field.number} at byte ${this.#at} has wire type ${field.wire}, expected ${wire}`,
      );
    }
  }

  #varint(end = this.#place.end): bigint {
    const start = this.#at;
    let low = 0; // 28 bits as a number: nearly every varint ends here
    let value = 0n;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= end) throw this.#truncated(start);
      const byte = this.#bytes[this.#at++];
      if (i < 4) low |= (byte & 127) << (7 * i);
      else value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) return i < 4 ? BigInt(low) : BigInt.asUintN(64, value | BigInt(low));
    }
    throw new ProtobufError(`Cannot read message: varint at byte ${start} is longer than 10 bytes`);
  }

  #int(end: number): number {
    const start = this.#at;
    const value = Number(BigInt.asIntN(64, this.#varint(end)));
    if (!Number.isSafeInteger(value)) {
      throw new ProtobufError(`Cannot read message: integer at byte ${start} is beyond 2^53`);
    }
    return value;
  }

  #float(end: number): number {
    const next = this.#check(4, end);
    const value = this.#view.getFloat32(this.#at, true);
    this.#at = next;
    return value;
  }

  /** The end of a length-delimited field, which must be inside this message. */
  #length(): number {
    const start = this.#at;
    const size = Number(this.#varint());
    if (size > this.#place.end - this.#at) throw this.#truncated(start);
    return this.#at + size;
  }

  #check(size: number, end: number): number {
    if (size > end - this.#at) throw this.#truncated(this.#at);
    return this.#at + size;
  }

  #truncated(at: number): ProtobufError {
    return new ProtobufError(
      `Cannot read message: the field at byte ${at} runs past the end of its message at byte ${this.#place.end}`,
    );
  }
}

/** Where in the bytes a nested message lies. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly count: { fields: number };
}
