export type { Baseline, NumericBaseline, TokenBaseline } from "./baseline.ts";
export { parseBaseline } from "./baseline.ts";
export { BaselineBuilder, type BaselineOptions } from "./baseline_builder.ts";
export { DriftError } from "./errors.ts";
export {
  DriftMonitor,
  type DriftSnapshot,
  type FeatureView,
  type MonitorOptions,
  type WindowReport,
  type WindowSummary,
} from "./monitor.ts";
export type { CategoricalFeature, FeatureName, NumericFeature, TextObservation } from "./observation.ts";
export type { TokenNoise } from "./token_noise.ts";
export type { Moments } from "../statistics/pearson3.ts";
export { type AlertPolicy, alertPolicy } from "./policy.ts";
export type { FeatureReport, FeatureResult, Histogram } from "./report.ts";
export { mergeWindows, type NumericCounts, type WindowCounts } from "./window.ts";
