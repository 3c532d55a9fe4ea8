/**
 * What a training run is given, and what it gives back.
 *
 * @module
 */
import type { Backend, Precision, Tensors } from "../backend/interface.ts";
import type { HostTensor } from "../graph/dtype.ts";
import type { Pass } from "../graph/node.ts";
import type { Batches } from "../nn/batch.ts";
import type { Optimiser } from "../nn/optim/optimiser.ts";
import type { Schedule } from "../nn/optim/schedule.ts";
import type { BestBy } from "../base/best_by.ts";
import type { TrainableModel } from "../nn/objective.ts";
import type { EpochRecord, Metrics } from "./best.ts";
import type { Settings } from "./checkpoint.ts";
import { TrainingError } from "./errors.ts";
import type { Evaluated } from "./evaluator.ts";
import type { MeasureOptions } from "./measure.ts";
import type { ProgressOutput } from "./progress.ts";
import type { KeepOptions, UseOf } from "./retention.ts";
import type { EvaluationGraphOptions } from "./step.ts";

/** One step, as it was read back. */
export interface StepRecord {
  /** Counts from 1. */
  readonly step: number;
  /** Counts from 1. */
  readonly epoch: number;
  /** Mean over the batch. */
  readonly loss: number;
  /** The gradients' norm before clipping. */
  readonly gradNorm: number;
  /** What the step was made with. */
  readonly learningRate: number;
  /** Whether a gradient did not fit in f16, so that the step changed no parameter. */
  readonly skipped: boolean;
}

/** Called as a run progresses. A callback that throws is reported once and never stops the training. */
export interface TrainCallbacks {
  /** After a step was read back, in order. */
  onStep?(record: StepRecord): void;
  /** After an epoch, its evaluation and its checkpoint. */
  onEpoch?(record: EpochRecord): void;
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
  /** Kept in the checkpoint for whoever resumes, such as the id of the run's record: `readCheckpointNote`. */
  readonly note?: Readonly<Record<string, string>>;
}

/** Held-out data, evaluated after every epoch. */
export interface EvaluationOptions {
  /** What is evaluated. */
  readonly batches: Batches;
  /** What `score` is given of each text: the outputs, or in their place the model's decisions, where it has some; `outputs`. */
  readonly reads?: EvaluationGraphOptions["reads"];
  /** The metrics of the model's outputs, by name, in the order they are shown; the loss is added. */
  score(evaluated: Evaluated): Metrics;
}

/** What `train` is given. */
export interface TrainOptions {
  /** Where it runs. */
  readonly backend: Backend;
  /** Builds the forward pass and the objective; called for training and for evaluation. */
  readonly model: TrainableModel;
  /** Applied to the forward pass before it is differentiated: frozen parameters, adapters. */
  readonly passes?: readonly Pass[];
  /** The batches of an epoch (from 0), the same whenever it is asked for the same. */
  readonly batches: (epoch: number) => Batches;
  /** Without it, no epoch is better than another, and the last one's parameters are returned. */
  readonly evaluation?: EvaluationOptions;
  /** Passes over the training data. */
  readonly epochs: number;
  /** Of the first weights and of dropout; 0. */
  readonly seed?: number;
  /** Values to start from, instead of random ones: a pretrained checkpoint's. */
  readonly initial?: Tensors;
  /** AdamW if not given. */
  readonly optimiser?: Optimiser;
  /** Linear with a warm-up over a tenth of the steps, up to 5e-4, if not given. */
  readonly schedule?: (totalSteps: number) => Schedule;
  /** Batches whose gradients are added up for one step; 1. */
  readonly accumulate?: number;
  /** What activations are kept in; f32. */
  readonly precision?: Precision;
  /** The gradients' common norm is cut to this; 0: never; 1 if not given. */
  readonly maxGradNorm?: number;
  /** Keeps the operand of each layer alone and computes the rest again for the gradients: less memory, a third more work. */
  readonly checkpointGradients?: boolean;
  /** Ends after so many steps, also within an epoch: that is evaluated and counts as finished. */
  readonly maxSteps?: number;
  /** Stops when so many epochs in a row brought nothing better. */
  readonly patience?: number;
  /** An epoch is better, for `patience`, by more than this; 0. */
  readonly minDelta?: number;
  /** What makes an epoch the best; the loss if not given. Equal ones go by the loss. */
  readonly bestBy?: BestBy;
  /** Keeps the parameters of further epochs beside the checkpoint. */
  readonly keep?: KeepOptions;
  /** Which parameters the run gives; if not given, those of the best epoch, or of a later one within `bestBy.tolerance`. */
  readonly use?: UseOf;
  /** Without it, nothing is written to disk. */
  readonly checkpoint?: CheckpointOptions;
  /** Aborted: the run saves a checkpoint and returns. */
  readonly signal?: AbortSignal;
  /** Steps between two looks at the losses; 20. */
  readonly drainEvery?: number;
  /** Where a person watches; without it, nothing is written. */
  readonly progress?: ProgressOutput;
  /** Called as the run progresses. */
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
  /** Parameters and buffers by name: those that `use` asks for; the last ones where nothing was evaluated. */
  readonly parameters: Record<string, HostTensor>;
  /** The epoch they come from; absent for an average, and where no epoch was finished. */
  readonly best?: EpochRecord;
  /** All finished epochs, also of earlier sittings. */
  readonly epochs: readonly EpochRecord[];
  /** Those of them whose parameters are beside the checkpoint. */
  readonly kept: readonly EpochRecord[];
  /** The steps of this sitting. */
  readonly steps: readonly StepRecord[];
  /** The loss of every step, in all sittings. */
  readonly losses: readonly number[];
  /** Steps made, in all sittings. */
  readonly step: number;
  /** How many of them were skipped, see `StepRecord.skipped`. */
  readonly skippedSteps: number;
  /** Training and evaluation, in all sittings; compiling included. */
  readonly seconds: number;
  /** Trained numbers, and bytes on the device. */
  readonly memory: { readonly parameters: number; readonly stateBytes: number; readonly workBytes: number };
  /** Where the checkpoint is, if there is one. */
  readonly checkpoint?: string;
}

/**
 * Validates the options that can be validated before anything is built.
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
  whole("maxSteps", options.maxSteps, 1);
  whole("keep.count", options.keep?.count, 1);
  whole("drainEvery", options.drainEvery, 1);
  whole("checkpoint.everySteps", options.checkpoint?.everySteps, 1);
  whole("seed", options.seed, 0);
  whole("accumulate", options.accumulate, 1);
  checkPrecision(options.backend, options.precision ?? "f32");
  const { minDelta = 0, maxGradNorm = 0, keep, use, checkpoint } = options;
  for (const [name, value] of Object.entries({ minDelta, maxGradNorm })) {
    if (!(value >= 0)) throw new TrainingError(`Cannot train: ${name} must not be negative, got ${value}`);
  }
  if (keep && !checkpoint) throw new TrainingError("Cannot train: keep needs a checkpoint directory");
  if (use === "average" && !keep) throw new TrainingError("Cannot train: an average needs epochs to keep");
  if (typeof use === "number" && !(Number.isInteger(use) && use >= 1 && use <= options.epochs)) {
    throw new TrainingError(`Cannot train: there is no epoch ${use} among ${options.epochs}`);
  }
  const { tolerance } = options.bestBy ?? {};
  if (tolerance !== undefined && !(tolerance >= 0)) {
    throw new TrainingError(`Cannot train: bestBy.tolerance must not be negative, got ${tolerance}`);
  }
}

/**
 * Checks whether a backend trains in a precision.
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
