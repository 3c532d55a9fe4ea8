/**
 * A task's head on an architecture's body, as one graph.
 *
 * @module
 */
import type { Body } from "../../models/architecture.ts";
import { architectureOf, type ModelConfig, type TextInputName, type TextInputs } from "../../models/index.ts";
import type { Builder } from "../graph/builder.ts";
import { createBuilder, type Graph } from "../graph/graph.ts";
import type { Node } from "../graph/node.ts";
import { product, ShapeError } from "../graph/shape.ts";
import { bundleStates } from "../graph/states.ts";
import type { TrainableModel } from "../nn/objective.ts";
import { servedTasks, type TaskName } from "./served.ts";
import { trainedTasks } from "./trained.ts";
import type { ObjectiveOptions } from "./training.ts";

/** A model: an architecture's configuration, and the head of a task. */
export interface ModelSpec {
  /** What is done with texts. */
  readonly task: TaskName;
  /** The architecture and its sizes. */
  readonly config: ModelConfig;
  /** What the task's head is made with. */
  readonly head: unknown;
}

/** How the forward pass is built. */
export interface ForwardMode {
  /** In training, dropout draws from the state `rng`, which the graph has then. */
  readonly training?: boolean;
  /** Texts of one row, which lie behind each other: the text inputs are `[texts * batch, sequence]`; 1 unless given. */
  readonly textsPerRow?: number;
  /** Computes the last layer for all tokens, also where the head reads the first alone: to compare with models that do. */
  readonly wholeLastLayer?: boolean;
}

/**
 * The forward pass: inputs `input_ids`, `attention_mask` and, where the architecture reads it, `token_type_ids`, i32 `[batch,
 * sequence]`, to the task's outputs.
 *
 * @example
 * ```ts
 * import { bertConfig } from "../../models/bert.ts";
 * import { forwardGraph } from "./model.ts";
 * import assert from "node:assert/strict";
 *
 * const config = bertConfig({ vocabSize: 8000 });
 * const graph = forwardGraph({ task: "text-classification", config, head: { labels: ["ham", "spam"] } });
 * assert.deepEqual(graph.outputs.logits.shape, ["batch", 2]);
 * ```
 */
export function forwardGraph({ task, config, head }: ModelSpec, mode: ForwardMode = {}): Graph {
  const architecture = architectureOf(config);
  const trained = trainedTasks[task];
  const b = createBuilder();
  const inputs = textInputs(b, architecture.inputs, mode.textsPerRow ?? 1);
  const body = architecture.body(b, config, inputs, {
    training: mode.training ?? false,
    reads: trained.reads(head),
  });
  const outputs = trained.attach(b, { architecture, config, body, mask: inputs.attention_mask! }, head);
  checkLabels(task, outputs, head);
  for (const [name, node] of Object.entries(outputs)) b.output(name, node);
  return b.graph();
}

/** Throws where a bundle would be refused after training: those who read one take a head's `labels` for those of its logits. */
function checkLabels(task: TaskName, { logits }: Readonly<Record<string, Node>>, head: unknown): void {
  const { labels } = head as { labels?: readonly string[] };
  const width = logits?.shape.at(-1);
  if (labels === undefined || width === undefined || width === labels.length) return;
  throw new ShapeError(
    `Cannot build the head of ${task}: its logits are ${width} wide and it has ${labels.length} labels; a list that is not of ` +
      `the logits needs another name`,
  );
}

/** A model of a task as a trainer takes it. */
export function trainableModel(
  spec: ModelSpec,
  options: ObjectiveOptions & Pick<ForwardMode, "wholeLastLayer"> = {},
): TrainableModel {
  const { wholeLastLayer } = options;
  const { queriesPerRow: textsPerRow, outputs: names } = servedTasks[spec.task];
  return {
    forward({ training }) {
      const { outputs, ...graph } = forwardGraph(spec, { training, textsPerRow, wholeLastLayer });
      // What only others read of an exported model, such as every token's hidden state, would be kept for every row evaluated.
      return { ...graph, outputs: Object.fromEntries(names.map((name) => [name, outputs[name]])) };
    },
    decisions: trainedTasks[spec.task].decisions &&
      ((b, outputs) => trainedTasks[spec.task].decisions!.attach(b, outputs, spec.head)),
    objective: (b, outputs) => trainedTasks[spec.task].objective(b, outputs, spec.head, options),
  };
}

/** An architecture's body without a head, read at every token, and the builder that it is in. */
export function bareBody(config: ModelConfig): { b: Builder; body: Body } {
  const architecture = architectureOf(config);
  const b = createBuilder();
  const inputs = textInputs(b, architecture.inputs);
  return { b, body: architecture.body(b, config, inputs, { training: false, reads: "tokens" }) };
}

/** The names of an architecture's parameters and buffers: of the body, and of what it puts between the body and a text's head. */
export interface ArchitectureStates {
  /** What a checkpoint must bring, and what a frozen trunk is. */
  readonly body: ReadonlySet<string>;
  /** The layers that make a text's vector: a checkpoint may lack them. */
  readonly pooling: ReadonlySet<string>;
}

/** What of a model is the architecture's; the rest is the task's head. */
export function architectureStates(config: ModelConfig): ArchitectureStates {
  const { b, body } = bareBody(config);
  const names = () => new Set(bundleStates(b.graph()).map(({ name }) => name!));
  const ofBody = names();
  body.pooled();
  return { body: ofBody, pooling: names().difference(ofBody) };
}

/** Appends text inputs, i32 `[textsPerRow * batch, sequence]`. */
export function textInputs(b: Builder, names: readonly TextInputName[], textsPerRow = 1): TextInputs {
  const shape = [product([textsPerRow, "batch"]), "sequence"];
  return Object.fromEntries(names.map((name) => [name, b.input(name, "i32", shape)]));
}
