/**
 * What a task is to those who read data, serve, evaluate and watch: a row of data in, an answer out. The half that builds
 * graphs is in `training.ts`; nothing here imports a graph, so that what is served at the edge stays small.
 *
 * @module
 */
import type { DataRecord } from "../data/example.ts";
import type { Feature } from "../drift/feature.ts";
import type { Task as EvaluationTask } from "../evaluate/report.ts";
import type { BestBy } from "../base/best_by.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import type { Encoding, Tokenizer } from "../text/tokenizer.ts";
import type { WordSpan } from "../text/words.ts";

/** A text, or a pair of texts that the model reads together. */
export type TextQuery = string | readonly [string, string];

/** Where a record keeps its parts; a task says which it reads and their default names. */
export interface Columns {
  /** The text. */
  readonly text: string;
  /** The text that is read together with it; absent: there is none. */
  readonly pair?: string;
  /** What the model should answer. */
  readonly label: string;
}

/** A row of labelled data. */
export interface Row<T> {
  /** What the model reads: one query, or two where a task compares texts that are read apart. */
  readonly queries: readonly TextQuery[];
  /** What it should answer. */
  readonly target: T;
}

/** A text as the model reads it, and where its words are if the task asks for them. */
export interface TextEncoding extends Encoding {
  /** For tasks that label words, in order: where each begins and ends in the text (UTF-16 units), and its first token. */
  readonly words?: readonly WordSpan[];
}

/** How a text is encoded. */
export interface EncodeQueryOptions {
  /** Longer texts are cut to this many tokens, special ones included. */
  readonly maxTokens: number;
  /** Which end is cut off; `right` unless given. */
  readonly truncationDirection?: "left" | "right";
}

/** What a model gave for one query, by output name; the batch's dimension is taken off. */
export type RowOutputs = Readonly<Record<string, RowOutput>>;

/** One of a model's outputs for one query. */
export interface RowOutput {
  /** `[]` for a scalar. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/** How good answers are. */
export interface Scores {
  /** By name, the most telling first. */
  readonly metrics: Readonly<Record<string, Interval>>;
  /** Everything that was measured, for JSON. */
  readonly report: unknown;
  /** The same as text for a terminal. */
  text(): string;
}

/** What answers are judged by. */
export interface Judging {
  /** The metrics of `weir eval`. */
  readonly evaluation: EvaluationTask;
  /** What chooses the best epoch. */
  readonly bestBy: BestBy;
  /** Names of the metrics that are shown after every epoch. */
  readonly headline: readonly string[];
}

/** What a model is, as far as a task's answers and observations depend on it. */
export interface ModelFacts<H> {
  /** What the head was made with, such as the labels. */
  readonly head: H;
  /** One more than the greatest token id; a baseline refuses ids beyond it. */
  readonly vocabSize?: number;
  /** What a token id spells, for people. */
  tokenText?(id: number): string | undefined;
}

/** What reads a value that is not trusted: a schema of zod, of which OpenAPI descriptions are made too. */
export interface Schema<T> {
  /** The value as it should be; throws, with what is wrong, where it is not. */
  parse(value: unknown): T;
  /** The same, with what is wrong returned instead of thrown. */
  safeParse(value: unknown): Parsed<T>;
}

/** The result of reading a value: the value, or what is wrong and where in it. */
export type Parsed<T> =
  | { readonly success: true; readonly data: T; readonly error?: undefined }
  | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } };

/** One thing that is wrong with a value. */
export interface Issue {
  /** Where in the value: keys and indices from the outside in. */
  readonly path: readonly PropertyKey[];
  /** What is wrong. */
  readonly message: string;
}

/**
 * A task without its training.
 *
 * @typeParam H What a head is made with: labels, pooling. It is kept in `weir.json` as `head`.
 * @typeParam T What a row of labelled data says the answer should be.
 * @typeParam A What a model answers.
 * @typeParam O What is observed of a query and its answer, for drift.
 */
