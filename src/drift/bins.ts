/**
 * Bins of numbers: those that statistics are computed on, and those that a page draws.
 *
 * @module
 */

/**
 * Bins are given by ascending inner edges: edge i is the highest value of bin i, and the last bin holds what is above
 * them all. Closing a bin at its top keeps a value that many observations share (a rate of 0) in a bin of its own.
 */
export function binOf(edges: readonly number[], value: number): number {
  let low = 0, high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= edges[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Counts of values per bin. */
export function countBins(edges: readonly number[], values: ArrayLike<number>): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (let i = 0; i < values.length; i++) counts[binOf(edges, values[i])]++;
  return counts;
}

/**
 * Edges at the quantiles of ascending values, so that bins hold about equal shares. Values that repeat give fewer bins; a
 * feature that never varied gets one edge at its value, which leaves a bin for anything above.
 */
export function quantileEdges(sorted: ArrayLike<number>, bins: number): number[] {
  return edgesAt(sorted, Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins));
}

/** Edges at quantiles of values that ascend; fewer where values repeat. */
export function edgesAt(sorted: ArrayLike<number>, quantiles: readonly number[]): number[] {
  const last = sorted[sorted.length - 1];
  const edges: number[] = [];
  for (const quantile of quantiles) {
    // Less a rounding error: three tenths of ten values are three, and not four.
    const place = Math.ceil(sorted.length * quantile - 1e-9) - 1;
    const edge = sorted[Math.min(sorted.length - 1, Math.max(0, place))];
    if (edge < last && edge !== edges.at(-1)) edges.push(edge);
  }
  return edges.length > 0 ? edges : [last];
}

/**
 * Edges that read well on a page, for whole-numbered lengths: round numbers on a logarithmic scale (10, 15, 20, 30, 50 ...)
 * where the values span more than a factor of four, else round steps.
 */
export function lengthEdges(sorted: ArrayLike<number>): number[] {
  const at = (q: number) => sorted[Math.floor(q * (sorted.length - 1))];
  const low = Math.max(1, at(0.01)), high = Math.max(low, at(0.99));
  const edges: number[] = [];
  if (high > 4 * low) {
    for (let power = 1; power <= 1e12; power *= 10) {
      for (const digit of [1, 1.5, 2, 3, 5, 7]) {
        if (Number.isInteger(digit * power)) edges.push(digit * power);
      }
    }
  } else {
    const step = roundStep(Math.max(1, (high - low) / 10));
    for (let edge = Math.floor(low / step) * step, i = 0; i < 40; edge += step, i++) {
      if (edge > 0) edges.push(edge);
    }
  }
  const first = Math.max(0, binOf(edges, low) - 1), last = binOf(edges, high);
  return edges.slice(first, last + 1); // one beyond the bulk on either side
}

/** Edges that read well on a page, for any numbers: about ten round steps over the bulk of the values. */
export function realEdges(sorted: ArrayLike<number>): number[] {
  const at = (q: number) => sorted[Math.floor(q * (sorted.length - 1))];
  const low = at(0.01), high = at(0.99);
  if (high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high))) return [high];
  const step = roundStep((high - low) / 10);
  const edges: number[] = [];
  for (let i = Math.floor(low / step); i <= Math.ceil(high / step); i++) {
    const edge = Number((i * step).toPrecision(12)) || 0;
    if (edge !== edges.at(-1)) edges.push(edge);
  }
  return edges;
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= rough) ?? 10 * power;
}

/** Edges for rates that are mostly near 0. */
const RATE_EDGES: readonly number[] = [0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5];

/** Edges for probabilities that are mostly near 1. */
const CONFIDENCE_EDGES: readonly number[] = [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999];

/** The bins that a page draws of a number, and what it calls them. The tests have bins of their own. */
export interface Scale {
  /** Inner edges for a reference whose values ascend. */
  edges(sorted: ArrayLike<number>): number[];
  /** What each bin holds, for people. */
  labels(edges: readonly number[]): string[];
}

/** Whole numbers from 0 on: lengths and counts. */
export const lengths: Scale = { edges: lengthEdges, labels: (edges) => binLabels(edges, "count") };

/** Shares from 0 to 1 that are mostly near 0, in percent. */
export const rates: Scale = { edges: () => [...RATE_EDGES], labels: (edges) => binLabels(edges, "share") };

/** Probabilities from 0 to 1 that are mostly near 1, in percent. */
export const confidences: Scale = {
  edges: () => [...CONFIDENCE_EDGES],
  labels: (edges) => binLabels(edges, "share"),
};

/** Any numbers. */
export const reals: Scale = { edges: realEdges, labels: (edges) => binLabels(edges, "real") };

/** What each bin holds, for people: "≤ 20", "21–30", "> 30", or in percent, or "-0.5 to 1". */
export function binLabels(edges: readonly number[], unit: "count" | "share" | "real"): string[] {
  const show = {
    count: groupThousands,
    share: (edge: number) => `${+(edge * 100).toPrecision(6)}%`,
    real: (edge: number) => `${+edge.toPrecision(6)}`,
  }[unit];
  const inner = edges.slice(1).map((edge, i) => {
    if (unit === "real") return `${show(edges[i])} to ${show(edge)}`;
    if (unit === "share") return `${show(edges[i]).slice(0, -1)}–${show(edge)}`;
    return edge === edges[i] + 1 ? show(edge) : `${show(edges[i] + 1)}–${show(edge)}`;
  });
  const least = edges[0] === 0 && unit !== "real" ? show(0) : `≤ ${show(edges[0])}`;
  return [least, ...inner, `> ${show(edges[edges.length - 1])}`];
}

function groupThousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}
