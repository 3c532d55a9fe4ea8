/**
 * From labelled texts to a registered bundle: tokenizer, training, evaluation, baseline, export, registration. What
 * `weir train` and `weir demo` do.
 *
 * @module
 */
import { join } from "node:path";
import { bertConfig } from "../../models/bert.ts";
import { buildClassifier, configJson, type ModelConfig } from "../../models/index.ts";
import { mlpConfig } from "../../models/mlp.ts";
import type { Backend } from "../backend/interface.ts";
import { collate, type EncodedExample } from "../data/collate.ts";
import { deduplicate } from "../data/dedupe.ts";
import { labelsOf, type TextExample } from "../data/example.ts";
import { dataHash } from "../data/hash.ts";
import { splitExamples } from "../data/split.ts";
import { type Baseline, BaselineBuilder, DriftError } from "../drift/mod.ts";
import type { ClassificationReport } from "../evaluate/classification.ts";
import { openRegistry } from "../registry/registry.ts";
import type { ManifestDraft } from "../registry/manifest.ts";
import { observationOf } from "../serve/text_classification.ts";
import { openStore, type Store } from "../store/sqlite.ts";
import { type Encoding, loadTokenizer } from "../text/tokenizer.ts";
import { trainWordPiece } from "../text/wordpiece_train.ts";
import { createRun, type Run } from "../track/runs.ts";
import { createEvaluator, type Predictions, score } from "../train/evaluator.ts";
import { hasCheckpoint, type Json } from "../train/checkpoint.ts";
import type { TrainResult } from "../train/options.ts";
import { train } from "../train/trainer.ts";
import { writeBundleFiles } from "./bundle_files.ts";
import { checkMemory } from "./memory.ts";
import { parameterCount } from "./onnx_file.ts";
import { CommandError, type Output } from "./output.ts";

/** What is trained and how. */
export interface PipelineOptions {
  /** The registered model's name. */
  readonly name: string;
  /** What the data are called in messages. */
  readonly source: string;
  readonly home: string;
  readonly modelType: "bert" | "mlp";
  readonly vocabSize: number;
  readonly maxTokens: number;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly dropout: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly labelSmoothing: number;
  readonly seed: number;
  /** Epochs without a better one after which to stop. */
  readonly patience?: number;
  readonly resume: boolean;
  readonly bump: "major" | "minor" | "patch";
  readonly aliases: readonly string[];
  readonly signal?: AbortSignal;
}

/** The parts that the examples were divided into. */
export interface Parts {
  readonly train: TextExample[];
  /** For choosing the epoch, and for the drift baseline. */
  readonly validation: TextExample[];
  /** For the scores in the manifest, and seen by nothing before. */
  readonly test: TextExample[];
}

/** What came of it. */
export interface PipelineResult {
  readonly version: string;
  readonly path: string;
  readonly report: ClassificationReport;
  readonly parts: Parts;
  readonly training: TrainResult;
  readonly device: string;
}

/**
 * A fifth is held out for the scores. What chooses the epoch and shows how the model predicts is kept small: with the
 * learning rate decaying to 0 the last epoch is nearly always the best, and mail to train on is worth more.
 */
const fractions = { train: 0.76, validation: 0.04, test: 0.2 } as const;

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
  options: PipelineOptions & { readonly backend: Backend; readonly output: Output },
): Promise<PipelineResult> {
  // First of all: that the home cannot be written should be known before the work.
  const store = openStore(join(options.home, "weir.db"));
  try {
    return await runPipeline(examples, { ...options, store });
  } finally {
    await store.close();
  }
}

