/**
 * What an evaluation says, as plain JSON: the command line writes it, the HTML and Markdown pages are made from it, and a gate
 * reads its numbers. A report is whole by itself: everything a page shows stands in it.
 *
 * @module
 */
import type { Interval } from "../statistics/bootstrap.ts";

/** What a model is for; it decides the metrics. */
export type Task =
  | "text-classification"
  | "multi-label-classification"
  | "token-classification"
  | "question-answering"
  | "summarization"
  | "translation"
  | "text-generation"
  | "language-modeling"
  | "regression"
  | "ranking"
  | "sentence-similarity";

/** Which way is good. */
export type Better = "higher" | "lower" | "neither";

/** A metric that was measured. */
export interface Measured {
  /** As a gate and a script name it, such as `macroF1`. */
  readonly name: string;
  /** As a reader sees it, such as `macro F1`. */
  readonly label: string;
  /** The value, its interval, how that was made, and over how many rows. */
  readonly interval: Interval;
  /** Which way is good. */
  readonly better: Better;
  /** One sentence: why this metric for this task. */
  readonly why?: string;
  /** The settings that the figure depends on, as sacrebleu's signature. */
  readonly signature?: string;
  /** Unit where it is not a share, such as `bits a byte`. */
  readonly unit?: string;
  /** The one or two metrics to look at first. */
  readonly primary?: boolean;
}

/** An evaluation of one model, or of one file of predictions. */
export interface Report {
  /** Version of this form. */
  readonly format: "weir-report/1";
  /** The heading. */
  readonly title: string;
  /** It decided the metrics. */
  readonly task: Task;
  /** ISO-8601, UTC. */
  readonly createdAt: string;
  /** What was evaluated; missing where predictions came from a file. */
  readonly model?: ReportedModel;
  /** What it was evaluated on. */
  readonly data: ReportedData;
  /** How intervals were made. */
  readonly intervals: { readonly confidence: number; readonly resamples: number; readonly seed: number };
  /** The task's metrics, in its order. */
  readonly metrics: readonly Measured[];
  /** The rest, in the order to be shown. */
  readonly sections: readonly Section[];
  /** What a reader should know before believing the figures, a sentence each. */
  readonly notes: readonly string[];
}

/** The model of a report. */
export interface ReportedModel {
  /** By which it is called. */
  readonly name: string;
  /** Semantic version. */
  readonly version: string;
  /** Where the model ran. */
  readonly device: string;
  /** Bytes of the model's file. */
  readonly sizeBytes?: number;
  /** Numbers the model has learnt. */
  readonly parameters?: number;
}

/** The data of a report. */
export interface ReportedData {
  /** A file's name, or `spam`. */
  readonly source: string;
  /** Rows. */
  readonly n: number;
  /** `sha256:...` of the file. */
  readonly hash?: string;
  /** How many of the rows the model has seen in training; absent where that is not known. */
  readonly seen?: SeenCounts;
}

/** Rows that a model has seen, by the fingerprints of its bundle: their sum is no more than the rows of the data. */
export interface SeenCounts {
  /** Its weights were fitted to them. */
  readonly train: number;
  /** They chose the epoch. */
  readonly validation: number;
  /** A model that it was made from has seen them, in either way. */
  readonly base: number;
}

/** A part of a report below its metrics. */
export type Section =
  | ClassesSection
  | ConfusionSection
  | CurveSection
  | ReliabilitySection
  | HistogramSection
  | BarsSection
  | SlicesSection
  | WorstSection
  | ProbesSection
  | CanariesSection
  | SafetySection
  | LatencySection
  | ComparisonSection
  | GateSection;

/** What every section has. */
export interface Titled<K extends string> {
  /** Tells the sections apart. */
  readonly kind: K;
  /** The heading. */
  readonly title: string;
}

/** Scores of each class or entity type. */
export interface ClassesSection extends Titled<"classes"> {
  /** One a line of the table. */
  readonly rows: readonly {
    readonly label: string;
    readonly precision: Interval;
    readonly recall: Interval;
    readonly f1: Interval;
    readonly support: number;
  }[];
}

/** Counts of (true class, predicted class). */
export interface ConfusionSection extends Titled<"confusion"> {
  /** Names of the classes, in their order. */
  readonly labels: readonly string[];
  /** `counts[i][j]`: rows of class i predicted as class j. */
  readonly counts: readonly (readonly number[])[];
}

/** One or more curves in one plot, such as ROC. */
export interface CurveSection extends Titled<"curve"> {
  /** Of the horizontal axis. */
  readonly xLabel: string;
  /** Of the vertical axis. */
  readonly yLabel: string;
  /** Drawn in one plot. */
  readonly curves: readonly {
    readonly label: string;
    readonly x: readonly number[];
    readonly y: readonly number[];
  }[];
  /** What no skill looks like, drawn dashed: the diagonal, or a level. */
  readonly baseline?: "diagonal" | number;
}

