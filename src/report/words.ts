/**
 * What a report comes to in a sentence: better, worse, not shown.
 *
 * @module
 */
import type { Interval } from "../statistics/bootstrap.ts";
import { formatCount, plural } from "../base/format.ts";
import { intervalMethods } from "../statistics/interval_methods.ts";
import { percent } from "./numbers.ts";
import type {
  Better,
  ComparisonSection,
  GateSection,
  Report,
  Section,
  SeenCounts,
} from "../evaluate/report.ts";

/** How something came out; a page shows it by colour, sign and word. */
export type Tone = "good" | "bad" | "warn" | "even";

/** What a reader should know first: a sentence, and what it rests on. */
export interface Verdict {
  readonly tone: Tone;
  readonly headline: string;
  /** A name from the data may stand in it. */
  readonly detail: string;
}

/** The verdicts of a report: of rows that were trained on, its gate's, its comparisons', and that of canaries that failed. */
export function verdicts(report: Report): Verdict[] {
  return [...seenVerdict(report), ...report.sections.flatMap(sectionVerdicts)];
}

function sectionVerdicts(section: Section): Verdict[] {
  switch (section.kind) {
    case "gate":
      return [gateVerdict(section)];
    case "comparison":
      return section.rows.length > 0 ? [comparisonVerdict(section)] : [];
    case "canaries": {
      const failed = section.rows.filter((row) => !row.passed);
      if (failed.length === 0) return [];
      return [{
        tone: "bad",
        headline: `${failed.length} of ${plural(section.rows.length, "canary", "canaries")} failed`,
        detail: names(failed.map((row) => row.name)),
      }];
    }
    default:
      return [];
  }
}

/** What was seen in training is no test of a model. */
function seenVerdict({ data: { n, seen } }: Report): Verdict[] {
  const rows = seen === undefined ? 0 : seen.train + seen.validation + seen.base;
  if (rows === 0) return [];
  return [{
    tone: 2 * rows > n ? "bad" : "warn",
    headline: `The model has seen ${rows === n ? "all" : `${formatCount(rows)} of`} ${
      plural(n, "row")
    } in training`,
    detail: rows === n
      ? "these scores say nothing about texts that are new to it"
      : "the scores of all rows are not those of new texts: the unseen rows stand apart below",
  }];
}

/** Whether all conditions of a gate are met. */
export function gateVerdict({ passed, conditions }: GateSection): Verdict {
  const unmet = conditions.filter((condition) => !condition.met);
  const { length: n } = conditions;
  const some = unmet.slice(0, 3).map((condition) => condition.text).join("; ") +
    (unmet.length > 3 ? "; ..." : "");
  const met = n === 1 ? "its condition is met" : `all ${n} conditions are met`;
  return {
    tone: passed ? "good" : "bad",
    headline: passed ? "Gate passed" : "Gate failed",
    detail: unmet.length === 0 ? met : `${unmet.length} of ${plural(n, "condition")} not met: ${some}`,
  };
}

type ComparisonRow = ComparisonSection["rows"][number];

/** What a comparison shows of one metric, in words: a difference is shown where the adjusted p-value is small enough. */
export function rowVerdict(
  row: ComparisonRow,
  names: { a: string; b: string },
): { tone: Tone; words: string } {
  const { value, confidence } = row.difference;
  const level = 1 - confidence + 1e-12;
  if (!(row.adjustedPValue <= level) || value === 0) return { tone: "even", words: "no difference shown" };
  if (row.better === "neither") {
    return { tone: "even", words: `${names.b} is ${value > 0 ? "higher" : "lower"}` };
  }
  const gained = (value > 0) === (row.better === "higher");
  return { tone: gained ? "good" : "bad", words: `${names.b} is ${gained ? "better" : "worse"}` };
}

