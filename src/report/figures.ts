/**
 * Every number of a report by name, for gates.
 *
 * @module
 */
import type { Interval } from "../statistics/bootstrap.ts";
import type { Report } from "../evaluate/report.ts";

/**
 * Every number of a report by the name that a gate calls it: `macroF1` (its value), `macroF1.low`, `macroF1.high`, `macroF1.n`,
 * `classes.spam.f1.low`, `latency.p95`, `sizeBytes`, `slices.lang.it.macroF1.low`, `probes.typos.after`,
 * `probes.typos.difference.low`, `canaries.failed`, `safety.flagged.high`, and of a comparison `difference.macroF1.low` and
 * `pValue.macroF1` (adjusted).
 *
 * @example
 * ```ts
 * import { figures } from "./figures.ts";
 * import type { Report } from "../evaluate/report.ts";
 * import assert from "node:assert/strict";
 * const interval = { value: 0.9, low: 0.8, high: 0.95, confidence: 0.95, n: 50 };
 * const report = {
 *   metrics: [{ name: "accuracy", label: "accuracy", better: "higher", interval }],
 *   sections: [{ kind: "latency", title: "Latency", p50: 1, p95: 2, p99: 3, batch: 1, calls: 50 }],
 * } as unknown as Report;
 * assert.equal(figures(report).get("accuracy.low"), 0.8);
 * assert.equal(figures(report).get("latency.p95"), 2);
 * ```
 */
export function figures(report: Report): Map<string, number> {
  const found = new Map<string, number>();
  const put = (name: string, interval: Interval) => {
    found.set(name, interval.value);
    for (const end of ["value", "low", "high", "n"] as const) found.set(`${name}.${end}`, interval[end]);
  };
  for (const { name, interval } of report.metrics) put(name, interval);
  found.set("n", report.data?.n ?? 0);
  const seen = report.data?.seen;
  if (seen) {
    const rows = seen.train + seen.validation + seen.base;
    found.set("seen.rows", rows);
    found.set("seen.share", rows / report.data.n);
  }
  if (report.model?.sizeBytes !== undefined) found.set("sizeBytes", report.model.sizeBytes);
  if (report.model?.parameters !== undefined) found.set("parameters", report.model.parameters);
  for (const section of report.sections) {
    switch (section.kind) {
      case "classes":
        for (const row of section.rows) {
          for (const score of SCORES) put(`classes.${row.label}.${score}`, row[score]);
        }
        break;
      case "latency":
        for (const quantile of QUANTILES) found.set(`latency.${quantile}`, section[quantile]);
        break;
      case "slices":
        for (const { value, intervals } of section.rows) {
          section.metrics.forEach(({ name }, m) =>
            put(`slices.${section.column}.${value}.${name}`, intervals[m])
          );
        }
        break;
      case "probes":
        for (const row of section.rows) {
          for (const part of PARTS) put(`probes.${row.probe}.${part}`, row[part]);
        }
        break;
      case "canaries":
        found.set("canaries.failed", section.rows.filter((row) => !row.passed).length);
        break;
      case "safety":
        put("safety.flagged", section.flagged);
        break;
      case "comparison": {
        const prefix = section.only === undefined ? "" : `${section.only}.`;
        for (const row of section.rows) {
          put(`${prefix}difference.${row.name}`, row.difference);
          found.set(`${prefix}pValue.${row.name}`, row.adjustedPValue);
        }
      }
    }
  }
  return found;
}

const SCORES = ["precision", "recall", "f1"] as const;
const QUANTILES = ["p50", "p95", "p99"] as const;
const PARTS = ["before", "after", "difference", "changed"] as const;
