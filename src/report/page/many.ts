/**
 * Several reports beside each other in the HTML page.
 *
 * @module
 */
import { type Markup, markup, userText } from "../markup.ts";
import { plural } from "../../base/format.ts";
import { percent, time } from "../numbers.ts";
import type { Measured, Report } from "../../evaluate/report.ts";
import { direction, nameOf } from "../words.ts";
import { domainOf } from "./metrics.ts";
import { chip, type Column, scoreCell, stacked, table } from "./tables.ts";

type Row = readonly (Measured | undefined)[];

const present = (row: Row) => row.filter((metric) => metric !== undefined);

/** All metrics of several reports, a row each, with what is best marked. */
export function manyReports(reports: readonly Report[]): Markup {
  const names = [...new Set(reports.flatMap((report) => report.metrics.map(({ name }) => name)))];
  const hashes = new Set(reports.map(({ data }) => data.hash ?? `${data.source} ${data.n}`));
  const bodies = names.map((name) => {
    const row = reports.map((report) => report.metrics.find((metric) => metric.name === name));
    return { rows: [row], axis: domainOf(present(row).map(({ interval }) => interval)) };
  });
  const column = (report: Report, r: number): Column<Row> => ({
    label: nameOf(report),
    kind: "score",
    cell: (row, axis) => {
      const interval = row[r]?.interval;
      if (!interval) return markup`<span class="muted">–</span>`;
      return scoreCell(interval, axis, interval.value === bestOf(present(row)) && chip("good", "best"));
    },
    hasAxis: (row) => row[r] !== undefined,
  });
  return markup`<section class="card" id="side-by-side"><h2>Side by side</h2>
<div class="scroll" role="region" aria-label="All metrics side by side" tabindex="0">${
    table({
      caption: "Every metric of every report",
      columns: [
        {
          label: "metric",
          cell: (row) => {
            const [{ label, better, unit }] = present(row);
            return stacked(
              userText(label, 80),
              markup`${direction[better]}${unit !== undefined && markup` · ${userText(unit, 40)}`}`,
            );
          },
        },
        ...reports.map(column),
      ],
      bodies,
    })
  }</div>
<p class="foot">${
    percent(reports[0].intervals.confidence)
  } intervals. Best by value alone: whether a difference is more than chance is for a paired test on the same rows.${
    hashes.size > 1 && " The reports are over different data."
  }</p></section>
<nav aria-label="Reports"><ul class="contents">${
    reports.map((report, i) =>
      markup`<li><a href="#report-${i + 1}">${userText(nameOf(report), 80)}</a> <small>${
        plural(report.data.n, "row")
      }, ${time(report.createdAt)}</small></li>`
    )
  }</ul></nav>`;
}

function bestOf(metrics: readonly Measured[]): number | undefined {
  const values = metrics.map(({ interval }) => interval.value).filter(Number.isFinite);
  if (values.length < 2 || metrics[0].better === "neither") return undefined;
  const best = metrics[0].better === "higher" ? Math.max(...values) : Math.min(...values);
  return values.every((value) => value === best) ? undefined : best;
}
