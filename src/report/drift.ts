/**
 * The page of a drift report: what changed, since when and how surely, with both distributions and the windows in between.
 *
 * @module
 */
import { plural } from "../base/format.ts";
import { shorten } from "../base/text.ts";
import type { DriftSnapshot, FeatureReport, Histogram, WindowReport } from "../drift/mod.ts";
import { type Markup, markup, userText } from "./markup.ts";
import { count, partPercent, time } from "./numbers.ts";
import { pageShell } from "./page/shell.ts";
import { chip, leftOut, scrollable, table } from "./page/tables.ts";
import { px } from "./plots/svg.ts";

/** What was compared. */
export interface DriftPage {
  /** What the reference is: a model with its version, or a file. */
  readonly reference: string;
  /** What was compared with it. */
  readonly current: string;
  readonly createdAt: string;
  readonly snapshot: Pick<DriftSnapshot, "alarmFeatures" | "notices" | "policy" | "windowSize">;
  readonly windows: readonly WindowReport[];
}

const MOST_WINDOWS = 200;
const MOST_FEATURES = 200;
const MOST_BINS = 16;

/** The page. It loads nothing, has no script and follows the reader's light or dark setting; texts of the data are escaped. */
export function driftPage({ reference, current, createdAt, snapshot, windows }: DriftPage): string {
  const title = `${current} against ${reference}`;
  const last = windows.at(-1);
  const features = (last?.features ?? []).toSorted((a, b) => order(a) - order(b));
  const shown = features.slice(0, MOST_FEATURES);
  const { alarmFeatures, notices, policy, windowSize } = snapshot;
  const isCalm = alarmFeatures.length === 0;
  return pageShell(
    shorten(title, 200),
    markup`<header><h1>${userText(title, 300)}</h1><p class="lead">${
      chip(isCalm ? "good" : "bad", isCalm ? "no alarm" : "alarm")
    } ${
      isCalm ? "" : userText(alarmFeatures.join(", "), 500)
    }</p><dl class="facts"><div><dt>windows</dt><dd>${count(windows.length)} of up to ${
      count(windowSize)
    }</dd></div><div><dt>compared</dt><dd>${
      count(windows.reduce((sum, { n }) => sum + n, 0))
    }</dd></div><div><dt>false alarms to expect</dt><dd>1 in ${
      plural(policy.windowsPerFalseAlarm, "window")
    }</dd></div>${
      notices.length > 0 && markup`<div><dt>notices</dt><dd>${userText(notices.join(", "), 200)}</dd></div>`
    }</dl></header>
<main><section class="card"><h2>Features</h2>
<p class="lead">Evidence adds up over all windows, and is a share of what an alarm needs. The effect is the last window's.</p>
${
      table<FeatureReport>({
        caption: "What each feature shows",
        columns: [
          { label: "feature", cell: (row) => userText(row.title, 100) },
          { label: "state", cell: state },
          { label: "what changed", cell: change },
          {
            label: "evidence",
            kind: "number",
            cell: (row) => evidence(row),
          },
          {
            label: "effect",
            kind: "number",
            cell: ({ effect }) => `${effect.value.toFixed(3)} of ${effect.threshold.toFixed(3)}`,
          },
          { label: "n", kind: "number", cell: ({ n }) => count(n) },
        ],
        bodies: [{ rows: shown }],
      })
    }${leftOut(features.length, shown.length, "features")}</section>
${windows.length > 1 && windowCard(shown, windows)}
<section class="card"><h2>The last window beside the reference</h2>
<p class="lead">The upper bar of each is the reference.</p>${shown.map(distributions)}</section></main>
<footer>${time(createdAt)} · made with Weir</footer>`,
  );
}

/** How much of what an alarm needs there is. */
function evidence({ evidence: { found, needed } }: FeatureReport): string {
  return found >= needed ? "> 100%" : partPercent(found / needed);
}

/** Alarms first, then notices, then what drifted in the last window. */
function order({ alarm, notice, drifted }: FeatureReport): number {
  return alarm ? (notice ? 1 : 0) : drifted ? 2 : 3;
}

