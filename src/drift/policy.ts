/**
 * When a window counts as drifted, and when that becomes an alarm.
 *
 * @module
 */
import { DriftError } from "./errors.ts";

/**
 * The rules of alerting.
 *
 * An alarm needs evidence that adds up over windows and may be looked at after each of them, for ever: without a change that
 * matters, one alarm is expected in `windowsPerFalseAlarm` windows, over all features together, and the chance of any in a
 * thousand windows is at most 1%. It stays until there is evidence that the change is over (`evidence/watcher.ts`).
 *
 * Beside that each window is tested alone: a feature **drifted in this window** when its effect passes a practical threshold and
 * its p-value the false-discovery control over all features of the window. That is told, and raises no alarm.
 */
export interface AlertPolicy {
  /** Expected share of false findings among the features found drifted; default 0.01. */
  readonly falseDiscoveryRate: number;
  /** Numbers: how far the distribution functions must come apart, 0 to 1; default 0.15. */
  readonly ksThreshold: number;
  /** Categories and vectors: the share of observations that must have changed category, 0 to 1; default 0.1. */
  readonly totalVariationThreshold: number;
  /** Bags of items: the Jensen-Shannon distance (nats, at most 0.83) that must be there beyond the noise; default 0.12. */
  readonly jsThreshold: number;
  /** Thresholds of single features, by name; they replace those above and those that features bring. */
  readonly thresholds: { readonly [feature: string]: number };
  /** A feature with fewer observations (as many as independent ones would be) is not tested; default 30. */
  readonly minObservations: number;
  /** Windows in which one false alarm is expected; default 100,000. */
  readonly windowsPerFalseAlarm: number;
  /** The largest change that does not matter: Cohen's h of shares and d of ranks, both 0.2 for a small effect; default 0.02. */
  readonly smallestEffect: number;
  /** How much of the traffic may be repeats, or empty, above the reference's share, before that is told; default 0.05. */
  readonly smallestTrafficShare: number;
  /** The chance that an alarm ends although at least half of the change is still there; default 0.01. */
  readonly falseEndRate: number;
}

const DEFAULTS: AlertPolicy = {
  falseDiscoveryRate: 0.01,
  ksThreshold: 0.15,
  totalVariationThreshold: 0.1,
  jsThreshold: 0.12,
  thresholds: {},
  minObservations: 30,
  windowsPerFalseAlarm: 100_000,
  smallestEffect: 0.02,
  smallestTrafficShare: 0.05,
  falseEndRate: 0.01,
};

/**
 * The policy with defaults filled in.
 *
 * @throws {DriftError} When a value is out of range or a name is unknown.
 * @example
 * ```ts
 * import { alertPolicy } from "./policy.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(alertPolicy({ smallestEffect: 0.1 }).falseDiscoveryRate, 0.01);
 * assert.throws(() => alertPolicy({ falseDiscoveryRate: 5 }), /falseDiscoveryRate is 5/);
 * ```
 */
export function alertPolicy(given: Partial<AlertPolicy> = {}): AlertPolicy {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULTS, name)) {
      throw new DriftError(`Unknown alert policy "${name}": there are ${Object.keys(DEFAULTS).join(", ")}`);
    }
    if (name === "thresholds") {
      for (const [feature, threshold] of Object.entries(given.thresholds ?? {})) {
        checkValue(`threshold of ${feature}`, threshold, false);
      }
    } else if (value !== undefined) {
      checkValue(name, value, Number.isInteger(DEFAULTS[name as keyof AlertPolicy]));
    }
  }
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(known) };
}

function checkValue(name: string, value: unknown, whole: boolean): void {
  const isNumber = typeof value === "number";
  if (isNumber && (whole ? Number.isInteger(value) && value >= 1 : value > 0 && value < 1)) return;
  const wanted = whole ? "a whole number of at least 1" : "a number between 0 and 1";
  throw new DriftError(`Alert policy ${name} is ${value}, wanted ${wanted}`);
}
