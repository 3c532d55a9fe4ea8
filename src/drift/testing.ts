/**
 * The tests of a full window: a function of plain data (references, counts, policy), so that it can run in a Worker.
 *
 * @module
 */
import { adjustPValues } from "../statistics/corrections.ts";
import { policyThresholds, type Prepared } from "./kinds/kind.ts";
import { kinds, type Reference } from "./kinds/mod.ts";
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
  /** Effect and evidence both passed, in this window. */
  readonly drifted: boolean;
}

/** What is tested of a feature. Plain JSON. */
export interface TestedFeature {
  /** Name of the feature. */
  readonly name: string;
  /** What it is compared with. */
  readonly reference: Reference;
  /** The feature's own threshold, where it has one. */
  readonly threshold?: number;
}

/** Makes the function that tests windows against a baseline: what depends on the references alone is computed once. */
export function createTester(
  features: readonly TestedFeature[],
  policy: AlertPolicy,
): (window: WindowCounts) => FeatureTest[] {
  const prepared = features.map(({ name, reference, threshold }) => {
    const kind = kinds[reference.kind];
    return {
      name,
      effect: kind.effect,
      threshold: policy.thresholds[name] ?? threshold ?? policy[policyThresholds[kind.effect]],
      reference: kind.prepare(reference),
    };
  });
  return (window) => adjust(prepared.map((feature) => testFeature(feature, window)), policy);
}

interface PreparedFeature {
  readonly name: string;
  readonly effect: EffectName;
  readonly threshold: number;
  readonly reference: Prepared;
}

type Unadjusted = Omit<FeatureTest, "adjustedPValue" | "drifted">;

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
function adjust(tests: readonly Unadjusted[], policy: AlertPolicy): FeatureTest[] {
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
