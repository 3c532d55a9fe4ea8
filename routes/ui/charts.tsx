/**
 * The drawings of the dashboard, as SVG.
 *
 * @module
 */
import type { JSX } from "hono/jsx/jsx-runtime";
import { formatCount as count } from "../../src/base/format.ts";
import { shorten } from "../../src/base/text.ts";
import type { Histogram } from "../../src/drift/histogram.ts";
import type { FeatureResult, WindowSummary } from "../../src/drift/report.ts";
import { moment, percent } from "./format.ts";

/** Two distributions over the same bins: the reference as an area, the current one as a line over it. */
export function Overlay(props: {
  title: string;
  /** What is measured, as a plural noun; empty for shares. */
  unit: string;
  reference: Histogram;
  /** Absent before there is a window. */
  current?: Histogram;
  /** The window that fills now. */
  open?: Histogram;
  drifted: boolean;
}): JSX.Element {
  const { unit, reference, current, open } = props;
  const bins = reference.shares.length;
  const most = Math.max(...reference.shares, ...(current?.shares ?? []), ...(open?.shares ?? []), 1e-9);
  const y = (share: number) => (plotBottom - share / most * (plotBottom - plotTop)).toFixed(1);
  const x = (bin: number) => (bin / bins * width).toFixed(1);
  const steps = (shares: readonly number[]) =>
    shares.map((share, i) => `H${x(i)}V${y(share)}H${x(i + 1)}`).join("");
  const outline = (shares: readonly number[]) => `M0 ${plotBottom}${steps(shares)}V${plotBottom}`;
  const shown = axisBins(reference.labels);
  return (
    <svg {...frameOf(props)}>
      <line class="grid" x1="0" x2={width} y1={y(most / 2)} y2={y(most / 2)} />
      <line class="grid" x1="0" x2={width} y1={plotTop} y2={plotTop} />
      <path class="reference" d={`${outline(reference.shares)}Z`} />
      {current && <path class="current-fill" d={`${outline(current.shares)}Z`} />}
      {current && <path class="current" d={outline(current.shares)} />}
      {open && <path class="open" d={outline(open.shares)} />}
      <line class="axis" x1="0" x2={width} y1={plotBottom} y2={plotBottom} />
      <text class="tick" x="2" y={plotTop - 4}>{percent(most)}</text>
      {shown.map((bin) => (
        <text
          class="tick"
          x={((bin + 0.5) / bins * width).toFixed(1)}
          y={height - 4}
          text-anchor={bin === 0 ? "start" : bin === bins - 1 ? "end" : "middle"}
          dx={bin === 0 ? -width / bins / 2 + 1 : bin === bins - 1 ? width / bins / 2 - 1 : 0}
        >
          {reference.labels[bin]}
        </text>
      ))}
      {reference.labels.map((label, i) => (
        <rect
          class="hover"
          x={x(i)}
          y={plotTop}
          width={(width / bins).toFixed(1)}
          height={plotBottom - plotTop}
        >
          <title>
            {`${`${label} ${unit}`.trimEnd()}: ${bothShares(i, reference, current)}`}
          </title>
        </rect>
      ))}
    </svg>
  );
}

