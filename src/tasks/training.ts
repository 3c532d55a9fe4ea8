/**
 * What a task adds to be trained: how targets are fed, the head on an architecture's body, and the objective.
 *
 * @module
 */
import type { Architecture, Body, ModelConfig } from "../../models/architecture.ts";
import type { Builder } from "../graph/builder.ts";
import type { HostTensor } from "../graph/dtype.ts";
import type { Node, Pass } from "../graph/node.ts";
import type { Objective } from "../nn/objective.ts";
import type { WordPieceTrainOptions } from "../text/wordpiece_train.ts";
import type { Row, RowOutputs, TextEncoding, TextQuery } from "./task.ts";

/** What a run is asked about its objective. */
export interface ObjectiveOptions {
  /** Share of a label that is spread over all classes; tasks without classes refuse it. */
  readonly labelSmoothing?: number;
  /** The weight of each class in the loss, in the order of the head's labels: see {@linkcode Weighting}. */
  readonly classWeights?: readonly number[];
}

/** How a task's classes can weigh differently in its loss. */
export interface Weighting<H, E> {
  /** What each weight is of, in the order of the logits. */
  labels(head: H): readonly string[];
  /** The weights with which every class counts alike in the loss over these targets. */
  balanced(targets: readonly E[], head: H): number[];
}

/** Targets of a batch as tensors, and what the loss averages over: rows, tokens. */
export interface TargetTensors {
  /** By the names of the objective's inputs. */
  readonly feeds: Readonly<Record<string, HostTensor>>;
  /** What the batch counts for in a mean over batches, such as its rows or its labelled tokens. */
  readonly weight: number;
}

/** Where a head is put. */
export interface HeadSite {
  /** How the body's states are named and begun. */
  readonly architecture: Architecture;
  /** The body's sizes. */
  readonly config: ModelConfig;
  /** What the head reads. */
  readonly body: Body;
  /** `attention_mask`, for a head that pools: i32 `[B, S]`. */
  readonly mask: Node;
}

/** What a task decides by its outputs, computed along with them: all that the evaluation after an epoch reads. */
export interface Decisions<H> {
  /** Appends it: f32 `[texts, ...]`, by name. A number below 0 stands for outputs that are not finite. */
  attach(b: Builder, outputs: Readonly<Record<string, Node>>, head: H): Record<string, Node>;
  /**
   * An answer to be judged: with as good marks as the whole answer, though its scores may be others.
   *
   * @throws {OutputError} when the outputs were not finite.
   */
  answer(
    decided: RowOutputs,
    of: { readonly query: TextQuery; readonly encoding: TextEncoding; readonly head: H },
  ): unknown;
}

/** A model that is trained in other units than those it answers in. */
export interface Rescaling {
  /** Gives the trained parameters' outputs in the units of the answers: applied while there is training. */
  readonly pass: Pass;
  /** The model's own parameters from those that were trained: with them it answers alike, without the pass. */
  fold(trained: Readonly<Record<string, HostTensor>>): Record<string, HostTensor>;
  /** The other way around, for what a checkpoint brings. */
  unfold(own: Readonly<Record<string, HostTensor>>): Record<string, HostTensor>;
}

/**
 * The training side of a task.
 *
 * @typeParam H What a head is made with.
 * @typeParam T What a row of labelled data says the answer should be.
 * @typeParam E A target as it is fed.
 */
export interface TrainedTask<H, T, E> {
  /** What a body must give: one vector a text, or a hidden state for every token. */
  reads(head: H): "pooled" | "tokens";
  /** How a tokenizer that is trained for the task is made, where the defaults lose what it needs, such as capitals. */
  readonly tokenizer?: Pick<WordPieceTrainOptions, "lowercase">;
  /**
   * The head for these rows, such as their labels.
   *
   * @param base The head of the checkpoint that is started from, where that is one of this task.
   * @throws {DataError} when the rows cannot be learnt from, such as when they have one label alone.
   */
  headOf(rows: readonly Row<T>[], source: string, base?: H): H;
  /**
   * The head with what is measured on the rows to train on alone, such as the mean of their numbers: held-out rows would tell of
   * themselves. Absent: there is no such thing.
   *
   * @throws {DataError} when these rows cannot be learnt from.
   */
  measured?(head: H, training: readonly T[], source: string): H;
  /** What stays in equal shares when rows are divided into parts, one name or several; absent: rows are divided at random. */
  stratum?(target: T): string | readonly string[];
  /** A target as text, to tell whether two rows with one text agree. */
  key(target: T): string;
  /** A target as it is fed, for queries encoded like this. */
  encodeTarget(target: T, encodings: readonly TextEncoding[], head: H): E;
  /** Targets side by side; rows beyond them fill the batch up and count for nothing. */
  padTargets(
    targets: readonly E[],
    size: { readonly rows: number; readonly sequence: number },
    head: H,
    options?: Pick<ObjectiveOptions, "classWeights">,
  ): TargetTensors;
  /** Absent: the task has no classes to weigh. */
  readonly weighting?: Weighting<H, E>;
  /** Appends the head and returns the model's outputs by name. */
  attach(b: Builder, site: HeadSite, head: H): Record<string, Node>;
  /** Appends inputs for targets, named as `padTargets` feeds them, and the loss. */
  objective(
    b: Builder,
    outputs: Readonly<Record<string, Node>>,
    head: H,
    options: ObjectiveOptions,
  ): Objective;
  /** Absent: what is judged after an epoch takes the outputs themselves, such as vectors, or numbers that are as few. */
  readonly decisions?: Decisions<H>;
  /** The units that the head is trained in, where they are not those of its answers. */
  rescaling?(architecture: Architecture, head: H): Rescaling;
  /** What a person should know of the head, such as its labels. */
  describeHead(head: H): string;
  /** The head's part of `config.json`: `architectures`, labels, `problem_type`. */
  configJson(architecture: Architecture, head: H): Record<string, unknown>;
  /**
   * JSON files of a checkpoint's folder that describe a head, besides `config.json`; a folder that has the first is of this
   * task.
   */
  readonly headFiles?: readonly string[];
  /**
   * The head that a checkpoint's `config.json` and those of `headFiles` that there are describe; `undefined` where they
   * describe none.
   *
   * @throws {UserError} naming what of it is not built here.
   */
  headOfConfig?(
    json: Readonly<Record<string, unknown>>,
    files: Readonly<Record<string, unknown>>,
  ): H | undefined;
  /** Further files of a bundle, such as what sentence-transformers reads, by path. */
  files?(
    config: ModelConfig,
    head: H,
    limits: { readonly maxTokens: number },
  ): Readonly<Record<string, object>>;
}

/** Any task's training: what a caller handles without knowing which. */
export type AnyTrainedTask = TrainedTask<unknown, unknown, unknown>;
