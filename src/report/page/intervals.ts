import { type Markup, markup, userText } from "../markup.ts";
import { count, figure, plural, pValue, range, signed, signedRange, significant } from "../numbers.ts";
import { axisBar, intervalBar } from "../plots/interval_bar.ts";
import type {
  ClassesSection,
  ComparisonSection,
  ProbesSection,
  Report,
  SlicesSection,
} from "../../evaluate/report.ts";
import { changeVerdict, direction, rowVerdict } from "../words.ts";
import { domainOf, isShare } from "./metrics.ts";
import { type Body, chip, foldable, leftOut, scoreCell, table } from "./tables.ts";

const MAX_CLASSES = 200;
const MAX_SLICES = 100;

/** Scores of each class, each with its interval. */
export function classes({ rows }: ClassesSection): Markup {
  const shown = rows.slice(0, MAX_CLASSES);
  const domain = domainOf(shown.flatMap((row) => [row.precision, row.recall, row.f1]));
  return markup`${
    table({
      caption: "Precision, recall and F1 of each class",
      columns: [
        { label: "class" },
        { label: "precision", kind: "score" },
        { label: "recall", kind: "score" },
        { label: "F1", kind: "score" },
        { label: "rows", kind: "number" },
      ],
      bodies: [{
        rows: shown.map((row) => [
          userText(row.label, 80),
          ...[row.precision, row.recall, row.f1].map((interval) => scoreCell(interval, domain)),
          count(row.support),
        ]),
        axis: ["", axisBar(domain), axisBar(domain), axisBar(domain), ""],
      }],
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
      const domain = domainOf(shown.map((row) => row.intervals[m]), whole ? [whole.value] : []);
      return markup`<div>${
        table({
          caption: `${label}: ${direction[better]}`,
          showCaption: true,
          columns: [{ label: section.column }, { label: "", kind: "bar" }, {
            label: "value",
            kind: "number",
          }],
          bodies: [{
            rows: shown.map((row) => {
              const interval = row.intervals[m];
              const differs = m === 0 && row.pValue !== undefined && row.pValue <= level;
              return [
                markup`${userText(row.value, 60)}<small class="why">${plural(row.n, "row")}${
                  m === 0 && row.pValue !== undefined && ` · p ${equals(row.pValue)}`
                }</small>${differs && chip("warn", "differs from the rest")}`,
                intervalBar(interval, domain, { reference: whole?.value, tone: differs ? "warn" : "" }),
                markup`<b>${figure(interval)}</b><small class="why">${range(interval)}</small>`,
              ];
            }),
            axis: ["", axisBar(domain), ""],
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
  return markup`<p class="lead">a is ${userText(a, 120)}, b is ${
    userText(b, 120)
  }; both answered the same rows.</p>${
    section.rows.length > 0 && table({
      caption: "Each metric of both models, and their difference",
      columns: [
        { label: "metric" },
        { label: "a", kind: "number" },
        { label: "b", kind: "number" },
        { label: "b − a", kind: "number" },
        { label: "", kind: "bar" },
        { label: "adjusted p", kind: "number" },
        { label: "verdict" },
      ],
      bodies: [...bodies.values()].map((rows): Body => {
        const domain = domainOf(rows.map((row) => row.difference), [0]);
        return {
          rows: rows.map((row) => {
            const verdict = rowVerdict(row, { a: "a", b: "b" });
            return [
              markup`${userText(row.label, 80)}<small class="why">${direction[row.better]}</small>`,
              markup`${figure(row.a)}<small class="why">${range(row.a)}</small>`,
              markup`${figure(row.b)}<small class="why">${range(row.b)}</small>`,
              markup`<b>${signed(row.difference)}</b><small class="why">${
                signedRange(row.difference)
              }</small>`,
              intervalBar(row.difference, domain, {
                reference: 0,
                tone: verdict.tone,
                tooltip: `${signed(row.difference)} (${signedRange(row.difference)}), p ${
                  equals(row.pValue)
                }`,
              }),
              pValue(row.adjustedPValue),
              chip(verdict.tone, verdict.words),
            ];
          }),
          axis: ["", "", "", "", axisBar(domain), "", ""],
        };
      }),
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
          { label: "cost" },
          { label: "a", kind: "number" },
          { label: "b", kind: "number" },
          { label: "b / a", kind: "number" },
        ],
        bodies: [{
          rows: section.costs.map(({ label, a, b, unit }) => [
            userText(label, 80),
            markup`${significant(a, 3)} ${userText(unit, 40)}`,
            markup`${significant(b, 3)} ${userText(unit, 40)}`,
            Number.isFinite(b / a) && a > 0 ? `${significant(b / a, 3)}×` : "–",
          ]),
        }],
      })
    }`
  }`;
}

/** What small changes of the inputs cost. */
export function probes(section: ProbesSection, report: Report): Markup {
  const metric = report.metrics.find(({ name, label }) =>
    name === section.metric || label === section.metric
  );
  const domain = domainOf(section.rows.map((row) => row.difference), [0]);
  return markup`<p class="lead">${
    userText(metric?.label ?? section.metric, 80)
  } on the texts as they are, and after a small change that should not matter.</p>${
    table({
      caption: "What each change of the inputs does to the metric",
      columns: [
        { label: "change" },
        { label: "before", kind: "number" },
        { label: "after", kind: "number" },
        { label: "difference", kind: "number" },
        { label: "", kind: "bar" },
        { label: "answers changed", kind: "number" },
        { label: "verdict" },
      ],
      bodies: [{
        rows: section.rows.map((row) => {
          const verdict = changeVerdict(row.difference, metric?.better ?? "higher");
          return [
            markup`${userText(row.probe, 60)}<small class="why">${userText(row.about, 200)}</small>${
              row.example && markup`<details class="example"><summary>example</summary>
<p class="why">before</p>${foldable(row.example.before, { most: 600 })}<p class="why">after</p>${
                foldable(row.example.after, { most: 600 })
              }</details>`
            }`,
            figure(row.before),
            figure(row.after),
            markup`<b>${signed(row.difference)}</b><small class="why">${signedRange(row.difference)}</small>`,
            intervalBar(row.difference, domain, {
              reference: 0,
              tone: verdict.tone,
              tooltip: `${signed(row.difference)} (${signedRange(row.difference)})`,
            }),
            markup`${figure(row.changed)}<small class="why">${range(row.changed)}</small>`,
            chip(verdict.tone, verdict.words),
          ];
        }),
        axis: ["", "", "", "", axisBar(domain), "", ""],
      }],
    })
  }<p class="foot"><span class="key line"></span> no difference; paired by row. "Answers changed" is a share of the rows.</p>`;
}

/** "= 0.03" or "< 0.0001". */
function equals(p: number): string {
  const shown = pValue(p);
  return shown.startsWith("<") ? shown : `= ${shown}`;
}
