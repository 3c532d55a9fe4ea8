/**
 * Which epoch of a run is the best so far.
 *
 * @module
 */
import type { BestBy } from "../nn/objective.ts";

/** Metrics by name, in the order they are shown. */
export type Metrics = Readonly<Record<string, number>>;

/** The metrics of one epoch. */
export interface EpochRecord {
  /** Counts from 1. */
  readonly epoch: number;
  /** Steps made by its end. */
  readonly step: number;
  /** Mean over the epoch's steps. */
  readonly trainLoss: number;
  /** On held-out data, where there are some: `loss`, and what the evaluation scores. */
  readonly evaluation?: Metrics;
}

/**
 * Whether an epoch takes the place of the best one before it. An epoch whose metric or loss is not finite never does.
 *
 * @param before all epochs before it; those that were not evaluated do not count
 *
 * @example
 * ```ts
 * import { isBetter } from "./best.ts";
 * import assert from "node:assert/strict";
 *
 * const epoch = (n: number, accuracy: number) => ({ epoch: n, step: n, trainLoss: 1, evaluation: { loss: 1, accuracy } });
 * const by = { metric: "accuracy", better: "higher" } as const;
 * assert.ok(isBetter(epoch(2, 0.9), { best: epoch(1, 0.8), before: [epoch(1, 0.8)], by }));
 * assert.ok(!isBetter(epoch(2, NaN), { before: [], by }));
 * ```
 */
export function isBetter(
  record: EpochRecord,
  than: { readonly best?: EpochRecord; readonly before: readonly EpochRecord[]; readonly by: BestBy },
): boolean {
  const { metric, better, tolerance = 0 } = than.by;
  const sign = better === "lower" ? -1 : 1;
  const now = record.evaluation;
  if (!now || !Number.isFinite(now[metric]) || !Number.isFinite(now.loss)) return false;
  const then = than.best?.evaluation;
  if (!then) return true;
  const values = than.before.flatMap(({ evaluation }) => evaluation ? [sign * evaluation[metric]] : []);
  const highest = Math.max(...values.filter(Number.isFinite));
  const lead = sign * now[metric] - (highest - tolerance);
  return lead === 0 && tolerance === 0 ? now.loss < then.loss : lead >= 0;
}

/** An epoch as a line of progress. */
export function describeEpoch(record: EpochRecord, options: { epochs: number; best: boolean }): string {
  const parts = [`epoch ${record.epoch}/${options.epochs}`, `train loss ${record.trainLoss.toFixed(4)}`];
  const { evaluation } = record;
  if (evaluation) {
    const { loss, ...metrics } = evaluation;
    parts.push(`held-out loss ${loss.toFixed(4)}`);
    for (const [name, value] of Object.entries(metrics)) parts.push(`${name} ${value.toFixed(4)}`);
    if (options.best) parts.push("best so far");
  }
  return parts.join("  ");
}