/** How far confidence can be believed. */
export interface ReliabilitySection extends Titled<"reliability"> {
  /** Ascending by confidence. */
  readonly bins: readonly {
    readonly confidence: number;
    readonly accuracy: Interval;
    readonly count: number;
  }[];
}

/** A distribution, of one or more groups over the same bins. */
export interface HistogramSection extends Titled<"histogram"> {
  /** Of the horizontal axis. */
  readonly xLabel: string;
  /** Ascending, one more than bins. */
  readonly edges: readonly number[];
  /** Counts over the same bins. */
  readonly groups: readonly { readonly label: string; readonly counts: readonly number[] }[];
}

/** Counts by name, such as rows of each class in each part of the data. */
export interface BarsSection extends Titled<"bars"> {
  /** What is counted: a bar each. */
  readonly groups: readonly string[];
  /** `counts[g]` is of `groups[g]`. */
  readonly rows: readonly { readonly label: string; readonly counts: readonly number[] }[];
}

/** The same metrics on the rows of each value of a column. */
export interface SlicesSection extends Titled<"slices"> {
  /** What the rows were cut by. */
  readonly column: string;
  /** Names of the metrics, one a column of the table. */
  readonly metrics: readonly { readonly name: string; readonly label: string; readonly better: Better }[];
  /** One a line of the table. */
  readonly rows: readonly {
    readonly value: string;
    readonly n: number;
    readonly intervals: readonly Interval[];
    /** Holm-adjusted p-value that this slice differs from the other rows in the first metric, where that was tested. */
    readonly pValue?: number;
  }[];
}

/** The rows that went worst. */
export interface WorstSection extends Titled<"worst"> {
  /** What rows are ordered by. */
  readonly scoreLabel: string;
  /** One a line of the table. */
  readonly rows: readonly {
    /** The row's number in the data, from 1. */
    readonly row: number;
    readonly input?: string;
    readonly reference: string;
    readonly prediction: string;
    readonly score: number;
  }[];
}

/** How much quality a small change of the inputs costs. */
export interface ProbesSection extends Titled<"probes"> {
  /** The metric that is compared. */
  readonly metric: string;
  /** One a line of the table. */
  readonly rows: readonly {
    /** Such as `typos`. */
    readonly probe: string;
    readonly about: string;
    readonly before: Interval;
    readonly after: Interval;
    /** After less before, paired. */
    readonly difference: Interval;
    /** Share of rows whose prediction changed. */
    readonly changed: Interval;
    readonly example?: { readonly before: string; readonly after: string };
  }[];
}

/** Inputs whose answers are known and may never change. */
export interface CanariesSection extends Titled<"canaries"> {
  /** One a line of the table. */
  readonly rows: readonly {
    readonly name: string;
    readonly input: string;
    readonly expected: string;
    readonly got: string;
    readonly passed: boolean;
  }[];
}

/** What a safety filter found in inputs or outputs. */
export interface SafetySection extends Titled<"safety"> {
  /** Share of rows with a finding. */
  readonly flagged: Interval;
  /** One a line of the table. */
  readonly rows: readonly {
    readonly row: number;
    readonly where: "input" | "output";
    readonly rule: string;
    readonly text: string;
  }[];
}

/** How long answers took. */
export interface LatencySection extends Titled<"latency"> {
  /** Milliseconds of one call of `batch` inputs, one call at a time. */
  readonly p50: number;
  /** 95th percentile, milliseconds. */
  readonly p95: number;
  /** 99th percentile, milliseconds. */
  readonly p99: number;
  /** Inputs of a call. */
  readonly batch: number;
  /** Calls that were timed. */
  readonly calls: number;
}

/** Two models on the same rows. */
export interface ComparisonSection extends Titled<"comparison"> {
  /** Which rows, where it is not over all: `unseen rows`. */
  readonly only?: string;
  /** The baseline, such as `spam 1.0.0`. */
  readonly a: string;
  /** What is compared with it. */
  readonly b: string;
  /** One a line of the table. */
  readonly rows: readonly {
    readonly name: string;
    readonly label: string;
    readonly better: Better;
    readonly a: Interval;
    readonly b: Interval;
    /** b less a, paired. */
    readonly difference: Interval;
    readonly pValue: number;
    /** Over the rows of this section. */
    readonly adjustedPValue: number;
    /** Such as `approximate randomisation`. */
    readonly test: string;
  }[];
  /** Without a test: size, latency. */
  readonly costs: readonly {
    readonly label: string;
    readonly a: number;
    readonly b: number;
    readonly unit: string;
  }[];
}

/** Conditions and whether they hold. */
export interface GateSection extends Titled<"gate"> {
  /** Whether all hold. */
  readonly passed: boolean;
  /** In the gate's order. */
  readonly conditions: readonly {
    readonly text: string;
    readonly left: number;
    readonly right: number;
    readonly met: boolean;
  }[];
}
