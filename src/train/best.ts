/**
 * Which epoch of a run is the best so far.
 *
 * @module
 */
import type { BestBy } from "../base/best_by.ts";

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
 * The epoch whose metric is best; of equal ones that with the lower loss, and then the first. One whose metric or loss is not
 * finite never is, nor one that was not evaluated.
 *
 * @example
 * ```ts
 * import { bestEpoch } from "./best.ts";
 * import assert from "node:assert/strict";
 *
 * const epoch = (n: number, accuracy: number) => ({ epoch: n, step: n, trainLoss: 1, evaluation: { loss: 1, accuracy } });
 * const by = { metric: "accuracy", better: "higher" } as const;
 * assert.equal(bestEpoch([epoch(1, 0.8), epoch(2, 0.9), epoch(3, 0.9), epoch(4, NaN)], by)?.epoch, 2);
 * assert.equal(bestEpoch([epoch(1, NaN)], by), undefined);
 * ```
 */
export function bestEpoch(epochs: readonly EpochRecord[], by: BestBy): EpochRecord | undefined {
  return rankedEpochs(epochs, by)[0];
}

/** The epochs that {@linkcode bestEpoch} chooses from, the best first. */
export function rankedEpochs(epochs: readonly EpochRecord[], { metric, better }: BestBy): EpochRecord[] {
  const sign = better === "lower" ? -1 : 1;
  return epochs.filter((epoch) => isScored(epoch, metric)).sort((a, b) =>
    sign * (b.evaluation[metric] - a.evaluation[metric]) || a.evaluation.loss - b.evaluation.loss ||
    a.epoch - b.epoch
  );
}

/**
 * The last epoch that is not worse than the best one by more than the tolerance: on few held-out examples the difference
 * between epochs is noise, and where the learning rate has come down since, the later one is the better model.
 *
 * @example
 * ```ts
 * import { latestGoodEpoch } from "./best.ts";
 * import assert from "node:assert/strict";
 *
 * const epoch = (n: number, accuracy: number) => ({ epoch: n, step: n, trainLoss: 1, evaluation: { loss: 1, accuracy } });
 * const by = { metric: "accuracy", better: "higher", tolerance: 0.02 } as const;
 * assert.equal(latestGoodEpoch([epoch(1, 0.8), epoch(2, 0.9), epoch(3, 0.89), epoch(4, 0.8)], by)?.epoch, 3);
 * ```
 */
export function latestGoodEpoch(epochs: readonly EpochRecord[], by: BestBy): EpochRecord | undefined {
  const { metric, better, tolerance = 0 } = by;
  const best = bestEpoch(epochs, by);
  if (!best || tolerance === 0) return best;
  const sign = better === "lower" ? -1 : 1;
  const least = sign * best.evaluation![metric] - tolerance;
  return epochs.findLast((epoch) => isScored(epoch, metric) && sign * epoch.evaluation[metric] >= least);
}

/**
 * How many epochs have passed since the last one that was really better than those before it: by more than `minDelta`, or, where
 * that is 0, as good and with a lower loss.
 *
 * @example
 * ```ts
 * import { epochsWithoutGain } from "./best.ts";
 * import assert from "node:assert/strict";
 *
 * const epoch = (n: number, loss: number) => ({ epoch: n, step: n, trainLoss: 1, evaluation: { loss } });
 * const epochs = [0.683, 0.682, 0.681].map((loss, i) => epoch(i + 1, loss));
 * const by = { metric: "loss", better: "lower" } as const;
 * assert.equal(epochsWithoutGain(epochs, by), 0);
 * assert.equal(epochsWithoutGain(epochs, by, 0.01), 2);
 * ```
 */
export function epochsWithoutGain(epochs: readonly EpochRecord[], by: BestBy, minDelta = 0): number {
  const { metric, better } = by;
  const sign = better === "lower" ? -1 : 1;
  let last: ScoredEpoch | undefined;
  for (const epoch of epochs) {
    if (!isScored(epoch, metric)) continue;
    const gain = last ? sign * (epoch.evaluation[metric] - last.evaluation[metric]) : Infinity;
    const isBetter = gain > minDelta ||
      (gain === 0 && minDelta === 0 && epoch.evaluation.loss < last!.evaluation.loss);
    if (isBetter) last = epoch;
  }
  return last ? epochs.at(-1)!.epoch - last.epoch : 0;
}

interface ScoredEpoch extends EpochRecord {
  readonly evaluation: Metrics;
}

function isScored(epoch: EpochRecord, metric: string): epoch is ScoredEpoch {
  return Number.isFinite(epoch.evaluation?.[metric]) && Number.isFinite(epoch.evaluation?.loss);
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
