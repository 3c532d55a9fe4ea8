/**
 * The safetensors file format: eight bytes of header length, a JSON header, raw little-endian tensors.
 *
 * Source: https://github.com/huggingface/safetensors#format
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";
import { UserError } from "../base/errors.ts";
import { isObject } from "../base/json.ts";
import { jsonProblem } from "../base/json_scan.ts";
import { show } from "../base/text.ts";
import { bytesOf, type DType, dtypes, type HostTensor, type TypedArray } from "../graph/dtype.ts";
import { formatShape } from "../graph/shape.ts";

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
/** Twenty of a tensor. */
const MAX_VALUES = 20 * MAX_TENSORS;

/**
 * Reads a whole file. F64 becomes f32 and I64 becomes i32 (`position_ids` in old checkpoints); every other type stays what it is.
 *
 * @throws {SafetensorsError} naming the tensor, when the file is cut short, tensors overlap or leave holes, a shape or type is
 * wrong, or a 64-bit value does not fit in 32 bits.
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
      fail(`tensor ${show(entry.name)} starts at byte ${entry.begin}, the one before it ends at ${end}`);
    }
    end = entry.end;
  }
  if (end !== body.length) {
    fail(`its tensors take ${end} bytes, the file holds ${body.length}: it was cut short or added to`);
  }
  for (const entry of entries) {
    const { dtype, data } = decode(entry, body.slice(entry.begin, entry.end), fail);
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
 * @throws {SafetensorsError} when a tensor's data does not fill its shape, or the format has no such type.
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, HostTensor>>,
  options: { metadata?: Readonly<Record<string, string>> } = {},
): Uint8Array<ArrayBuffer> {
  return concatBytes([...safetensorsParts(tensors, options)]);
}

/**
 * The same bytes part by part, the header and then each tensor's own memory, so that a file is written without a copy of
 * its tensors.
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
    dtypes[tensors[q].dtype].bits - dtypes[tensors[p].dtype].bits || (p < q ? -1 : 1)
  );
  const header: Record<string, unknown> = Object.create(null);
  if (options.metadata) header.__metadata__ = options.metadata;
  let end = 0;
  for (const name of names) {
    const { dtype, shape, data } = tensors[name];
    const { safetensors } = dtypes[dtype];
    if (!safetensors) {
      throw new SafetensorsError(
        `Cannot write tensor ${show(name)}: safetensors files have no type ${dtype}`,
      );
    }
    if (name === "__metadata__" || data.byteLength !== bytesOf(dtype, shape.reduce((a, d) => a * d, 1))) {
      throw new SafetensorsError(
        `Cannot write tensor ${show(name)}: ${data.length} values do not fill shape ${formatShape(shape)}`,
      );
    }
    header[name] = { dtype: safetensors, shape, data_offsets: [end, end += data.byteLength] };
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

/** Our type of each of the format's, and the two that are narrowed. */
const typesInFiles: ReadonlyMap<string, DType | "f64" | "i64"> = new Map<string, DType | "f64" | "i64">([
  ["F64", "f64"],
  ["I64", "i64"],
  ...(Object.keys(dtypes) as DType[]).flatMap((dtype): [string, DType][] => {
    const { safetensors } = dtypes[dtype];
    return safetensors ? [[safetensors, dtype]] : [];
  }),
]);

interface Entry {
  readonly name: string;
  readonly type: DType | "f64" | "i64";
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

type Fail = (what: string) => never;

/**
 * As strict as the reference implementation and the format's text: no byte-order mark, no key twice, and whole numbers are
 * written as such.
 */
function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  let problem: string | undefined;
  try {
    const json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    problem = jsonProblem(json, { distinctKeys: true, values: MAX_VALUES });
    if (problem === undefined) header = JSON.parse(json, digitsOnly);
  } catch {
    return fail("its header is not JSON");
  }
  if (problem !== undefined) return fail(`its header ${problem}`);
  return isObject(header) ? header : fail("its header is not an object");
}

/** A number that is not written in digits alone, as `1.0`, `1e3` and `-0`, is none of a shape or an offset. */
function digitsOnly(_key: string, value: unknown, { source }: { source?: string } = {}): unknown {
  return typeof value === "number" && source !== undefined && !/^\d+$/.test(source) ? NaN : value;
}

function checkMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (value === null) return {};
  const sound = isObject(value) && Object.values(value).every((v) => typeof v === "string");
  return sound ? value as Record<string, string> : fail("its metadata is not a map of texts");
}

function checkEntry(name: string, value: unknown, fail: Fail): Entry {
  if (!name.isWellFormed()) return fail(`tensor ${show(name)} has half a character in its name`);
  const { dtype: inFile, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const type = typesInFiles.get(inFile as string);
  if (!type) {
    return fail(
      `tensor ${show(name)} has type ${show(inFile)}, known are ${[...typesInFiles.keys()].join(", ")}`,
    );
  }
  if (!isWholeNumbers(shape) || shape.length > MAX_RANK) {
    return fail(`tensor ${show(name)} has no sound shape`);
  }
  if (!isWholeNumbers(offsets) || offsets.length !== 2 || offsets[1] < offsets[0]) {
    return fail(`tensor ${show(name)} has no sound data_offsets`);
  }
  const [begin, end] = offsets;
  const wanted = shape.reduce((a, d) => a * d, type === "f64" || type === "i64" ? 8 : dtypes[type].bits / 8);
  if (end - begin !== wanted) {
    return fail(
      `tensor ${show(name)} of type ${inFile} and shape ${formatShape(shape)} takes ${wanted} bytes, got ${
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
function decode(
  { name, type }: Entry,
  { buffer }: Uint8Array<ArrayBuffer>,
  fail: Fail,
): { dtype: DType; data: TypedArray } {
  switch (type) {
    case "f64": {
      const wide = new Float64Array(buffer);
      const data = Float32Array.from(wide);
      const at = data.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(wide[i]));
      if (at >= 0) {
        fail(`tensor ${show(name)} holds the F64 value ${wide[at]}, which is beyond the range of f32`);
      }
      return { dtype: "f32", data };
    }
    case "i64": {
      const wide = new BigInt64Array(buffer);
      const beyond = wide.find((value) => value !== BigInt.asIntN(32, value));
      if (beyond !== undefined) {
        fail(`tensor ${show(name)} holds the I64 value ${beyond}, which does not fit in i32`);
      }
      return { dtype: "i32", data: Int32Array.from(wide, Number) };
    }
    default:
      return { dtype: type, data: new dtypes[type].host(buffer) };
  }
}
