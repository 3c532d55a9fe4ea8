/**
 * The drift monitor of a served model: its task says what is watched, its bundle has the reference.
 *
 * @module
 */
import { DriftMonitor, type MonitorOptions, parseBaseline } from "../drift/mod.ts";
import type { PredictService } from "./service_types.ts";

/**
 * A monitor of a service's traffic, to be fed with its observations; `undefined` where its bundle has no baseline.
 *
 * @throws {DriftError} when the baseline cannot be read, or an option is out of range.
 */
export function monitorOf(
  service: PredictService,
  options: MonitorOptions,
): DriftMonitor<unknown> | undefined {
  const { task, baseline, tokenText } = service;
  if (baseline === undefined) return undefined;
  const features = task.features({ head: service.info().manifest.head, tokenText });
  return new DriftMonitor(features, parseBaseline(baseline), options);
}
