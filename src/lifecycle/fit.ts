/**
 * Training a prepared model, and judging it on the parts that were held out.
 *
 * @module
 */
import { architectureOf, type FittedWeights, fitWeights } from "../../models/index.ts";
import { listNames } from "../../models/weights.ts";
import { type Backend, BackendError } from "../backend/interface.ts";
import { bucketLengths } from "../data/buckets.ts";
import type { Batches } from "../nn/batch.ts";
import { freeze } from "../graph/passes/freeze.ts";
import type { Pass } from "../graph/node.ts";
import type { HostTensor } from "../graph/graph.ts";
import { adamw } from "../nn/optim/adamw.ts";
import { collate } from "../tasks/collate.ts";
import { architectureStates, forwardGraph, type ModelSpec, trainableModel } from "../tasks/model.ts";
import { servedTasks } from "../tasks/served.ts";
import { judgingOf, type RowOutputs, type Scores } from "../tasks/task.ts";
import { trainedTasks } from "../tasks/trained.ts";
import { sha256 } from "../base/hash.ts";
import type { Json } from "../base/json.ts";
import type { Settings } from "../train/checkpoint.ts";
import { TrainingError } from "../train/errors.ts";
import { createEvaluator, type Evaluated } from "../train/evaluator.ts";
import type { MeasureOptions } from "../train/measure.ts";
import type { TrainCallbacks, TrainResult } from "../train/options.ts";
import type { EvaluationGraphOptions } from "../train/step.ts";
import { train } from "../train/trainer.ts";
import { InterruptedError, LifecycleError } from "./errors.ts";
import { bestByOf, classWeightsOf, epochRows, loopSchedule } from "./loop_options.ts";
import { memoryAdvice } from "./memory.ts";
import { configJsonOf, type TrainingOptions } from "./options.ts";
import type { Prepared, PreparedRow } from "./prepare.ts";
import { hasHead, type Pretrained } from "./pretrained.ts";
import type { Reporter } from "./reporter.ts";
import { tokenizerIdentity } from "./tokenizer.ts";

/** What is trained, how, and where its checkpoint goes. */
export interface FitOptions extends TrainingOptions {
  readonly backend: Backend;
  readonly pretrained?: Pretrained;
  /** Folder of the checkpoint; without it nothing is written, and nothing can be resumed. */
  readonly checkpoints?: string;
  readonly resume: boolean;
  /** Kept in the checkpoint for whoever resumes. */
  readonly note: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly measure?: MeasureOptions;
  readonly callbacks: TrainCallbacks;
  readonly output: Reporter;
}

/**
 * Trains a model on the training part; the validation part chooses the epoch.
 *
 * @throws {InterruptedError} when training was stopped by the signal: the checkpoint is where `resume` goes on.
 * @throws {TrainingError} when it does not fit in the device's memory, with what takes less.
 */
export async function fit(spec: ModelSpec, data: Prepared, options: FitOptions): Promise<TrainResult> {
  const { output, weightDecay, labelSmoothing, backend, seed } = options;
  const targets = data.parts.train.map(({ row }) => row.target);
  const { headline } = judgingOf(servedTasks[spec.task], targets);
  const classWeights = classWeightsOf(options, spec.head, data.parts.train.map(({ target }) => target));
  const ofBatches = { batchSize: options.batchSize, classWeights };
  const start = startOf(spec, options);
  if (options.pretrained) output.progress(describeStart(start, options.pretrained));
  const rescaling = trainedTasks[spec.task].rescaling?.(architectureOf(spec.config), spec.head);
  const result = await train({
    backend,
    model: trainableModel(spec, { labelSmoothing, classWeights }),
    passes: rescaling ? [...start.passes, rescaling.pass] : start.passes,
    initial: rescaling?.unfold(start.states) ?? start.states,
    batches(epoch) {
      const rows = epochRows(spec, data.parts.train, { ...options, epoch });
      return batchesOf(spec, data, rows, { ...ofBatches, seed, epoch });
    },
    evaluation: {
      batches: batchesOf(spec, data, data.parts.validation, ofBatches),
      reads: "decisions",
      score(evaluated) {
        const { metrics } = judge(spec, data.parts.validation, evaluated, { reads: "decisions" });
        // A correlation, for one, is not there where all targets are alike.
        return Object.fromEntries(
          headline.flatMap((name) => Object.hasOwn(metrics, name) ? [[name, metrics[name].value]] : []),
        );
      },
    },
    epochs: options.epochs,
    maxSteps: options.maxSteps,
    patience: options.patience,
    minDelta: options.minDelta,
    bestBy: bestByOf(options, targets),
    keep: options.keepCheckpoints,
    use: options.useEpoch,
    seed,
    optimiser: adamw({ weightDecay }),
    schedule: (totalSteps) => loopSchedule(options, totalSteps),
    maxGradNorm: options.gradClip,
    accumulate: options.accumulate,
    precision: options.precision,
    checkpointGradients: options.checkpointGradients,
    checkpoint: options.checkpoints === undefined ? undefined : {
      directory: options.checkpoints,
      resume: options.resume,
      note: options.note,
      identity: identityOf(spec, data, { ...options, classWeights: classWeights ?? null }),
    },
    signal: options.signal,
    profile: options.measure,
    progress: { write: (text) => output.draw(text), isTerminal: output.terminal },
    callbacks: options.callbacks,
  }).catch((error) => {
    const cause = error.cause ?? error;
    if (!(cause instanceof BackendError && cause.outOfMemory)) throw error;
    throw new TrainingError(`${error.message}. ${memoryAdvice(options, backend)}`, { cause: error });
  });
  if (result.status === "interrupted") {
    // Where it is saved and how to go on was said when it stopped.
    throw new InterruptedError(`training was interrupted at step ${result.step}`);
  }
  return rescaling ? { ...result, parameters: rescaling.fold(result.parameters) } : result;
}

