/**
 * How many items it takes to know kappa.
 *
 * @module
 */
import { normalQuantile } from "../statistics/distributions.ts";
import { checkShares, rounded, type SampleSize } from "./sample_size.ts";
import { checkNumber, checkWhole, fail } from "../statistics/checks.ts";

/** What kappa is expected to be and how well it is to be known. */
export interface KappaPlan {
  /** Kappa expected, in [0, 1). */
  readonly kappa: number;
  /** Half width of its interval. */
  readonly halfWidth: number;
  /** Coverage of the interval; default 0.95. */
  readonly confidence?: number;
}

/**
 * Items needed to know kappa to ± `halfWidth`: an approximation for planning. For two raters and two categories, one with the
 * share `prevalence`, by the large-sample variance of Bloch and Kraemer (1989). Otherwise kappa is treated as the intraclass
 * correlation it resembles (Fleiss and Cohen 1973) and planned by Bonett (2002), "Sample size requirements for estimating
 * intraclass correlations with desired precision"; for rare categories collect more.
 * @throws {EvaluationError} When an option is out of range.
 * @example
 * ```ts
 * import { itemsForKappa, ratersForKappa } from "./kappa_size.ts";
 * import assert from "node:assert/strict";
 * assert.equal(itemsForKappa({ kappa: 0.6, halfWidth: 0.1, prevalence: 0.3 }).n, 296);
 * assert.equal(itemsForKappa({ kappa: 0.6, halfWidth: 0.1, raters: 3 }).n, 101);
 * assert.equal(ratersForKappa({ kappa: 0.6, halfWidth: 0.1, items: 101 }).n, 3);
 * ```
 */
export function itemsForKappa(options: KappaPlan & { raters?: number; prevalence?: number }): SampleSize {
  const { kappa, halfWidth, raters = 2, prevalence } = options;
  const z = checkPlan(options);
  checkWhole("raters", raters, 2);
  if (prevalence !== undefined && raters === 2) {
    checkShares({ prevalence });
    const variance = (1 - kappa) *
      ((1 - kappa) * (1 - 2 * kappa) + kappa * (2 - kappa) / (2 * prevalence * (1 - prevalence)));
    return rounded(variance * (z / halfWidth) ** 2, 2);
  }
  return rounded(bonett(kappa, raters) * (z / halfWidth) ** 2 + 1, 2);
}

/**
 * Raters an item needs to know kappa to ± `halfWidth` with so many items: the smallest number for which `itemsForKappa` asks
 * for no more. An approximation, as there.
 *
 * @throws {EvaluationError} When an option is out of range, or no number of raters is enough: how much raters differ over items
 * is then what limits it, and the message says how many items are needed.
 */
export function ratersForKappa(options: KappaPlan & { items: number }): SampleSize {
  const { kappa, halfWidth, items } = options;
  const z = checkPlan(options);
  checkWhole("items", items, 2);
  const allowed = (items - 1) * (halfWidth / z) ** 2;
  for (let raters = 2; raters <= 100; raters++) {
    if (bonett(kappa, raters) <= allowed * (1 + 1e-12)) return { n: raters, exact: raters };
  }
  const needed = Math.ceil(bonett(kappa, 100) * (z / halfWidth) ** 2 + 1);
  fail(
    `With ${items} items not even 100 raters know a kappa of ${kappa} to ± ${halfWidth}; collect at least ${needed} ` +
      "items or allow a wider interval",
  );
}

/** Variance of an intraclass correlation times the items it is taken over. */
function bonett(correlation: number, raters: number): number {
  return 2 * (1 - correlation) ** 2 * (1 + (raters - 1) * correlation) ** 2 / (raters * (raters - 1));
}

function checkPlan({ kappa, halfWidth, confidence = 0.95 }: KappaPlan): number {
  checkNumber("kappa", kappa, { least: 0, below: 1 });
  checkShares({ halfWidth, confidence });
  return normalQuantile((1 + confidence) / 2);
}
