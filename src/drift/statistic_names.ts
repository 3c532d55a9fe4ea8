/**
 * The statistics of a report, and what people call them.
 *
 * @module
 */

/** How a window differs from the reference; each is absent where it does not apply, all of them where nothing came. */
export interface Statistics {
  /** Numbers: the two-sample Kolmogorov-Smirnov test against the reference's sample. */
  readonly ks?: { readonly statistic: number; readonly pValue: number };
  /** Categories: the chi-square test of homogeneity. */
  readonly chiSquare?: {
    readonly statistic: number;
    readonly degreesOfFreedom: number;
    readonly pValue: number;
  };
  /** KL(reference ‖ current) in nats, half a count added to every bin. */
  readonly kl?: number;
  /** Jensen-Shannon distance, natural logarithm. */
  readonly js?: number;
  /** Population stability index, half a count added to every bin. */
  readonly psi?: number;
}

/** What the size of a change is measured by. */
export type EffectName = "ks" | "totalVariation" | "js";

/** What people call each effect. */
export const effectTitles: { readonly [E in EffectName]: string } = {
  ks: "KS distance",
  totalVariation: "Share that changed",
  js: "JS distance",
};

const names: {
  readonly [S in keyof Required<Statistics>]: { symbol: string; title: string; metric: string };
} = {
  ks: { symbol: "KS", title: "Kolmogorov-Smirnov distance", metric: "ks" },
  chiSquare: { symbol: "χ²", title: "chi-square statistic of homogeneity", metric: "chi_square" },
  kl: {
    symbol: "KL",
    title: "Kullback-Leibler divergence of the current from the reference, nats",
    metric: "kl",
  },
  js: { symbol: "JS", title: "Jensen-Shannon distance", metric: "js" },
  psi: { symbol: "PSI", title: "population stability index", metric: "psi" },
};

/** A statistic with its names. */
export interface NamedStatistic {
  /** As papers abbreviate it. */
  readonly symbol: string;
  /** In words. */
  readonly title: string;
  /** As a label in Prometheus. */
  readonly metric: string;
  /** Its value. */
  readonly value: number;
}

/** The statistics that are there, each with its names. */
export function namedStatistics(statistics: Statistics): NamedStatistic[] {
  return (Object.keys(names) as (keyof Statistics)[]).flatMap((key) => {
    const found = statistics[key];
    if (found === undefined) return [];
    return [{ ...names[key], value: typeof found === "number" ? found : found.statistic }];
  });
}
