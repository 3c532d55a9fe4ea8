/**
 * What a family of metrics is: its settings, its columns and its scores.
 *
 * @module
 */
import type { OptionRule, OptionValues } from "./options.ts";
import type { Pair } from "./pairs.ts";
import { definedScores, type Scored } from "./scored.ts";

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
  /** What a reader has to know of these rows before believing the figures, such as that nothing of them can be read. */
  notes?(pairs: readonly Pair[], options: OptionValues): string[];
}

/**
 * A family's metrics of rows as a reader is shown them: without those that have no value, and with what has to be known of the
 * rows.
 */
export function scoreFamily(
  family: Family,
  pairs: readonly Pair[],
  options: OptionValues,
  score = family.score,
): Scored {
  const scored = definedScores(score(pairs, options));
  const notes = [...scored.notes ?? [], ...family.notes?.(pairs, options) ?? []];
  return notes.length === 0 ? scored : { ...scored, notes };
}

/** Whether a metric is one to look at first. */
export function isPrimary(family: Family, name: string): boolean {
  return family.primary.some((wanted) => isNamed(wanted, name));
}

/** Whether a name is the wanted one or, where that ends in `*`, begins as it does. */
export function isNamed(wanted: string, name: string): boolean {
  return wanted.endsWith("*") ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
}
