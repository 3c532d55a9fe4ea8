/**
 * One training step and one evaluation as graphs.
 *
 * @module
 */
import { gradients } from "../graph/autodiff.ts";
import { createBuilder } from "../graph/graph.ts";
import type { Graph, Node, NodeOf } from "../graph/node.ts";
import { trainableStates } from "../graph/states.ts";
import { mixedPrecision } from "../graph/passes/mixed_precision.ts";
import { type ClassifierBuilder, classifierInputs } from "../nn/classifier.ts";
import { softmaxCrossEntropy } from "../nn/losses.ts";
import { adamw } from "../nn/optim/adamw.ts";
import { clipScale, summarizeGradients } from "../nn/optim/gradients.ts";
import { lossScale } from "../nn/optim/loss_scale.ts";
import { linear, stepCounter } from "../nn/optim/schedule.ts";
import type { Precision } from "../backend/interface.ts";
import { TrainingError } from "./errors.ts";

/** How a run learns. Every field decides its losses, so a checkpoint holds them all. */
export interface Hyperparameters {
  /** At the end of the warm-up. */
  readonly learningRate: number;
  /** Steps in which the learning rate rises. */
  readonly warmupSteps: number;
  /** Where the learning rate reaches 0. */
  readonly totalSteps: number;
  /** Decoupled; biases and normalisations do not decay. */
  readonly weightDecay: number;
  /** Decay of the first moment. */
  readonly beta1: number;
  /** Decay of the second moment. */
  readonly beta2: number;
  /** Added to the root of the second moment. */
  readonly epsilon: number;
  /** The gradients' common norm is cut to this; 0: never. */
  readonly maxGradNorm: number;
  /** Share of a label that is spread over all classes. */
  readonly labelSmoothing: number;
  /** Batches whose gradients are added up for one step; 1 if not given. */
  readonly accumulate?: number;
  /** What activations are kept in; f32 if not given. */
  readonly precision?: Precision;
}

/** What changes how a step is computed, but not what comes of it. */
export interface StepOptions {
  /** Keeps only the values that the model marks as boundaries and computes the others again: less memory, a third more work. */
  readonly checkpointGradients?: boolean;
}

/** A training step, and what its outputs speak of. */
export interface TrainingGraph {
  /**
   * Inputs: those of the classifier, `labels` i32 `[batch]`, `weights` f32 `[batch]`, and where gradients are accumulated two
   * scalars: `share` f32, this batch's part of the weight of all batches of the step, and `begins` i32, 1 for the first of them.
   * Outputs, one element each: `loss`, `gradNorm` (before clipping) and `nonFinite` (0, or 1 + the index in `parameters` of the
   * first gradient with a NaN or an infinity); with f16
   * also `lossScale`, what the step's loss was multiplied by. A step in f16 whose gradients are not finite changes no parameter.
   */
  readonly graph: Graph;
  /** Where gradients are accumulated: what the batches before a step's last one do. No outputs, the same inputs. */
  readonly accumulation?: Graph;
  /** The trainable states' names, in order. */
  readonly parameters: readonly string[];
}

/**
 * Builds forward, backward and AdamW's step.
 *
 * @throws {TrainingError} when gradients are to be checkpointed and the model marks no boundaries.
 */
export function buildTrainingGraph(
  build: ClassifierBuilder,
  options: Hyperparameters,
  how: StepOptions = {},
): TrainingGraph {
  const step = buildStep(build, options, { ...how, last: true });
  if ((options.accumulate ?? 1) === 1) return step;
  const { graph } = buildStep(build, options, { ...how, last: false });
  return { ...step, accumulation: graph };
}

function buildStep(
  build: ClassifierBuilder,
  options: Hyperparameters,
  how: StepOptions & { readonly last: boolean },
): TrainingGraph {
  const b = createBuilder();
  const logits = build(b, classifierInputs(b), { training: true }); // [B, C]
  const labels = b.input("labels", "i32", ["batch"]);
  const weights = b.input("weights", "f32", ["batch"]);
  const mean = softmaxCrossEntropy(b, logits, { labels, weights, labelSmoothing: options.labelSmoothing });
  const accumulates = (options.accumulate ?? 1) > 1;
  const own = accumulates ? b.mul(mean, b.input("share", "f32", [])) : mean;

  const parameters = trainableStates(b.graph());
  const scaling = options.precision === "f16" ? lossScale(b) : undefined;
  const objective = scaling ? b.mul(own, scaling.scale) : own;
  const slopes = gradients(b, objective, parameters, { boundaries: boundariesOf(b.boundaries, how) });
  const finish = (): TrainingGraph => ({
    graph: scaling ? mixedPrecision(b.graph()) : b.graph(),
    parameters: parameters.map((state: NodeOf<"state">) => state.name!),
  });

  /** The sum of a value over the batches of a step so far. */
  const begins = accumulates ? b.less(0, b.input("begins", "i32", [])) : undefined;
  const total = (name: string, value: Node): Node => {
    if (!begins) return value;
    const state = b.state(`accumulated.${name}`, "f32", value.shape, { role: "cache" });
    const sum = b.add(b.where(begins, 0, state), value);
    b.update(state, sum);
    return sum;
  };
  const loss = total("loss", own);
  const sums = slopes.map((slope, i) => total(parameters[i].name!, slope));
  if (!how.last) return finish();

  const summary = summarizeGradients(b, sums);
  const norm = scaling ? b.div(summary.norm, scaling.scale) : summary.norm;
  const clip = options.maxGradNorm > 0 ? clipScale(b, norm, options.maxGradNorm) : undefined;
  const good = scaling && b.equal(summary.firstNonFinite, 0);
  scaling?.update(good!);
  adamw(options).emit(b, parameters, sums, {
    rate: linear({ ...options, peak: options.learningRate }).rate(b, stepCounter(b)),
    scale: scaling ? b.div(clip ?? b.scalar(1), scaling.scale) : clip,
    applyIf: good,
  });
  b.output("loss", loss);
  b.output("gradNorm", norm);
  b.output("nonFinite", summary.firstNonFinite);
  if (scaling) b.output("lossScale", scaling.scale);
  return finish();
}

function boundariesOf(marked: readonly Node[], how: StepOptions): readonly Node[] {
  if (!how.checkpointGradients) return [];
  if (marked.length < 2) {
    throw new TrainingError(
      "Cannot checkpoint gradients: the model has fewer than two layers to compute again; train without it",
    );
  }
  return marked;
}

/** Builds the forward pass alone: output `logits` f32 `[batch, labels]`. */
export function buildEvaluationGraph(build: ClassifierBuilder): Graph {
  const b = createBuilder();
  b.output("logits", build(b, classifierInputs(b)));
  return b.graph();
}
