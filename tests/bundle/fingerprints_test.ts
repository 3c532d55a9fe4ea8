import assert from "node:assert/strict";
import {
  decodeFingerprints,
  encodeFingerprints,
  type Fingerprints,
  hasFingerprint,
} from "../../src/bundle/fingerprints.ts";

const fail = (problem: string) => new Error(problem);
const some: Fingerprints = {
  parts: [
    { part: "train", model: null, hashes: BigUint64Array.of(1n, 2n ** 63n, 2n ** 64n - 1n) },
    { part: "validation", model: null, hashes: new BigUint64Array() },
    { part: "train", model: "spam 1.0.0", hashes: BigUint64Array.of(5n) },
  ],
  unknownBases: ["older ü 0.1.0"],
};

Deno.test("fingerprints survive the file, whatever the header's length", () => {
  for (let length = 0; length < 9; length++) {
    const one = { ...some, unknownBases: ["x".repeat(length)] };
    const bytes = encodeFingerprints(one);
    assert.deepEqual(decodeFingerprints(bytes, fail), one);
    // Also where the bytes lie anywhere in a larger buffer.
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    assert.deepEqual(decodeFingerprints(shifted.subarray(3), fail), one);
  }
});

Deno.test("a hash is found where it is, and not where it is not", () => {
  const hashes = BigUint64Array.from({ length: 100 }, (_, i) => BigInt(3 * i + 1));
  for (let i = 0n; i < 310n; i++) assert.equal(hasFingerprint(hashes, i), i % 3n === 1n && i < 300n);
  assert.equal(hasFingerprint(new BigUint64Array(), 1n), false);
});

Deno.test("a file that is none, cut off, or at odds with its header is refused", () => {
  const bytes = encodeFingerprints(some);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeFingerprints(bytes.subarray(0, length), fail), Error, `${length} bytes`);
  }
  const changed = (change: (bytes: Uint8Array) => void) => {
    const copy = bytes.slice();
    change(copy);
    return () => decodeFingerprints(copy, fail);
  };
  assert.throws(changed((b) => b[7] = 2), /does not begin as the fingerprints that this Weir reads/);
  assert.throws(changed((b) => b.fill(0xff, 8, 12)), /says that its header has 4294967295 bytes/);
  assert.throws(changed((b) => b[12] = 0x78), /has no header/);
  assert.throws(changed((b) => b.fill(0, b.length - 24, b.length)), /do not ascend/);
  const withHeader = (header: unknown) => {
    const json = new TextEncoder().encode(JSON.stringify(header));
    const file = new Uint8Array(12 + json.length);
    file.set(bytes.subarray(0, 8));
    new DataView(file.buffer).setUint32(8, json.length, true);
    file.set(json, 12);
    return () => decodeFingerprints(file, fail);
  };
  const part = { part: "train", model: null, count: 0 };
  assert.deepEqual(withHeader({ parts: [part], unknownBases: [] })().parts[0].hashes.length, 0);
  for (
    const parts of [
      [{ ...part, count: -1 }],
      [{ ...part, count: 1.5 }],
      [{ ...part, count: "9" }],
      [{ ...part, part: "test" }],
      [{ ...part, model: 3 }],
      new Array(1_001).fill(part),
      [null],
      {},
    ]
  ) {
    assert.throws(withHeader({ parts, unknownBases: [] }), /lists no parts with their counts/);
  }
  assert.throws(
    withHeader({ parts: [{ ...part, count: 2 ** 50 }], unknownBases: [] }),
    /its header lists rows for/,
  );
  assert.throws(
    withHeader({ parts: [{ ...part, model: "x".repeat(301) }], unknownBases: [] }),
    /lists no parts/,
  );
});
