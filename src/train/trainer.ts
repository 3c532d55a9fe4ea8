/**
 * The training loop.
 *
 * @module
 */
import { BackendError } from "../backend/interface.ts";
import { allFinite } from "../base/arrays.ts";
import { formatBytes, formatDuration } from "../base/format.ts";
import type { Batch, Batches } from "../data/collate.ts";
import type { HostTensor } from "../graph/dtype.ts";
import { type NodeOf, statesOf } from "../graph/node.ts";
import { numeric, sizeOf } from "../graph/shape.ts";
import { initialStates } from "../nn/init.ts";
import { learningRateAt } from "../nn/optim/schedule.ts";
import {
  CHECKPOINT_FILE,
  type EpochRecord,
  hasCheckpoint,
  loadBest,
  loadCheckpoint,
  lockCheckpoint,
  type RunPlace,
  saveBest,
  saveCheckpoint,
  type Settings,
} from "./checkpoint.ts";
import { TrainingError } from "./errors.ts";
import { type MeasureOptions, measureStep } from "./measure.ts";
import { createEvaluator, type Evaluation, type Evaluator, score } from "./evaluator.ts";
import {
  checkOptions,
  hyperparametersOf,
  type StepRecord,
  type TrainOptions,
  type TrainResult,
} from "./options.ts";
import { createProgress, type Progress } from "./progress.ts";
import { ACCUMULATED, buildTrainingGraph, type Hyperparameters, type TrainingGraph } from "./step.ts";
import { Steps } from "./steps.ts";

