/**
 * What an evaluation says, as plain JSON: the command line writes it, the HTML and Markdown pages are made from it, and a gate
 * reads its numbers. A report is whole by itself: everything a page shows stands in it.
 *
 * @module
 */
import type { Interval } from "../uncertainty/bootstrap.ts";

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
  readonly format: "weir-report/1";
  readonly title: string;
  readonly task: Task;
  /** ISO-8601, UTC. */
  readonly createdAt: string;
  /** What was evaluated; missing where predictions came from a file. */
  readonly model?: ReportedModel;
  readonly data: ReportedData;
  /** How intervals were made. */
  readonly intervals: { readonly confidence: number; readonly resamples: number; readonly seed: number };
  readonly metrics: readonly Measured[];
  /** The rest, in the order to be shown. */
  readonly sections: readonly Section[];
  /** What a reader should know before believing the figures, a sentence each. */
  readonly notes: readonly string[];
}

/** The model of a report. */
export interface ReportedModel {
  readonly name: string;
  readonly version: string;
  readonly device: string;
  /** Bytes of the model's file. */
  readonly sizeBytes?: number;
  readonly parameters?: number;
}

/** The data of a report. */
export interface ReportedData {
  /** A file's name, or `spam`. */
  readonly source: string;
  readonly n: number;
  /** `sha256:...` of the file. */
  readonly hash?: string;
}

/** A part of a report below its metrics. */
export type Section =
  | ClassesSection
  | ConfusionSection
  | CurveSection
  | ReliabilitySection
  | HistogramSection
  | SlicesSection
  | WorstSection
  | ProbesSection
  | CanariesSection
  | SafetySection
  | LatencySection
  | ComparisonSection
  | GateSection;

/** Scores of each class or entity type. */
export interface ClassesSection {
  readonly kind: "classes";
  readonly title: string;
  readonly rows: readonly {
    readonly label: string;
    readonly precision: Interval;
    readonly recall: Interval;
    readonly f1: Interval;
    readonly support: number;
  }[];
}

/** Counts of (true class, predicted class). */
export interface ConfusionSection {
  readonly kind: "confusion";
  readonly title: string;
  readonly labels: readonly string[];
  /** `counts[i][j]`: rows of class i predicted as class j. */
  readonly counts: readonly (readonly number[])[];
}

/** One or more curves in one plot, such as ROC. */
export interface CurveSection {
  readonly kind: "curve";
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly curves: readonly {
    readonly label: string;
    readonly x: readonly number[];
    readonly y: readonly number[];
  }[];
  /** What no skill looks like, drawn dashed: the diagonal, or a level. */
  readonly baseline?: "diagonal" | number;
}

/** How far confidence can be believed. */
export interface ReliabilitySection {
  readonly kind: "reliability";
  readonly title: string;
  readonly bins: readonly {
    readonly confidence: number;
    readonly accuracy: Interval;
    readonly count: number;
  }[];
}

/** A distribution, of one or more groups over the same bins. */
export interface HistogramSection {
  readonly kind: "histogram";
  readonly title: string;
  readonly xLabel: string;
  /** Ascending, one more than bins. */
  readonly edges: readonly number[];
  readonly groups: readonly { readonly label: string; readonly counts: readonly number[] }[];
}

/** The same metrics on the rows of each value of a column. */
export interface SlicesSection {
  readonly kind: "slices";
  readonly title: string;
  readonly column: string;
  /** Names of the metrics, one a column of the table. */
  readonly metrics: readonly { readonly name: string; readonly label: string; readonly better: Better }[];
  readonly rows: readonly {
    readonly value: string;
    readonly n: number;
    readonly intervals: readonly Interval[];
    /** Holm-adjusted p-value that this slice differs from the other rows in the first metric, where that was tested. */
    readonly pValue?: number;
  }[];
}

/** The rows that went worst. */
export interface WorstSection {
  readonly kind: "worst";
  readonly title: string;
  /** What rows are ordered by. */
  readonly scoreLabel: string;
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
export interface ProbesSection {
  readonly kind: "probes";
  readonly title: string;
  /** The metric that is compared. */
  readonly metric: string;
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
export interface CanariesSection {
  readonly kind: "canaries";
  readonly title: string;
  readonly rows: readonly {
    readonly name: string;
    readonly input: string;
    readonly expected: string;
    readonly got: string;
    readonly passed: boolean;
  }[];
}

/** What a safety filter said about inputs or outputs. */
export interface SafetySection {
  readonly kind: "safety";
  readonly title: string;
  readonly flagged: Interval;
  readonly rows: readonly {
    readonly row: number;
    readonly where: "input" | "output";
    readonly rule: string;
    readonly text: string;
  }[];
}

/** How long answers took. */
export interface LatencySection {
  readonly kind: "latency";
  readonly title: string;
  /** Milliseconds of one call of `batch` inputs, one call at a time. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly batch: number;
  readonly calls: number;
}

/** Two models on the same rows. */
export interface ComparisonSection {
  readonly kind: "comparison";
  readonly title: string;
  /** The baseline, such as `spam 1.0.0`. */
  readonly a: string;
  /** What is compared with it. */
  readonly b: string;
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
export interface GateSection {
  readonly kind: "gate";
  readonly title: string;
  readonly passed: boolean;
  readonly conditions: readonly {
    readonly text: string;
    readonly left: number;
    readonly right: number;
    readonly met: boolean;
  }[];
}