/** What must be the same for a checkpoint to go on, besides what the trainer knows itself. */
function identityOf(
  spec: ModelSpec,
  data: Prepared,
  options: Omit<FitOptions, "classWeights"> & { readonly classWeights: readonly number[] | null },
): Settings {
  const { batchSize, labelSmoothing, pretrained, freezeTrunk, maxTokens, backend } = options;
  const { checkpointGradients, classWeights, oversample } = options;
  return {
    task: spec.task,
    dataHash: data.hash,
    // Only where there are any, so that checkpoints without them go on.
    ...(data.cleaned.textSteps.length > 0 && { cleaning: [...data.cleaned.textSteps] }),
    division: data.division.identity,
    config: configJsonOf(spec.config) as Record<string, Json>,
    head: spec.head as Json,
    maxTokens,
    batchSize,
    labelSmoothing,
    classWeights,
    oversample,
    base: pretrained?.hash ?? null,
    tokenizer: tokenizerIdentity(data.tokenizerFiles.tokenizer, options),
    freezeTrunk,
    checkpointGradients,
    device: backend.device,
    encodedRows: encodedHash(data),
  };
}

/** Of what is fed: it depends on the split, the cleaning and the tokenizer, whatever options those have. */
function encodedHash({ parts }: Pick<Prepared, "parts">): string {
  const lines = function* (): Generator<string> {
    for (const [name, rows] of Object.entries(parts)) {
      yield `${name}\n`;
      for (const { encodings, target } of rows as readonly PreparedRow[]) {
        const fed = ArrayBuffer.isView(target) ? Array.from(target as unknown as ArrayLike<number>) : target;
        yield `${
          JSON.stringify([encodings.map(({ ids, typeIds }) => [Array.from(ids), Array.from(typeIds)]), fed])
        }\n`;
      }
    }
  };
  return `sha256:${sha256(lines())}`;
}

/**
 * What a checkpoint gives the model to start from, and what of it is frozen. The body must be there. Of the head it takes
 * what fits, if it is the same head: a classifier of other labels would only mislead.
 *
 * @throws {ModelError} listing the tensors of the body that the checkpoint lacks, and those that it has instead.
 */
export function startOf(
  spec: ModelSpec,
  { pretrained, freezeTrunk }: Pick<FitOptions, "pretrained" | "freezeTrunk">,
): { passes: Pass[] } & FittedWeights {
  if (!pretrained) {
    if (freezeTrunk) {
      throw new LifecycleError("a frozen trunk needs a checkpoint to come from: give --from, too");
    }
    return { passes: [], states: {}, missing: [], unexpected: [] };
  }
  const { body, pooling } = architectureStates(spec.config);
  const strict = (name: string) => body.has(name);
  const { states, missing, unexpected } = fitWeights(forwardGraph(spec), pretrained.tensors, {
    architecture: architectureOf(spec.config),
    strict,
  });
  const others = hasHead(pretrained, spec)
    ? []
    : Object.keys(states).filter((name) => !body.has(name) && !pooling.has(name));
  for (const name of others) delete states[name];
  const passes = freezeTrunk ? [freeze(strict)] : [];
  return { passes, states, missing: [...missing, ...others], unexpected: [...unexpected, ...others] };
}

