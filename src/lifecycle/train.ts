/**
 * From rows of data to a registered bundle: preparation, training, evaluation, baseline, export, registration. What
 * `weir train` and `weir demo` do.
 *
 * @module
 */
import { join } from "node:path";
import type { Backend } from "../backend/interface.ts";
import { plural } from "../base/format.ts";
import { lockFile } from "../base/lock.ts";
import type { EvaluationOrigin } from "../bundle/manifest.ts";
import type { Baseline } from "../drift/mod.ts";
import { checkName } from "../registry/names.ts";
import { explainStorageError } from "../store/errors.ts";
import { openStore, type Store } from "../store/sqlite.ts";
import { forwardGraph, type ModelSpec } from "../tasks/model.ts";
import { servedTasks } from "../tasks/served.ts";
import { type Columns, judgingOf, type Row, type Scores } from "../tasks/task.ts";
import { trainedTasks } from "../tasks/trained.ts";
import { createRun, endAbandonedRuns, type Run } from "../track/runs.ts";
import { hasCheckpoint, hasKeptEpochs, readCheckpointNote } from "../train/checkpoint.ts";
import type { MeasureOptions } from "../train/measure.ts";
import type { TrainResult } from "../train/options.ts";
import { describeKept, describeLast, moreEpochs } from "./advice.ts";
import { baselineOf, unwatchedIn } from "./baseline.ts";
import { crossValidate } from "./cross_validate.ts";
import { type DivisionOptions, divisionSettings } from "./division.ts";
import { InterruptedError, LifecycleError } from "./errors.ts";
import { bundleFiles } from "./export.ts";
import { fingerprintsFile, seenRows } from "./fingerprints.ts";
import { evaluateRows, fit, judge, startOf } from "./fit.ts";
import { type Folds, prepareFolds } from "./folds.ts";
import { checkLoop, classWeightsOf } from "./loop_options.ts";
import { checkMemory } from "./memory.ts";
import { configOf, type TrainingOptions } from "./options.ts";
import { type Parts, prepare, type Prepared, type PreparedRow } from "./prepare.ts";
import type { Pretrained } from "./pretrained.ts";
import { checkLabels, checkPublishable, publishBundle, removeLeftovers } from "./publish.ts";
import { versionLike, versionOfRun } from "./registered.ts";
import type { Reporter } from "./reporter.ts";
import { pairColumnOf } from "./rows.ts";
import { tokenizerSettings } from "./tokenizer.ts";

/** What is trained, how, and where it goes. */
export interface LifeOptions extends TrainingOptions {
  /** The registered model's name. */
  readonly name: string;
  /** What the data are called in messages. */
  readonly source: string;
  /** The columns that rows were read from, where they are called otherwise than the task calls them. */
  readonly columns?: Partial<Columns>;
  readonly home: string;
  /** Cleaning steps, such as `strip-html`: see `textSteps` and `rowSteps`. */
  readonly cleaning?: readonly string[];
  /** Whether the bundle keeps fingerprints of the rows that the model has seen; true unless given. */
  readonly fingerprints?: boolean;
  /** How rows are divided; by default a fifth is held out. */
  readonly division?: DivisionOptions;
  /** A checkpoint to start from. */
  readonly pretrained?: Pretrained;
  /** Its head, where it is one of this task. */
  readonly baseHead?: unknown;
  /** Settings of the head that were given. */
  readonly headSettings?: Readonly<Record<string, unknown>>;
  readonly resume: boolean;
  readonly bump: "major" | "minor" | "patch";
  readonly aliases: readonly string[];
  readonly signal?: AbortSignal;
  readonly backend: Backend;
  readonly output: Reporter;
  /** Where options come from that have not their default, by name: `command line`, or a file; kept in the run's record. */
  readonly origins?: Readonly<Record<string, string>>;
  /** Measures a step before the run begins. */
  readonly measure?: MeasureOptions;
}

/** What was trained, and the version it was registered as. */
export interface LifeResult {
  readonly version: string;
  readonly path: string;
  /** On rows that nothing was chosen by: see `evaluation`. */
  readonly scores: Scores;
  /** What the scores were measured on, and by which models. */
  readonly evaluation: EvaluationOrigin;
  /** The rows that were scored: the test part, or all. */
  readonly scored: readonly Row<unknown>[];
  readonly parts: Parts<PreparedRow>;
  readonly training: TrainResult;
  readonly device: string;
}

/**
 * Trains a model of any task and registers it.
 *
 * The checkpoint is removed once the bundle is registered.
 *
 * @throws {InterruptedError} when training was stopped by the signal: the checkpoint is where `resume` goes on.
 */
