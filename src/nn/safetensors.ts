/**
 * The safetensors file format: eight bytes of header length, a JSON header, raw little-endian tensors.
 *
 * Source: https://github.com/huggingface/safetensors#format
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import { bytesPerElement, type DType, type HostTensor, type TypedArray } from "../graph/dtype.ts";

/** A file that is not a safetensors file, or not a sound one; the message is for the user. */
export class SafetensorsError extends UserError {}

/** A file's tensors and its free-form texts. */
export interface SafetensorsFile {
  /** By name. */
  readonly tensors: Record<string, HostTensor>;
  /** The header's `__metadata__`. */
  readonly metadata: Record<string, string>;
}

/** What a header may hold; the length is the reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;
const MAX_TENSORS = 100_000;
const MAX_RANK = 16;

/**
 * Reads a whole file. BF16 and F64 become f32, I64 becomes i32 (`position_ids` in old checkpoints), U8 becomes bool.
 *
 * @throws {SafetensorsError} naming the tensor, when the file is cut short, tensors overlap or leave holes, or a shape or
 * type is wrong.
 *
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from "./safetensors.ts";
 * import { hostTensor } from "../graph/dtype.ts";
 * import assert from "node:assert/strict";
 *
 * const bytes = writeSafetensors({ w: hostTensor("f32", [2], [1, 2]) }, { metadata: { step: "7" } });
 * const file = readSafetensors(bytes);
 * assert.deepEqual([...file.tensors.w.data], [1, 2]);
 * assert.equal(file.metadata.step, "7");
 * ```
 */
