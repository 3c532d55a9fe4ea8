/**
 * The training loop.
 *
 * @module
 */
import { BackendError } from "../backend/interface.ts";
import { allFinite } from "../base/arrays.ts";
import { UserError } from "../base/errors.ts";
import { bundleStates, checkpointStates, type HostTensor, type NodeOf } from "../graph/graph.ts";
import { formatBytes, formatDuration } from "../base/format.ts";
import { numeric, sizeOf } from "../graph/shape.ts";
import { initialStates } from "../nn/init.ts";
import type { Batch, Batches } from "../nn/batch.ts";
import { adamw } from "../nn/optim/adamw.ts";
import { linear, type Schedule } from "../nn/optim/schedule.ts";
import type { BestBy } from "../base/best_by.ts";
import { describeEpoch, type EpochRecord, isBetter, type Metrics } from "./best.ts";
import { lockCheckpoint, type RunPlace, type Settings } from "./checkpoint.ts";
import { TrainingError } from "./errors.ts";
import { createEvaluator, type Evaluator } from "./evaluator.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import { type MeasureOptions, measureStep } from "./measure.ts";
import { checkOptions, type StepRecord, type TrainOptions, type TrainResult } from "./options.ts";
import { createProgress, type Progress } from "./progress.ts";
import { buildTrainingGraph, type StepOptions, type TrainingGraph } from "./step.ts";
import { Steps } from "./steps.ts";