export async function trainAndRegister(
  rows: readonly Row<unknown>[],
  options: LifeOptions,
): Promise<LifeResult> {
  const { output, pretrained } = options;
  // First of all: that the home cannot be written should be known before the work.
  const store = openStore(join(options.home, "weir.db"));
  try {
    using _lock = await lockName(options);
    checkBeforehand(rows, options);
    const checkpoints = join(options.home, "checkpoints", options.name);
    // One training has one record, in however many sittings it was made.
    const runId = options.resume ? (await readCheckpointNote(checkpoints)).runId : undefined;
    await refuseRegistered(store, runId, checkpoints, options);
    const folds = foldsOf(rows, options);
    const data = folds?.whole ?? prepare(rows, options);
    classWeightsOf(options, data.head, []); // labels that there are not are refused before the work
    const config = pretrained?.config ?? configOf(options, data);
    const pairColumn = pairColumnOf(rows, options.columns);
    const spec: ModelSpec = { task: options.task, config, head: data.head };
    checkMemory(startOf(spec, options).passes.reduce((graph, pass) => pass(graph), forwardGraph(spec)));
    await checkPublishable({
      ...{ spec, maxTokens: data.maxTokens, pairColumn, baseModel: pretrained?.name ?? null },
      ...{ seed: options.seed, device: options.backend.device },
    }, options);
    const params = {
      ...paramsOf(options),
      ...divisionSettings(options.division),
      unknownTokens: data.unknownTokens,
    };
    if (options.resume && runId === undefined) {
      await refuseLike(store, options.name, { dataHash: data.hash, params });
    }
    if (!folds) await reportCheckpoint(checkpoints, options);
    await endAbandonedRuns(store, options.name, runId).catch(() => {}); // a record never stops a training
    const run = await createRun(store, {
      name: options.name,
      params,
      id: runId,
      onWarning: (message) => output.progress(`warning: ${message}`),
    });
    try {
      const result = await live({ spec, data, folds, checkpoints, run, pairColumn }, options);
      await run.finish("FINISHED");
      return result;
    } catch (error) {
      await run.finish(error instanceof InterruptedError ? "KILLED" : "FAILED");
      throw error;
    }
  } finally {
    await store.close();
  }
}

/** The name's lock from the first write to the registration: two trainings of one name have one checkpoint and one version. */
async function lockName({ home, name }: LifeOptions): Promise<Disposable> {
  const path = join(home, "checkpoints", `.${checkName("model", name)}.lock`);
  try {
    return await lockFile(path, {
      refusal: ({ who, since }) =>
        `Cannot train ${name}: ${who} has been training it${since ? ` since ${since}` : ""}. ` +
        "Wait until that is done, end it, or give another --name or --home",
    });
  } catch (error) {
    throw explainStorageError(error, `lock ${name} for training`, path);
  }
}

/** What is wrong with options and labels, before anything is computed. */
function checkBeforehand(rows: readonly Row<unknown>[], options: LifeOptions): void {
  const { task, source, baseHead } = options;
  const head = trainedTasks[task].headOf(rows, source, baseHead);
  checkLabels((head as { labels?: readonly string[] }).labels ?? [], source);
  checkLoop(options, rows.map(({ target }) => target));
}

/**
 * The folds of a cross-validation, where there is to be one. It writes no checkpoint: that of one training among many would be of
 * little use.
 *
 * @throws {LifecycleError} for what needs a checkpoint.
 */
function foldsOf(rows: readonly Row<unknown>[], options: LifeOptions): Folds | undefined {
  const folds = options.division?.folds;
  if (folds === undefined) return undefined;
  if (options.resume) {
    throw new LifecycleError("a cross-validation keeps no checkpoint to resume: it begins anew");
  }
  if (options.keepCheckpoints) {
    throw new LifecycleError("a cross-validation keeps no checkpoints: leave --keep-checkpoints out");
  }
  return prepareFolds(rows, { ...options, folds });
}

/** A process that was killed after the registration has left its checkpoint: to go on from it would register it once more. */
async function refuseRegistered(
  store: Store,
  runId: string | undefined,
  checkpoints: string,
  { name, home, output, useEpoch }: LifeOptions,
): Promise<void> {
  if (runId === undefined || useEpoch !== undefined) return;
  const version = await versionOfRun(store, name, runId);
  if (version === undefined) return;
  const kept = await hasKeptEpochs(checkpoints);
  if (!kept) await removeLeftovers(checkpoints, output);
  const what = kept
    ? "To register another of its epochs, give --use-epoch, too"
    : "The checkpoint that was left over is removed now";
  throw new LifecycleError(
    `there is nothing to resume: the run in ${
      join(home, "checkpoints", name)
    } is registered as ${name} ${version}. ${what}`,
  );
}

