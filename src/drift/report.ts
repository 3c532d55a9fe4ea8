import { binLabels } from "./bins.ts";
import { classSharesPValue } from "./class_shares.ts";
import { adjustPValues } from "../statistics/corrections.ts";
import { FEATURE_TITLES, type FeatureName, NUMERIC_FEATURES, type NumericFeature } from "./observation.ts";
import { pearson3Survival } from "../statistics/pearson3.ts";
import type { AlertPolicy } from "./policy.ts";
import { chiSquareTest } from "../statistics/chi_square.ts";
import { jensenShannonDistance, klDivergence, populationStabilityIndex } from "../statistics/divergences.ts";
import { ksBinned, type KsResult, ksTwoSample } from "../statistics/ks.ts";
import { noiseAt } from "./token_noise.ts";
import type { Reference, WindowCounts } from "./window.ts";

/** The numbers of one feature in one window. */
export interface FeatureResult {
  /** Name of the feature. */
  name: FeatureName;
  /** What people call the feature. */
  title: string;
  /** One number per text, or a distribution over categories. */
  kind: "numeric" | "categorical";
  /** Texts of the window that had this feature. */
  n: number;
  /** How the window differs from the reference. */
  statistics: {
    /** Numeric features: the two-sample test against the reference's sample. */
    ks?: { statistic: number; pValue: number };
    /** KL(reference ‖ current) in nats, half a count added to every bin. */
    kl: number;
    /** Jensen-Shannon distance, natural logarithm. */
    js: number;
    /** Population stability index, half a count added to every bin. */
    psi: number;
    /** Predicted classes: the test of homogeneity. */
    chiSquare?: { statistic: number; degreesOfFreedom: number; pValue: number };
  };
  /** How large the change is, and from where on it matters (the policy's threshold plus the noise at this size). */
  effect: { name: "ks" | "totalVariation" | "js"; value: number; threshold: number };
  /** The evidence: the chance of such a window without drift. 1 where there were too few texts. */
  pValue: number;
  /** Adjusted for testing several features (Benjamini-Hochberg). */
  adjustedPValue: number;
  /** Effect and evidence both passed, in this window. */
  drifted: boolean;
  /** The feature's alarm after this window. */
  alarm: boolean;
}

/** A distribution to draw: `shares[i]` of what was seen lies in the bin called `labels[i]`. */
export interface Histogram {
  /** What each bin holds, for people. */
  labels: string[];
  /** Shares of the bins, adding up to 1. */
  shares: number[];
  /** Token distribution: the id of each bin's token, null for bins of several tokens. */
  tokenIds?: (number | null)[];
}

/** A feature in one window, with the reference and the window over the same bins. */
export interface FeatureReport extends FeatureResult {
  /** The baseline's distribution. */
  reference: Histogram;
  /** The window's distribution. */
  current: Histogram;
}

const SHOWN_TOKENS = 20;
/** Mean of √n·D under the null: √(π/2)·ln 2 (Marsaglia, Tsang and Wang 2003). */
const MEAN_KOLMOGOROV = Math.sqrt(Math.PI / 2) * Math.LN2;

type Test = Omit<FeatureResult, "title" | "adjustedPValue" | "drifted" | "alarm">;

/**
 * Tests every feature of a window against the reference. `alarm` is left as `drifted`: it takes several windows.
 *
 * Features that the window or the reference has nothing of are left out.
 */
export function testWindow(reference: Reference, window: WindowCounts, policy: AlertPolicy): FeatureReport[] {
  const tests: Test[] = [];
  for (const name of NUMERIC_FEATURES) {
    const test = testNumeric(name, { reference, window, policy });
    if (test !== undefined) tests.push(test);
  }
  const { predictedClass } = reference.baseline;
  if (predictedClass !== undefined && sum(window.classes) > 0) {
    tests.push(testClasses(predictedClass.counts, window.classes, policy));
  }
  if (sum(reference.tokens) > 0 && sum(window.tokens) > 0) {
    tests.push(testTokens({ reference, window, policy }));
  }

  const tested = tests.filter((test) => test.n >= policy.minTexts);
  const adjusted = new Map(
    adjustPValues(tested.map((test) => test.pValue), "benjamini-hochberg").map((p, i) => [tested[i], p]),
  );
  return tests.map((test) => {
    const adjustedPValue = adjusted.get(test) ?? 1;
    const drifted = adjustedPValue <= policy.falseDiscoveryRate && test.effect.value > test.effect.threshold;
    return {
      ...test,
      title: FEATURE_TITLES[test.name],
      pValue: adjusted.has(test) ? test.pValue : 1,
      adjustedPValue,
      drifted,
      alarm: drifted,
      ...histograms(test.name, reference, window),
    };
  });
}

/** Reference and window of one feature, over the bins that a page draws. */
export function histograms(
  name: FeatureName,
  reference: Reference,
  window: WindowCounts,
): { reference: Histogram; current: Histogram } {
  const { baseline } = reference;
  if (name === "tokenDistribution") return tokenHistograms(reference, window);
  if (name === "predictedClass") {
    const { labels } = baseline;
    return {
      reference: { labels, shares: shares(baseline.predictedClass?.counts ?? []) },
      current: { labels, shares: shares(window.classes) },
    };
  }
  const unit = name === "characters" || name === "tokens" ? "count" : "share";
  const labels = binLabels(baseline.numeric[name]!.displayEdges, unit);
  return {
    reference: { labels, shares: shares(reference.numeric[name]!.display) },
    current: { labels, shares: shares(window.numeric[name]!.display) },
  };
}

