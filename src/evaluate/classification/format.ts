/**
 * A report of classification as text.
 *
 * @module
 */
import { shorten } from "../../base/text.ts";
import { textTable } from "../text_table.ts";
import type { ClassificationReport, Interval } from "./classification.ts";

const MAX_MATRIX = 12; // wider confusion matrices do not fit a terminal
const MAX_MATRIX_WITH_INTERVALS = 4;

/**
 * A classification report as plain text for a terminal: averages with their intervals, the classes, and the confusion matrix
 * where it has at most 12 labels.
 *
 * @example
 * ```ts
 * import { classificationReport } from "./classification.ts";
 * import { formatReport } from "./format.ts";
 * import assert from "node:assert/strict";
 * const report = classificationReport([0, 0, 1], [0, 0, 1], { labels: ["ham", "spam"] });
 * assert.match(formatReport(report), /accuracy +1\.0000/);
 * ```
 */
export function formatReport(report: ClassificationReport): string {
  const percent = `${+(100 * report.accuracy.confidence).toPrecision(4)}% interval`;
  const averages = textTable([
    ["", "value", percent],
    ...([
      ["accuracy", report.accuracy],
      ["balanced accuracy", report.balancedAccuracy],
      ["Matthews correlation", report.matthewsCorrelation],
      ["macro F1", report.macroF1],
      ["weighted F1", report.weightedF1],
      ...(report.binary ? [[`F1 of ${clip(report.binary.positive)}`, report.binary.f1]] : []),
      ...(report.fBetas ?? []).flatMap(({ beta, macro, perClass }) => [
        [`macro F${+beta.toPrecision(3)}`, macro],
        ...(report.binary
          ? [[`F${+beta.toPrecision(3)} of ${clip(report.binary.positive)}`, perClass[1]]]
          : []),
      ]),
    ] as [string, Interval][]).map(([name, interval]) => [name, fixed(interval.value), range(interval)]),
  ]);
  const classes = textTable([
    ["class", "precision", "recall", "F1", percent, "rows"],
    ...report.perClass.map((scores) => [
      clip(scores.label),
      fixed(scores.precision.value),
      fixed(scores.recall.value),
      fixed(scores.f1.value),
      range(scores.f1),
      String(scores.support),
    ]),
  ]);
  const parts = [`${report.n} rows`, averages, classes];
  if (report.labels.length <= MAX_MATRIX) {
    const wide = report.labels.length > MAX_MATRIX_WITH_INTERVALS;
    parts.push(textTable([
      ["true \\ predicted", ...report.labels.map(clip)],
      ...report.confusion.map((row, i) => [
        clip(report.labels[i]),
        ...row.map((count, j) => cell(count, wide ? undefined : report.confusionIntervals?.[i][j])),
      ]),
    ]));
  }
  return parts.join("\n\n") + "\n";
}

/** A count, with its interval where there is one of some width. */
function cell(count: number, interval: Interval | undefined): string {
  if (!interval || interval.low === interval.high) return String(count);
  return `${count} (${Math.round(interval.low)} to ${Math.round(interval.high)})`;
}

function fixed(value: number): string {
  return value.toFixed(4);
}

function range(interval: Interval): string {
  return `${fixed(interval.low)} to ${fixed(interval.high)}`;
}

/** Labels come from users' data: no control characters reach the terminal, and no label fills the line. */
function clip(label: string): string {
  return shorten(label.replace(/\p{C}/gu, "?"), 24);
}