/** A training that ended leaves no checkpoint: resuming it once more would register it once more. */
async function refuseLike(
  store: Store,
  name: string,
  like: Parameters<typeof versionLike>[2],
): Promise<void> {
  const version = await versionLike(store, name, like);
  if (version === undefined) return;
  throw new LifecycleError(
    `there is nothing to resume: the training of these data and options is registered as ${name} ${version}. ` +
      "Leave --resume out to train once more",
  );
}

/** What the steps of one life share. */
interface Life {
  readonly spec: ModelSpec;
  readonly data: Prepared;
  readonly folds: Folds | undefined;
  /** Folder of the checkpoint. */
  readonly checkpoints: string;
  readonly run: Run;
  readonly pairColumn: string | null;
}

async function reportCheckpoint(
  checkpoints: string,
  { resume, output, useEpoch }: LifeOptions,
): Promise<void> {
  const there = await hasCheckpoint(checkpoints);
  if (resume && !there) {
    if (typeof useEpoch === "number") {
      throw new LifecycleError(
        `Cannot resume: there is no checkpoint in ${checkpoints} to take epoch ${useEpoch} from. Leave --resume out to train ` +
          "anew; --keep-checkpoints keeps the epochs of a training",
      );
    }
    output.progress(`no checkpoint in ${checkpoints}: beginning anew`);
  }
  if (!resume && there) {
    output.progress(
      `replacing the checkpoint in ${checkpoints}; with --resume, training would go on from it`,
    );
  }
}

async function live(life: Life, options: LifeOptions): Promise<LifeResult> {
  const { spec, data, folds, run, checkpoints } = life;
  const { output, backend } = options;
  const crossed = folds && await crossValidate(folds, {
    ...options,
    onFold: (fold, metrics) => run.logMetrics(fold, prefixed("fold", metrics)),
  });
  if (crossed) output.progress(describeLast(crossed, data));
  const training = await fit(spec, data, {
    ...options,
    checkpoints: crossed ? undefined : checkpoints,
    note: { runId: run.id },
    callbacks: {
      onStep: ({ step, loss, gradNorm, learningRate }) =>
        run.logMetrics(step, { loss, gradNorm, learningRate }),
      onEpoch: ({ epoch, step, trainLoss, evaluation = {} }) =>
        run.logMetrics(step, { epoch, "train/loss": trainLoss, ...prefixed("validation", evaluation) }),
    },
  }).catch((error) => {
    if (!(crossed && error instanceof InterruptedError)) throw error;
    throw new InterruptedError(
      "stopped in the training on all rows: a cross-validation keeps nothing until its model is registered; " +
        "run the same command to begin anew",
    );
  });
  const hint = moreEpochs(training, options);
  if (hint !== undefined) output.progress(hint);
  const { parts } = data;
  const lists = crossed ? [parts.validation] : [parts.validation, parts.test];
  const [validation, test] = await evaluateRows(spec, data, lists, {
    ...options,
    weights: training.parameters,
  });
  const { scores, rows: scored, evaluation } = crossed ?? {
    scores: judge(spec, parts.test, test, { resamples: 1000 }),
    rows: parts.test.map(({ row }) => row),
    evaluation: { method: "held-out" as const, origin: data.division.origin },
  };
  // Of the registered model's own rows none is held out: the folds say what its tokenizer misses in rows that it has not seen.
  const unknownTokens = crossed
    ? { ...data.unknownTokens, test: crossed.unknownHeldOut }
    : data.unknownTokens;
  const { headline } = judgingOf(servedTasks[spec.task], scored.map(({ target }) => target));
  const values = Object.fromEntries(
    headline.flatMap((name) =>
      Object.hasOwn(scores.metrics, name) ? [[name, scores.metrics[name].value]] : []
    ),
  );
  run.logMetrics(training.step, prefixed(crossed ? "cross-validation" : "test", values));
  const known = options.pretrained?.fingerprints;
  const seen = known ? seenRows(scored, known).filter((where) => where !== undefined).length : 0;
  if (seen > 0) {
    output.progress(
      `warning: ${
        options.pretrained!.name
      } was trained on ${seen} of the ${scored.length} rows that were scored, or chose its ` +
        "epoch by them: the scores are too good",
    );
  }
  const baseline = baselineOf(spec, data, validation);
  if (!baseline) {
    output.progress(
      `warning: ${data.count} examples are too few for a drift baseline: this version can be served, but not watched`,
    );
  }
  const unwatched = baseline ? unwatchedIn(baseline, spec, data) : [];
  if (unwatched.length > 0) {
    output.progress(
      `warning: ${
        plural(parts.validation.length, "row")
      } to choose the epoch are too few for a reference of what only held-out texts show: ` +
        `${unwatched.join(", ")} will not be watched for drift`,
    );
  }
  const published = await publish({ training, scores, evaluation, unknownTokens, baseline }, life, options)
    .catch(
      (error) => {
        if (crossed) throw error;
        output.progress(
          `the training is done and saved: with --resume, the same command registers it without training again`,
        );
        throw error;
      },
    );
  // What it was for is registered; a later --resume must not register it again.
  if (options.keepCheckpoints) output.progress(describeKept(training.kept, checkpoints));
  else if (!crossed) await removeLeftovers(checkpoints, output);
  return { ...published, scores, evaluation, scored, parts, training, device: backend.device };
}

