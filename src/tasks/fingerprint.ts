/**
 * The fingerprint of a row: what tells whether a model has seen it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { duplicateKey } from "../data/dedupe.ts";
import type { Row } from "./task.ts";
import { textsOf } from "./text_input.ts";

/**
 * The first 64 bits of the SHA-256 of what a training takes two rows for one by: `duplicateKey` of their texts with a separator
 * between. A row of two texts has one fingerprint, of both. Among a million rows and a million others, one is taken for
 * another with a probability of 10^12 / 2^64, which is 1 in 18 million.
 *
 * A change of `duplicateKey` needs another version of `fingerprints.bin`.
 *
 * @param row After its cleaning, as the model reads it.
 *
 * @example
 * ```ts
 * import { rowFingerprint } from "./fingerprint.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(rowFingerprint({ queries: ["Win  NOW"] }), rowFingerprint({ queries: ["win now"] }));
 * assert.notEqual(rowFingerprint({ queries: [["a", "b"]] }), rowFingerprint({ queries: ["a b"] }));
 * ```
 */
export function rowFingerprint({ queries }: Pick<Row<unknown>, "queries">): bigint {
  const key = duplicateKey(queries.flatMap(textsOf).join("\u001e"));
  return createHash("sha256").update(key).digest().readBigUInt64LE(0);
}
