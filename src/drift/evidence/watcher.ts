/**
 * What is known of a feature over all windows, and what one more window makes of it: evidence, alarm, the end of an alarm.
 *
 * @module
 */
import type { AlertPolicy } from "../policy.ts";
import { addDependence, type Dependence, designEffect, earlyCaution } from "./dependence.ts";
import type { Direction } from "./directions.ts";
import {
  type CellCounts,
  type PreparedReference,
  weighEnd,
  weighEvidence,
  type Weighing,
} from "./evidence.ts";
import { addToHistory, type Stretch } from "./history.ts";

/** What is kept of a feature from window to window. Plain JSON. */
export interface FeatureState {
  readonly history: readonly Stretch<CellCounts>[];
  /** One for each of `projectionsOf`. */
  readonly dependence: readonly Dependence[];
  readonly alarm?: AlarmState;
}

/** An alarm that has not ended. */
export interface AlarmState {
  /** What changed, as it was found when the alarm was raised. */
  readonly kind: Direction["kind"];
  readonly cell: number;
  readonly side: 1 | -1;
  /** See `Change.size`. */
  readonly size: number;
  /** When the change is likely to have begun, in milliseconds. */
  readonly sinceMs: number;
  /** When the alarm was raised, in milliseconds. */
  readonly raisedAtMs: number;
}

/** What the windows so far say of a feature. */
export interface Watched {
  /** Natural logarithm of the evidence. */
  readonly evidence: number;
  readonly alarm: boolean;
  /** The change that the evidence speaks for most, with the counts since it began. */
  readonly change?: FoundChange;
  /** How many observations say as much as one independent one. */
  readonly designEffect: number;
}

/** A change with what was counted since. */
export interface FoundChange {
  readonly kind: Direction["kind"];
  readonly cell: number;
  readonly side: 1 | -1;
  readonly sinceMs: number;
  readonly counts: CellCounts;
}

/** A feature that is watched. */
export interface WatchedFeature {
  readonly prepared: PreparedReference;
  readonly weighing: Omit<Weighing, "effect">;
}

/** A window's counts of a feature. */
export interface WindowCells {
  readonly counts: CellCounts;
  readonly dependence: readonly Dependence[];
}

/** A feature of more cells takes the greatest design effect of all features. */
const MANY_CELLS = 16;

/** Nothing seen yet. */
export const unseen: FeatureState = { history: [], dependence: [] };

/**
 * Takes in a window. An alarm is raised for the features whose evidence passes the e-Benjamini-Hochberg procedure (Wang and
 * Ramdas, False discovery rate control with e-values, JRSS B 84, 2022) at one false alarm in `windowsPerFalseAlarm` windows,
 * over all features together. It ends when there is evidence, at `falseEndRate`, that the change is over, or when what has been
 * learned since of how observations depend on each other leaves nothing that speaks for it: the feature comes and goes.
 *
 * @param windows One for each feature.
 * @param at When the window began and was closed, and its index.
 */
export function takeWindow(
  features: readonly WatchedFeature[],
  states: readonly FeatureState[],
  { windows, at, policy }: {
    windows: readonly WindowCells[];
    at: { readonly index: number; readonly startedAtMs: number; readonly closedAtMs: number };
    policy: AlertPolicy;
  },
): { states: FeatureState[]; watched: Watched[] } {
  const known = states.map(({ dependence }, i) => addAll(dependence, windows[i].dependence));
  const own = known.map((dependence) => Math.max(1, ...dependence.map(designEffect)));
  // That clients send the same again and again says nothing of how what they send depends on each other.
  const most = Math.max(1, ...own.filter((_, i) => features[i].weighing.smallestShare === undefined));
  const seen = features.map(({ prepared, weighing }, i) => {
    const stretch = { first: at.index, startedAtMs: at.startedAtMs, counts: windows[i].counts };
    const history = addToHistory(states[i].history, stretch, addCells);
    const newestFirst = history.map(({ counts }) => counts).reverse();
    // Of many cells together only the mean dependence can be measured: some depend more, as other features show.
    const effect = prepared.reference.counts.length > MANY_CELLS ? most : own[i];
    const caution = known[i].length === 0 ? 1 : earlyCaution(known[i][0]);
    const weighed = {
      ...weighing,
      effect: effect * caution,
      minObservations: weighing.minObservations / caution,
    };
    return { history, newestFirst, weighing: weighed, ...weighEvidence(prepared, newestFirst, weighed) };
  });
  const needed = neededEvidence(seen.map(({ log }) => log), policy);
  const watched: Watched[] = [], next: FeatureState[] = [];
  seen.forEach(({ history, newestFirst, weighing, log, change }, i) => {
    const before = states[i].alarm;
    const since = (stretches: number) => history[history.length - stretches].startedAtMs;
    let alarm = before, kept: readonly Stretch<CellCounts>[] = history;
    if (before === undefined && change !== undefined && log >= needed) {
      const { direction: { kind, cell }, side, size } = change;
      alarm = { kind, cell, side, size, sinceMs: since(change.stretches), raisedAtMs: at.closedAtMs };
    } else if (before !== undefined) {
      const { prepared } = features[i];
      const changed = history.filter(({ startedAtMs }) => startedAtMs >= before.sinceMs);
      const since = newestFirst.slice(0, changed.length);
      const end = weighEnd(prepared, since, { change: before, weighing });
      if (log < 0) {
        alarm = undefined;
      } else if (end.log >= -Math.log(policy.falseEndRate)) {
        // What came before is over: it is no evidence of what comes next.
        const calm = newestFirst.slice(0, end.stretches);
        if (weighEvidence(prepared, calm, weighing).log < needed) {
          alarm = undefined;
          kept = history.slice(history.length - end.stretches);
        }
      }
    }
    next.push({ history: kept, dependence: known[i], ...(alarm === undefined ? {} : { alarm }) });
    watched.push({
      evidence: log,
      alarm: alarm !== undefined,
      designEffect: weighing.effect,
      ...(change === undefined ? {} : {
        change: {
          kind: change.direction.kind,
          cell: change.direction.cell,
          side: change.side,
          sinceMs: since(change.stretches),
          counts: newestFirst.slice(0, change.stretches).reduce(addCells),
        },
      }),
    });
  });
  return { states: next, watched };
}

/** The evidence that a feature needs to be found, given that of all: the e-BH threshold. Infinite where none has enough. */
export function neededEvidence(logs: readonly number[], { windowsPerFalseAlarm }: AlertPolicy): number {
  const sorted = logs.toSorted((a, b) => b - a), all = Math.log(windowsPerFalseAlarm * logs.length);
  for (let k = sorted.length; k > 0; k--) {
    if (sorted[k - 1] >= all - Math.log(k)) return all - Math.log(k);
  }
  return Infinity;
}

function addCells(a: CellCounts, b: CellCounts): CellCounts {
  const cells = Array.from(a.cells, (count, c) => count + b.cells[c]);
  const seasons = a.seasons?.map((n, s) => n + b.seasons![s]);
  return {
    cells,
    n: a.n + b.n,
    missing: a.missing + b.missing,
    invalid: a.invalid + b.invalid,
    ...(seasons && { seasons }),
  };
}

function addAll(a: readonly Dependence[], b: readonly Dependence[]): readonly Dependence[] {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  return a.map((dependence, i) => addDependence(dependence, b[i]));
}
