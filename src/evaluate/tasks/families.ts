/**
 * The record of metric families: what `weir score` can compute.
 *
 * @module
 */
import { nearestName } from "../../base/nearest.ts";
import { classMetricLabels } from "./classes.ts";
import type { Family } from "./family.ts";
import { labelFamilies } from "./label_families.ts";
import { errors, numberFamilies } from "./number_families.ts";
import { infoOf, type MetricInfo } from "./scored.ts";
import { textFamilies } from "./text_families.ts";
import { fail } from "../../statistics/checks.ts";

/** How a metric is shown whose family is not known: by the words of its name. */
export function metricInfo(name: string): MetricInfo {
  const [part, of] = name.split(/\.(.*)/s), info = infoOf({ ...classMetricLabels, ...errors })(part);
  return of === undefined ? info : { ...info, label: `${part === "f1" ? "F1" : info.label} of ${of}` };
}

const all = { ...textFamilies, ...labelFamilies, ...numberFamilies };

/** The name of a family of metrics. */
export type FamilyName = keyof typeof all;

/** Every family, by the name that `weir score` takes. */
export const families: Readonly<Record<string, Family>> = all;

/**
 * A family by its name.
 *
 * @throws {EvaluationError} When there is none: with those there are.
 * @example
 * ```ts
 * import { familyOf } from "./families.ts";
 * import { pairsOf } from "./pairs.ts";
 * import { measure } from "./scored.ts";
 * import assert from "node:assert/strict";
 * const pairs = pairsOf(["the cat sat", "a dog"], ["the cat sat down", "a dog"]);
 * const rouge = measure(familyOf("rouge").score(pairs, {}));
 * assert.equal(rouge.find(({ name }) => name === "rouge1.precision")!.interval.value, 1);
 * assert.throws(() => familyOf("rogue"), /no metric "rogue"; did you mean rouge\?/);
 * ```
 */
export function familyOf(name: string): Family {
  if (Object.hasOwn(families, name)) return families[name];
  const near = nearestName(name, Object.keys(families));
  const hint = near ? `did you mean ${near}?` : `there are ${Object.keys(families).join(", ")}`;
  fail(`There is no metric "${name.slice(0, 60)}"; ${hint}`);
}
