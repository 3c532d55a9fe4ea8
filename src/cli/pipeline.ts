/**
 * From labelled texts to a registered bundle: preparation, training, evaluation, baseline, export, registration. What
 * `weir train` and `weir demo` do.
 *
 * @module
 */
import { join } from "node:path";
import { buildClassifier, configJson, type ModelConfig } from "../../models/index.ts";
import { type Backend, BackendError, type Precision } from "../backend/interface.ts";
import { collate, type CollateOptions } from "../data/collate.ts";
import type { TextExample } from "../data/example.ts";
import { type Baseline, BaselineBuilder, DriftError } from "../drift/mod.ts";
import type { ClassificationReport } from "../evaluate/classification/classification.ts";
import type { ManifestDraft } from "../registry/manifest.ts";
import { openRegistry } from "../registry/registry.ts";
import { observationOf } from "../serve/text_classification.ts";
import { openStore } from "../store/sqlite.ts";
import { createRun, type Run } from "../track/runs.ts";
import { hasCheckpoint, type Json } from "../train/checkpoint.ts";
import { createEvaluator, type Predictions, score } from "../train/evaluator.ts";
import type { MeasureOptions } from "../train/measure.ts";
import type { TrainResult } from "../train/options.ts";
import { train } from "../train/trainer.ts";
import { writeBundleFiles } from "./bundle_files.ts";
import { checkMemory, memoryAdvice } from "./memory.ts";
import { bucketLengths, modelConfig, type ModelOptions } from "./model_config.ts";
import { inferenceGraph } from "./onnx_file.ts";
import { CommandError, type Output } from "./output.ts";
import { type Parts, prepare, type Prepared } from "./prepare.ts";

/** What decides the model that comes out, besides the data. */
export interface TrainingOptions extends ModelOptions {
  readonly vocabSize: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly labelSmoothing: number;
  /** Batches whose gradients make one step. */
  readonly accumulate: number;
  /** What activations are kept in. */
  readonly precision: Precision;
  /** Whether activations are computed again instead of kept. */
  readonly checkpointGradients: boolean;
  readonly seed: number;
  /** Epochs without a better one after which to stop. */
  readonly patience?: number;
}

/** What is trained, how, and where it goes. */
export interface PipelineOptions extends TrainingOptions {
  /** The registered model's name. */
  readonly name: string;
  /** What the data are called in messages. */
  readonly source: string;
  readonly home: string;
  readonly resume: boolean;
  readonly bump: "major" | "minor" | "patch";
  readonly aliases: readonly string[];
  readonly signal?: AbortSignal;
  readonly backend: Backend;
  readonly output: Output;
  /** Measures a step before the run begins. */
  readonly measure?: MeasureOptions;
}

/** What came of it. */
export interface PipelineResult {
  readonly version: string;
  readonly path: string;
  readonly report: ClassificationReport;
  readonly parts: Parts<TextExample>;
  readonly training: TrainResult;
  readonly device: string;
}

/** A later epoch is taken unless its accuracy is that much lower: less is noise on so few examples. */
const ACCURACY_TOLERANCE = 0.02;

/**
 * Trains a text classifier and registers it.
 *
 * The checkpoint is removed once the bundle is registered.
 *
 * @throws {CommandError} when training was interrupted: the checkpoint is where `resume` goes on.
 */
export async function trainAndRegister(
  examples: readonly TextExample[],
  options: PipelineOptions,
): Promise<PipelineResult> {
  const { output } = options;
  // First of all: that the home cannot be written should be known before the work.
  const store = openStore(join(options.home, "weir.db"));
  try {
    const data = prepare(examples, options);
    const config = modelConfig(options, data);
    checkMemory(inferenceGraph(config));
    const checkpoints = join(options.home, "checkpoints", options.name);
    await sayWhereItBegins(checkpoints, options);
    const run = await createRun(store, {
      name: options.name,
      params: { ...settingsOf(options), source: options.source, device: options.backend.device },
      onWarning: (message) => output.progress(`warning: ${message}`),
    });
    try {
      const result = await runThrough({ data, config, checkpoints, run }, options);
      await run.finish("FINISHED");
      return result;
    } catch (error) {
      await run.finish(error instanceof Interrupted ? "KILLED" : "FAILED");
      throw error;
    }
  } finally {
    await store.close();
  }
}

