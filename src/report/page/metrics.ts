/**
 * The metrics of the HTML page: large figures and the table with intervals.
 *
 * @module
 */
import type { Interval } from "../../statistics/bootstrap.ts";
import { type Markup, markup, userText } from "../markup.ts";
import { plural } from "../../base/format.ts";
import { count, figure, percent, range } from "../numbers.ts";
import { axisBar, intervalBar } from "../plots/interval_bar.ts";
import { type Domain, niceDomain } from "../plots/scale.ts";
import type { Better, Measured, Report } from "../../evaluate/report.ts";
import { direction, methodName } from "../words.ts";
import { table } from "./tables.ts";

/** Metrics that can be drawn on one axis. */
interface Group {
  readonly better: Better;
  readonly unit?: string;
  readonly metrics: readonly Measured[];
  readonly domain: Domain;
}

/** The metrics to look at first, as large figures. */
export function headline(report: Report): Markup {
  const groups = groupMetrics(report.metrics);
  return markup`<div class="headline">${
    primary(report).map((metric) => {
      const { interval, label, unit } = metric;
      const { domain } = groups.find((group) => group.metrics.includes(metric))!;
      return markup`<div class="card figure"><h2>${userText(label, 60)}</h2>
<p class="large">${figure(interval)}${unit !== undefined && markup` <small>${userText(unit, 40)}</small>`}</p>
<p class="between">${
        interval.high > interval.low
          ? markup`<b>${range(interval)}</b> ${percent(interval.confidence)} interval`
          : "no interval"
      }</p>
<div class="drawn">${intervalBar(interval, domain)}${axisBar(domain)}</div>
<p class="foot">${plural(interval.n, "row")} · ${direction[metric.better]}</p></div>`;
    })
  }</div>`;
}

/** Every metric with its interval, drawn on an axis with those it can be compared with. */
export function metricTable(report: Report): Markup {
  return table<Measured>({
    caption: "All metrics with their intervals",
    columns: [
      {
        label: "metric",
        cell: ({ label, why, signature }) =>
          markup`${userText(label, 120)}${
            why !== undefined && markup`<small class="why">${userText(why, 300)}</small>`
          }${
            signature !== undefined &&
            markup`<small class="why"><code>${userText(signature, 200)}</code></small>`
          }`,
      },
      { label: "value", kind: "number", cell: ({ interval }) => markup`<b>${figure(interval)}</b>` },
      {
        label: `${percent(report.intervals.confidence)} interval`,
        kind: "range",
        cell: ({ interval }) => range(interval),
      },
      { label: "", kind: "bar", cell: ({ interval }, axis) => intervalBar(interval, axis) },
      { label: "rows", kind: "number", cell: ({ interval }) => count(interval.n) },
      { label: "method", kind: "range", cell: ({ interval }) => methodName(interval) },
    ],
    bodies: groupMetrics(report.metrics).map(({ better, unit, metrics, domain }) => ({
      heading: markup`${direction[better]}${unit !== undefined && markup` · ${userText(unit, 40)}`}`,
      rows: metrics,
      axis: domain,
    })),
  });
}

/** Those that are marked, else the first two. */
export function primary(report: Report): readonly Measured[] {
  const marked = report.metrics.filter((metric) => metric.primary);
  return marked.length > 0 ? marked.slice(0, 4) : report.metrics.slice(0, 2);
}

/** Metrics with the same direction and unit share an axis; without a unit, those that are shares do. */
function groupMetrics(metrics: readonly Measured[]): Group[] {
  const groups = new Map<string, Measured[]>();
  for (const metric of metrics) {
    const { better, unit, name, interval } = metric;
    const scale = unit !== undefined ? `unit ${unit}` : isShare(interval) ? "share" : `metric ${name}`;
    const key = `${better} ${scale}`;
    groups.set(key, [...groups.get(key) ?? [], metric]);
  }
  return [...groups.values()].map((metrics) => ({
    better: metrics[0].better,
    unit: metrics[0].unit,
    metrics,
    domain: domainOf(metrics.map(({ interval }) => interval)),
  }));
}

/** Whether an interval lies where shares and correlations do. */
export function isShare({ low, high }: Interval): boolean {
  return low >= -1 && high <= 1;
}

/** An axis that holds all intervals. */
export function domainOf(intervals: readonly Interval[], further: readonly number[] = []): Domain {
  return niceDomain([...intervals.flatMap(({ value, low, high }) => [value, low, high]), ...further]);
}