function state({ alarm, notice, drifted, n }: FeatureReport): Markup {
  if (alarm) return notice ? chip("warn", "notice") : chip("bad", "alarm");
  if (n === 0) return chip("warn", "missing");
  return drifted ? chip("warn", "drifted") : chip("good", "stable");
}

function change({ alarm, change }: FeatureReport): Markup | string {
  if (!alarm || change === undefined) return "";
  const { low, high } = change.difference;
  // Less than a year after 1970 rows have their number for a time.
  const since = change.sinceMs > 366 * 24 * 3_600_000
    ? markup`, since ${time(new Date(change.sinceMs).toISOString())}`
    : "";
  return markup`${userText(change.text, 300)}<small class="why">difference ${signed(low)} to ${
    signed(high)
  }${since}</small>`;
}

function signed(share: number): string {
  return `${share < 0 ? "−" : "+"}${(100 * Math.abs(share)).toFixed(1)} points`;
}

/** A row of cells for each feature: the course of its evidence. */
function windowCard(features: readonly FeatureReport[], windows: readonly WindowReport[]): Markup {
  const shown = windows.slice(-MOST_WINDOWS);
  const size = 11, step = 13;
  const row = ({ name, title }: FeatureReport) => {
    const cells = shown.map(({ index, features }, i) => {
      const feature = features.find((other) => other.name === name)!;
      const share = Math.min(1, feature.evidence.found / feature.evidence.needed);
      const colour = feature.alarm ? (feature.notice ? "--warn" : "--bad") : "--accent";
      const opacity = feature.alarm ? 1 : 0.08 + 0.72 * share;
      return markup`<rect x="${
        px(i * step)
      }" y="0" width="${size}" height="${size}" rx="2" style="fill: var(${colour}); opacity: ${
        opacity.toFixed(2)
      }"><title>window ${index + 1}: ${feature.alarm ? "alarm, " : ""}evidence ${
        evidence(feature)
      }</title></rect>`;
    });
    return { title, cells };
  };
  return markup`<section class="card"><h2>Window by window</h2>
<p class="lead">Darker is more evidence of a change; filled is in alarm.</p>${
    scrollable(
      "evidence of each window",
      table({
        caption: "Evidence of each feature in each window",
        columns: [
          { label: "feature", cell: (feature: ReturnType<typeof row>) => userText(feature.title, 100) },
          {
            label: "windows",
            cell: ({ title, cells }) =>
              markup`<svg width="${px(shown.length * step)}" height="${size}" role="img" aria-label="${
                plural(shown.length, "window")
              } of ${shorten(title, 80)}">${cells}</svg>`,
          },
        ],
        bodies: [{ rows: features.map(row) }],
      }),
    )
  }${leftOut(windows.length, shown.length, "windows")}</section>`;
}

/** Both distributions of a feature over the same bins. */
function distributions({ title, reference, current, alarm, drifted }: FeatureReport): Markup {
  const bins = reference.labels.map((label, i) => ({
    label,
    before: reference.shares[i],
    now: current.shares[i],
  }))
    .slice(0, MOST_BINS);
  const most = Math.max(0.01, ...reference.shares, ...current.shares);
  const bar = (share: number, y: number, colour: string) =>
    markup`<rect x="0" y="${y}" width="${
      px(100 * share / most)
    }%" height="8" rx="2" style="fill: var(${colour})"/>`;
  return markup`<details${alarm || drifted ? markup` open` : ""}><summary>${userText(title, 100)}</summary>${
    table<typeof bins[number]>({
      caption: `${shorten(title, 80)}, reference and last window`,
      columns: [
        { label: "bin", cell: (row) => userText(row.label, 60) },
        { label: "reference", kind: "number", cell: (row) => partPercent(row.before) },
        { label: "last window", kind: "number", cell: (row) => partPercent(row.now) },
        {
          label: "",
          kind: "bar",
          hasAxis: () => false,
          cell: (row) =>
            markup`<svg class="bar" width="100%" height="20" aria-hidden="true">${
              bar(row.before, 1, "--range")
            }${bar(row.now, 11, "--accent")}</svg>`,
        },
      ],
      bodies: [{ rows: bins }],
    })
  }${leftOut(binsOf(reference), bins.length, "bins")}</details>`;
}

function binsOf({ labels }: Histogram): number {
  return labels.length;
}
