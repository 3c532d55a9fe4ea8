/**
 * What a family of metrics is: its settings, its columns and its scores.
 *
 * @module
 */
import type { OptionRule, OptionValues } from "./options.ts";
import type { Pair } from "./pairs.ts";
import type { Scored } from "./scored.ts";

/** A family of metrics that a command line can name. */
export interface Family {
  /** One line. */
  readonly about: string;
  /** What a prediction and a reference are, in words. */
  readonly reads: string;
  /** Whether predictions are scored by themselves. */
  readonly alone?: boolean;
  /** Settings, by name. */
  readonly options: Readonly<Record<string, OptionRule>>;
  /** The metrics to look at first, by name or, ending in `*`, by how names begin. */
  readonly primary: readonly string[];
  /** The metrics of rows. */
  score(pairs: readonly Pair[], options: OptionValues): Scored;
}

/** Whether a metric is one to look at first. */
export function isPrimary(family: Family, name: string): boolean {
  return family.primary.some((wanted) => isNamed(wanted, name));
}

/** Whether a name is the wanted one or, where that ends in `*`, begins as it does. */
export function isNamed(wanted: string, name: string): boolean {
  return wanted.endsWith("*") ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
}
