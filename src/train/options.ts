/**
 * What a training run is given, and what it gives back.
 *
 * @module
 */
import type { Backend, Precision, Tensors } from "../backend/interface.ts";
import type { Batches } from "../data/collate.ts";
import type { HostTensor } from "../graph/dtype.ts";
import type { ClassifierBuilder } from "../nn/classifier.ts";
import type { EpochRecord, Settings } from "./checkpoint.ts";
import { TrainingError } from "./errors.ts";
import type { Evaluation } from "./evaluator.ts";
import type { MeasureOptions } from "./measure.ts";
import type { ProgressOutput } from "./progress.ts";
import type { Hyperparameters } from "./step.ts";

/** One step, as it was read back. */
export interface StepRecord {
  /** Counts from 1. */
  readonly step: number;
  /** Counts from 1. */
  readonly epoch: number;
  /** Mean over the batch, in nats. */
  readonly loss: number;
  /** The gradients' norm before clipping. */
  readonly gradNorm: number;
  /** What the step was made with. */
  readonly learningRate: number;
  /** Whether a gradient did not fit in f16, so that the step changed no parameter. */
  readonly skipped: boolean;
}

/** Hears of a run. A callback that throws is reported once and never stops the training. */
export interface TrainCallbacks {
  /** After a step was read back, in order. */
  onStep?(record: StepRecord): void;
  /** After an epoch, its evaluation and its checkpoint. */
  onEpoch?(record: EpochRecord, evaluation: Evaluation | undefined): void;
  /** Before the first step, and whenever a larger batch shape is met. */
  onMemory?(memory: { parameters: number; stateBytes: number; workBytes: number }): void;
  /** After a checkpoint is on the disk. */
  onCheckpoint?(path: string, step: number): void;
}

/** When there is a checkpoint, and what it must agree with. */
export interface CheckpointOptions {
  /** Made if it is missing; one run has it for itself. */
  readonly directory: string;
  /** Besides the end of each epoch, so often; 100 if not given. */
  readonly everySteps?: number;
  /** Goes on from the directory's checkpoint; without one, starts anew. */
  readonly resume?: boolean;
  /** What else must be the same to resume: the data's hash, the model's configuration. */
  readonly identity?: Settings;
}

/** Hyperparameters of a run: what `Hyperparameters` says, the warm-up also as a share of all steps. */
export interface LearningOptions extends Partial<Hyperparameters> {
  /** Share of the steps that the warm-up takes, if `warmupSteps` is not given; .1. */
  readonly warmupRatio?: number;
}

/** What `train` is given. */
export interface TrainOptions {
  /** Where it runs. */
  readonly backend: Backend;
  /** Builds the model; called once for training and once for evaluation. */
  readonly build: ClassifierBuilder;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly string[];
  /** The batches of an epoch (from 0), the same whenever it is asked for the same. */
  readonly batches: (epoch: number) => Batches;
  /** Held-out batches, looked at after every epoch. */
  readonly evaluation?: Batches;
  /** Passes over the training data. */
  readonly epochs: number;
  /** Of the first weights and of dropout; 0. */
  readonly seed?: number;
  /** Weights to start from, instead of random ones: a pretrained checkpoint's. */
  readonly initial?: Tensors;
  /** How the optimiser steps. */
  readonly learning?: LearningOptions;
  /** Keeps the operand of each layer alone and computes the rest again for the gradients: less memory, a third more work. */
  readonly checkpointGradients?: boolean;
  /** Stops when so many epochs in a row brought nothing better. */
  readonly patience?: number;
  /** What makes an epoch the best; `accuracy`. Equal ones go by the loss. */
  readonly bestBy?: "accuracy" | "macroF1" | "loss";
  /**
   * How much worse than the best one a later epoch may be and still take its place; 0. On few held-out examples the
   * difference between epochs is noise, and the later one has learnt more: a standard error is a good tolerance.
   */
  readonly tolerance?: number;
  /** Without it, nothing is written to disk. */
  readonly checkpoint?: CheckpointOptions;
  /** Aborted: the run saves a checkpoint and returns. */
  readonly signal?: AbortSignal;
  /** Steps between two looks at the losses; 20. */
  readonly drainEvery?: number;
  /** Where a person watches; without it, nothing is written. */
  readonly progress?: ProgressOutput;
  /** Who else hears of the run. */
  readonly callbacks?: TrainCallbacks;
  /** Completes "to go on, ..." when the run is interrupted. */
  readonly resumeHint?: string;
  /** Measures a step before the run begins, and goes on as if it had not. */
  readonly profile?: MeasureOptions;
  /** Milliseconds from some moment on. */
  readonly now?: () => number;
}

