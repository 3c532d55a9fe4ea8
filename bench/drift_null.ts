/**
 * How often the drift evidence alarms at nothing, and how fast it finds something: streams of many windows without any
 * change (independent, dependent, seasonal, repeating), and streams with a change of a tenth or three tenths of a
 * standard deviation in one of 20 features.
 *
 *     deno run -A bench/drift_null.ts [--streams 250] [--windows 1000] [--size 200] [--seed 1] [--only TEXT]
 *
 * @module
 */
import { parseArgs } from "node:util";
import { createHashedRandom } from "../src/base/random.ts";
import { edgesAt } from "../src/drift/bins.ts";
import { BlockComparison } from "../src/drift/evidence/dependence.ts";
import { projectionsOf } from "../src/drift/evidence/directions.ts";
import { type CellCounts, prepareReference } from "../src/drift/evidence/evidence.ts";
import { type FeatureState, takeWindow, unseen } from "../src/drift/evidence/watcher.ts";
import { alertPolicy } from "../src/drift/mod.ts";

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "250" },
    windows: { type: "string", default: "1000" },
    size: { type: "string", default: "200" },
    reference: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
  },
});
const [streams, windows, size, reference, firstSeed] = [
  values.streams,
  values.windows,
  values.size,
  values.reference,
  values.seed,
].map(Number);
const policy = alertPolicy();

/** Values of one feature: independent standard normal ones in the reference, and what comes then. */
interface Kind {
  readonly name: string;
  readonly features: number;
  readonly m: number;
  readonly size: number;
  readonly windows: number;
  readonly streams: number;
  /** The value of a feature at a time, from standard normal ones. */
  series(normal: () => number): (t: number, feature: number) => number;
}

const plain = { features: 3, m: reference, size, windows, streams };
const autoregressive = (rho: number): Kind["series"] => (normal) => {
  const latest = [normal(), normal(), normal()];
  return (_, f) => latest[f] = rho * latest[f] + Math.sqrt(1 - rho * rho) * normal();
};
const shifted = (by: number): Kind["series"] => (normal) => (t, f) =>
  normal() + (f === 7 && t >= CALM * 1000 ? by : 0);
const CALM = 20;
const kinds: Kind[] = [
  { name: "independent", ...plain, series: (normal) => () => normal() },
  { name: "AR(1), rho .9", ...plain, series: autoregressive(0.9) },
  {
    name: "seasonal, ±.3 σ over 1,000 observations",
    ...plain,
    series: (normal) => (t) => Math.sqrt(1 - 0.045) * normal() + 0.3 * Math.sin(2 * Math.PI * t / 1000),
  },
  {
    name: "each value five times",
    ...plain,
    series: (normal) => {
      const latest = [0, 0, 0];
      return (t, f) => t % 5 === 0 ? latest[f] = normal() : latest[f];
    },
  },
  ...[[0.3, 10_000], [0.1, 10_000], [0.1, 40_000]].map(([by, m]): Kind => ({
    name: `shift of ${by} σ in one of 20 features, ${m} in the reference`,
    features: 20,
    m,
    size: 1000,
    windows: CALM + 40,
    streams: Math.min(streams, 40),
    series: shifted(by),
  })),
];

const RANKS = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/** The windows in which any feature was in alarm, and whether the right one was by then. */
function run(kind: Kind, seed: number): { alarms: boolean[]; onsets: number } {
  const random = createHashedRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const features = Array.from({ length: kind.features }, () => {
    const values = Float64Array.from({ length: kind.m }, normal).sort();
    const edges = edgesAt(values, RANKS), cells = edges.length + 1;
    const cellOf = (value: number) => {
      let cell = 0;
      while (cell < edges.length && value > edges[cell]) cell++;
      return cell;
    };
    const counts = new Float64Array(cells);
    for (const value of values) counts[cellOf(value)]++;
    const own = { counts, n: kind.m, ordered: true };
    return {
      cells,
      cellOf,
      prepared: prepareReference({ ...own, missing: 0 }),
      blocks: new BlockComparison(cells, projectionsOf(own)),
    };
  });
  const watched = features.map(({ prepared }) => ({
    prepared,
    weighing: { smallestEffect: policy.smallestEffect, minObservations: policy.minObservations },
  }));
  const value = kind.series(normal);
  let states: readonly FeatureState[] = features.map(() => unseen), onsets = 0;
  const alarms: boolean[] = [];
  for (let index = 0; index < kind.windows; index++) {
    const counted = features.map(({ cells }): CellCounts & { cells: number[] } => ({
      cells: new Array<number>(cells).fill(0),
      n: kind.size,
      missing: 0,
      invalid: 0,
    }));
    for (let i = 0; i < kind.size; i++) {
      features.forEach(({ cellOf, blocks }, f) => {
        const cell = cellOf(value(index * kind.size + i, f));
        counted[f].cells[cell]++;
        blocks.hit(cell);
        blocks.next();
      });
    }
    const next = takeWindow(watched, states, {
      windows: features.map(({ blocks }, f) => ({ counts: counted[f], dependence: blocks.take() })),
      at: { index, startedAtMs: index, closedAtMs: index + 1 },
      policy,
    });
    states = next.states;
    const alarm = next.watched.some(({ alarm }) => alarm);
    if (alarm && !alarms.at(-1)) onsets++;
    alarms.push(alarm);
  }
  return { alarms, onsets };
}

console.log(
  "| streams | of | windows | any alarm | onsets in all | windows in alarm | first after the change, windows |",
);
console.log("|---|---|---|---|---|---|---|");
for (const kind of kinds) {
  if (!kind.name.includes(values.only)) continue;
  const results = Array.from({ length: kind.streams }, (_, i) => run(kind, firstSeed + i));
  const any = results.filter(({ alarms }) => alarms.includes(true)).length;
  const total = (of: (result: typeof results[number]) => number) =>
    results.reduce((sum, r) => sum + of(r), 0);
  const isShift = kind.name.startsWith("shift");
  const delays = results.map(({ alarms }) => alarms.indexOf(true) - CALM + 1).sort((a, b) => a - b);
  const at = (q: number) => delays[Math.floor(q * (delays.length - 1))];
  console.log(
    `| ${kind.streams} | ${kind.name} | ${kind.windows} of ${kind.size} | ${any} (${
      (100 * any / kind.streams).toFixed(1)
    }%) | ${total(({ onsets }) => onsets)} | ${
      total(({ alarms }) => alarms.filter((alarm) => alarm).length)
    } | ${isShift ? `median ${at(0.5)}, 90% by ${at(0.9)}, all by ${at(1)}` : ""} |`,
  );
}