/** A line about what a checkpoint brought. */
function describeStart({ states, missing, unexpected }: FittedWeights, { name }: Pretrained): string {
  return `starting from ${name}: ${Object.keys(states).length} tensors` +
    `${missing.length > 0 ? `; new: ${listNames(missing)}` : ""}${
      unexpected.length > 0 ? `; not used: ${listNames(unexpected)}` : ""
    }`;
}

/** What the shapes of batches depend on: the lengths of the training part. */
type BatchData = Pick<Prepared, "parts" | "maxTokens" | "tokenizer">;

/** A part's batches, in a random order where a seed is given. */
export function batchesOf(
  { task, head }: ModelSpec,
  data: BatchData,
  rows: readonly PreparedRow[],
  options: {
    readonly batchSize: number;
    readonly seed?: number;
    readonly epoch?: number;
    readonly classWeights?: readonly number[];
  },
): Batches {
  const lengths = data.parts.train.flatMap(({ encodings }) => encodings.map(({ ids }) => ids.length));
  const longest = rows.reduce(
    (most, { encodings }) => Math.max(most, ...encodings.map(({ ids }) => ids.length)),
    0,
  );
  return collate(rows, {
    // A batch is no larger than the data.
    batchSize: Math.min(options.batchSize, Math.max(rows.length, 1)),
    bucketLengths: bucketLengths(lengths, data.maxTokens, { longest }),
    padId: data.tokenizer.padId,
    seed: options.epoch === undefined ? undefined : options.seed,
    epoch: options.epoch,
    targets: (targets, size) =>
      trainedTasks[task].padTargets(targets, size, head, { classWeights: options.classWeights }),
  });
}

/** A row of a part, what the model gave for its texts, and the answers that is. */
export interface AnsweredRow {
  readonly row: PreparedRow;
  readonly outputs: readonly RowOutputs[];
  readonly answers: readonly unknown[];
}

/** What a model answers for evaluated rows; of decisions, as far as the answers are judged by them. */
export function answersOf(
  { task, head }: ModelSpec,
  rows: readonly PreparedRow[],
  evaluated: Evaluated,
  { reads = "outputs" }: Pick<EvaluationGraphOptions, "reads"> = {},
): AnsweredRow[] {
  const { decisions } = trainedTasks[task];
  const decode = reads === "decisions" && decisions ? decisions.answer : servedTasks[task].decode;
  return Array.from(evaluated.rows, (index, i) => {
    const row = rows[index];
    const answers = evaluated.outputs[i].map((outputs, q) =>
      decode(outputs, { query: row.row.queries[q], encoding: row.encodings[q], head })
    );
    return { row, outputs: evaluated.outputs[i], answers };
  });
}

/** How good a model's outputs for rows are. */
export function judge(
  spec: ModelSpec,
  rows: readonly PreparedRow[],
  evaluated: Evaluated,
  { reads, ...options }: Pick<EvaluationGraphOptions, "reads"> & { readonly resamples?: number } = {},
): Scores {
  const answered = answersOf(spec, rows, evaluated, { reads });
  return servedTasks[spec.task].judge(
    answered.map(({ row }) => row.row.target),
    answered.map(({ answers }) => answers),
    { head: spec.head, ...options },
  );
}

/** Runs a trained model over lists of rows. */
export async function evaluateRows(
  spec: ModelSpec,
  data: BatchData,
  lists: readonly (readonly PreparedRow[])[],
  options: {
    readonly backend: Backend;
    readonly batchSize: number;
    readonly weights: Readonly<Record<string, HostTensor>>;
  },
): Promise<Evaluated[]> {
  const evaluator = createEvaluator(options.backend, trainableModel(spec));
  try {
    await evaluator.load(options.weights);
    const evaluated: Evaluated[] = [];
    // Only an aborted signal ends an evaluation early, and none was given.
    const { batchSize } = options;
    for (const rows of lists) {
      evaluated.push((await evaluator.run(batchesOf(spec, data, rows, { batchSize })))!);
    }
    return evaluated;
  } finally {
    await evaluator.dispose();
  }
}
