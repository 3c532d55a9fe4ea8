/**
 * One training step and one evaluation as graphs.
 *
 * @module
 */
import { gradients } from "../graph/autodiff.ts";
import { createBuilder } from "../graph/graph.ts";
import { type Graph, type NodeOf, statesOf } from "../graph/node.ts";
import { type ClassifierBuilder, classifierInputs } from "../nn/classifier.ts";
import { softmaxCrossEntropy } from "../nn/losses.ts";
import { adamw } from "../nn/optim/adamw.ts";
import { clipScale, summarizeGradients } from "../nn/optim/gradients.ts";
import { linearSchedule, stepCounter } from "../nn/optim/schedule.ts";

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
}

/** A training step, and what its outputs speak of. */
export interface TrainingGraph {
  /**
   * Inputs: those of the classifier, `labels` i32 `[batch]`, `weights` f32 `[batch]`. Outputs, one element each: `loss`,
   * `gradNorm` (before clipping) and `nonFinite` (0, or 1 + the index in `parameters` of the first gradient with a NaN or
   * an infinity).
   */
  readonly graph: Graph;
  /** The trainable states' names, in order. */
  readonly parameters: readonly string[];
}

/** Builds forward, backward and AdamW's step. */
export function buildTrainingGraph(build: ClassifierBuilder, options: Hyperparameters): TrainingGraph {
  const b = createBuilder();
  const logits = build(b, classifierInputs(b), { training: true }); // [B, C]
  const labels = b.input("labels", "i32", ["batch"]);
  const weights = b.input("weights", "f32", ["batch"]);
  const loss = softmaxCrossEntropy(b, logits, { labels, weights, labelSmoothing: options.labelSmoothing });

  const parameters = statesOf(b.graph()).filter((state) => state.attrs.trainable);
  const slopes = gradients(b, loss, parameters);
  const summary = summarizeGradients(b, slopes);
  adamw(b, parameters, slopes, {
    learningRate: linearSchedule(b, stepCounter(b), {
      peak: options.learningRate,
      warmupSteps: options.warmupSteps,
      totalSteps: options.totalSteps,
    }),
    beta1: options.beta1,
    beta2: options.beta2,
    epsilon: options.epsilon,
    weightDecay: options.weightDecay,
    gradientScale: options.maxGradNorm > 0 ? clipScale(b, summary.norm, options.maxGradNorm) : undefined,
  });
  b.output("loss", loss);
  b.output("gradNorm", summary.norm);
  b.output("nonFinite", summary.firstNonFinite);
  return { graph: b.graph(), parameters: parameters.map((state: NodeOf<"state">) => state.name!) };
}

/** Builds the forward pass alone: output `logits` f32 `[batch, labels]`. */
export function buildEvaluationGraph(build: ClassifierBuilder): Graph {
  const b = createBuilder();
  b.output("logits", build(b, classifierInputs(b)));
  return b.graph();
}
