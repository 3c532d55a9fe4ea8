/**
 * Corrections of p-values for how many of them there are.
 *
 * @module
 */
import { checkNumber, checkOneOf, Numbers } from "./checks.ts";

/**
 * Ways to adjust p-values for their number. Family-wise error (any false finding at all): "bonferroni", "holm" (as strict and
 * never weaker: the default choice), "hochberg" (stronger, for independent or positively dependent tests). False discovery rate
 * (the share of findings that are false): "benjamini-hochberg" (independent or positively dependent tests),
 * "benjamini-yekutieli" (any dependence).
 */
export type Adjustment = "bonferroni" | "holm" | "hochberg" | "benjamini-hochberg" | "benjamini-yekutieli";

/**
 * Adjusted p-values: a finding holds over all comparisons where its adjusted p-value is at most the level. Equal
 * to statsmodels' `multipletests` with "bonferroni", "holm", "simes-hochberg", "fdr_bh" and "fdr_by". Holm (1979),
 * Hochberg (1988), Benjamini and Hochberg (1995), Benjamini and Yekutieli (2001).
 *
 * @param pValues In [0, 1], in any order, which the result keeps.
 * @returns As many values in [0, 1], none below its p-value.
 * @throws {EvaluationError} When a p-value lies outside [0, 1] or the method is unknown.
 * @example
 * ```ts
 * import { adjustPValues } from "./corrections.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(adjustPValues([0.01, 0.04, 0.03], "holm"), [0.03, 0.06, 0.06]);
 * ```
 */
export function adjustPValues(pValues: Numbers, method: Adjustment = "holm"): number[] {
  const m = pValues.length;
  for (let i = 0; i < m; i++) checkNumber(`p-value ${i}`, pValues[i], { least: 0, most: 1 });
  checkOneOf("method", method, Object.keys(rules));
  const rule = rules[method];
  const order = Array.from({ length: m }, (_, i) => i).sort((i, j) => pValues[i] - pValues[j]);
  const harmonic = order.reduce((sum, _, i) => sum + 1 / (i + 1), 0);
  const scaled = order.map((at, i) => pValues[at] * rule.factor(i + 1, m, harmonic));
  if (rule.direction === "down") {
    for (let i = 1; i < m; i++) scaled[i] = Math.max(scaled[i], scaled[i - 1]);
  } else if (rule.direction === "up") {
    for (let i = m - 2; i >= 0; i--) scaled[i] = Math.min(scaled[i], scaled[i + 1]);
  }
  const adjusted = new Array<number>(m);
  order.forEach((at, i) => adjusted[at] = Math.min(1, scaled[i]));
  return adjusted;
}

/** By rank, from the smallest p-value (1) to the largest (m): the factor, and from which end they are made monotone. */
interface Rule {
  factor: (rank: number, m: number, harmonic: number) => number;
  direction: "none" | "down" | "up";
}

const rules: Record<Adjustment, Rule> = {
  "bonferroni": { factor: (_, m) => m, direction: "none" },
  "holm": { factor: (rank, m) => m - rank + 1, direction: "down" },
  "hochberg": { factor: (rank, m) => m - rank + 1, direction: "up" },
  "benjamini-hochberg": { factor: (rank, m) => m / rank, direction: "up" },
  "benjamini-yekutieli": { factor: (rank, m, harmonic) => m / rank * harmonic, direction: "up" },
};
