/**
 * One training step and one evaluation as graphs.
 *
 * @module
 */
import type { Precision } from "../backend/interface.ts";
import { gradients } from "../graph/autodiff.ts";
import type { Builder } from "../graph/builder.ts";
import { continueFrom, type Graph, type Node, trainableStates } from "../graph/graph.ts";
import type { Pass } from "../graph/node.ts";
import { mixedPrecision } from "../graph/passes/mixed_precision.ts";
import type { TrainableModel } from "../nn/objective.ts";
import { clipScale, summarizeGradients } from "../nn/optim/gradients.ts";
import { lossScale } from "../nn/optim/loss_scale.ts";
import type { Optimiser } from "../nn/optim/optimiser.ts";
import { type Schedule, stepCounter } from "../nn/optim/schedule.ts";
import { TrainingError } from "./errors.ts";

/** How a step is made. */
export interface StepOptions {
  /** What makes updates of gradients. */
  readonly optimiser: Optimiser;
  /** The learning rate of each step. */
  readonly schedule: Schedule;
  /** Applied to the forward pass before it is differentiated: frozen parameters, adapters. */
  readonly passes?: readonly Pass[];
  /** Batches whose gradients are added up for one step; 1 if not given. */
  readonly accumulate?: number;
  /** What activations are kept in; f32 if not given. */
  readonly precision?: Precision;
  /** The gradients' common norm is cut to this; 0: never. */
  readonly maxGradNorm: number;
  /** Keeps only the values that the model marks as boundaries and computes the others again: less memory, a third more work. */
  readonly checkpointGradients?: boolean;
}

/** A training step, and the states that its outputs refer to. */
export interface TrainingGraph {
  /**
   * Inputs: those of the model and its objective, and where gradients are accumulated two scalars: `share` f32, this
   * batch's part of the weight of all batches of the step, and `begins` i32, 1 for the first of them. Outputs, one element
   * each: `loss`, `gradNorm` (before clipping) and `nonFinite` (0, or 1 + the index in `trained` of the first gradient with
   * a NaN or an infinity); with f16 also `lossScale`, what the step's loss was multiplied by. A step in f16 whose gradients
   * are not finite changes no parameter.
   */
  readonly graph: Graph;
  /** Where gradients are accumulated: what the batches before a step's last one do. No outputs, the same inputs. */
  readonly accumulation?: Graph;
  /** The trainable states' names, in order. */
  readonly trained: readonly string[];
}

/**
 * Builds forward, backward and the optimiser's step.
 *
 * @throws {TrainingError} when nothing is trainable, or gradients are to be checkpointed and the model marks no boundaries.
 */
export function buildTrainingGraph(model: TrainableModel, options: StepOptions): TrainingGraph {
  const step = buildStep(model, options, { last: true });
  if ((options.accumulate ?? 1) === 1) return step;
  const { graph } = buildStep(model, options, { last: false });
  return { ...step, accumulation: graph };
}

function buildStep(model: TrainableModel, options: StepOptions, { last }: { last: boolean }): TrainingGraph {
  const { b, outputs } = forwardPass(model, options.passes, { training: true });
  const boundaries = boundariesOf(b.boundaries, options);
  const { loss: mean } = model.objective(b, outputs);
  const accumulates = (options.accumulate ?? 1) > 1;
  const own = accumulates ? b.mul(mean, b.input("share", "f32", [])) : mean;

  const parameters = trainableStates(b.graph());
  if (parameters.length === 0) throw new TrainingError("Cannot train: every parameter is frozen");
  const scaling = options.precision === "f16" ? lossScale(b) : undefined;
  const scaled = scaling ? b.mul(own, scaling.scale) : own;
  const partials = gradients(b, scaled, parameters, { boundaries });
  const finish = (): TrainingGraph => ({
    graph: scaling ? mixedPrecision(b.graph()) : b.graph(),
    trained: parameters.map(({ name }) => name!),
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
  const sums = partials.map((partial, i) => total(parameters[i].name!, partial));
  if (!last) return finish();

  const summary = summarizeGradients(b, sums);
  const norm = scaling ? b.div(summary.norm, scaling.scale) : summary.norm;
  const clip = options.maxGradNorm > 0 ? clipScale(b, norm, options.maxGradNorm) : undefined;
  const good = scaling && b.equal(summary.firstNonFinite, 0);
  scaling?.update(good!);
  options.optimiser.emit(b, parameters, sums, {
    rate: options.schedule.rate(b, stepCounter(b)),
    scale: scaling ? b.div(clip ?? b.scalar(1), scaling.scale) : clip,
    applyIf: good,
  });
  b.output("loss", loss);
  b.output("gradNorm", norm);
  b.output("nonFinite", summary.firstNonFinite);
  if (scaling) b.output("lossScale", scaling.scale);
  return finish();
}

/** The forward pass with the passes applied, to go on from; its outputs are values to read, no longer outputs. */
function forwardPass(
  model: Pick<TrainableModel, "forward">,
  passes: readonly Pass[] = [],
  mode: { readonly training: boolean },
): { b: Builder; outputs: Readonly<Record<string, Node>> } {
  const graph = passes.reduce((before, pass) => pass(before), model.forward(mode));
  return { b: continueFrom({ ...graph, outputs: {} }), outputs: graph.outputs };
}

function boundariesOf(marked: readonly Node[], options: StepOptions): readonly Node[] {
  if (!options.checkpointGradients) return [];
  if (marked.length < 2) {
    throw new TrainingError(
      "Cannot checkpoint gradients: the model has fewer than two layers to compute again; train without it",
    );
  }
  return marked;
}

/**
 * The forward pass without dropout: the model's outputs, or in their place its decisions where it has some and they are asked
 * for, and f32 scalars `loss` and `weight` where it has an objective.
 */
export function buildEvaluationGraph(
  model: Pick<TrainableModel, "forward"> & Partial<TrainableModel>,
  { passes, reads = "outputs" }: EvaluationGraphOptions = {},
): Graph {
  const { b, outputs } = forwardPass(model, passes, { training: false });
  const read = reads === "decisions" && model.decisions ? model.decisions(b, outputs) : outputs;
  for (const [name, node] of Object.entries(read)) b.output(name, node);
  if (!model.objective) return b.graph();
  const { loss, weight } = model.objective(b, outputs);
  b.output("loss", loss);
  b.output("weight", weight);
  return b.graph();
}

/** How an evaluation's graph is made. */
export interface EvaluationGraphOptions {
  /** Applied to the forward pass. */
  readonly passes?: readonly Pass[];
  /** What is read of each text; `outputs` unless given. */
  readonly reads?: "outputs" | "decisions";
}
