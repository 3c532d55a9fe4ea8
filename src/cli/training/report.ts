/**
 * The report of a training: its curves, how good the model is on what was held out, what the classes are.
 *
 * @module
 */
import type { Command } from "commander";
import { sum } from "../../base/arrays.ts";
import { sortLabels } from "../../base/labels.ts";
import { crossValidationText } from "../../bundle/cross_validation.ts";
import { metricInfo } from "../../evaluate/tasks/families.ts";
import type { BarsSection, CurveSection, Measured, Report, Section } from "../../evaluate/report.ts";
import type { LifeResult } from "../../lifecycle/train.ts";
import { servedTasks, type TaskName } from "../../tasks/served.ts";
import { judgingOf } from "../../tasks/task.ts";
import { trainedTasks } from "../../tasks/trained.ts";
import { reportFile, svgFolder, writeReports } from "../evaluation/options.ts";
import type { Output } from "../output.ts";

/** Where the report of a training goes. */
export interface TrainingReportOptions {
  readonly report?: readonly string[];
  readonly svg?: string;
}

/** Adds `--report` and `--svg`. */
export function withTrainingReportOptions(command: Command): Command {
  return command
    .option(
      "--report <file>",
      "also write curves, confusion matrix and classes: .html, .md or .json; may be given again",
      (path: string, before: readonly string[] = []) => reportFile(path, before),
    )
    .option("--svg <folder>", "also write the report's pictures, each as a file");
}

/** What was trained, for its report. */
export interface Trained {
  readonly name: string;
  readonly task: TaskName;
  readonly source: string;
  readonly seed: number;
}

/** Writes the report of a training where it was asked for. */
export async function writeTrainingReport(
  result: LifeResult,
  trained: Trained,
  { report: files = [], svg }: TrainingReportOptions,
  output: Output,
): Promise<void> {
  if (files.length === 0 && svg === undefined) return;
  const report = trainingReport(result, trained);
  await writeReports(report, files, output);
  if (svg !== undefined) await svgFolder(report, svg, output);
}

/** A training as a report: metrics of the test part, curves over the steps, the confusion matrix, the classes of each part. */
export function trainingReport(result: LifeResult, { name, task, source, seed }: Trained): Report {
  const { scores, training, parts, scored, version, device } = result;
  const targets = scored.map(({ target }) => target);
  const crossed = result.evaluation.method === "cross-validation" ? result.evaluation : undefined;
  const { evaluation, headline } = judgingOf(servedTasks[task], targets);
  const metrics = Object.entries(scores.metrics).map(([name, interval]): Measured => ({
    ...{ name, ...metricInfo(name), interval },
    ...(headline[0] === name && { primary: true }),
  }));
  const best = training.best?.epoch;
  return {
    format: "weir-report/1",
    title: `Training of ${name} ${version}`,
    task: evaluation,
    createdAt: new Date().toISOString(),
    model: { name, version, device, parameters: training.memory.parameters },
    data: { source: source.split(/[\\/]/).at(-1)!, n: scored.length },
    intervals: { confidence: metrics[0]?.interval.confidence ?? 0.95, resamples: 1000, seed },
    metrics,
    sections: [...trainingCurves(training), ...confusionOf(result), ...classesOf(task, parts)],
    notes: [
      ...crossed
        ? crossValidationText(crossed, scores.metrics)
        : [`The metrics are of the ${parts.test.length} rows that nothing was chosen by.`],
      `${parts.train.length} rows were trained on, ${parts.validation.length} chose the epoch.`,
      ...best === undefined
        ? []
        : [`Of ${training.epochs.length} epochs the weights of epoch ${best} were kept.`],
      ...training.steps.length < training.step
        ? ["The training was resumed: curves by step show the last sitting alone, those by epoch all of it."]
        : [],
    ],
  };
}

const MOST_POINTS = 300; // of a curve by step: means over neighbours