/** Training was stopped by a signal, after a checkpoint. */
class Interrupted extends CommandError {}

/** What the steps of one run share. */
interface Work {
  readonly data: Prepared;
  readonly config: ModelConfig;
  /** Folder of the checkpoint. */
  readonly checkpoints: string;
  readonly run: Run;
}

async function sayWhereItBegins(checkpoints: string, options: PipelineOptions): Promise<void> {
  const { resume, output } = options;
  const there = await hasCheckpoint(checkpoints);
  if (resume && !there) output.progress(`no checkpoint in ${checkpoints}: beginning anew`);
  if (!resume && there) {
    output.progress(
      `replacing the checkpoint in ${checkpoints}; with --resume, training would go on from it`,
    );
  }
}

async function runThrough(work: Work, options: PipelineOptions): Promise<PipelineResult> {
  const { data, run, checkpoints } = work;
  const training = await fit(work, options);
  const { test, validation } = await predictParts(training, work, options);
  const { report } = score(test, { labels: data.labels, resamples: 1000 });
  run.logMetrics(training.step, {
    "test/accuracy": report.accuracy.value,
    "test/macroF1": report.macroF1.value,
  });
  const baseline = baselineOf(data, validation);
  if (!baseline) {
    options.output.progress(
      `warning: ${data.count} examples are too few for a drift baseline: this version can be served, but not watched`,
    );
  }
  const published = await publish({ training, report, baseline }, work, options);
  // What it was for is registered; a later --resume must not register it again.
  await Deno.remove(checkpoints, { recursive: true });
  return { ...published, report, parts: data.texts, training, device: options.backend.device };
}

async function fit(work: Work, options: PipelineOptions): Promise<TrainResult> {
  const { data, config, checkpoints, run } = work;
  const { output, learningRate, weightDecay, labelSmoothing, accumulate, precision, seed } = options;
  const shape = batchShape(data, options);
  const result = await train({
    backend: options.backend,
    build: (b, inputs, mode) => buildClassifier(b, config, inputs, mode),
    labels: data.labels,
    batches: (epoch) => collate(data.encoded.train, { ...shape, seed, epoch }),
    evaluation: collate(data.encoded.validation, shape),
    epochs: options.epochs,
    patience: options.patience,
    tolerance: ACCURACY_TOLERANCE,
    seed,
    learning: { learningRate, weightDecay, labelSmoothing, accumulate, precision },
    checkpointGradients: options.checkpointGradients,
    checkpoint: {
      directory: checkpoints,
      resume: options.resume,
      identity: {
        dataHash: data.hash,
        config: configJson(config) as Record<string, Json>,
        batchSize: options.batchSize,
      },
    },
    signal: options.signal,
    profile: options.measure,
    progress: { write: (text) => output.draw(text), isTerminal: output.terminal },
    callbacks: {
      onStep: ({ step, loss, gradNorm, learningRate }) =>
        run.logMetrics(step, { loss, gradNorm, learningRate }),
      onEpoch: ({ step, evaluation: e }) => {
        if (e) run.logMetrics(step, { "validation/loss": e.loss, "validation/accuracy": e.accuracy });
      },
    },
  }).catch((error) => {
    const cause = error.cause ?? error;
    if (!(cause instanceof BackendError && cause.outOfMemory)) throw error;
    const advice = memoryAdvice(options, options.backend);
    throw new CommandError(`${error.message}. ${advice}`, { cause: error });
  });
  if (result.status === "interrupted") {
    throw new Interrupted(`stopped at step ${result.step}; run the same command with --resume to go on`);
  }
  return result;
}