/**
 * Trains a classifier with AdamW, evaluates it after every epoch and returns the best epoch's parameters.
 *
 * Losses are read back every `drainEvery` steps. A loss or gradient that is not finite stops the run, and so does an
 * aborted signal; both leave the last good checkpoint. A resumed run has the losses of one that was never stopped.
 *
 * @example
 * ```ts
 * import { createInterpBackend } from "../backend/interp/interp.ts";
 * import { collate } from "../data/collate.ts";
 * import { buildClassifier } from "../../models/index.ts";
 * import { mlpConfig } from "../../models/mlp.ts";
 * import { train } from "./trainer.ts";
 * import assert from "node:assert/strict";
 *
 * const labels = ["even", "odd"];
 * const config = mlpConfig({ vocabSize: 20, labels, embeddingSize: 8, hiddenSize: 8 });
 * const examples = Array.from({ length: 16 }, (_, i) => ({ ids: [i, i], label: i % 2 }));
 * const { best, parameters } = await train({
 *   backend: createInterpBackend(),
 *   build: (b, inputs, options) => buildClassifier(b, config, inputs, options),
 *   labels,
 *   batches: (epoch) => collate(examples, { batchSize: 8, bucketLengths: [2], seed: 1, epoch }),
 *   evaluation: collate(examples, { batchSize: 8, bucketLengths: [2] }),
 *   epochs: 30,
 *   learning: { learningRate: 0.03 },
 * });
 * assert.equal(best?.evaluation?.accuracy, 1);
 * assert.deepEqual(parameters["classifier.weight"].shape, [2, 8]);
 * ```
 * @throws {TrainingError} when an option makes no sense or a loss is not finite, naming the step and the tensor.
 * @throws {UserError} when another process trains into the checkpoint directory.
 * @throws {CheckpointError} when a checkpoint cannot be written, or resumed from with these settings and data.
 * @throws {BackendError} when the model cannot run on the backend.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  checkOptions(options);
  const run = new Run(options);
  try {
    using _lock = options.checkpoint && await lockCheckpoint(options.checkpoint.directory);
    using _guard = options.backend.guard?.(() => run.whatIsKept());
    return await run.run();
  } catch (error) {
    throw run.explain(error);
  } finally {
    await run.dispose();
  }
}

interface Best {
  readonly record: EpochRecord;
  readonly parameters: Record<string, HostTensor>;
}

/** One sitting of a training run. */
class Run {
  readonly #options: TrainOptions;
  readonly #learning: Hyperparameters;
  readonly #settings: Settings;
  readonly #training: TrainingGraph;
  readonly #progress: Progress;
  readonly #now: () => number;
  readonly #parameterCount: number;
  readonly #records: StepRecord[] = [];
  /** The states that a checkpoint holds: those that begin anew with every step are not among them. */
  readonly #states: readonly NodeOf<"state">[];
  #evaluator?: Evaluator;
  /** There once they are compiled. */
  #steps!: Steps;
  #best?: Best;
  #place: RunPlace = {
    step: 0,
    epoch: 0,
    batch: 0,
    epochLossSum: 0,
    epochs: [],
    bestStep: null,
    seconds: 0,
    finished: false,
  };
  #savedStep?: number;
  #workBytes = 0;
  #warned = false;
  #startedAt: number;
  #secondsBefore = 0;

  constructor(options: TrainOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#startedAt = this.#now();
    this.#learning = hyperparametersOf(options, options.batches(0).length);
    this.#training = buildTrainingGraph(options.build, this.#learning, options);
    this.#states = statesOf(this.#training.graph).filter(({ name }) => !name!.startsWith(ACCUMULATED));
    this.#settings = {
      ...options.checkpoint?.identity,
      labels: [...options.labels],
      epochs: options.epochs,
      seed: options.seed ?? 0,
      learning: { ...this.#learning },
    };
    this.#progress = createProgress(options.progress, { now: this.#now });
    this.#parameterCount = this.#states
      .filter((state) => state.attrs.trainable)
      .reduce((sum, state) => sum + sizeOf(numeric(state.shape)), 0);
  }

  async run(): Promise<TrainResult> {
    await this.#prepare();
    let interrupted = false;
    while (!this.#place.finished && !interrupted) interrupted = !await this.#epoch();
    this.#progress.done();
    return await this.#result(interrupted);
  }

  /** What the backend threw, with the step and the way to go on, once there is something to go on from. */
  explain(error: unknown): unknown {
    if (!(error instanceof BackendError) || this.#place.step === 0) return error;
    const at = `Training stopped at step ${this.#place.step} of ${this.#learning.totalSteps}`;
    return new TrainingError(`${at}: ${error.message}. ${this.whatIsKept()}`, { cause: error });
  }

  /** Where an interrupted run can be taken up again. */
  whatIsKept(): string {
    const { checkpoint, resumeHint = "run the same command with --resume" } = this.#options;
    if (!checkpoint) return "Nothing was saved: no checkpoint directory was given";
    if (this.#savedStep === undefined) return "No checkpoint was written yet";
    return `The last checkpoint, of step ${this.#savedStep}, is ${this.#checkpointPath()}; to go on, ${resumeHint}`;
  }

  async dispose(): Promise<void> {
    this.#progress.done();
    await this.#evaluator?.dispose();
    await this.#steps?.dispose();
  }

  /** Compiles the largest program first, so that what does not fit is known before the first step. */
  async #prepare(): Promise<void> {
    const { backend, checkpoint, seed = 0, initial = {} } = this.#options;
    const first = this.#options.batches(0);
    const shapes = Array.from({ length: Math.min(first.length, 1000) }, (_, k) => {
      const { batch, sequence } = first.at(k);
      return { batch, sequence };
    });
    const largest = shapes.reduce((p, q) => q.batch * q.sequence > p.batch * p.sequence ? q : p);
    this.#steps = await Steps.compile(backend, this.#training, largest);
    this.#progress.line(`training on ${backend.device}: ${backend.description}`);
    this.#reportMemory();
    if (this.#options.checkpointGradients && backend.device !== "webgpu") {
      this.#progress.line(`on ${backend.device}, checkpointed gradients save no memory`);
    }
    const states = { ...initialStates(this.#training.graph, seed), ...initial };
    await this.#steps.main.write(states);
    if (this.#options.profile) {
      await this.#measure(first.at(shapes.indexOf(largest)), this.#options.profile);
      await this.#steps.main.write(states);
    }
    if (this.#options.evaluation) {
      this.#evaluator = createEvaluator(backend, this.#options.build, { share: this.#steps.main });
    }
    if (checkpoint?.resume && await hasCheckpoint(checkpoint.directory)) {
      await this.#resume(checkpoint.directory);
    }
  }

  /** The time it takes is none of the run's. */
  async #measure(batch: Batch, options: MeasureOptions): Promise<void> {
    const start = this.#now();
    const label = `train ${batch.batch}x${batch.sequence}`;
    options.onMeasured(
      await measureStep(
        this.#steps.main,
        label,
        () => this.#steps.feeds(batch),
        options,
      ),
    );
    this.#startedAt += this.#now() - start;
  }

  async #resume(directory: string): Promise<void> {
    const { states, place } = await loadCheckpoint(directory, {
      states: this.#states,
      settings: this.#settings,
    });
    const record = place.epochs.find((epoch) => epoch.step === place.bestStep);
    if (place.bestStep !== null && record) {
      this.#best = { record, parameters: await loadBest(directory, place.bestStep) };
    }
    await this.#steps.main.write(states);
    this.#place = place;
    this.#savedStep = place.step;
    this.#secondsBefore = place.seconds;
    this.#progress.line(`resumed at step ${place.step} of ${this.#learning.totalSteps} from ${directory}`);
  }

  /** Goes on with the epoch that the run is in; false when the signal was aborted on the way. */
  async #epoch(): Promise<boolean> {
    const { signal, checkpoint, drainEvery = 20 } = this.#options;
    const batches = this.#options.batches(this.#place.epoch);
    while (this.#place.batch < batches.length) {
      if (signal?.aborted) return await this.#interrupt();
      await this.#step(batches);
      const { step } = this.#place;
      const due = checkpoint && step % (checkpoint.everySteps ?? 100) === 0;
      if (due || step % drainEvery === 0 || this.#place.batch === batches.length) await this.#drain();
      if (due && this.#place.batch < batches.length) await this.#save();
    }
    const evaluation = await this.#evaluate();
    if (signal?.aborted && this.#evaluator && !evaluation) return await this.#interrupt();
    await this.#finishEpoch(batches, evaluation);
    return true;
  }

  async #step(batches: Batches): Promise<void> {
    const { step, batch, epoch } = this.#place;
    const parts = this.#partsOf(batches);
    await this.#steps.make(parts, () => this.#reportMemory());
    this.#place = { ...this.#place, step: step + 1, batch: batch + parts.length };
    this.#progress.update({
      step: step + 1,
      totalSteps: this.#learning.totalSteps,
      epoch: epoch + 1,
      epochs: this.#options.epochs,
      loss: this.#records.at(-1)?.loss,
    });
  }

  /** The batches of the next step: fewer at the end of an epoch, if those before it do not come out even. */
  #partsOf(batches: Batches): Batch[] {
    const { batch } = this.#place;
    const count = Math.min(this.#learning.accumulate ?? 1, batches.length - batch);
    return Array.from({ length: count }, (_, i) => batches.at(batch + i));
  }

  /** Reads back what the steps since the last time said, in their order. */
  async #drain(): Promise<void> {
    const first = this.#place.step - this.#steps.pending;
    let { epochLossSum, skippedSteps = 0 } = this.#place;
    for (const [i, said] of (await this.#steps.read()).entries()) {
      const { loss, gradNorm, nonFinite, lossScale = 1 } = said;
      const learningRate = learningRateAt(first + i, {
        ...this.#learning,
        peak: this.#learning.learningRate,
      });
      // A smaller scale helps a gradient that does not fit, but no loss that does not.
      const skipped = nonFinite !== 0 && lossScale > 1;
      const step = first + i + 1;
      const record = { step, epoch: this.#place.epoch + 1, loss, gradNorm, learningRate, skipped };
      if (!Number.isFinite(loss) || (nonFinite !== 0 && !skipped)) throw this.#notFinite(record, nonFinite);
      epochLossSum += loss;
      if (skipped) skippedSteps++;
      this.#records.push(record);
      this.#tell(() => this.#options.callbacks?.onStep?.(record));
    }
    this.#place = { ...this.#place, epochLossSum, ...(skippedSteps > 0 && { skippedSteps }) };
  }

  async #evaluate(): Promise<Evaluation | undefined> {
    const { evaluation, labels, signal } = this.#options;
    if (!this.#evaluator || !evaluation) return undefined;
    const predictions = await this.#evaluator.predict(evaluation, { signal });
    return predictions && score(predictions, { labels });
  }

  async #finishEpoch(batches: Batches, evaluation: Evaluation | undefined): Promise<void> {
    const { epochs, patience, checkpoint } = this.#options;
    const { step } = this.#place;
    const epoch = this.#place.epoch + 1;
    const record: EpochRecord = {
      epoch,
      step,
      trainLoss: this.#place.epochLossSum / Math.ceil(batches.length / (this.#learning.accumulate ?? 1)),
      ...(evaluation && {
        evaluation: {
          loss: evaluation.loss,
          accuracy: evaluation.report.accuracy.value,
          macroF1: evaluation.report.macroF1.value,
        },
      }),
    };
    if (record.evaluation && this.#isBetter(record)) {
      const parameters = await this.#readFinite(this.#training.parameters);
      this.#best = { record, parameters };
      if (checkpoint) await saveBest(checkpoint.directory, { step, parameters });
    }
    const waited = this.#best ? epoch - this.#best.record.epoch : 0;
    this.#place = {
      ...this.#place,
      epoch,
      batch: 0,
      epochLossSum: 0,
      epochs: [...this.#place.epochs, record],
      bestStep: this.#best?.record.step ?? null,
      finished: epoch >= epochs || (patience !== undefined && waited >= patience),
    };
    if (checkpoint) await this.#save();
    this.#progress.line(describeEpoch(record, { epochs, best: this.#best?.record === record }));
    this.#tell(() => this.#options.callbacks?.onEpoch?.(record, evaluation));
  }

  #isBetter(record: EpochRecord): boolean {
    const { bestBy = "accuracy", tolerance = 0 } = this.#options;
    const [now, then] = [record.evaluation!, this.#best?.record.evaluation];
    if (!then) return true;
    const sign = bestBy === "loss" ? -1 : 1;
    const highest = Math.max(...this.#place.epochs.map(({ evaluation }) => sign * evaluation![bestBy]));
    const lead = sign * now[bestBy] - (highest - tolerance);
    return lead === 0 && tolerance === 0 ? now.loss < then.loss : lead >= 0;
  }

  async #interrupt(): Promise<false> {
    await this.#drain();
    if (this.#options.checkpoint) await this.#save();
    const at = `interrupted at step ${this.#place.step} of ${this.#learning.totalSteps}`;
    const hint = this.#options.resumeHint ?? "run the same command with --resume";
    this.#progress.line(
      this.#options.checkpoint
        ? `${at}; saved ${this.#checkpointPath()}. To go on, ${hint}`
        : `${at}; nothing was saved: no checkpoint directory was given`,
    );
    return false;
  }

  async #save(): Promise<void> {
    const { directory } = this.#options.checkpoint!;
    const states = await this.#readFinite(this.#states.map(({ name }) => name!));
    this.#place = { ...this.#place, seconds: this.#seconds() };
    const path = await saveCheckpoint(directory, { states, place: this.#place, settings: this.#settings });
    this.#savedStep = this.#place.step;
    this.#tell(() => this.#options.callbacks?.onCheckpoint?.(path, this.#place.step));
  }

  /** States for keeping: none that holds a NaN takes the place of a good one. */
  async #readFinite(names: readonly string[]): Promise<Record<string, HostTensor>> {
    const states = await this.#steps.main.read(names);
    for (const [name, { data }] of Object.entries(states)) {
      if (!allFinite(data)) {
        throw new TrainingError(
          `Training stopped after step ${this.#place.step}: "${name}" holds values that are not finite. ${this.#advice()}`,
        );
      }
    }
    return states;
  }

  #notFinite(record: StepRecord, nonFinite: number): TrainingError {
    const found = Number.isFinite(record.loss)
      ? `a gradient is not finite (the loss was ${record.loss})`
      : `the loss is ${record.loss}`;
    const tensor = this.#training.parameters[nonFinite - 1];
    const where = tensor === undefined
      ? "every gradient is finite"
      : `the first tensor with a bad gradient is "${tensor}"`;
    return new TrainingError(
      `Training stopped at step ${record.step} (epoch ${record.epoch}): ${found}; ${where}. ${this.#advice()}`,
    );
  }

  #advice(): string {
    const kept = this.#savedStep === undefined
      ? "No checkpoint was written yet"
      : `The last good checkpoint, of step ${this.#savedStep}, is ${this.#checkpointPath()}`;
    const f32 = this.#learning.precision === "f16" ? ", or precision f32" : "";
    return `${kept}. Try a lower learning rate (it is ${this.#learning.learningRate}) or a longer warm-up${f32}`;
  }

  #checkpointPath(): string {
    return `${this.#options.checkpoint!.directory}/${CHECKPOINT_FILE}`;
  }

  #reportMemory(): void {
    const { stateBytes, workBytes } = this.#steps.memory();
    if (workBytes <= this.#workBytes) return;
    this.#workBytes = workBytes;
    const millions = (this.#parameterCount / 1e6).toFixed(this.#parameterCount < 1e5 ? 3 : 1);
    this.#progress.line(
      `memory: ${formatBytes(stateBytes)} of states (${millions} M parameters) + ${
        formatBytes(workBytes)
      } to work with`,
    );
    this.#tell(() =>
      this.#options.callbacks?.onMemory?.({ parameters: this.#parameterCount, stateBytes, workBytes })
    );
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (!this.#warned) {
        this.#progress.line(`warning: a callback failed and training goes on: ${String(error)}`);
      }
      this.#warned = true;
    }
  }

  #seconds(): number {
    return this.#secondsBefore + (this.#now() - this.#startedAt) / 1000;
  }

  async #result(interrupted: boolean): Promise<TrainResult> {
    const { epochs } = this.#options;
    const parameters = this.#best?.parameters ?? await this.#readFinite(this.#training.parameters);
    const status = interrupted ? "interrupted" : this.#place.epoch < epochs ? "stopped early" : "finished";
    const seconds = interrupted || this.#records.length > 0 ? this.#seconds() : this.#secondsBefore;
    if (!interrupted) {
      const { step, skippedSteps = 0 } = this.#place;
      this.#progress.line(`${status} after ${step} steps in ${formatDuration(seconds * 1000)}`);
      if (skippedSteps > 0) {
        this.#progress.line(`${skippedSteps} of the steps were skipped: a gradient did not fit in f16`);
      }
    }
    return {
      status,
      parameters,
      best: this.#best?.record,
      epochs: this.#place.epochs,
      steps: this.#records,
      step: this.#place.step,
      skippedSteps: this.#place.skippedSteps ?? 0,
      seconds,
      memory: { parameters: this.#parameterCount, ...this.#steps.memory() },
      ...(this.#options.checkpoint && { checkpoint: this.#checkpointPath() }),
    };
  }
}

function describeEpoch(record: EpochRecord, options: { epochs: number; best: boolean }): string {
  const parts = [`epoch ${record.epoch}/${options.epochs}`, `train loss ${record.trainLoss.toFixed(4)}`];
  const { evaluation } = record;
  if (evaluation) {
    parts.push(`held-out loss ${evaluation.loss.toFixed(4)}`);
    parts.push(`accuracy ${evaluation.accuracy.toFixed(4)}`, `macro F1 ${evaluation.macroF1.toFixed(4)}`);
    if (options.best) parts.push("best so far");
  }
  return parts.join("  ");
}
