/**
 * Sections of the HTML page that are intervals: classes, slices, comparison, probes.
 *
 * @module
 */
import type { Interval } from "../../statistics/bootstrap.ts";
import { type Markup, markup, userText } from "../markup.ts";
import { formatPValue, plural } from "../../base/format.ts";
import { count, figure, range, signed, signedRange, significant, times } from "../numbers.ts";
import { intervalBar } from "../plots/interval_bar.ts";
import type { Domain } from "../plots/scale.ts";
import type {
  ClassesSection,
  ComparisonSection,
  ProbesSection,
  Report,
  SlicesSection,
} from "../../evaluate/report.ts";
import { changeVerdict, direction, rowVerdict, type Tone } from "../words.ts";
import { domainOf, isShare } from "./metrics.ts";
import { chip, foldable, leftOut, scoreCell, stacked, table } from "./tables.ts";

const MAX_CLASSES = 200;
const MAX_SLICES = 100;

/** Scores of each class, each with its interval. */
export function classes({ rows }: ClassesSection): Markup {
  const shown = rows.slice(0, MAX_CLASSES);
  return markup`${
    table({
      caption: "Precision, recall and F1 of each class",
      columns: [
        { label: "class", cell: (row) => userText(row.label, 80) },
        { label: "precision", kind: "score", cell: (row, axis) => scoreCell(row.precision, axis) },
        { label: "recall", kind: "score", cell: (row, axis) => scoreCell(row.recall, axis) },
        { label: "F1", kind: "score", cell: (row, axis) => scoreCell(row.f1, axis) },
        { label: "rows", kind: "number", cell: (row) => count(row.support) },
      ],
      bodies: [{ rows: shown, axis: domainOf(shown.flatMap((row) => [row.precision, row.recall, row.f1])) }],
    })
  }${leftOut(rows.length, shown.length, "classes")}`;
}

/** Each metric as a forest plot over the slices, with the value over all rows as a line. */
export function slices(section: SlicesSection, report: Report): Markup {
  const shown = section.rows.slice(0, MAX_SLICES);
  const level = 1 - report.intervals.confidence + 1e-12;
  const tested = section.rows.some((row) => row.pValue !== undefined);
  return markup`<div class="multiples">${
    section.metrics.map(({ name, label, better }, m) => {
      const whole = report.metrics.find((metric) => metric.name === name)?.interval;
      const tested = (row: typeof shown[number]) => m === 0 && row.pValue !== undefined;
      const differs = (row: typeof shown[number]) => tested(row) && row.pValue! <= level;
      return markup`<div>${
        table({
          caption: `${label}: ${direction[better]}`,
          showCaption: true,
          columns: [
            {
              label: section.column,
              cell: (row) =>
                markup`${
                  stacked(
                    userText(row.value, 60),
                    markup`${plural(row.n, "row")}${tested(row) && ` · p ${equals(row.pValue!)}`}`,
                  )
                }${differs(row) && chip("warn", "differs from the rest")}`,
            },
            {
              label: "",
              kind: "bar",
              cell: (row, axis) => {
                const tone = differs(row) ? "warn" : "";
                return intervalBar(row.intervals[m], axis, { reference: whole?.value, tone });
              },
            },
            { label: "value", kind: "number", cell: ({ intervals }) => bold(intervals[m]) },
          ],
          bodies: [{
            rows: shown,
            axis: domainOf(shown.map((row) => row.intervals[m]), whole ? [whole.value] : []),
          }],
        })
      }</div>`;
    })
  }</div><p class="foot"><span class="key line"></span> value over all rows.${
    tested &&
    " p: that a slice differs from all other rows in the first metric by chance alone, adjusted for the number of slices (Holm)."
  }</p>${leftOut(section.rows.length, shown.length, "slices")}`;
}