async function runPipeline(
  examples: readonly TextExample[],
  options: PipelineOptions & { readonly backend: Backend; readonly output: Output; readonly store: Store },
): Promise<PipelineResult> {
  const { backend, output, store } = options;
  const labels = labelsOf(examples, options.source);
  const { examples: distinct, duplicates, conflicts } = deduplicate(examples);
  const parts: Parts = splitExamples(distinct, { fractions, seed: options.seed, name: options.source });
  output.progress(
    `${options.source}: ${distinct.length} examples (${duplicates} duplicates dropped` +
      `${conflicts ? `, ${conflicts} of them with another label` : ""}), labels ${labels.join(", ")}; ` +
      `${parts.train.length} to train, ${parts.validation.length} to choose the epoch, ${parts.test.length} held out`,
  );

  const files = trainWordPiece(parts.train.map((e) => e.text), {
    vocabSize: options.vocabSize,
    modelMaxLength: options.maxTokens,
  });
  const tokenizer = loadTokenizer(files.tokenizer, files.config);
  const encode = (part: readonly TextExample[]): Encoded[] =>
    part.map(({ text, label }) => {
      const encoding = tokenizer.encode(text, { maxTokens: options.maxTokens });
      return { text, encoding, ids: encoding.ids, label: labels.indexOf(label) };
    });
  const encoded = {
    train: encode(parts.train),
    validation: encode(parts.validation),
    test: encode(parts.test),
  };
  output.progress(`tokenizer: WordPiece, ${tokenizer.vocabSize} tokens, trained on the training part`);

  const config = modelConfig(options, { vocabSize: tokenizer.vocabSize, labels, padId: tokenizer.padId });
  const shape = {
    batchSize: options.batchSize,
    bucketLengths: bucketLengths(options.maxTokens),
    padId: tokenizer.padId,
  };
  checkMemory(parameterCount(config));
  const hash = dataHash(distinct);
  const checkpoints = join(options.home, "checkpoints", options.name);
  await sayWhereItBegins();
  const run = await createRun(store, {
    name: options.name,
    params: { ...settingsOf(options), device: backend.device },
    onWarning: (message) => output.progress(`warning: ${message}`),
  });
  try {
    const result = await runThrough(run);
    await run.finish("FINISHED");
    return result;
  } catch (error) {
    await run.finish(error instanceof Interrupted ? "KILLED" : "FAILED");
    throw error;
  }

  async function sayWhereItBegins(): Promise<void> {
    const there = await hasCheckpoint(checkpoints);
    if (options.resume && !there) output.progress(`no checkpoint in ${checkpoints}: beginning anew`);
    if (!options.resume && there) {
      output.progress(
        `replacing the checkpoint in ${checkpoints}; with --resume, training would go on from it`,
      );
    }
  }

  async function runThrough(run: Run): Promise<PipelineResult> {
    const training = await fit(run, hash);
    const { test, validation } = await predictParts(training);
    const { report } = score(test, { labels, resamples: 1000 });
    run.logMetrics(training.step, {
      "test/accuracy": report.accuracy.value,
      "test/macroF1": report.macroF1.value,
    });
    const baseline = baselineOf(encoded, validation, { labels, vocabSize: tokenizer.vocabSize });
    if (!baseline) {
      output.progress(
        `warning: ${distinct.length} examples are too few for a drift baseline: this ` +
          `version can be served, but not watched`,
      );
    }
    const published = await publish({ training, report, baseline, runId: run.id });
    // What it was for is registered; a later --resume must not register it again.
    await Deno.remove(checkpoints, { recursive: true });
    return { ...published, report, parts, training, device: backend.device };
  }

  async function fit(run: Run, dataHash: string): Promise<TrainResult> {
    const result = await train({
      backend,
      build: (b, inputs, mode) => buildClassifier(b, config, inputs, mode),
      labels,
      batches: (epoch) => collate(encoded.train, { ...shape, seed: options.seed, epoch }),
      evaluation: collate(encoded.validation, shape),
      epochs: options.epochs,
      patience: options.patience,
      tolerance: ACCURACY_TOLERANCE,
      seed: options.seed,
      learning: {
        learningRate: options.learningRate,
        weightDecay: options.weightDecay,
        labelSmoothing: options.labelSmoothing,
      },
      checkpoint: {
        directory: checkpoints,
        resume: options.resume,
        identity: {
          dataHash,
          config: configJson(config) as Record<string, Json>,
          batchSize: options.batchSize,
        },
      },
      signal: options.signal,
      progress: { write: (text) => output.draw(text), isTerminal: output.terminal },
      callbacks: {
        onStep: ({ step, loss, gradNorm, learningRate }) =>
          run.logMetrics(step, { loss, gradNorm, learningRate }),
        onEpoch: ({ step, evaluation: e }) => {
          if (e) run.logMetrics(step, { "validation/loss": e.loss, "validation/accuracy": e.accuracy });
        },
      },
    });
    if (result.status === "interrupted") {
      throw new Interrupted(`stopped at step ${result.step}; run the same command with --resume to go on`);
    }
    return result;
  }

  async function predictParts(
    training: TrainResult,
  ): Promise<{ test: Predictions; validation: Predictions }> {
    const evaluator = createEvaluator(backend, (b, inputs) => buildClassifier(b, config, inputs));
    try {
      await evaluator.load(training.parameters);
      const test = await evaluator.predict(collate(encoded.test, shape));
      const validation = await evaluator.predict(collate(encoded.validation, shape));
      // Only an aborted signal ends a prediction early, and none was given.
      return { test: test!, validation: validation! };
    } finally {
      await evaluator.dispose();
    }
  }

  async function publish(
    made: {
      training: TrainResult;
      report: ClassificationReport;
      baseline: Baseline | undefined;
      runId: string;
    },
  ): Promise<{ version: string; path: string }> {
    const { training, report } = made;
    const manifest: ManifestDraft = {
      format: "weir-bundle/1",
      name: options.name,
      task: "text-classification",
      createdAt: new Date().toISOString(),
      lineage: {
        runId: made.runId,
        dataHash: hash,
        baseModel: null,
        method: "full",
        seed: options.seed,
        device: backend.device,
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
      labels,
      limits: { maxTokens: options.maxTokens, maxCharacters: 1_000_000 },
    };
    const staging = await Deno.makeTempDir({ prefix: "weir-bundle-" });
    const registry = openRegistry(options.home);
    try {
      await writeBundleFiles(staging, {
        manifest,
        config,
        weights: training.parameters,
        tokenizer: files.tokenizer,
        tokenizerConfig: files.config,
        baseline: made.baseline,
      });
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
}

/** Training was stopped by a signal, after a checkpoint. */
class Interrupted extends CommandError {}

interface Encoded extends EncodedExample {
  readonly text: string;
  readonly encoding: Encoding;
}

/**
 * What live traffic is compared with: the training texts as the model sees them, and what it says of held-out ones (of
 * its training texts it is surer than it will ever be again). Nothing where there are too few.
 */
function baselineOf(
  examples: { train: readonly Encoded[]; validation: readonly Encoded[] },
  predictions: Predictions,
  options: { labels: string[]; vocabSize: number },
): Baseline | undefined {
  const builder = new BaselineBuilder(options);
  const classes = options.labels.length;
  for (const { text, encoding } of examples.train) builder.observe(observationOf(text, encoding, []));
  predictions.indices.forEach((place, row) => {
    const { text, encoding } = examples.validation[place];
    const probabilities = predictions.probabilities.subarray(row * classes, (row + 1) * classes);
    builder.observe(observationOf(text, encoding, probabilities));
  });
  try {
    return builder.build();
  } catch (error) {
    if (error instanceof DriftError) return undefined;
    throw error;
  }
}

function modelConfig(
  options: PipelineOptions,
  data: { vocabSize: number; labels: string[]; padId: number },
): ModelConfig {
  const shared = { ...data, hiddenDropout: options.dropout, hiddenSize: options.hiddenSize };
  if (options.modelType === "mlp") {
    return mlpConfig({ ...shared, embeddingSize: options.hiddenSize, maxPositions: options.maxTokens });
  }
  return bertConfig({
    ...shared,
    padTokenId: data.padId,
    layers: options.layers,
    heads: options.heads,
    intermediateSize: 4 * options.hiddenSize,
    maxPositions: options.maxTokens,
  });
}

/** Halves of the longest length down to 32: a program each, and little padding. */
function bucketLengths(maxTokens: number): number[] {
  const lengths = [maxTokens];
  while (lengths[0] % 2 === 0 && lengths[0] / 2 >= 32) lengths.unshift(lengths[0] / 2);
  return lengths;
}

function settingsOf(options: PipelineOptions): Record<string, unknown> {
  const { modelType, vocabSize, maxTokens, layers, hiddenSize, heads, dropout } = options;
  const { epochs, batchSize, learningRate, weightDecay, labelSmoothing, seed, source } = options;
  return {
    source,
    modelType,
    vocabSize,
    maxTokens,
    layers,
    hiddenSize,
    heads,
    dropout,
    epochs,
    batchSize,
    learningRate,
    weightDecay,
    labelSmoothing,
    seed,
  };
}