export interface ServedTask<H, T, A, O = unknown> extends Judging {
  /** As in `weir.json` and on the command line. */
  readonly name: string;
  /** What people call it: "text classification". */
  readonly title: string;
  /** The Hub's name for it: `pipeline_tag` of the model card. */
  readonly pipelineTag: string;
  /** What the model reads for one row: 1, or 2 where a task compares texts that are read apart. */
  readonly queriesPerRow: 1 | 2;
  /** Whether answers say where in the text something stands, so that the text must reach the model as it was written. */
  readonly pointsIntoText?: boolean;
  /** The columns that are read by default. */
  readonly columns: Columns;
  /** What rows are judged by where that depends on them, such as on whether they have scores. */
  judgedBy?(targets: readonly T[]): Judging;

  /** Checks `head` of a `weir.json`. A head's `labels` are those of `logits`, one each; another list has another name. */
  readonly head: Schema<H>;
  /** The head of a bundle of format 1, which had labels alone. Absent: there was none of this task. */
  headOfLabels?(labels: readonly string[]): H;
  /** The texts of a record. `where` names the record in errors, such as `mails.jsonl line 17`. */
  queries(record: DataRecord, where: string, columns: Columns): readonly TextQuery[];
  /** What a record says the answer should be. */
  target(record: DataRecord, where: string, columns: Columns): T;

  /** What is wrong with a target for a model with this head, such as a label that the model does not know. */
  problemOf?(target: T, head: H): string | undefined;

  /** What a query's answer is read from. */
  readonly outputs: readonly string[];
  /** The options of an answer, as Hugging Face's `parameters`. */
  readonly parameters: Schema<Readonly<Record<string, unknown>>>;
  /** What an answer is, for OpenAPI. */
  readonly answer: Schema<A>;
  /** A query as the model reads it: the same in training, evaluation, serving and drift. */
  encode(tokenizer: Tokenizer, query: TextQuery, options: EncodeQueryOptions): TextEncoding;
  /**
   * A model's outputs as an answer.
   *
   * @throws {UserError} when an output is not a finite number: such an answer must count for nothing.
   */
  decode(
    outputs: RowOutputs,
    of: { readonly query: TextQuery; readonly encoding: TextEncoding; readonly head: H },
    parameters?: Readonly<Record<string, unknown>>,
  ): A;
  /** An answer in one line. */
  describe(answer: A): string;
  /** One of few names that an answer comes to, such as the best label, to count answers by. Absent: they are only counted. */
  outcome?(answer: A): string;
  /**
   * What the drift monitor is shown of a query. The baseline of a bundle is made with the same function as live traffic, so
   * that the two compare.
   *
   * @param outputs Absent: the model was not asked.
   */
  observe(
    query: TextQuery,
    encoding: TextEncoding,
    outputs: RowOutputs | undefined,
    head: H,
  ): O;

  /** What is watched of this task's traffic. */
  features(model: ModelFacts<H>): readonly Feature<O>[];

  /**
   * Scores answers; each row has as many answers as it has queries. Intervals that need resampling are made where
   * `resamples` is given.
   */
  judge(
    targets: readonly T[],
    answers: readonly (readonly A[])[],
    options: { readonly head: H; readonly resamples?: number },
  ): Scores;
  /**
   * Answers of several models, each to rows of its own, as they are judged together. Absent: as they are, one after the other.
   *
   * @param answers by model, for each of its rows
   */
  pooled?(answers: readonly (readonly (readonly A[])[])[]): readonly (readonly A[])[];
  /** Why answers of models with these heads cannot be compared, such as other labels. */
  headsDiffer?(one: H, other: H): string | undefined;
  /** Options of the evaluation's families that follow from the head, such as the labels and their order. */
  evaluationSettings?(head: H): Readonly<Record<string, Readonly<Record<string, string>>>>;
  /**
   * A row's answers and what was wanted as `weir eval` compares them.
   *
   * @param among The row's index and all the rows, for a task whose answers mean something beside others alone.
   */
  pair(
    target: T,
    answers: readonly A[],
    among: {
      readonly row: number;
      readonly targets: readonly T[];
      readonly answers: readonly (readonly A[])[];
    },
  ): { readonly prediction: unknown; readonly reference: unknown; readonly scores?: unknown };
}

/** Any task: what a caller handles without knowing which. */
export type AnyServedTask = ServedTask<unknown, unknown, unknown>;

/** What rows are judged by. */
export function judgingOf(task: AnyServedTask, targets: readonly unknown[]): Judging {
  return task.judgedBy?.(targets) ?? task;
}