async function publish(
  made: {
    training: TrainResult;
    scores: Scores;
    evaluation: EvaluationOrigin;
    unknownTokens: Prepared["unknownTokens"];
    baseline: Baseline | undefined;
  },
  { spec, data, run, pairColumn }: Life,
  options: LifeOptions,
): Promise<{ version: string; path: string }> {
  const { training, scores, evaluation, unknownTokens, baseline } = made;
  const { pretrained } = options;
  return await publishBundle(
    {
      spec,
      files: {
        ...bundleFiles({ ...data, spec, weights: training.parameters, baseline }),
        ...(options.fingerprints !== false && fingerprintsFile(data.parts, pretrained)),
      },
      lineage: {
        runId: run.id,
        dataHash: data.hash,
        baseModel: pretrained?.name ?? null,
        ...(pretrained && { baseModelHash: pretrained.hash }),
        method: options.freezeTrunk ? "frozen-trunk" : "full",
        tokenizer: { ...tokenizerSettings(options), unknownTokens },
        seed: options.seed,
        device: options.backend.device,
        epochs: training.epochs.length,
        steps: training.step,
        trainSeconds: Math.round(training.seconds * 1000) / 1000,
        ...(data.cleaned.rowSteps.length > 0 && { rowSteps: data.cleaned.rowSteps }),
        rows: {
          ...{ train: data.parts.train.length, validation: data.parts.validation.length },
          test: data.parts.test.length,
        },
        evaluation,
      },
      metrics: scores.metrics,
      maxTokens: data.maxTokens,
      pairColumn,
      cleaning: data.cleaned.textSteps,
    },
    options,
  );
}

function prefixed(part: string, metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${part}/${name}`, value]));
}

/** What the run's record says of how it was made. */
function paramsOf(options: LifeOptions): Record<string, unknown> {
  const { source, backend, origins } = options;
  return { ...settingsOf(options), source, device: backend.device, ...(origins && { optionsFrom: origins }) };
}

/** The training options alone, as the run's record keeps them. */
function settingsOf(
  options: LifeOptions,
): { [K in keyof Required<TrainingOptions>]: TrainingOptions[K] } {
  const { task, modelType, vocabSize, maxTokens, layers, hiddenSize, heads, dropout } = options;
  const { epochs, batchSize, learningRate, weightDecay, labelSmoothing, seed, patience } = options;
  const { accumulate, precision, checkpointGradients, freezeTrunk } = options;
  const { schedule, warmup, maxSteps, gradClip, bestBy, minDelta } = options;
  const { classWeights, oversample, keepCheckpoints, useEpoch } = options;
  const model = { task, modelType, vocabSize, maxTokens, layers, hiddenSize, heads, dropout };
  const step = { batchSize, accumulate, precision, checkpointGradients, freezeTrunk };
  const { tokenizer, cased, stripAccents, limitAlphabet } = tokenizerSettings(options);
  const text = { tokenizer, cased, stripAccents, limitAlphabet };
  const loop = { schedule, warmup, maxSteps, gradClip, bestBy, minDelta, classWeights, oversample };
  const kept = { keepCheckpoints, useEpoch };
  return {
    ...model,
    ...text,
    ...step,
    ...loop,
    ...kept,
    epochs,
    learningRate,
    weightDecay,
    labelSmoothing,
    seed,
    patience,
  };
}