/** Two models on the same rows: each metric's difference against 0. */
export function comparison(section: ComparisonSection): Markup {
  const { a, b } = section;
  const bodies = new Map<string, ComparisonSection["rows"][number][]>();
  for (const row of section.rows) {
    const key = isShare(row.a) && isShare(row.b) ? "" : `metric ${row.name}`;
    bodies.set(key, [...bodies.get(key) ?? [], row]);
  }
  const tests = [...new Set(section.rows.map((row) => row.test))].join(", ");
  const verdict = (row: ComparisonSection["rows"][number]) => rowVerdict(row, { a: "a", b: "b" });
  const cost = (value: number, unit: string) => markup`${significant(value, 3)} ${userText(unit, 40)}`;
  return markup`<p class="lead">a is ${userText(a, 120)}, b is ${
    userText(b, 120)
  }; both answered the same rows.</p>${
    section.rows.length > 0 && table({
      caption: "Each metric of both models, and their difference",
      columns: [
        { label: "metric", cell: (row) => stacked(userText(row.label, 80), direction[row.better]) },
        { label: "a", kind: "number", cell: (row) => stacked(figure(row.a), range(row.a)) },
        { label: "b", kind: "number", cell: (row) => stacked(figure(row.b), range(row.b)) },
        { label: "b − a", kind: "number", cell: (row) => boldDifference(row.difference) },
        {
          label: "",
          kind: "bar",
          cell: (row, axis) =>
            differenceBar(row.difference, axis, verdict(row).tone, `, p ${equals(row.pValue)}`),
        },
        { label: "adjusted p", kind: "number", cell: (row) => formatPValue(row.adjustedPValue) },
        { label: "verdict", cell: (row) => chip(verdict(row).tone, verdict(row).words) },
      ],
      bodies: [...bodies.values()].map((rows) => ({
        rows,
        axis: domainOf(rows.map((row) => row.difference), [0]),
      })),
    })
  }<p class="foot"><span class="key line"></span> no difference.${
    tests !== "" &&
    markup` Test: ${userText(tests, 200)}, paired by row; p-values are adjusted for ${
      plural(section.rows.length, "metric")
    }.`
  } "No difference shown" does not mean that there is none.</p>${
    section.costs.length > 0 && markup`<h4>What it costs</h4>${
      table({
        caption: "Size and speed of both models, without a test",
        columns: [
          {
            label: "cost",
            cell: ({ label }) => userText(label, 80),
          },
          { label: "a", kind: "number", cell: ({ a, unit }) => cost(a, unit) },
          { label: "b", kind: "number", cell: ({ b, unit }) => cost(b, unit) },
          { label: "b / a", kind: "number", cell: ({ a, b }) => times(a, b) },
        ],
        bodies: [{ rows: section.costs }],
      })
    }`
  }`;
}

/** What small changes of the inputs cost. */
export function probes(section: ProbesSection, report: Report): Markup {
  const metric = report.metrics.find(({ name, label }) => [name, label].includes(section.metric));
  const verdict = (row: ProbesSection["rows"][number]) =>
    changeVerdict(row.difference, metric?.better ?? "higher");
  return markup`<p class="lead">${
    userText(metric?.label ?? section.metric, 80)
  } on the texts as they are, and after a small change that should not matter.</p>${
    table({
      caption: "What each change of the inputs does to the metric",
      columns: [
        {
          label: "change",
          cell: (row) =>
            markup`${stacked(userText(row.probe, 60), userText(row.about, 200))}${
              row.example && markup`<details class="example"><summary>example</summary>
<p class="why">before</p>${foldable(row.example.before, { most: 600 })}<p class="why">after</p>${
                foldable(row.example.after, { most: 600 })
              }</details>`
            }`,
        },
        { label: "before", kind: "number", cell: (row) => figure(row.before) },
        { label: "after", kind: "number", cell: (row) => figure(row.after) },
        { label: "difference", kind: "number", cell: (row) => boldDifference(row.difference) },
        {
          label: "",
          kind: "bar",
          cell: (row, axis) => differenceBar(row.difference, axis, verdict(row).tone),
        },
        {
          label: "answers changed",
          kind: "number",
          cell: ({ changed }) => stacked(figure(changed), range(changed)),
        },
        { label: "verdict", cell: (row) => chip(verdict(row).tone, verdict(row).words) },
      ],
      bodies: [{ rows: section.rows, axis: domainOf(section.rows.map((row) => row.difference), [0]) }],
    })
  }<p class="foot"><span class="key line"></span> no difference; paired by row. "Answers changed" is a share of the rows.</p>`;
}

function bold(interval: Interval): Markup {
  return stacked(markup`<b>${figure(interval)}</b>`, range(interval));
}

function boldDifference(difference: Interval): Markup {
  return stacked(markup`<b>${signed(difference)}</b>`, signedRange(difference));
}

/** A difference's bar, beside a line at 0. */
function differenceBar(difference: Interval, axis: Domain, tone: Tone, further = ""): Markup {
  const tooltip = `${signed(difference)} (${signedRange(difference)})${further}`;
  return intervalBar(difference, axis, { reference: 0, tone, tooltip });
}

/** "= 0.03" or "< 0.0001". */
function equals(p: number): string {
  const shown = formatPValue(p);
  return shown.startsWith("<") ? shown : `= ${shown}`;
}
