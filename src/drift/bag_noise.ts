/**
 * What chance alone does to a distribution of items that come in whole observations.
 *
 * @module
 */
import { type Moments, momentsOf } from "../statistics/pearson3.ts";
import { createHashedRandom } from "../base/random.ts";

/** How far the items of so many observations differ from those of so many others when nothing has drifted. */
export interface BagNoise extends Moments {
  /** Observations in the window. */
  readonly observations: number;
  /** Observations on the other side. */
  readonly referenceObservations: number;
}

const WINDOW_SIZES = [10, 25, 50, 100, 200, 400, 800];
const DRAWS = 400;

/**
 * Measures the noise of the Jensen-Shannon divergence (nats) between distributions of items, for several window sizes.
 *
 * Items of one observation depend on each other (a text about one thing repeats its words), so counting them as if they were
 * independent finds drift everywhere. Whole observations are drawn instead: a window without replacement, compared with all
 * observations left over, 400 times. Drawing from what is left, not from everything, keeps the two sides as different as new
 * observations are from the reference.
 *
 * @param bags Bins of the items of each observation.
 * @param bins Number of bins.
 */
export function measureBagNoise(
  bags: readonly ArrayLike<number>[],
  bins: number,
  seed: number,
): BagNoise[] {
  const half = Math.floor(bags.length / 2);
  const sizes = WINDOW_SIZES.filter((size) => size <= half);
  if (sizes.length === 0) sizes.push(half);
  const random = createHashedRandom(seed);
  const order = Array.from(bags, (_, i) => i);
  const total = new Float64Array(bins);
  for (const bag of bags) addItems(total, bag);
  const window = new Float64Array(bins), rest = new Float64Array(bins);
  return sizes.map((size) => {
    const divergences = new Float64Array(DRAWS);
    for (let draw = 0; draw < DRAWS; draw++) {
      window.fill(0);
      for (let i = 0; i < size; i++) {
        const j = i + Math.floor(random() * (order.length - i));
        [order[i], order[j]] = [order[j], order[i]];
        addItems(window, bags[order[i]]);
      }
      for (let bin = 0; bin < bins; bin++) rest[bin] = total[bin] - window[bin];
      divergences[draw] = divergence(rest, window);
    }
    return { observations: size, referenceObservations: bags.length - size, ...momentsOf(divergences) };
  });
}

/**
 * The noise for a window against a reference of so many observations, between the measured sizes by the sampling variance
 * 1/observations + 1/referenceObservations. Larger windows than any measured get the noise of the largest, which errs on the
 * side of silence.
 *
 * @param measured As `measureBagNoise` returns it, smallest window first.
 */
export function noiseAt(
  measured: readonly BagNoise[],
  observations: number,
  referenceObservations: number,
): Moments {
  const variance = (noise: Pick<BagNoise, "observations" | "referenceObservations">) =>
    1 / noise.observations + 1 / noise.referenceObservations;
  const wanted = variance({ observations, referenceObservations });
  const [first] = measured;
  if (wanted >= variance(first)) {
    const scale = wanted / variance(first);
    return { mean: first.mean * scale, deviation: first.deviation * scale, skewness: first.skewness };
  }
  for (let i = 1; i < measured.length; i++) {
    const [a, b] = [measured[i - 1], measured[i]];
    if (wanted < variance(b)) continue;
    const part = (wanted - variance(b)) / (variance(a) - variance(b));
    const between = (name: keyof Moments) => b[name] + part * (a[name] - b[name]);
    return { mean: between("mean"), deviation: between("deviation"), skewness: between("skewness") };
  }
  const { mean, deviation, skewness } = measured[measured.length - 1];
  return { mean, deviation, skewness };
}

function addItems(counts: Float64Array, bag: ArrayLike<number>): void {
  for (let i = 0; i < bag.length; i++) counts[bag[i]]++;
}

/** Jensen-Shannon divergence of counts, without the checks of `jensenShannonDistance`: it runs thousands of times here. */
function divergence(a: Float64Array, b: Float64Array): number {
  let totalA = 0, totalB = 0;
  for (let bin = 0; bin < a.length; bin++) totalA += a[bin], totalB += b[bin];
  if (totalA === 0 || totalB === 0) return 0;
  let sum = 0;
  for (let bin = 0; bin < a.length; bin++) {
    const p = a[bin] / totalA, q = b[bin] / totalB, middle = (p + q) / 2;
    if (p > 0) sum += p * Math.log(p / middle);
    if (q > 0) sum += q * Math.log(q / middle);
  }
  return Math.max(0, sum / 2);
}
