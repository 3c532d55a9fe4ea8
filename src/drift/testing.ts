/**
 * The tests of a full window and the evidence of all so far: a function of plain data (references, counts, policy, what was
 * known before), so that it can run in a Worker.
 *
 * @module
 */
import { adjustPValues } from "../statistics/corrections.ts";
import { prepareReference } from "./evidence/evidence.ts";
import {
  type FeatureState,
  type FoundChange,
  neededEvidence,
  takeWindow,
  unseen,
  type WatchedFeature,
} from "./evidence/watcher.ts";
import { policyThresholds, type Prepared } from "./kinds/kind.ts";
import { kinds, type NamedReference, type Reference } from "./kinds/mod.ts";
import type { AlertPolicy } from "./policy.ts";
import type { EffectName, Statistics } from "./statistic_names.ts";
import type { WindowCounts } from "./window.ts";

/** What the tests of a window found of one feature. */
export interface FeatureTest {
  /** Name of the feature. */
  readonly name: string;
  /** Observations of the window that had this feature; 0 where it has stopped arriving. */
  readonly n: number;
  /** How the window differs from the reference; empty where there was nothing to compare. */
  readonly statistics: Statistics;
  /** How large the change is, and from where on it matters (the threshold plus the noise at this size). */
  readonly effect: { readonly name: EffectName; readonly value: number; readonly threshold: number };
  /** The evidence: the chance of such a window without drift. 1 where there were too few observations. */
  readonly pValue: number;
  /** Adjusted for testing several features (Benjamini-Hochberg). */
  readonly adjustedPValue: number;
  /** Effect and p-value both passed, in this window alone. */
  readonly drifted: boolean;
  /** The evidence of all windows that there is a change that matters, and what an alarm needs: natural logarithms of odds. */
  readonly evidence: { readonly found: number; readonly needed: number };
  /** Whether the feature is in alarm after this window. */
  readonly alarm: boolean;
  /** The change that the evidence speaks for most. */
  readonly change?: FoundChange;
  /** How many observations say as much as one independent one. */
  readonly designEffect: number;
}

/** What a tester says of a window, and what it knows from then on. */
export interface Tested {
  readonly tests: readonly FeatureTest[];
  readonly states: readonly FeatureState[];
}

/** What was known before a window, and when it was. */
export interface TestContext {
  /** As the window before left them; none before the first. */
  readonly states?: readonly FeatureState[];
  readonly index: number;
  readonly closedAtMs: number;
}

/** What is tested of a feature. Plain JSON. */
export interface TestedFeature {
  /** Name of the feature. */
  readonly name: string;
  /** What it is compared with. */
  readonly reference: Reference & Pick<NamedReference, "missing" | "seasons">;
  /** The feature's own threshold, where it has one. */
  readonly threshold?: number;
}

/** Makes the function that tests windows against a baseline: what depends on the references alone is computed once. */
export function createTester(
  features: readonly TestedFeature[],
  policy: AlertPolicy,
): (window: WindowCounts, context: TestContext) => Tested {
  const prepared = features.map(({ name, reference, threshold }) => {
    const kind = kinds[reference.kind];
    return {
      name,
      effect: kind.effect,
      threshold: policy.thresholds[name] ?? threshold ?? policy[policyThresholds[kind.effect]],
      reference: kind.prepare(reference),
    };
  });
  const watched = features.map(({ reference }, i): WatchedFeature => ({
    prepared: prepareReference({
      ...prepared[i].reference.cells ?? { counts: [], n: 0, ordered: false },
      missing: reference.missing ?? 0,
      ...(reference.seasons && { seasons: reference.seasons }),
    }),
    weighing: {
      smallestEffect: policy.smallestEffect,
      ...(reference.kind === "traffic" ? { smallestShare: policy.smallestTrafficShare } : {}),
      minObservations: policy.minObservations,
    },
  }));
  return (window, { states = features.map(() => unseen), index, closedAtMs }) => {
    const windows = prepared.map(({ name, reference }) => {
      const { missing, invalid, dependence, seasons } = window.arrivals[name];
      const { cells, n } = reference.cellsOf(window.features[name]);
      return { counts: { cells, n, missing, invalid, ...(seasons && { seasons }) }, dependence };
    });
    const at = { index, startedAtMs: window.startedAtMs, closedAtMs };
    const next = takeWindow(watched, states, { windows, at, policy });
    const logs = next.watched.map(({ evidence }) => evidence), most = neededEvidence(logs, policy);
    const needed = most === Infinity ? Math.log(policy.windowsPerFalseAlarm * logs.length) : most;
    const tests = adjust(prepared.map((feature) => testFeature(feature, window)), policy);
    return {
      states: next.states,
      tests: tests.map((test, i) => {
        const { evidence, alarm, change, designEffect } = next.watched[i];
        return {
          ...test,
          evidence: { found: Math.max(0, evidence), needed },
          alarm,
          ...(change === undefined ? {} : { change }),
          designEffect,
        };
      }),
    };
  };
}

interface PreparedFeature {
  readonly name: string;
  readonly effect: EffectName;
  readonly threshold: number;
  readonly reference: Prepared;
}

type Unadjusted = Pick<FeatureTest, "name" | "n" | "statistics" | "effect" | "pValue">;

function testFeature(
  { name, effect, threshold, reference }: PreparedFeature,
  window: WindowCounts,
): Unadjusted {
  const test = reference.test(window.features[name], threshold);
  if (test === undefined) {
    return { name, n: 0, statistics: {}, effect: { name: effect, value: 0, threshold }, pValue: 1 };
  }
  const { n, statistics, pValue } = test;
  return {
    name,
    n,
    statistics,
    effect: { name: effect, value: test.effect, threshold: test.threshold },
    pValue,
  };
}

/** Only features with enough observations count as tests. */
function adjust(
  tests: readonly Unadjusted[],
  policy: AlertPolicy,
): (Unadjusted & Pick<FeatureTest, "adjustedPValue" | "drifted">)[] {
  const tested = tests.filter((test) => test.n >= policy.minObservations);
  const adjusted = new Map(
    adjustPValues(tested.map((test) => test.pValue), "benjamini-hochberg").map((p, i) => [tested[i], p]),
  );
  return tests.map((test) => {
    const adjustedPValue = adjusted.get(test) ?? 1;
    const drifted = adjustedPValue <= policy.falseDiscoveryRate && test.effect.value > test.effect.threshold;
    return { ...test, pValue: adjusted.has(test) ? test.pValue : 1, adjustedPValue, drifted };
  });
}