/** How a run ended. */
export interface TrainResult {
  /** `stopped early`: patience ran out. `interrupted`: the signal was aborted. */
  readonly status: "finished" | "stopped early" | "interrupted";
  /** The best epoch's parameters (the last ones where nothing was evaluated), by name. */
  readonly parameters: Record<string, HostTensor>;
  /** The epoch they come from, if it was evaluated. */
  readonly best?: EpochRecord;
  /** All finished epochs, also of earlier sittings. */
  readonly epochs: readonly EpochRecord[];
  /** The steps of this sitting. */
  readonly steps: readonly StepRecord[];
  /** Steps made, in all sittings. */
  readonly step: number;
  /** How many of them were skipped, see `StepRecord.skipped`. */
  readonly skippedSteps: number;
  /** Training and evaluation, in all sittings; compiling included. */
  readonly seconds: number;
  /** Trainable numbers, and bytes on the device. */
  readonly memory: { readonly parameters: number; readonly stateBytes: number; readonly workBytes: number };
  /** Where the checkpoint is, if there is one. */
  readonly checkpoint?: string;
}

/** Fills in what was not given. */
export function hyperparametersOf(options: TrainOptions, batchesPerEpoch: number): Hyperparameters {
  const { learning = {}, epochs } = options;
  const totalSteps = learning.totalSteps ?? Math.ceil(batchesPerEpoch / (learning.accumulate ?? 1)) * epochs;
  const warmupSteps = learning.warmupSteps ?? Math.round(totalSteps * (learning.warmupRatio ?? 0.1));
  return {
    learningRate: learning.learningRate ?? 5e-4,
    warmupSteps: Math.min(warmupSteps, totalSteps),
    totalSteps,
    weightDecay: learning.weightDecay ?? 0.01,
    beta1: learning.beta1 ?? 0.9,
    beta2: learning.beta2 ?? 0.999,
    epsilon: learning.epsilon ?? 1e-8,
    maxGradNorm: learning.maxGradNorm ?? 1,
    labelSmoothing: learning.labelSmoothing ?? 0,
    // Only where they are not the default: checkpoints of runs that knew nothing of them resume.
    ...((learning.accumulate ?? 1) !== 1 && { accumulate: learning.accumulate }),
    ...((learning.precision ?? "f32") !== "f32" && { precision: learning.precision }),
  };
}

/**
 * Looks at what can be looked at before anything is built.
 *
 * @throws {TrainingError} when an option makes no sense.
 */
export function checkOptions(options: TrainOptions): void {
  const whole = (name: string, value: number | undefined, least: number) => {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < least)) {
      throw new TrainingError(`Cannot train: ${name} must be a whole number from ${least}, got ${value}`);
    }
  };
  whole("epochs", options.epochs, 1);
  whole("patience", options.patience, 1);
  whole("drainEvery", options.drainEvery, 1);
  whole("checkpoint.everySteps", options.checkpoint?.everySteps, 1);
  whole("seed", options.seed, 0);
  whole("learning.accumulate", options.learning?.accumulate, 1);
  checkPrecision(options.backend, options.learning?.precision ?? "f32");
  const rate = options.learning?.learningRate;
  if (rate !== undefined && !(rate > 0 && Number.isFinite(rate))) {
    throw new TrainingError(`Cannot train: the learning rate must be positive, got ${rate}`);
  }
  if (options.tolerance !== undefined && !(options.tolerance >= 0)) {
    throw new TrainingError(`Cannot train: tolerance must not be negative, got ${options.tolerance}`);
  }
  if (options.labels.length < 2) {
    throw new TrainingError(
      `Cannot train: a classifier needs at least two labels, got ${options.labels.length}`,
    );
  }
}

/**
 * Asks whether a backend trains in a precision.
 *
 * @throws {TrainingError} when it does not, saying why and what would.
 */
export function checkPrecision(backend: Backend, precision: Precision): void {
  if (backend.precisions.includes(precision)) return;
  const why = backend.device === "webgpu" ? "this GPU has no shader-f16" : "f16 needs a GPU (webgpu)";
  throw new TrainingError(
    `Cannot train in ${precision} on ${backend.device}: ${why}. Train with precision f32` +
      (backend.device === "webgpu" ? "" : ", or on webgpu"),
  );
}
