/**
 * A check of a data set as text for a terminal.
 *
 * @module
 */
import { formatBytes, formatCount, formatDuration, plural } from "../base/format.ts";
import { shorten, visible } from "../base/text.ts";
import { textTable } from "../evaluate/text_table.ts";
import type { DataCheck, TrainingPlan } from "../data/check/check.ts";
import type { Lengths } from "../data/check/lengths.ts";
import { partPercent, trimmed } from "./numbers.ts";
import { shownLabel } from "./words.ts";

const MOST_CLASSES = 20;
const BAR = 30; // characters of the longest
const MARKS = { error: "ERROR  ", warning: "warning", note: "note   " } as const;

/**
 * What a data set holds, what a person should know of it, and what training would do with it.
 *
 * @example
 * ```ts
 * import { dataCheckText } from "./data_check_text.ts";
 * import { checkRows } from "../data/check/check.ts";
 * import assert from "node:assert/strict";
 *
 * const rows = ["good", "bad"].map((label) => ({ texts: [`a ${label} film`], classes: [label], key: label }));
 * const facts = await checkRows(rows, { groups: (rows) => rows });
 * const check = { source: "films.csv", reading: [], task: "text-classification", unreadable: 0, columns: [], ...facts };
 * assert.match(dataCheckText(check), /2 rows .* 2 classes/s);
 * ```
 */
export function dataCheckText(check: DataCheck): string {
  const { findings } = check;
  const parts = [
    overview(check),
    check.columns.length > 0 ? columnTable(check) : "",
    check.classes.length > 0 ? classTable(check) : "",
    // Of no rows there is nothing to measure.
    check.rows > 0 ? lengthTable(check) : "",
    check.training ? planLines(check.training) : "",
    findings.length === 0
      ? "nothing suspicious was found"
      : findings.map(({ severity, what, mend }) =>
        `${MARKS[severity]}  ${plain(what, 400)}${mend ? `\n         ${plain(mend, 200)}` : ""}`
      ).join("\n"),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function overview(
  { source, rows, unreadable, task, classes, repeats, scripts, languages, reading }: DataCheck,
): string {
  const lines = [
    `${plain(source, 200)}: ${plural(rows, "row")}${
      unreadable > 0 ? ` that can be read and ${formatCount(unreadable)} that cannot` : ""
    } for ${task}${classes.length > 0 ? `, ${plural(classes.length, "class", "classes")}` : ""}`,
    ...reading.map((line) => plain(line, 300)),
    ...rows === 0 ? [] : [
      `repeats: ${plural(repeats.duplicates, "duplicate")}, ${
        formatCount(repeats.nearRows)
      } rows nearly alike in ${plural(repeats.nearGroups, "group")}`,
    ],
  ];
  const shares = (list: DataCheck["scripts"]) =>
    list.slice(0, 5).map(({ name, share }) => `${name} ${partPercent(share)}`).join(", ");
  if (scripts.length > 0) lines.push(`scripts: ${shares(scripts)}`);
  if (languages.length > 0) lines.push(`languages: ${shares(languages)}`);
  return lines.join("\n");
}

function columnTable({ columns, rows, unreadable }: DataCheck): string {
  const all = rows + unreadable;
  return textTable([
    ["column", "filled", "distinct", "holds", "such as"],
    ...columns.slice(0, 30).map(({ name, filled, distinct, isExact, kinds, example }) => [
      plain(name, 40),
      partPercent(filled / all),
      `${isExact ? "" : "over "}${formatCount(distinct)}`,
      kinds.join(", "),
      plain(example, 50),
    ]),
  ], 3);
}

function classTable({ classes }: DataCheck): string {
  const most = classes[0].count;
  const shown = classes.slice(0, MOST_CLASSES);
  const table = textTable([
    ["class", "rows", "share", ""],
    ...shown.map(({ label, count, share }) => [
      plain(shownLabel(label), 40),
      formatCount(count),
      partPercent(share),
      "█".repeat(Math.max(1, Math.round(BAR * count / most))),
    ]),
  ], 3);
  const left = classes.slice(MOST_CLASSES);
  if (left.length === 0) return table;
  return `${table}\nand ${plural(left.length, "class", "classes")} more with ${
    formatCount(left[0].count)
  } rows and fewer each`;
}

function lengthTable({ characters, words, numbers, training }: DataCheck): string {
  const row = (name: string, of: Lengths) => [
    name,
    ...[of.least, of.median, of.p90, of.p99, of.most, of.mean].map((value) => trimmed(value, 4)),
  ];
  return textTable([
    ["length in", "least", "median", "90%", "99%", "most", "mean"],
    row("characters", characters),
    row("words", words),
    ...(training ? [row("tokens", training.tokens)] : []),
    ...(numbers ? [row("(answer)", numbers)] : []),
  ]);
}

function planLines(plan: TrainingPlan): string {
  const { parts, steps, stepsPerEpoch, epochs, parameters, stateBytes, seconds, deviceBytes, device, folds } =
    plan;
  const lines = [
    `training would take ${formatCount(parts.train)} rows to train, ${
      formatCount(parts.validation)
    } to choose the epoch and ${
      folds ? "all to score, each by a model that has not seen it" : `${formatCount(parts.test)} to score`
    }; ${formatCount(plan.vocabSize)} tokens, ${partPercent(plan.unknownShare)} of them unknown; ${
      plural(plan.cut, "text")
    } cut at ${plan.maxTokens} tokens`,
    `${plural(epochs, "epoch")} of ${plural(stepsPerEpoch, "step")}, ${formatCount(steps)} in all; ${
      trimmed(parameters / 1e6)
    } M parameters, ${formatBytes(stateBytes)} with the optimiser's moments`,
  ];
  if (seconds !== undefined) {
    lines.push(
      `on ${device}: about ${durationText(seconds)} for the steps, as measured now, and ${
        formatBytes(deviceBytes!)
      }`,
    );
  }
  if (folds) {
    lines.push(
      `cross-validation: before that, ${folds.count} models are trained to score the rows; ${
        formatCount(folds.steps)
      } steps in all${folds.seconds === undefined ? "" : `, about ${durationText(folds.seconds)}`}`,
    );
  }
  lines.push(...plan.messages.filter((line) => line.startsWith("warning")).map((line) => plain(line, 300)));
  return lines.join("\n");
}

function durationText(seconds: number): string {
  return seconds < 90 ? `${trimmed(seconds, 2)} s` : formatDuration(seconds * 1000);
}

/** A user's text on one line, with nothing hidden in it. */
function plain(text: string, most: number): string {
  return shorten(visible(text).replace(/\s+/g, " "), most);
}
