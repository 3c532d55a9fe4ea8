/**
 * Which epochs' parameters a run keeps, which of them it gives, and their average.
 *
 * @module
 */
import type { BestBy } from "../base/best_by.ts";
import type { HostTensor } from "../graph/graph.ts";
import { bestEpoch, type EpochRecord, latestGoodEpoch, rankedEpochs } from "./best.ts";
import { TrainingError } from "./errors.ts";

/** Epochs whose parameters are kept besides those that the run may give. */
export interface KeepOptions {
  /** How many. */
  readonly count: number;
  /** Those with the best metric, or the last ones. */
  readonly by: "best" | "last";
}

/**
 * Which parameters a run gives: of the epoch with the best metric, of the last epoch, of an epoch by its number, or the mean of
 * all that are kept by {@linkcode KeepOptions}.
 */
export type UseOf = "best" | "last" | "average" | number;

/** What decides between the epochs of a run. */
export interface Choice {
  readonly by: BestBy;
  readonly keep?: KeepOptions;
  readonly use?: UseOf;
}

/** The epochs that {@linkcode KeepOptions} ask for, by their number. */
export function askedFor(epochs: readonly EpochRecord[], { by, keep }: Choice): EpochRecord[] {
  if (!keep) return [];
  const chosen = keep.by === "best"
    ? rankedEpochs(epochs, by).slice(0, keep.count)
    : epochs.slice(-keep.count);
  return chosen.toSorted((a, b) => a.epoch - b.epoch);
}

/** The epochs that may be given when the run ends, however it ends: their parameters stay at hand. */
export function candidates(epochs: readonly EpochRecord[], choice: Choice): EpochRecord[] {
  const named = typeof choice.use === "number" ? epochs.find(({ epoch }) => epoch === choice.use) : undefined;
  const found = [bestEpoch(epochs, choice.by), latestGoodEpoch(epochs, choice.by), named];
  return [...new Set(found.filter((epoch) => epoch !== undefined))];
}

/**
 * The mean of the parameters of several epochs, in f64 and then rounded, as in stochastic weight averaging (Izmailov et al.
 * 2018); whole numbers are those of the last one.
 *
 * @example
 * ```ts
 * import { averageParameters } from "./retention.ts";
 * import { hostTensor } from "../graph/dtype.ts";
 * import assert from "node:assert/strict";
 *
 * const [a, b] = [[1, 2], [3, 6]].map((values) => ({ w: hostTensor("f32", [2], values) }));
 * assert.deepEqual([...averageParameters([a, b]).w.data], [2, 4]);
 * ```
 * @throws {TrainingError} when there is none.
 */
export function averageParameters(
  all: readonly Readonly<Record<string, HostTensor>>[],
): Record<string, HostTensor> {
  const last = all.at(-1);
  if (!last) throw new TrainingError("Cannot average: no epoch's parameters were kept");
  return Object.fromEntries(
    Object.entries(last).map(([name, tensor]): [string, HostTensor] => {
      if (tensor.dtype !== "f32") return [name, tensor];
      const sum = new Float64Array(tensor.data.length);
      for (const parameters of all) parameters[name].data.forEach((value, i) => sum[i] += value);
      return [name, { ...tensor, data: Float32Array.from(sum, (value) => value / all.length) }];
    }),
  );
}