/**
 * Trains a model, evaluates it after every epoch and returns the best epoch's parameters.
 *
 * Losses are read back every `drainEvery` steps. A loss or gradient that is not finite stops the run, and so does an
 * aborted signal; both leave the last good checkpoint. A resumed run has the losses of one that was never stopped.
 *
 * @example
 * ```ts
 * import { createInterpBackend } from "../backend/interp/interp.ts";
 * import { createBuilder, hostTensor } from "../graph/graph.ts";
 * import { linear } from "../nn/layers.ts";
 * import { softmaxCrossEntropy } from "../nn/losses.ts";
 * import { linear as linearSchedule } from "../nn/optim/schedule.ts";
 * import { train } from "./trainer.ts";
 * import assert from "node:assert/strict";
 *
 * const feeds = { x: hostTensor("f32", [2, 1], [-1, 1]), y: hostTensor("i32", [2], [0, 1]) };
 * const batch = { feeds, bindings: { batch: 2 }, weight: 2, rows: Int32Array.of(0, 1) };
 * const { steps } = await train({
 *   backend: createInterpBackend(),
 *   model: {
 *     forward() {
 *       const b = createBuilder();
 *       b.output("logits", linear(b, b.input("x", "f32", ["batch", 1]), { name: "classifier", in: 1, out: 2 }));
 *       return b.graph();
 *     },
 *     objective(b, { logits }) {
 *       const labels = b.input("y", "i32", ["batch"]);
 *       return { loss: softmaxCrossEntropy(b, logits, { labels }), weight: b.scalar(2) };
 *     },
 *   },
 *   batches: () => ({ length: 1, largest: batch.bindings, at: () => batch, *[Symbol.iterator]() { yield batch; } }),
 *   epochs: 50,
 *   schedule: (totalSteps) => linearSchedule({ peak: 0.1, warmupSteps: 5, totalSteps }),
 * });
 * assert.ok(steps.at(-1)!.loss < 0.1);
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
    using _guard = options.backend.guard?.(() => run.keeper.resumeAdvice());
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
  readonly keeper: Keeper;
  readonly #options: TrainOptions;
  readonly #totalSteps: number;
  readonly #schedule: Schedule;
  readonly #training: TrainingGraph;
  readonly #bestBy: BestBy;
  readonly #progress: Progress;
  readonly #now: () => number;
  readonly #parameterCount: number;
  readonly #records: StepRecord[] = [];
  /** The states that a checkpoint holds: those that begin anew with every step are not among them. */
  readonly #states: readonly NodeOf<"state">[];
  /** The states that a bundle holds. */
  readonly #kept: readonly string[];
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
  #workBytes = 0;
  #warned = false;
  #startedAt: number;
  #secondsBefore = 0;

  constructor(options: TrainOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#startedAt = this.#now();
    this.#bestBy = options.bestBy ?? { metric: "loss", better: "lower" };
    this.#totalSteps = Math.ceil(options.batches(0).length / (options.accumulate ?? 1)) * options.epochs;
    this.#schedule = options.schedule?.(this.#totalSteps) ??
      linear({ peak: 5e-4, warmupSteps: Math.round(0.1 * this.#totalSteps), totalSteps: this.#totalSteps });
    const step: StepOptions = {
      optimiser: options.optimiser ?? adamw(),
      schedule: this.#schedule,
      passes: options.passes,
      accumulate: options.accumulate,
      precision: options.precision,
      maxGradNorm: options.maxGradNorm ?? 1,
      checkpointGradients: options.checkpointGradients,
    };
    this.#training = buildTrainingGraph(options.model, step);
    const { graph, trained } = this.#training;
    this.#states = checkpointStates(graph);
    this.#kept = bundleStates(graph).map(({ name }) => name!);
    this.keeper = createKeeper(options, { states: this.#states, settings: settingsOf(options, step) });
    this.#progress = createProgress(options.progress, { now: this.#now });
    this.#parameterCount = this.#states
      .filter(({ name }) => trained.includes(name!))
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
    const at = `Training stopped at step ${this.#place.step} of ${this.#totalSteps}`;
    return new TrainingError(`${at}: ${error.message}. ${this.keeper.resumeAdvice()}`, { cause: error });
  }

  async dispose(): Promise<void> {
    this.#progress.done();
    await this.#evaluator?.dispose();
    await this.#steps?.dispose();
  }

  /** Compiles the largest program first, so that what does not fit is known before the first step. */
  async #prepare(): Promise<void> {
    const { backend, model, passes, seed = 0, initial = {} } = this.#options;
    const first = this.#options.batches(0);
    this.#steps = await Steps.compile(backend, this.#training, first.largest);
    this.#progress.line(`training on ${backend.device}: ${backend.description}`);
    this.#reportMemory();
    if (this.#options.checkpointGradients && backend.device !== "webgpu") {
      this.#progress.line(`on ${backend.device}, checkpointed gradients save no memory`);
    }
    const states = { ...initialStates(this.#training.graph, seed), ...initial };
    await this.#steps.main.write(states);
    if (this.#options.profile) {
      await this.#measure(largestOf(first), this.#options.profile);
      await this.#steps.main.write(states);
    }
    if (this.#options.evaluation) {
      this.#evaluator = createEvaluator(backend, model, { share: this.#steps.main, passes });
    }
    const resumed = await this.keeper.resume();
    if (resumed) {
      this.#best = resumed.best;
      await this.#steps.main.write(resumed.states);
      this.#place = resumed.place;
      this.#secondsBefore = resumed.place.seconds;
      this.#progress.line(
        `resumed at step ${resumed.place.step} of ${this.#totalSteps} from ${this.keeper.directory}`,
      );
    }
  }

  /** Its time does not count as training. */
  async #measure(batch: Batch, options: MeasureOptions): Promise<void> {
    const start = this.#now();
    const label = `train ${Object.values(batch.bindings).join("x")}`;
    options.onMeasured(await measureStep(this.#steps.main, label, () => this.#steps.feeds(batch), options));
    this.#startedAt += this.#now() - start;
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
    const metrics = await this.#evaluate();
    if (signal?.aborted && this.#evaluator && !metrics) return await this.#interrupt();
    await this.#finishEpoch(batches, metrics);
    return true;
  }

  async #step(batches: Batches): Promise<void> {
    const { step, batch, epoch } = this.#place;
    const parts = this.#partsOf(batches);
    await this.#steps.make(parts, () => this.#reportMemory());
    this.#place = { ...this.#place, step: step + 1, batch: batch + parts.length };
    this.#progress.update({
      step: step + 1,
      totalSteps: this.#totalSteps,
      epoch: epoch + 1,
      epochs: this.#options.epochs,
      loss: this.#records.at(-1)?.loss,
    });
  }

  /** The batches of the next step: fewer at the end of an epoch, if those before it do not come out even. */
  #partsOf(batches: Batches): Batch[] {
    const { batch } = this.#place;
    const count = Math.min(this.#options.accumulate ?? 1, batches.length - batch);
    return Array.from({ length: count }, (_, i) => batches.at(batch + i));
  }

  /** Reads back the outputs of the steps since the last time, in their order. */
  async #drain(): Promise<void> {
    const first = this.#place.step - this.#steps.pending;
    let { epochLossSum, skippedSteps = 0 } = this.#place;
    for (const [i, outputs] of (await this.#steps.read()).entries()) {
      const { loss, gradNorm, nonFinite, lossScale = 1 } = outputs;
      // A smaller scale helps a gradient that does not fit, but no loss that does not.
      const skipped = nonFinite !== 0 && lossScale > 1;
      const step = first + i + 1;
      const learningRate = this.#schedule.at(first + i);
      const record = { step, epoch: this.#place.epoch + 1, loss, gradNorm, learningRate, skipped };
      if (!Number.isFinite(loss) || (nonFinite !== 0 && !skipped)) throw this.#notFinite(record, nonFinite);
      epochLossSum += loss;
      if (skipped) skippedSteps++;
      this.#records.push(record);
      this.#report(() => this.#options.callbacks?.onStep?.(record));
    }
    this.#place = { ...this.#place, epochLossSum, ...(skippedSteps > 0 && { skippedSteps }) };
  }

  async #evaluate(): Promise<Metrics | undefined> {
    const { evaluation, signal } = this.#options;
    if (!this.#evaluator || !evaluation) return undefined;
    const evaluated = await this.#evaluator.run(evaluation.batches, { signal });
    if (!evaluated) return undefined;
    try {
      return { loss: evaluated.loss, ...evaluation.score(evaluated) };
    } catch (error) {
      // An epoch whose outputs cannot be scored, such as NaN, is not kept.
      if (!(error instanceof UserError)) throw error;
      const at = `Training stopped at the evaluation after epoch ${this.#place.epoch + 1}`;
      throw new TrainingError(`${at}: ${error.message}. ${this.#advice()}`, { cause: error });
    }
  }

  async #finishEpoch(batches: Batches, evaluation: Metrics | undefined): Promise<void> {
    const { epochs, patience, checkpoint } = this.#options;
    const { step } = this.#place;
    const epoch = this.#place.epoch + 1;
    const record: EpochRecord = {
      epoch,
      step,
      trainLoss: this.#place.epochLossSum / Math.ceil(batches.length / (this.#options.accumulate ?? 1)),
      ...(evaluation && { evaluation }),
    };
    let parameters: Record<string, HostTensor> | undefined;
    if (isBetter(record, { best: this.#best?.record, before: this.#place.epochs, by: this.#bestBy })) {
      parameters = await this.#readFinite(this.#kept);
      this.#best = { record, parameters };
      await this.keeper.saveBest(step, parameters);
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
    if (checkpoint) await this.#save(parameters);
    this.#progress.line(describeEpoch(record, { epochs, best: this.#best?.record === record }));
    this.#report(() => this.#options.callbacks?.onEpoch?.(record));
  }

  async #interrupt(): Promise<false> {
    await this.#drain();
    if (this.#options.checkpoint) await this.#save();
    this.#progress.line(this.keeper.interrupted(this.#place.step, this.#totalSteps));
    return false;
  }

  /** Writes a checkpoint; `known` are states that were read since the last step, so that no large one is read twice. */
  async #save(known: Readonly<Record<string, HostTensor>> = {}): Promise<void> {
    const others = this.#states.flatMap(({ name }) => Object.hasOwn(known, name!) ? [] : [name!]);
    const states = { ...known, ...await this.#readFinite(others) };
    this.#place = { ...this.#place, seconds: this.#seconds() };
    const path = await this.keeper.save({ states, place: this.#place });
    this.#report(() => this.#options.callbacks?.onCheckpoint?.(path, this.#place.step));
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
    const tensor = this.#training.trained[nonFinite - 1];
    const where = tensor === undefined
      ? "every gradient is finite"
      : `the first tensor with a bad gradient is "${tensor}"`;
    return new TrainingError(
      `Training stopped at step ${record.step} (epoch ${record.epoch}): ${found}; ${where}. ${this.#advice()}`,
    );
  }

  #advice(): string {
    const f32 = this.#options.precision === "f16" ? ", or precision f32" : "";
    const rate = Math.max(
      ...Array.from({ length: 100 }, (_, i) => this.#schedule.at(i * this.#totalSteps / 100)),
    );
    return `${this.keeper.lastGood()}. Try a lower learning rate (it is ${
      Number(rate.toPrecision(3))
    }) or a longer warm-up${f32}`;
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
    this.#report(() =>
      this.#options.callbacks?.onMemory?.({ parameters: this.#parameterCount, stateBytes, workBytes })
    );
  }

  #report(call: () => void): void {
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
    const parameters = this.#best?.parameters ?? await this.#readFinite(this.#kept);
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
      ...(this.#options.checkpoint && { checkpoint: this.keeper.path }),
    };
  }
}

/** What decides a run's losses: a checkpoint resumes only under the same. */
function settingsOf(options: TrainOptions, step: StepOptions): Settings {
  const { optimiser, schedule, accumulate = 1, precision = "f32", maxGradNorm } = step;
  return {
    ...options.checkpoint?.identity,
    epochs: options.epochs,
    seed: options.seed ?? 0,
    optimiser: { name: optimiser.name, ...optimiser.settings },
    schedule: { ...schedule.settings },
    accumulate,
    precision,
    maxGradNorm,
  };
}

/** A batch of the shape that is compiled first. */
function largestOf(batches: Batches): Batch {
  const wanted = JSON.stringify(batches.largest);
  for (const batch of batches) if (JSON.stringify(batch.bindings) === wanted) return batch;
  return batches.at(0);
}
