/**
 * Labels of rows that were not cleaned, as a training's cleaning steps named them.
 *
 * @module
 */
import { parseSteps } from "./steps.ts";

/**
 * The function that gives a label the name that a model's training gave it: after `merge-labels`, and after `merge-rest` for
 * labels that were not kept. A label that the model knows stays as it is.
 *
 * @param steps those of the training that chose rows or changed labels, in order
 * @param known the model's labels
 * @throws {DataError} for a step that is none.
 *
 * @example
 * ```ts
 * import { relabeller } from "./relabel.ts";
 * import assert from "node:assert/strict";
 *
 * const relabel = relabeller(["merge-labels=Tech|IT=tech", "merge-rest=2=other"], ["tech", "money", "other"]);
 * assert.deepEqual(["Tech", "money", "garden"].map(relabel), ["tech", "money", "other"]);
 * ```
 */
export function relabeller(steps: readonly string[], known: readonly string[]): (label: string) => string {
  const renamings = parseSteps(steps).flatMap((step) =>
    step.kind === "rows" && step.rename ? [step.rename] : []
  );
  const labels = new Set(known);
  return (label) => {
    if (labels.has(label)) return label;
    const named = renamings.reduce((name, rename) => labels.has(name) ? name : rename(name), label);
    return labels.has(named) ? named : label;
  };
}
