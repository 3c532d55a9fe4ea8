/**
 * The options of the training loop, and what they come to for a task and its data.
 *
 * @module
 */
import type { BestBy } from "../base/best_by.ts";
import { show } from "../base/text.ts";
import { balancedIndices } from "../data/oversample.ts";
import { type Schedule, type ScheduleKind, scheduleOf } from "../nn/optim/schedule.ts";
import type { ModelSpec } from "../tasks/model.ts";
import { servedTasks, type TaskName } from "../tasks/served.ts";
import { judgingOf } from "../tasks/task.ts";
import { trainedTasks } from "../tasks/trained.ts";
import type { KeepOptions, UseOf } from "../train/retention.ts";
import { LifecycleError } from "./errors.ts";

/** How the loop runs; what is not given here is decided by the task. */
export interface LoopOptions {
  /** How the learning rate comes down after the warm-up. */
  readonly schedule: ScheduleKind;
  /** Below 1 a share of the steps, else steps. */
  readonly warmup: number;
  /** Ends after so many steps. */
  readonly maxSteps?: number;
  /** The gradients' common norm is cut to this; 0: never. */
  readonly gradClip: number;
  /** `loss`, or one of the task's headline metrics; the task's own choice, with its tolerance, unless given. */
  readonly bestBy?: string;
  /** Epochs without a better one after which to stop. */
  readonly patience?: number;
  /** An epoch is better, for `patience`, by more than this. */
  readonly minDelta: number;
  /** What classes weigh in the loss: alike in sum, or by name, others 1. */
  readonly classWeights: "none" | "balanced" | Readonly<Record<string, number>>;
  /** Rows of rare classes several times in an epoch, so that every class has as many. */
  readonly oversample: boolean;
  /** Epochs whose parameters are kept beside the checkpoint, which then stays after the registration. */
  readonly keepCheckpoints?: KeepOptions;
  /** Which parameters are registered. */
  readonly useEpoch?: UseOf;
}

/** The defaults of the loop. */
export const loopDefaults = {
  schedule: "linear",
  warmup: 0.1,
  gradClip: 1,
  minDelta: 0,
  classWeights: "none",
  oversample: false,
} as const satisfies LoopOptions;

/**
 * Refuses what does not go with the task, before the work.
 *
 * @throws {LifecycleError} saying what there is to choose from.
 */
export function checkLoop(
  options: LoopOptions & { readonly task: TaskName; readonly epochs: number },
  targets: readonly unknown[],
): void {
  const { useEpoch, keepCheckpoints, epochs } = options;
  if (typeof useEpoch === "number" && useEpoch > epochs) {
    throw new LifecycleError(
      `there is no epoch ${useEpoch} among ${epochs}: give --use-epoch a number up to ${epochs}, or more --epochs`,
    );
  }
  if (useEpoch === "average" && !keepCheckpoints) {
    throw new LifecycleError("an average needs epochs to keep: give --keep-checkpoints, too");
  }
  bestByOf(options, targets);
  const { task } = options;
  const { stratum, weighting } = trainedTasks[task];
  if (options.classWeights !== "none" && !weighting) throw noClasses(task);
  if (options.oversample && typeof (targets.length > 0 && stratum?.(targets[0])) !== "string") {
    throw new LifecycleError(
      `${task} has no single class a row to sample evenly by: leave --oversample out${
        weighting ? ", or use --class-weights balanced" : ""
      }`,
    );
  }
}

function noClasses(task: TaskName): LifecycleError {
  return new LifecycleError(`${task} has no classes to weigh: leave --class-weights out`);
}

/** What chooses the epoch; a metric that was asked for does so exactly. */
export function bestByOf(
  { task, bestBy }: Pick<LoopOptions, "bestBy"> & { readonly task: TaskName },
  targets: readonly unknown[],
): BestBy {
  const judging = judgingOf(servedTasks[task], targets);
  if (bestBy === undefined) return judging.bestBy;
  const known = ["loss", ...judging.headline];
  if (!known.includes(bestBy)) {
    throw new LifecycleError(
      `${task} cannot choose the best epoch by ${show(bestBy)}: it has ${known.join(", ")}`,
    );
  }
  return { metric: bestBy, better: ERRORS.has(bestBy) ? "lower" : "higher" };
}

/** Of the metrics that are shown after an epoch those that are to be small. */
const ERRORS: ReadonlySet<string> = new Set(["loss", "rmse", "mae"]);

/**
 * What each class weighs in the loss, in the order of the logits; undefined where all weigh 1.
 *
 * @param targets as they are fed, of the rows to train on: for `balanced`
 * @throws {LifecycleError} when the task has no classes, or not those that are named.
 */
export function classWeightsOf(
  { task, classWeights }: Pick<LoopOptions, "classWeights"> & { readonly task: TaskName },
  head: unknown,
  targets: readonly unknown[],
): number[] | undefined {
  if (classWeights === "none") return undefined;
  const { weighting } = trainedTasks[task];
  if (!weighting) throw noClasses(task);
  if (classWeights === "balanced") return weighting.balanced(targets, head);
  const labels = weighting.labels(head);
  const unknown = Object.keys(classWeights).find((label) => !labels.includes(label));
  if (unknown !== undefined) {
    const known = labels.slice(0, 20).map((label) => show(label)).join(", ");
    throw new LifecycleError(
      `--class-weights names the label ${show(unknown)}; there are ${known}${
        labels.length > 20 ? ", ..." : ""
      }`,
    );
  }
  return labels.map((label) => Object.hasOwn(classWeights, label) ? classWeights[label] : 1);
}

/**
 * The learning rate of each step.
 *
 * @throws {LifecycleError} when the warm-up is longer than the run.
 */
export function loopSchedule(
  { schedule, warmup, learningRate }: Pick<LoopOptions, "schedule" | "warmup"> & {
    readonly learningRate: number;
  },
  totalSteps: number,
): Schedule {
  const warmupSteps = warmup < 1 ? Math.round(warmup * totalSteps) : warmup;
  if (warmupSteps > totalSteps) {
    throw new LifecycleError(
      `a warm-up of ${warmup} steps does not fit in the ${totalSteps} steps of this run: give fewer, or a share such as 0.1`,
    );
  }
  return scheduleOf(schedule, { peak: learningRate, warmupSteps, totalSteps });
}

/** The rows of an epoch. */
export function epochRows<R extends { readonly row: { readonly target: unknown } }>(
  { task }: ModelSpec,
  rows: readonly R[],
  { oversample, seed, epoch }: {
    readonly oversample: boolean;
    readonly seed: number;
    readonly epoch: number;
  },
): readonly R[] {
  if (!oversample) return rows;
  const classes = rows.map(({ row }) => trainedTasks[task].stratum!(row.target) as string);
  return balancedIndices(classes, { seed, epoch }).map((i) => rows[i]);
}
