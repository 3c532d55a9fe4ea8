/**
 * A report of tagging as text.
 *
 * @module
 */
import { fixed } from "../generation/sacrebleu.ts";
import { AVERAGES, type EntityScores, type TaggingReport } from "./tagging.ts";
import { checkWhole } from "../../statistics/checks.ts";

/**
 * A tagging report as plain text: seqeval's `classification_report`, character by character.
 *
 * @param options `digits` after the point, default 2.
 * @throws {EvaluationError} When `digits` is no whole number from 0 to 20.
 * @example
 * ```ts
 * import { taggingReport } from "./tagging.ts";
 * import { formatTagging } from "./tagging_format.ts";
 * import assert from "node:assert/strict";
 * const text = formatTagging(taggingReport([["B-PER", "O"]], [["B-PER", "O"]]));
 * assert.match(text, /PER       1\.00      1\.00      1\.00         1/);
 * ```
 */
export function formatTagging(report: TaggingReport, options: { digits?: number } = {}): string {
  const { digits = 2 } = options;
  checkWhole("digits", digits, 0, 20);
  const width = Math.max(
    "weighted avg".length,
    digits,
    ...report.perType.map(({ type }) => [...type].length),
  );
  const line = (name: string, cells: string[]) =>
    `${" ".repeat(width - [...name].length)}${name} ${cells.map((cell) => ` ${cell.padStart(9)}`).join("")}`;
  const scores = (name: string, { precision, recall, f1, support }: EntityScores) =>
    line(name, [...[precision, recall, f1].map((value) => fixed(value, digits)), String(support)]);
  return [
    line("", ["precision", "recall", "f1-score", "support"]),
    "",
    ...report.perType.map((type) => scores(type.type, type)),
    "",
    ...AVERAGES.map((average) => scores(`${average} avg`, report[average])),
    "",
  ].join("\n");
}