/** What a comparison shows over its metrics. */
export function comparisonVerdict(section: ComparisonSection): Verdict {
  const of = (tone: Tone) => section.rows.filter((row) => rowVerdict(row, section).tone === tone);
  const better = of("good"), worse = of("bad"), even = of("even");
  const list = (rows: readonly ComparisonRow[]) => names(rows.map((row) => row.label));
  const parts = [
    better.length > 0 ? `better in ${list(better)}` : "",
    worse.length > 0 ? `worse in ${list(worse)}` : "",
    even.length > 0 ? `no difference shown in ${list(even)}` : "",
  ].filter((part) => part !== "");
  const detail = `${section.b}: ${parts.join("; ")}`;
  const on = section.only === undefined ? "" : ` on ${section.only}`;
  if (better.length > 0 && worse.length > 0) {
    return { tone: "warn", headline: `Better and worse than ${section.a}${on}`, detail };
  }
  if (better.length > 0) return { tone: "good", headline: `Better than ${section.a}${on}`, detail };
  if (worse.length > 0) return { tone: "bad", headline: `Worse than ${section.a}${on}`, detail };
  return { tone: "even", headline: `No difference from ${section.a} shown${on}`, detail };
}

/** Whether a paired difference lies wholly on one side of 0. */
export function changeVerdict(difference: Interval, better: Better): { tone: Tone; words: string } {
  const { low, high } = difference;
  if (!(low > 0 || high < 0)) return { tone: "even", words: "no change shown" };
  const gained = (low > 0) === (better !== "lower");
  return { tone: gained ? "good" : "bad", words: gained ? "gain" : "loss" };
}

/** What a report is called among others: its model, else its title. */
export function nameOf({ model, title }: Report): string {
  return model ? `${model.name} ${model.version}` : title;
}

/** "4,837 (4,595 trained on, 242 chose the epoch)", or "none". */
export function seenWords({ train, validation, base }: SeenCounts): string {
  const rows = train + validation + base;
  if (rows === 0) return "none";
  const parts = [
    ...(train > 0 ? [`${formatCount(train)} trained on`] : []),
    ...(validation > 0 ? [`${formatCount(validation)} chose the epoch`] : []),
    ...(base > 0 ? [`${formatCount(base)} by its base`] : []),
  ];
  return `${formatCount(rows)} (${parts.join(", ")})`;
}

/** "higher is better". */
export const direction: Record<Better, string> = {
  higher: "higher is better",
  lower: "lower is better",
  neither: "neither high nor low is better",
};

/** How the intervals of a report were made: a sentence for each method that occurs in it. */
export function methodSentences(report: Report): string[] {
  const { confidence, resamples, seed } = report.intervals;
  const found = new Set<string>();
  for (const interval of allIntervals(report)) if (interval.method !== undefined) found.add(interval.method);
  return [
    `Each interval is made so that in ${
      percent(confidence)
    } of repetitions with other rows from the same source it would ` +
    "hold the true value; it says nothing about rows from another source.",
    ...[...found].sort().map((method) => {
      if (!Object.hasOwn(intervalMethods, method)) return `${method}.`;
      const { name, about } = intervalMethods[method];
      const drawn = method === "bca" || method === "percentile";
      return `${name}: ${about}${drawn ? `; ${plural(resamples, "resample")}, seed ${seed}` : ""}.`;
    }),
  ];
}

/** How a method of making intervals is called, in short. */
export function methodName({ method }: Interval): string {
  if (method === undefined) return "";
  return Object.hasOwn(intervalMethods, method) ? intervalMethods[method].name : method;
}

function allIntervals(report: Report): Interval[] {
  return [...report.metrics.map((metric) => metric.interval), ...report.sections.flatMap(intervalsOf)];
}

function intervalsOf(section: Section): Interval[] {
  switch (section.kind) {
    case "classes":
      return section.rows.flatMap((row) => [row.precision, row.recall, row.f1]);
    case "reliability":
      return section.bins.map((bin) => bin.accuracy);
    case "slices":
      return section.rows.flatMap((row) => row.intervals);
    case "probes":
      return section.rows.flatMap((row) => [row.before, row.after, row.difference, row.changed]);
    case "safety":
      return [section.flagged];
    case "comparison":
      return section.rows.flatMap((row) => [row.a, row.b, row.difference]);
    default:
      return [];
  }
}

/** "a", "a and b", "a, b and 3 more". */
function names(all: readonly string[]): string {
  const shown = all.length > 4 ? [...all.slice(0, 3), `${all.length - 3} more`] : all;
  return shown.length < 2
    ? shown.join("")
    : `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`;
}

/** A label as a table shows it: in quotation marks where spaces at its ends, or nothing at all, would not be seen. */
export function shownLabel(label: string): string {
  return label === "" || label !== label.trim() || /\s\s/.test(label) ? JSON.stringify(label) : label;
}
