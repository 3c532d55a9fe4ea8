/**
 * What a check of a data set has to say: each finding with what it is, where, and what mends it.
 *
 * @module
 */

/** How much a finding matters: training refuses an error, gives a worse model after a warning, and is fine with a note. */
export type Severity = "error" | "warning" | "note";

/** One thing that a person should know of a data set. */
export interface Finding {
  readonly severity: Severity;
  /** A short name for programs, such as `labels-alike`. */
  readonly kind: string;
  /** What was found, as a sentence. */
  readonly what: string;
  /** What mends it, as options or words. */
  readonly mend?: string;
  /** A few cases of it. */
  readonly examples?: readonly string[];
}

const order: readonly Severity[] = ["error", "warning", "note"];

/** The findings, what matters most first. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}
