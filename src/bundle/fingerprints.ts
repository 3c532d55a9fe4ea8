/**
 * `fingerprints.bin`: which rows a bundle's model has learnt from, as 64-bit hashes. Evaluations tell with it what a model has
 * seen from what it has not.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";
import { isObject, parseJson } from "../base/json.ts";
import { damaged, readListed } from "./files.ts";
import type { Manifest } from "./manifest.ts";

/** Where a bundle has them. */
export const FINGERPRINTS_FILE = "fingerprints.bin";

/** The rows of one part of a training. */
export interface FingerprintPart {
  /** `train`: weights were fitted to them. `validation`: they chose the epoch. */
  readonly part: "train" | "validation";
  /** The base model whose training it was, such as `spam 1.0.0`; null: the bundle's own. */
  readonly model: string | null;
  /** Ascending, each once. */
  readonly hashes: BigUint64Array;
}

/** The rows that a model has seen. */
export interface Fingerprints {
  /** The bundle's own parts first, then those of the models that it was made from. */
  readonly parts: readonly FingerprintPart[];
  /** Models that it was made from and whose rows are not known. */
  readonly unknownBases: readonly string[];
}

/** Limits on a file, which somebody else may have made. */
export const fingerprintLimits = { bytes: 2 ** 29, headerBytes: 2 ** 20, parts: 1_000, name: 300 };

/** "WEIRFP", the version of the layout, and that of the key that is hashed: see `rowFingerprint`. */
const MAGIC = Uint8Array.of(0x57, 0x45, 0x49, 0x52, 0x46, 0x50, 1, 1);
const PREFIX = 12; // bytes: the magic, and the header's length

/**
 * The file: 8 bytes of magic and versions, the header's length as u32, the header as JSON (parts with their counts) with spaces
 * up to a multiple of 8, then each part's hashes as ascending u64. All little-endian.
 *
 * @example
 * ```ts
 * import { decodeFingerprints, encodeFingerprints } from "./fingerprints.ts";
 * import assert from "node:assert/strict";
 *
 * const part = { part: "train", model: null, hashes: BigUint64Array.of(3n, 7n) } as const;
 * const bytes = encodeFingerprints({ parts: [part], unknownBases: [] });
 * assert.deepEqual(decodeFingerprints(bytes, (problem) => new Error(problem)).parts, [part]);
 * ```
 */
export function encodeFingerprints({ parts, unknownBases }: Fingerprints): Uint8Array {
  const listed = parts.map(({ part, model, hashes }) => ({ part, model, count: hashes.length }));
  const json = new TextEncoder().encode(JSON.stringify({ parts: listed, unknownBases }));
  const header = new Uint8Array(Math.ceil((PREFIX + json.length) / 8) * 8 - PREFIX).fill(0x20);
  header.set(json);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length, true);
  const hashes = parts.map(({ hashes }) => {
    const bytes = new Uint8Array(8 * hashes.length);
    const view = new DataView(bytes.buffer);
    hashes.forEach((hash, i) => view.setBigUint64(8 * i, hash, true));
    return bytes;
  });
  return concatBytes([MAGIC, length, header, ...hashes]);
}

/**
 * Reads what {@linkcode encodeFingerprints} wrote.
 *
 * @param fail Makes the error of a problem, such as "is cut off".
 */
export function decodeFingerprints(bytes: Uint8Array, fail: (problem: string) => Error): Fingerprints {
  if (bytes.length < PREFIX || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw fail("does not begin as the fingerprints that this Weir reads");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getUint32(8, true);
  if (headerBytes > fingerprintLimits.headerBytes || PREFIX + headerBytes > bytes.length) {
    throw fail(`says that its header has ${headerBytes} bytes, and it has ${bytes.length} in all`);
  }
  const { parts: listed, unknownBases } = headerOf(bytes.subarray(PREFIX, PREFIX + headerBytes), fail);
  const total = listed.reduce((sum, { count }) => sum + count, 0);
  const wanted = PREFIX + headerBytes + 8 * total;
  if (bytes.length !== wanted) {
    throw fail(`has ${bytes.length} bytes, and its header lists rows for ${wanted}`);
  }
  let at = PREFIX + headerBytes;
  const parts = listed.map(({ part, model, count }): FingerprintPart => {
    const hashes = new BigUint64Array(count);
    for (let i = 0; i < count; i++, at += 8) {
      hashes[i] = view.getBigUint64(at, true);
      if (i > 0 && hashes[i] <= hashes[i - 1]) throw fail("has hashes that do not ascend");
    }
    return { part, model, hashes };
  });
  return { parts, unknownBases };
}

/**
 * The fingerprints of a bundle; `undefined` where it has none.
 *
 * @throws {BundleError} When the file is not what the manifest lists, or no such file.
 */
export async function readFingerprints(
  directory: string,
  { files }: Pick<Manifest, "files">,
): Promise<Fingerprints | undefined> {
  if (!Object.hasOwn(files, FINGERPRINTS_FILE)) return undefined;
  const bytes = await readListed(directory, FINGERPRINTS_FILE, files[FINGERPRINTS_FILE], {
    maxBytes: fingerprintLimits.bytes,
    shared: false,
  });
  return decodeFingerprints(bytes, (problem) => damaged(directory, FINGERPRINTS_FILE, problem));
}

/** Whether ascending hashes have one. */
export function hasFingerprint(hashes: BigUint64Array, wanted: bigint): boolean {
  let low = 0;
  for (let high = hashes.length; low < high;) {
    const middle = (low + high) >>> 1;
    if (hashes[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return hashes[low] === wanted;
}

interface Header {
  readonly parts: readonly (Omit<FingerprintPart, "hashes"> & { readonly count: number })[];
  readonly unknownBases: readonly string[];
}

function headerOf(bytes: Uint8Array, fail: (problem: string) => Error): Header {
  const header = parseJson(bytes, (problem) => fail(`has no header: ${problem.replace(/^it /, "")}`));
  const isName = (name: unknown) => typeof name === "string" && name.length <= fingerprintLimits.name;
  const isPart = (part: unknown) =>
    isObject(part) && (part.part === "train" || part.part === "validation") &&
    (part.model === null || isName(part.model)) && Number.isSafeInteger(part.count) &&
    Number(part.count) >= 0;
  const isList = (list: unknown, isOne: (one: unknown) => boolean) =>
    Array.isArray(list) && list.length <= fingerprintLimits.parts && list.every(isOne);
  if (isObject(header) && isList(header.parts, isPart) && isList(header.unknownBases, isName)) {
    return header as unknown as Header;
  }
  throw fail("has a header that lists no parts with their counts");
}