/** Losses, metrics and the learning rate over the training. */
export function trainingCurves({ steps, epochs }: LifeResult["training"]): CurveSection[] {
  const kept = steps.filter(({ skipped, loss }) => !skipped && Number.isFinite(loss));
  const xs = epochs.map(({ epoch }) => epoch);
  const first = kept[0]?.step ?? 0;
  const perEpoch = epochs.length > 0 ? epochs[epochs.length - 1].step / epochs.length : 1;
  const inEpochs = (step: number) => (first === 0 ? step + 1 : step) / perEpoch;
  const byStep = (read: (step: typeof kept[number]) => number) => {
    const size = Math.max(1, Math.ceil(kept.length / MOST_POINTS));
    const groups = Array.from(
      { length: Math.ceil(kept.length / size) },
      (_, g) => kept.slice(g * size, (g + 1) * size),
    );
    return {
      x: groups.map((group) => inEpochs(sum(group.map(({ step }) => step)) / group.length)),
      y: groups.map((group) => sum(group.map(read)) / group.length),
    };
  };
  const evaluated = epochs.filter(({ evaluation }) => evaluation !== undefined);
  const names = [...new Set(evaluated.flatMap(({ evaluation }) => Object.keys(evaluation!)))];
  const curveOf = (name: string, label: string) => {
    const points = evaluated.filter(({ evaluation }) => Number.isFinite(evaluation![name]));
    return {
      label,
      x: points.map(({ epoch }) => epoch),
      y: points.map(({ evaluation }) => evaluation![name]),
    };
  };
  const axis = { kind: "curve", xLabel: "epochs" } as const;
  const sections: CurveSection[] = [
    {
      ...{ ...axis, title: "Loss", yLabel: "loss" },
      curves: [
        { label: "training, by step", ...byStep(({ loss }) => loss) },
        { label: "training, mean of the epoch", x: xs, y: epochs.map(({ trainLoss }) => trainLoss) },
        ...names.includes("loss") ? [curveOf("loss", "held-out rows")] : [],
      ],
    },
    {
      ...{ ...axis, title: "Metrics by epoch", yLabel: "of the rows that choose the epoch" },
      curves: names.filter((name) => name !== "loss").map((name) => curveOf(name, metricInfo(name).label)),
    },
    {
      ...{ ...axis, title: "Learning rate", yLabel: "rate × 1000" },
      curves: [{ label: "learning rate", ...byStep(({ learningRate }) => 1000 * learningRate) }],
    },
  ];
  const drawn = sections.map((section) => ({
    ...section,
    curves: section.curves.filter(({ x, y }) => x.length > 0 && y.every(Number.isFinite)),
  }));
  return drawn.filter(({ curves }) => curves.length > 0);
}

/** The confusion matrix, where the task's report has one. */
function confusionOf({ scores, evaluation }: LifeResult): Section[] {
  const { labels, confusion } = scores.report as { labels?: string[]; confusion?: number[][] };
  return labels && confusion
    ? [{
      kind: "confusion",
      title: `Confusion matrix of ${
        evaluation.method === "cross-validation" ? "the cross-validation" : "the test part"
      }`,
      labels,
      counts: confusion,
    }]
    : [];
}

/** How many rows of each class the parts have, the largest class first. */
function classesOf(task: TaskName, parts: LifeResult["parts"]): BarsSection[] {
  const stratum = trainedTasks[task].stratum as ((target: unknown) => string | readonly string[]) | undefined;
  if (!stratum) return [];
  const names = { train: "to train", validation: "to choose the epoch", test: "held out" };
  const shown = (["train", "validation", "test"] as const).filter((part) => parts[part].length > 0);
  const groups = shown.map((part) => {
    const counts = new Map<string, number>();
    for (const { row } of parts[part]) {
      for (const label of [stratum(row.target)].flat()) counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    return counts;
  });
  const labels = sortLabels(groups.flatMap((counts) => [...counts.keys()]));
  const rows = labels.map((label) => ({ label, counts: groups.map((counts) => counts.get(label) ?? 0) }));
  rows.sort((a, b) => b.counts[0] - a.counts[0]);
  return rows.length === 0
    ? []
    : [{ kind: "bars", title: "Classes", groups: shown.map((part) => names[part]), rows }];
}
