/**
 * How intervals are made, for people: what each method is called, and what it does.
 *
 * @module
 */

/** The methods by the name that an interval has. */
export const intervalMethods: Readonly<Record<string, { readonly name: string; readonly about: string }>> = {
  "none": { name: "no interval", about: "none was made for these values" },
  "bca": {
    name: "BCa bootstrap",
    about: "rows drawn anew, quantiles of the resampled values corrected for bias and skewness (Efron 1987)",
  },
  "percentile": { name: "percentile bootstrap", about: "rows drawn anew, quantiles of the resampled values" },
  "degenerate": {
    name: "no width",
    about: "all resamples agreed; that is the bootstrap's limit, not certainty",
  },
  "wilson": { name: "Wilson", about: "score interval of a share (Wilson 1927)" },
  "mover": {
    name: "MOVER",
    about: "a function of shares, from the Wilson intervals of each (Donner and Zou 2012)",
  },
  "asymptotic": { name: "asymptotic", about: "from the standard error that holds for many rows" },
  "exact": { name: "exact", about: "exact interval" },
  "kendall": { name: "Kendall", about: "from the variance of concordant pairs" },
  "clopper-pearson": {
    name: "Clopper-Pearson",
    about: "exact interval of a share (Clopper and Pearson 1934)",
  },
  "agresti-coull": { name: "Agresti-Coull", about: "interval of a share (Agresti and Coull 1998)" },
  "jeffreys": { name: "Jeffreys", about: "Bayesian interval of a share" },
  "newcombe": {
    name: "Newcombe",
    about: "interval of a difference of two shares (Newcombe 1998, method 10)",
  },
  "delong": { name: "DeLong", about: "asymptotic interval of the area under a ROC curve (DeLong 1988)" },
  "fisher-z": { name: "Fisher's z", about: "a correlation, transformed to be nearly normal" },
  "t": { name: "Student's t", about: "interval of a mean" },
  "welch": { name: "Welch's t", about: "interval of a difference of two means" },
  "normal": { name: "normal", about: "normal approximation" },
  "garwood": { name: "Garwood", about: "exact interval of a count (Garwood 1936)" },
};
