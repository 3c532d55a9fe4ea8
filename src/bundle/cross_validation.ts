/**
 * What a cross-validation says, in words: of which models its scores are, and what their intervals cover.
 *
 * @module
 */
import type { EvaluationOrigin } from "./manifest.ts";
import { intervalMethods } from "../statistics/interval_methods.ts";

/**
 * Sentences about the scores of a cross-validation, for the end of a table of them.
 *
 * @example
 * ```ts
 * import { crossValidationText } from "./cross_validation.ts";
 * import assert from "node:assert/strict";
 *
 * const [measured, spread] = crossValidationText({
 *   method: "cross-validation", origin: "all 200 rows of mails.csv in 5 folds", folds: 5, spread: { accuracy: 0.0123 },
 * }, { accuracy: { method: "wilson" } });
 * assert.match(measured, /^Cross-validated on all 200 rows of mails\.csv in 5 folds: /);
 * assert.equal(spread, "Standard deviation over the 5 folds: accuracy 0.0123.");
 * ```
 */
export function crossValidationText(
  { origin, folds, spread = {} }: EvaluationOrigin,
  metrics: Readonly<Record<string, { readonly method?: string }>>,
): string[] {
  const methods = new Set(
    Object.values(metrics).flatMap(({ method }) =>
      method === undefined || method === "none" ? [] : [
        Object.hasOwn(intervalMethods, method) ? intervalMethods[method].name : method,
      ]
    ),
  );
  const values = Object.entries(spread).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  return [
    `Cross-validated on ${origin}: each row was scored by the one of ${folds} models that was not trained on it. ` +
    "The registered model, trained on all rows in the same way, was not scored itself.",
    ...values.length > 0 ? [`Standard deviation over the ${folds} folds: ${values.join(", ")}.`] : [],
    `Intervals${
      methods.size > 0 ? ` (${[...methods].join(", ")})` : ""
    } are over the pooled rows, given these models: ` +
    "they do not cover that other rows to train on give other models.",
  ];
}