async function predictParts(
  training: TrainResult,
  { data, config }: Work,
  options: PipelineOptions,
): Promise<{ test: Predictions; validation: Predictions }> {
  const shape = batchShape(data, options);
  const evaluator = createEvaluator(options.backend, (b, inputs) => buildClassifier(b, config, inputs));
  try {
    await evaluator.load(training.parameters);
    const test = await evaluator.predict(collate(data.encoded.test, shape));
    const validation = await evaluator.predict(collate(data.encoded.validation, shape));
    // Only an aborted signal ends a prediction early, and none was given.
    return { test: test!, validation: validation! };
  } finally {
    await evaluator.dispose();
  }
}

/**
 * What live traffic is compared with: the training texts as the model sees them, and what it says of held-out ones (of
 * its training texts it is surer than it will ever be again). Nothing where there are too few.
 */
function baselineOf(
  { labels, vocabSize, encoded }: Prepared,
  predictions: Predictions,
): Baseline | undefined {
  const builder = new BaselineBuilder({ labels, vocabSize });
  for (const { text, encoding } of encoded.train) builder.observe(observationOf(text, encoding, []));
  predictions.indices.forEach((place, row) => {
    const { text, encoding } = encoded.validation[place];
    const probabilities = predictions.probabilities.subarray(row * labels.length, (row + 1) * labels.length);
    builder.observe(observationOf(text, encoding, probabilities));
  });
  try {
    return builder.build();
  } catch (error) {
    if (error instanceof DriftError) return undefined;
    throw error;
  }
}

async function publish(
  made: { training: TrainResult; report: ClassificationReport; baseline: Baseline | undefined },
  { data, config, run }: Work,
  options: PipelineOptions,
): Promise<{ version: string; path: string }> {
  const { training, report, baseline } = made;
  const manifest: ManifestDraft = {
    format: "weir-bundle/1",
    name: options.name,
    task: "text-classification",
    createdAt: new Date().toISOString(),
    lineage: {
      runId: run.id,
      dataHash: data.hash,
      baseModel: null,
      method: "full",
      seed: options.seed,
      device: options.backend.device,
      epochs: training.epochs.length,
      steps: training.step,
      trainSeconds: Math.round(training.seconds * 1000) / 1000,
    },
    metrics: {
      accuracy: report.accuracy,
      macroF1: report.macroF1,
      weightedF1: report.weightedF1,
      ...(report.binary && { [`f1.${report.binary.positive}`]: report.binary.f1 }),
    },
    labels: data.labels,
    limits: { maxTokens: options.maxTokens, maxCharacters: 1_000_000 },
  };
  const { tokenizer, config: tokenizerConfig } = data.tokenizer;
  const staging = await Deno.makeTempDir({ prefix: "weir-bundle-" });
  const registry = openRegistry(options.home);
  try {
    const weights = training.parameters;
    await writeBundleFiles(staging, { manifest, config, weights, tokenizer, tokenizerConfig, baseline });
    return await registry.publish({
      name: options.name,
      directory: staging,
      bump: options.bump,
      aliases: [...options.aliases],
    });
  } finally {
    await registry.close();
    await Deno.remove(staging, { recursive: true });
  }
}

function batchShape(data: Prepared, options: PipelineOptions): Omit<CollateOptions, "seed" | "epoch"> {
  const lengths = data.encoded.train.map((e) => e.ids.length);
  return {
    batchSize: options.batchSize,
    bucketLengths: bucketLengths(lengths, options.maxTokens),
    padId: data.padId,
  };
}

/** The training options alone, as the run's record keeps them. */
function settingsOf(
  options: PipelineOptions,
): { [K in keyof Required<TrainingOptions>]: TrainingOptions[K] } {
  const { modelType, vocabSize, maxTokens, layers, hiddenSize, heads, dropout } = options;
  const { epochs, batchSize, learningRate, weightDecay, labelSmoothing, seed, patience } = options;
  const { accumulate, precision, checkpointGradients } = options;
  const model = { modelType, vocabSize, maxTokens, layers, hiddenSize, heads, dropout };
  const step = { batchSize, accumulate, precision, checkpointGradients };
  return { ...model, ...step, epochs, learningRate, weightDecay, labelSmoothing, seed, patience };
}