interface Context {
  reference: Reference;
  window: WindowCounts;
  policy: AlertPolicy;
}

function testNumeric(name: NumericFeature, { reference, window, policy }: Context): Test | undefined {
  const feature = reference.baseline.numeric[name],
    bins = reference.numeric[name],
    seen = window.numeric[name];
  if (feature === undefined || bins === undefined || seen === undefined) return undefined;
  const n = sum(seen.bins);
  if (n === 0) return undefined;
  const ks: KsResult = seen.values.length === n
    ? ksTwoSample(feature.values, seen.values)
    : ksBinned(bins.bins, seen.bins);
  const noise = MEAN_KOLMOGOROV * Math.sqrt(1 / n + 1 / feature.values.length);
  return {
    name,
    kind: "numeric",
    n,
    statistics: { ks: { statistic: ks.statistic, pValue: ks.pValue }, ...divergences(bins.bins, seen.bins) },
    effect: { name: "ks", value: ks.statistic, threshold: policy.ksThreshold + noise },
    pValue: ks.pValue,
  };
}

function testClasses(reference: readonly number[], current: readonly number[], policy: AlertPolicy): Test {
  const n = sum(current), m = sum(reference);
  const { statistic, degreesOfFreedom, pValue } = chiSquareTest(reference, current);
  let totalVariation = 0, noise = 0;
  for (let k = 0; k < current.length; k++) {
    totalVariation += Math.abs(current[k] / n - reference[k] / m) / 2;
    const share = (current[k] + reference[k]) / (n + m);
    noise += Math.sqrt(2 / Math.PI * share * (1 - share) * (1 / n + 1 / m)) / 2; // mean of |normal|
  }
  return {
    name: "predictedClass",
    kind: "categorical",
    n,
    statistics: { chiSquare: { statistic, degreesOfFreedom, pValue }, ...divergences(reference, current) },
    effect: {
      name: "totalVariation",
      value: totalVariation,
      threshold: policy.totalVariationThreshold + noise,
    },
    pValue: classSharesPValue(reference, current),
  };
}

/** Tokens of one text depend on each other, so the evidence is the divergence against its noise between whole texts. */
function testTokens({ reference, window, policy }: Context): Test {
  const { texts, tokenDistribution } = reference.baseline;
  const statistics = divergences(reference.tokens, window.tokens);
  const noise = noiseAt(tokenDistribution.noise, window.texts, texts);
  return {
    name: "tokenDistribution",
    kind: "categorical",
    n: window.texts,
    statistics,
    effect: { name: "js", value: statistics.js, threshold: Math.sqrt(policy.jsThreshold ** 2 + noise.mean) },
    pValue: pearson3Survival(statistics.js ** 2, noise),
  };
}

function divergences(
  reference: readonly number[],
  current: readonly number[],
): { kl: number; js: number; psi: number } {
  return {
    kl: klDivergence(reference, current, { zeros: "half" }),
    js: jensenShannonDistance(reference, current),
    psi: populationStabilityIndex(reference, current, { zeros: "half" }),
  };
}

/** The tokens that add most to the divergence both ways (KL there and back), and the rest in one bin. */
function tokenHistograms(
  reference: Reference,
  window: WindowCounts,
): { reference: Histogram; current: Histogram } {
  const { ids } = reference.baseline.tokenDistribution;
  const before = shares(reference.tokens), now = shares(window.tokens);
  const total = sum(window.tokens) + window.tokens.length / 2;
  const contribution = (bin: number) => {
    const share = (window.tokens[bin] + 0.5) / total;
    return before[bin] > 0 ? (share - before[bin]) * Math.log(share / before[bin]) : 0;
  };
  const order = before.map((_, bin) => bin).sort((a, b) => contribution(b) - contribution(a));
  const shown = order.slice(0, SHOWN_TOKENS), rest = order.slice(SHOWN_TOKENS);
  const labels = shown.map((bin) => bin < ids.length ? `token ${ids[bin]}` : "rare tokens");
  const tokenIds: (number | null)[] = shown.map((bin) => ids[bin] ?? null);
  if (rest.length > 0) labels.push("all others"), tokenIds.push(null);
  const draw = (all: number[]): Histogram => {
    const drawn = shown.map((bin) => all[bin]);
    if (rest.length > 0) drawn.push(roundShare(rest.reduce((total, bin) => total + all[bin], 0)));
    return { labels, shares: drawn, tokenIds };
  };
  return { reference: draw(before), current: draw(now) };
}

function shares(counts: readonly number[]): number[] {
  const total = sum(counts);
  return counts.map((count) => total === 0 ? 0 : roundShare(count / total));
}

/** Six decimals are plenty to draw, and a third of the bytes. */
function roundShare(share: number): number {
  return Math.round(share * 1e6) / 1e6;
}

function sum(counts: readonly number[]): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
