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
import { createTurns } from "../base/turns.ts";
import { numeric, sizeOf } from "../graph/shape.ts";
import { initialStates } from "../nn/init.ts";
import type { Batch, Batches } from "../nn/batch.ts";
import { adamw } from "../nn/optim/adamw.ts";
import { linear, type Schedule } from "../nn/optim/schedule.ts";
import type { BestBy } from "../base/best_by.ts";
import {
  bestEpoch,
  describeEpoch,
  type EpochRecord,
  epochsWithoutGain,
  latestGoodEpoch,
  type Metrics,
} from "./best.ts";
import { type KeptEpoch, lockCheckpoint, type RunPlace, type Settings } from "./checkpoint.ts";
import { ResumeError, TrainingError } from "./errors.ts";
import { createEvaluator, type Evaluator } from "./evaluator.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import { type MeasureOptions, measureStep } from "./measure.ts";
import { checkOptions, type StepRecord, type TrainOptions, type TrainResult } from "./options.ts";
import { createProgress, type Progress } from "./progress.ts";
import { askedFor, averageParameters, candidates, type Choice } from "./retention.ts";
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

type Parameters = Record<string, HostTensor>;

/** One sitting of a training run. */
class Run {
  readonly keeper: Keeper;
  readonly #options: TrainOptions;
  readonly #totalSteps: number;
  readonly #schedule: Schedule;
  readonly #training: TrainingGraph;
  readonly #choice: Choice;
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
  /** The parameters of the epochs that the run may give, by step. */
  readonly #held = new Map<number, Parameters>();
  readonly #losses: number[] = [];
  #place: RunPlace = {
    run: crypto.randomUUID().replaceAll("-", "").slice(0, 16),
    step: 0,
    epoch: 0,
    batch: 0,
    epochLossSum: 0,
    epochs: [],
    kept: [],
    seconds: 0,
    finished: false,
  };
  readonly #turns = createTurns();
  #workBytes = 0;
  #warned = false;
  #startedAt: number;
  #secondsBefore = 0;

  constructor(options: TrainOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#startedAt = this.#now();
    const { bestBy: by = { metric: "loss", better: "lower" }, keep, use } = options;
    this.#choice = { by, keep, use };
    this.#totalSteps = totalStepsOf(options);
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
    this.keeper = createKeeper(options, { states: this.#states, settings: settingsOf(options, step, by) });
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
      this.#evaluator = createEvaluator(backend, model, {
        share: this.#steps.main,
        passes,
        reads: this.#options.evaluation.reads,
      });
    }
    const resumed = await this.keeper.resume();
    if (resumed) {
      this.#checkUse(resumed.place);
      for (const { step } of candidates(resumed.place.epochs, this.#choice)) {
        const kept = resumed.place.kept.find((epoch) => epoch.step === step);
        if (kept) this.#held.set(step, await this.keeper.loadEpoch(kept));
      }
      await this.#steps.main.write(resumed.states);
      this.#place = resumed.place;
      this.#losses.push(...resumed.losses);
      this.#secondsBefore = resumed.place.seconds;
      this.#progress.line(
        `resumed at step ${resumed.place.step} of ${this.#totalSteps} from ${this.keeper.directory}`,
      );
    }
  }

  /** Refuses to give an epoch that is over and was not kept, before the work. */
  #checkUse({ epochs, kept }: RunPlace): void {
    const { use } = this.#choice;
    if (typeof use !== "number") return;
    const record = epochs.find(({ epoch }) => epoch === use);
    if (!record || kept.some(({ step }) => step === record.step)) return;
    const there = epochs.filter(({ step }) => kept.some((epoch) => epoch.step === step));
    throw new ResumeError(
      `Cannot take the parameters of epoch ${use}: they were not kept. Those of ${
        there.map(({ epoch }) => `epoch ${epoch}`).join(", ") || "no epoch"
      } were`,
    );
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
    const isOver = () => this.#place.batch === batches.length || this.#place.step === this.#totalSteps;
    while (!isOver()) {
      if (signal?.aborted) return await this.#interrupt();
      await this.#step(batches);
      const { step } = this.#place;
      const due = checkpoint && step % (checkpoint.everySteps ?? 100) === 0;
      if (due || step % drainEvery === 0 || isOver()) {
        await this.#drain();
        // A backend that computes in this thread lets no signal in, nor does a run that writes no checkpoint.
        if (signal) await this.#turns.give();
      }
      if (due && !isOver()) await this.#save();
    }
    const metrics = await this.#evaluate();
    if (signal?.aborted && this.#evaluator && !metrics) return await this.#interrupt();
    await this.#finishEpoch(metrics);
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
      this.#losses.push(loss);
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

  async #finishEpoch(evaluation: Metrics | undefined): Promise<void> {
    const { epochs: last, patience, minDelta, checkpoint, accumulate = 1 } = this.#options;
    const { step, batch, epochLossSum } = this.#place;
    const epoch = this.#place.epoch + 1;
    const trainLoss = epochLossSum / Math.ceil(batch / accumulate);
    const record: EpochRecord = { epoch, step, trainLoss, ...(evaluation && { evaluation }) };
    const epochs = [...this.#place.epochs, record];
    const { parameters, kept } = await this.#keep(record, epochs);
    const waited = epochsWithoutGain(epochs, this.#choice.by, minDelta);
    this.#place = {
      ...this.#place,
      epoch,
      batch: 0,
      epochLossSum: 0,
      epochs,
      kept,
      finished: epoch >= last || step >= this.#totalSteps || (patience !== undefined && waited >= patience),
    };
    if (checkpoint) await this.#save(parameters);
    const best = bestEpoch(epochs, this.#choice.by) === record;
    this.#progress.line(describeEpoch(record, { epochs: last, best }));
    this.#report(() => this.#options.callbacks?.onEpoch?.(record));
  }

  /** Reads an epoch's parameters where they may be wanted, and lets those go that are not wanted any more. */
  async #keep(
    record: EpochRecord,
    epochs: readonly EpochRecord[],
  ): Promise<{ parameters?: Parameters; kept: readonly KeptEpoch[] }> {
    const held = new Set(candidates(epochs, this.#choice).map(({ step }) => step));
    const wanted = new Set([...held, ...askedFor(epochs, this.#choice).map(({ step }) => step)]);
    for (const step of this.#held.keys()) if (!held.has(step)) this.#held.delete(step);
    const kept = this.#place.kept.filter(({ step }) => wanted.has(step));
    if (!wanted.has(record.step)) return { kept };
    const { run } = this.#place;
    const parameters = await this.#readFinite(this.#kept);
    if (held.has(record.step)) this.#held.set(record.step, parameters);
    if (!this.#options.checkpoint) return { parameters, kept };
    return {
      parameters,
      kept: [...kept, await this.keeper.saveEpoch({ run, step: record.step, parameters })],
    };
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
    const losses = Float32Array.from(this.#losses);
    const path = await this.keeper.save({ states, place: this.#place, losses });
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
    const rate = this.#highestRate();
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
    const { epoch, step, skippedSteps = 0 } = this.#place;
    const isWhole = epoch >= epochs || step >= this.#totalSteps;
    const status = interrupted ? "interrupted" : isWhole ? "finished" : "stopped early";
    const seconds = interrupted || this.#records.length > 0 ? this.#seconds() : this.#secondsBefore;
    if (!interrupted) {
      this.#progress.line(`${status} after ${step} steps in ${formatDuration(seconds * 1000)}`);
      if (skippedSteps > 0) {
        this.#progress.line(`${skippedSteps} of the steps were skipped: a gradient did not fit in f16`);
      }
    }
    const { parameters, best } = await this.#given({ isWhole });
    return {
      status,
      parameters,
      best,
      epochs: this.#place.epochs,
      kept: this.#place.epochs.filter((epoch) => this.#place.kept.some((kept) => kept.step === epoch.step)),
      steps: this.#records,
      losses: this.#losses,
      step,
      skippedSteps,
      seconds,
      memory: { parameters: this.#parameterCount, ...this.#steps.memory() },
      ...(this.#options.checkpoint && { checkpoint: this.keeper.path }),
    };
  }

  /** The parameters that the run gives, and the epoch that they are of. */
  async #given({ isWhole }: { isWhole: boolean }): Promise<{ parameters: Parameters; best?: EpochRecord }> {
    const { epochs } = this.#place;
    const { by, use } = this.#choice;
    if (use === "average" && epochs.length > 0) return { parameters: await this.#average() };
    const best = bestEpoch(epochs, by);
    // A run that was stopped early has never come to the low learning rates that make a later epoch better than it looks.
    const latest = isWhole && this.#isAnnealed() ? latestGoodEpoch(epochs, by) : best;
    const named = use === "best"
      ? best
      : use === "last"
      ? undefined
      : epochs.find(({ epoch }) => epoch === use);
    const chosen = use === undefined ? latest : named;
    const parameters = chosen && this.#held.get(chosen.step);
    if (!parameters) return { parameters: await this.#readFinite(this.#kept), best: epochs.at(-1) };
    if (use === undefined && chosen !== best && isWhole) {
      this.#progress.line(
        `epoch ${chosen.epoch} is taken: its ${by.metric} is within ${by.tolerance} of that of epoch ${
          best!.epoch
        }, and the learning rate has come down since`,
      );
    }
    return { parameters, best: chosen };
  }

  async #average(): Promise<Parameters> {
    const asked = askedFor(this.#place.epochs, this.#choice);
    const kept = this.#place.kept.filter(({ step }) => asked.some((epoch) => epoch.step === step));
    const all: Parameters[] = [];
    for (const epoch of kept) all.push(this.#held.get(epoch.step) ?? await this.keeper.loadEpoch(epoch));
    this.#progress.line(`the mean of ${asked.map(({ epoch }) => `epoch ${epoch}`).join(", ")} is taken`);
    return averageParameters(all);
  }

  /** Whether the learning rate ends at less than half of where it was. */
  #isAnnealed(): boolean {
    return this.#schedule.at(this.#totalSteps - 1) < 0.5 * this.#highestRate();
  }

  #highestRate(): number {
    return Math.max(...Array.from({ length: 100 }, (_, i) => this.#schedule.at(i * this.#totalSteps / 100)));
  }
}

/** The steps of a whole run. */
function totalStepsOf({ batches, accumulate = 1, epochs, maxSteps = Infinity }: TrainOptions): number {
  return Math.min(Math.ceil(batches(0).length / accumulate) * epochs, maxSteps);
}

/** What decides a run's losses: a checkpoint resumes only under the same. */
function settingsOf(options: TrainOptions, step: StepOptions, bestBy: BestBy): Settings {
  const { maxSteps = null, patience = null, minDelta = 0, keep } = options;
  const { optimiser, schedule, accumulate = 1, precision = "f32", maxGradNorm } = step;
  return {
    epochs: options.epochs,
    seed: options.seed ?? 0,
    optimiser: { name: optimiser.name, ...optimiser.settings },
    schedule: { ...schedule.settings },
    accumulate,
    precision,
    maxGradNorm,
    maxSteps,
    patience,
    minDelta,
    bestBy: { ...bestBy },
    keep: keep ? { ...keep } : null,
    ...options.checkpoint?.identity,
  };
}

/** A batch of the shape that is compiled first. */
function largestOf(batches: Batches): Batch {
  const wanted = JSON.stringify(batches.largest);
  for (const batch of batches) if (JSON.stringify(batch.bindings) === wanted) return batch;
  return batches.at(0);
}
