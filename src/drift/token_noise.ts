import { type Moments, momentsOf } from "../statistics/pearson3.ts";
import { createHashedRandom } from "../base/random.ts";

/** How far the token distribution of so many texts strays from that of so many others when nothing has drifted. */
export interface TokenNoise extends Moments {
  /** Texts in the window. */
  texts: number;
  /** Texts on the other side. */
  referenceTexts: number;
}

const WINDOW_SIZES = [10, 25, 50, 100, 200, 400, 800];
const DRAWS = 400;

/**
 * Measures the noise of the Jensen-Shannon divergence (nats) between token distributions, for several window sizes.
 *
 * Words come in bunches: a text about one thing repeats it, so counting tokens as if they were independent finds drift
 * everywhere. Whole texts are drawn instead: a window without replacement, compared with all texts left over, 400 times.
 * Drawing from what is left, not from everything, keeps the two sides as different as new texts are from the reference.
 *
 * @param texts Bins of the tokens of each text.
 * @param bins Number of bins.
 */
export function measureTokenNoise(
  texts: readonly ArrayLike<number>[],
  bins: number,
  seed: number,
): TokenNoise[] {
  const half = Math.floor(texts.length / 2);
  const sizes = WINDOW_SIZES.filter((size) => size <= half);
  if (sizes.length === 0) sizes.push(half);
  const random = createHashedRandom(seed);
  const order = Array.from(texts, (_, i) => i);
  const total = new Float64Array(bins);
  for (const text of texts) addText(total, text);
  const window = new Float64Array(bins), rest = new Float64Array(bins);
  return sizes.map((size) => {
    const divergences = new Float64Array(DRAWS);
    for (let draw = 0; draw < DRAWS; draw++) {
      window.fill(0);
      for (let i = 0; i < size; i++) {
        const j = i + Math.floor(random() * (order.length - i));
        [order[i], order[j]] = [order[j], order[i]];
        addText(window, texts[order[i]]);
      }
      for (let bin = 0; bin < bins; bin++) rest[bin] = total[bin] - window[bin];
      divergences[draw] = divergence(rest, window);
    }
    return { texts: size, referenceTexts: texts.length - size, ...momentsOf(divergences) };
  });
}

/**
 * The noise for a window of `texts` against a reference of `referenceTexts`, between the measured sizes by the sampling
 * variance 1/texts + 1/referenceTexts. Larger windows than any measured get the noise of the largest, which errs on the
 * side of silence.
 *
 * @param measured As `measureTokenNoise` returns it, smallest window first.
 */
export function noiseAt(measured: readonly TokenNoise[], texts: number, referenceTexts: number): Moments {
  const variance = (noise: { texts: number; referenceTexts: number }) =>
    1 / noise.texts + 1 / noise.referenceTexts;
  const wanted = variance({ texts, referenceTexts });
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

function addText(counts: Float64Array, text: ArrayLike<number>): void {
  for (let i = 0; i < text.length; i++) counts[text[i]]++;
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