/** Two distributions over categories: a row each, the current bar over the reference's. */
export function Pairs(props: {
  title: string;
  reference: Histogram;
  /** Absent before there is a window. */
  current?: Histogram;
  drifted: boolean;
}): JSX.Element {
  const { reference, current } = props;
  const { labels } = reference;
  const most = Math.max(...reference.shares, ...(current?.shares ?? []), 1e-9);
  const rows = labels.length;
  const pitch = Math.min(36, (height - 6) / rows);
  const bar = Math.min(12, pitch * 0.38);
  const room = width - labelWidth - valueWidth;
  const w = (share: number) => Math.max(share > 0 ? 1 : 0, share / most * room).toFixed(1);
  return (
    <svg {...frameOf(props)} viewBox={`0 0 ${width} ${pitch * rows}`}>
      {labels.map((label, i) => {
        const y = i * pitch + (pitch - 2 * bar) / 2;
        return (
          <g>
            <title>
              {`${label}: ${bothShares(i, reference, current)}`}
            </title>
            <rect class="hover" x="0" y={i * pitch} width={width} height={pitch} />
            <text class="category" x={labelWidth - 8} y={y + bar + 4} text-anchor="end">
              {shorten(label, 13)}
            </text>
            <rect class="reference" x={labelWidth} y={y} width={w(reference.shares[i])} height={bar} rx="1" />
            {current && (
              <rect
                class="current-bar"
                x={labelWidth}
                y={y + bar}
                width={w(current.shares[i])}
                height={bar}
                rx="1"
              />
            )}
            <text class="value" x={width} y={y + bar + 4} text-anchor="end">
              {[reference, ...(current ? [current] : [])].map(({ shares }) => percent(shares[i])).join(" → ")}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** How far the effect is on its way to the threshold and past it; the scale ends at twice the threshold or at the effect. */
export function EffectBar({ effect }: { effect: FeatureResult["effect"] }): JSX.Element {
  const end = Math.max(2 * effect.threshold, effect.value);
  const at = (value: number) => (value / end * 100).toFixed(2);
  return (
    <svg
      class={effect.value > effect.threshold ? "effect over" : "effect"}
      viewBox="0 0 100 6"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect class="track" x="0" y="1" width="100" height="4" />
      <rect class="fill" x="0" y="1" width={at(effect.value)} height="4" />
      <rect class="threshold" x={at(effect.threshold)} y="0" width="0.7" height="6" />
    </svg>
  );
}

/** A value a second, as an area. */
export function Sparkline(props: { values: number[]; marks?: boolean[]; label: string }): JSX.Element {
  const { values, marks, label } = props;
  const most = Math.max(...values, 1e-9);
  const x = (i: number) => (i / (values.length - 1) * 240).toFixed(1);
  const y = (value: number) => (39 - value / most * 36).toFixed(1);
  const line = values.map((value, i) => `${i === 0 ? "M" : "L"}${x(i)} ${y(value)}`).join("");
  return (
    <svg class="spark" viewBox="0 0 240 40" preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="spark-fill" d={`${line}L240 40L0 40Z`} />
      <path class="spark-line" d={line} />
      {marks && <path class="spark-mark" d={marks.map((mark, i) => mark ? `M${x(i)} 36v4` : "").join("")} />}
    </svg>
  );
}

/** A metric and its confidence interval on a scale from `from` to 1. */
export function Whisker(props: { value: number; low: number; high: number; from: number }): JSX.Element {
  const at = (value: number) => ((value - props.from) / (1 - props.from) * 96 + 2).toFixed(2);
  return (
    <svg class="whisker" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
      <line class="track" x1="2" x2="98" y1="6" y2="6" />
      <rect
        class="range"
        x={at(props.low)}
        y="3"
        width={Math.max(1, Number(at(props.high)) - Number(at(props.low)))}
        height="6"
        rx="1"
      />
      <rect class="point" x={Number(at(props.value)) - 0.6} y="1" width="1.2" height="10" />
    </svg>
  );
}

/** The windows of the past: a row per feature, a column per window, darker the nearer its effect is to the threshold. */
export function WindowStrip(props: {
  features: readonly { name: string; title: string }[];
  windows: readonly WindowSummary[];
  open: number;
  windowSize: number;
}): JSX.Element {
  const { features, open, windowSize } = props;
  const windows = props.windows.slice(-stripColumns);
  const cell = 15;
  const x = (column: number) => column * (cell + 2);
  const wide = x(stripColumns + 1);
  const high = features.length * (cell + 2) + 20;
  return (
    <div class="strip">
      <ul>
        {features.map(({ title }) => <li key={title} title={title}>{title}</li>)}
      </ul>
      <div class="past">
        <svg width={wide} height={high} role="img" aria-label={stripInWords(windows)}>
          {features.map(({ name, title }, row) =>
            Array.from({ length: stripColumns }, (_, column) => {
              const place = { x: x(column), y: row * (cell + 2), width: cell, height: cell };
              return Cell({ window: windows[column], name, title, place });
            })
          )}
          {windows.length > 0 && (
            <text class="tick" x={x(0)} y={high - 4}>{`window ${count(windows[0].index + 1)}`}</text>
          )}
          {windows.length > 3 && (
            <text class="tick" x={x(windows.length - 1) + cell} y={high - 4} text-anchor="end">
              {count(windows[windows.length - 1].index + 1)}
            </text>
          )}
          <rect
            class="cell open"
            x={x(windows.length)}
            y="0.5"
            width={cell}
            height={features.length * (cell + 2) - 3}
            rx="2"
          >
            <title>{`The window that fills now: ${count(open)} of ${count(windowSize)} inputs`}</title>
          </rect>
          <rect
            class="filling"
            x={x(windows.length)}
            y={((1 - open / windowSize) * (features.length * (cell + 2) - 2)).toFixed(1)}
            width={cell}
            height={(open / windowSize * (features.length * (cell + 2) - 2)).toFixed(1)}
            rx="2"
          />
        </svg>
      </div>
    </div>
  );
}

function Cell(props: {
  window: WindowSummary | undefined;
  name: string;
  title: string;
  place: { x: number; y: number; width: number; height: number };
}): JSX.Element {
  const { window, name, title, place } = props;
  const result = window?.features.find((feature) => feature.name === name);
  if (!window || !result) return <rect class="cell none" {...place} rx="2" />;
  const ratio = result.effect.value / result.effect.threshold;
  const state = result.alarm ? (result.notice ? ", notice" : ", alarm") : result.drifted ? ", drifted" : "";
  return (
    <rect class={`cell ${heat(ratio, result)}`} {...place} rx="2">
      <title>
        {`Window ${count(window.index + 1)}, from ${moment(window.startedAtMs)}, ${title}: ${
          ratio.toFixed(2)
        } of the threshold${state}`}
      </title>
    </rect>
  );
}

/** Columns of the strip; older windows are in GET /drift. */
export const stripColumns = 50;

const width = 360;
const height = 150;
const plotTop = 16;
const plotBottom = 130;
const labelWidth = 92;
const valueWidth = 96;

function heat(ratio: number, { drifted, alarm, notice }: FeatureResult): string {
  if (alarm && notice) return "drifted";
  if (alarm) return "alarm";
  if (drifted) return "drifted";
  return ratio > 0.75 ? "h3" : ratio > 0.5 ? "h2" : ratio > 0.25 ? "h1" : "h0";
}

/** About five bins to label, the first and the last among them, fewer where labels are long. */
function axisBins(labels: readonly string[]): number[] {
  const longest = Math.max(...labels.map((label) => label.length));
  const most = Math.min(labels.length, longest > 9 ? 4 : longest > 6 ? 5 : 6);
  const bins = Array.from(
    { length: most },
    (_, i) => Math.round(i * (labels.length - 1) / Math.max(1, most - 1)),
  );
  return [...new Set(bins)];
}

/** What the picture of a feature is to a style sheet and to a screen reader. */
function frameOf(chart: { title: string; reference: Histogram; current?: Histogram; drifted: boolean }) {
  return {
    class: chart.drifted ? "chart drifted" : "chart",
    viewBox: `0 0 ${width} ${height}`,
    role: "img" as const,
    "aria-label": `${chart.title}: ${inWords(chart.reference, chart.current)}`,
  };
}

/** The bins that changed most, for those who cannot see the drawing. */
function inWords(reference: Histogram, current: Histogram | undefined): string {
  const change = (i: number) => Math.abs((current?.shares[i] ?? 0) - reference.shares[i]);
  return [...reference.labels.keys()].sort((a, b) => change(b) - change(a)).slice(0, 3)
    .map((i) => `${reference.labels[i]}: ${bothShares(i, reference, current)}`)
    .join("; ");
}

/** The shares of a bin. */
function bothShares(bin: number, reference: Histogram, current: Histogram | undefined): string {
  return `reference ${percent(reference.shares[bin])}` +
    (current ? `, current ${percent(current.shares[bin])}` : "");
}

function stripInWords(windows: readonly WindowSummary[]): string {
  const alarms = windows.filter((window) => window.alarm).length;
  return `${windows.length} windows, ${alarms} of them in alarm`;
}