export function readSafetensors(bytes: Uint8Array, options: { name?: string } = {}): SafetensorsFile {
  const fail = (what: string): never => {
    throw new SafetensorsError(`Cannot read ${options.name ?? "safetensors file"}: ${what}`);
  };
  if (bytes.length < 8) fail(`it is ${bytes.length} bytes long, a safetensors file has at least 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES) {
    fail(`its header claims ${headerBytes} bytes, the limit is ${MAX_HEADER_BYTES}`);
  }
  if (headerBytes > bytes.length - 8) {
    fail(
      `its header claims ${headerBytes} bytes, only ${
        bytes.length - 8
      } follow: not a safetensors file, or cut short`,
    );
  }
  const header = parseHeader(bytes.subarray(8, 8 + headerBytes), fail);
  const body = bytes.subarray(8 + headerBytes);

  const tensors: Record<string, HostTensor> = {};
  let metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") metadata = checkMetadata(value, fail);
    else entries.push(checkEntry(name, value, fail));
  }
  if (entries.length > MAX_TENSORS) fail(`it lists ${entries.length} tensors, the limit is ${MAX_TENSORS}`);
  let end = 0;
  for (const entry of entries.sort((p, q) => p.begin - q.begin || p.end - q.end)) {
    if (entry.begin !== end) {
      fail(`tensor "${entry.name}" starts at byte ${entry.begin}, the one before it ends at ${end}`);
    }
    end = entry.end;
  }
  if (end !== body.length) {
    fail(`its tensors take ${end} bytes, the file holds ${body.length}: it was cut short or added to`);
  }
  for (const entry of entries) {
    const { dtype, data } = decode(entry, body.slice(entry.begin, entry.end));
    Object.defineProperty(tensors, entry.name, {
      value: { dtype, shape: entry.shape, data },
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return { tensors, metadata };
}

/**
 * Lays tensors out as one file's bytes, largest element types first as the reference implementation does, then by name.
 *
 * @throws {SafetensorsError} when a tensor's data does not fill its shape.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, HostTensor>>,
  options: { metadata?: Readonly<Record<string, string>> } = {},
): Uint8Array<ArrayBuffer> {
  const parts = [...safetensorsParts(tensors, options)];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * The same bytes part by part, the header and then each tensor's own memory, so that a file is written without a copy of its tensors.
 *
 * @throws {SafetensorsError} when a tensor's data does not fill its shape, before the first part.
 *
 * @example
 * ```ts
 * import { safetensorsParts, writeSafetensors } from "./safetensors.ts";
 * import { hostTensor } from "../graph/dtype.ts";
 * import assert from "node:assert/strict";
 *
 * const tensors = { w: hostTensor("f32", [2], [1, 2]) };
 * const parts = [...safetensorsParts(tensors)];
 * assert.equal(parts[1].buffer, tensors.w.data.buffer);
 * assert.deepEqual(parts.flatMap((part) => [...part]), [...writeSafetensors(tensors)]);
 * ```
 */
export function safetensorsParts(
  tensors: Readonly<Record<string, HostTensor>>,
  options: { metadata?: Readonly<Record<string, string>> } = {},
): Iterable<Uint8Array> {
  const names = Object.keys(tensors).sort((p, q) =>
    bytesPerElement(tensors[q].dtype) - bytesPerElement(tensors[p].dtype) || (p < q ? -1 : 1)
  );
  const header: Record<string, unknown> = Object.create(null);
  if (options.metadata) header.__metadata__ = options.metadata;
  let end = 0;
  for (const name of names) {
    const { dtype, shape, data } = tensors[name];
    if (name === "__metadata__" || data.length !== shape.reduce((a, d) => a * d, 1)) {
      throw new SafetensorsError(
        `Cannot write tensor "${name}": ${data.length} values do not fill shape [${shape.join(", ")}]`,
      );
    }
    header[name] = { dtype: written[dtype], shape, data_offsets: [end, end += data.byteLength] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8; // so that the tensors are aligned
  const start = new Uint8Array(8 + padded).fill(0x20);
  new DataView(start.buffer).setBigUint64(0, BigInt(padded), true);
  start.set(json, 8);
  return [
    start,
    ...names.map((name) => {
      const { data } = tensors[name];
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }),
  ];
}

const written: Record<DType, string> = { f32: "F32", f16: "F16", i32: "I32", u32: "U32", bool: "BOOL" };

const elementBytes: Readonly<Record<string, number>> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  BOOL: 1,
  U8: 1,
};

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

type Fail = (what: string) => never;

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return fail("its header is not JSON");
  }
  return isObject(header) ? header : fail("its header is not an object");
}

function checkMetadata(value: unknown, fail: Fail): Record<string, string> {
  const sound = isObject(value) && Object.values(value).every((v) => typeof v === "string");
  return sound ? value as Record<string, string> : fail("its metadata is not a map of texts");
}

function checkEntry(name: string, value: unknown, fail: Fail): Entry {
  const { dtype: type, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (typeof type !== "string" || !Object.hasOwn(elementBytes, type)) {
    return fail(
      `tensor "${name}" has type ${JSON.stringify(type)}, known are ${Object.keys(elementBytes).join(", ")}`,
    );
  }
  if (!isWholeNumbers(shape) || shape.length > MAX_RANK) return fail(`tensor "${name}" has no sound shape`);
  if (!isWholeNumbers(offsets) || offsets.length !== 2 || offsets[1] < offsets[0]) {
    return fail(`tensor "${name}" has no sound data_offsets`);
  }
  const [begin, end] = offsets;
  const wanted = shape.reduce((a, d) => a * d, elementBytes[type]);
  if (end - begin !== wanted) {
    return fail(
      `tensor "${name}" of type ${type} and shape [${shape.join(", ")}] takes ${wanted} bytes, got ${
        end - begin
      }`,
    );
  }
  return { name, type, shape, begin, end };
}

function isWholeNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((v) => Number.isSafeInteger(v) && v >= 0);
}

/** `bytes` starts its own buffer, so any view of it is aligned. */
function decode(entry: Entry, bytes: Uint8Array<ArrayBuffer>): { dtype: DType; data: TypedArray } {
  const { buffer } = bytes;
  switch (entry.type) {
    case "F32":
      return { dtype: "f32", data: new Float32Array(buffer) };
    case "F16":
      return { dtype: "f16", data: new Float16Array(buffer) };
    case "I32":
      return { dtype: "i32", data: new Int32Array(buffer) };
    case "U32":
      return { dtype: "u32", data: new Uint32Array(buffer) };
    case "F64":
      return { dtype: "f32", data: Float32Array.from(new Float64Array(buffer)) };
    case "I64":
      return { dtype: "i32", data: Int32Array.from(new BigInt64Array(buffer), Number) };
    case "BF16": {
      const bits = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16); // the upper half of an f32
      return { dtype: "f32", data: new Float32Array(bits.buffer) };
    }
    default:
      return { dtype: "bool", data: bytes };
  }
}
