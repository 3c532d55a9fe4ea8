/**
 * Labels in the order of classes, and as messages name them.
 *
 * @module
 */
import { show } from "./text.ts";

/**
 * The distinct labels in the order that makes them classes: by number where all of them are numbers, so that the labels 0 to
 * n - 1 are the indices themselves, else by code units.
 *
 * @example
 * ```ts
 * import { sortLabels } from "./labels.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(sortLabels(["10", "2", "0", "1", "2"]), ["0", "1", "2", "10"]);
 * assert.deepEqual(sortLabels(["10", "2", "other"]), ["10", "2", "other"]);
 * ```
 */
export function sortLabels(labels: Iterable<string>): string[] {
  const distinct = [...new Set(labels)].sort();
  if (!distinct.every((label) => NUMBER.test(label))) return distinct;
  return distinct.sort((a, b) => Number(a) - Number(b)); // stable: what is one number stays in the order of code units
}

const NUMBER = /^[+-]?\d{1,300}(\.\d+)?$/; // longer ones are no finite numbers

/**
 * Labels for one line of a message: quoted (with `plain` only where a name needs it), the first
 * of them alone where they are many, and then how many more there are.
 *
 * @example
 * ```ts
 * import { listLabels } from "./labels.ts";
 * import assert from "node:assert/strict";
 * assert.equal(listLabels(["ham", "spam"]), '"ham", "spam"');
 * assert.match(listLabels(Array.from({ length: 300 }, (_, i) => `label ${i}`)), /^"label 0", .*"label 19" and 280 more$/);
 * ```
 */
export function listLabels(
  labels: readonly string[],
  { most = 20, plain = false }: { readonly most?: number; readonly plain?: boolean } = {},
): string {
  const name = (label: string) => plain && PLAIN.test(label) ? label : show(label);
  const names = labels.slice(0, most).map(name).join(", ");
  return labels.length > most ? `${names} and ${labels.length - most} more` : names;
}

const PLAIN = /^(?=\S)[\p{L}\p{N} _.&/-]{1,60}(?<=\S)$/u;
