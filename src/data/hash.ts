import { createHash } from "node:crypto";
import type { TextExample } from "./example.ts";

/**
 * Names a data set by its content, for a model's lineage: `sha256:` and the digest of each example's text and label, in order. Order counts,
 * because training with the same seed visits another order otherwise; ids do not, because no model sees them.
 *
 * @example
 * ```ts
 * import { dataHash } from "./hash.ts";
 * import assert from "node:assert/strict";
 *
 * const hash = dataHash([{ text: "hello", label: "ham", id: "1" }]);
 * assert.match(hash, /^sha256:[0-9a-f]{64}$/);
 * assert.equal(dataHash([{ text: "hello", label: "ham" }]), hash);
 * assert.notEqual(dataHash([{ text: "hello", label: "spam" }]), hash);
 * ```
 */
export function dataHash(examples: Iterable<TextExample>): string {
  const hash = createHash("sha256");
  // As JSON, so that no two data sets can run together into the same bytes.
  for (const { text, label } of examples) hash.update(JSON.stringify([text, label]) + "\n");
  return "sha256:" + hash.digest("hex");
}
