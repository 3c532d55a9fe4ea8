/**
 * What a monitor knows, as plain JSON: a restart goes on where it was.
 *
 * @module
 */
import type { Baseline } from "./baseline.ts";
import { DriftError } from "./errors.ts";
import { type BlockState, type Dependence, SCALES } from "./evidence/dependence.ts";
import { projectionsOf } from "./evidence/directions.ts";
import type { FeatureState } from "./evidence/watcher.ts";
import type { WindowReport, WindowSummary } from "./report.ts";
import type { Watched } from "./watched.ts";
import { emptyWindow, type WindowCounts } from "./window.ts";

/** What a monitor knows beside its baseline. */
export interface MonitorState {
  /** Names the layout. */
  readonly format: "weir-drift-state/1";
  /** Tells the baseline that the counts belong to from others. */
  readonly baseline: string;
  readonly windowsClosed: number;
  /** Of each watched feature; absent before the first window. */
  readonly states?: readonly FeatureState[];
  readonly windows: readonly WindowSummary[];
  readonly latest?: WindowReport;
  /** The window that was being filled. */
  readonly open?: WindowCounts;
  /** How neighbouring blocks are compared, of each watched feature. */
  readonly blocks: readonly (BlockState | null)[];
}

/** What tells baselines apart: 32 bits of FNV-1a over its JSON, and its length. */
export function fingerprintOf(baseline: Baseline): string {
  const json = JSON.stringify(baseline);
  let hash = 0x811c9dc5;
  for (let i = 0; i < json.length; i++) hash = Math.imul(hash ^ json.charCodeAt(i), 0x01000193);
  return `${(hash >>> 0).toString(16)}-${json.length}`;
}

/**
 * Checks that what was kept fits a monitor.
 *
 * @throws {DriftError} saying what does not: another baseline, or a file that is not what was written.
 */
export function checkState(
  json: unknown,
  { watched, baseline }: { readonly watched: readonly Watched<never>[]; readonly baseline: string },
): MonitorState {
  const state = json as Partial<MonitorState> | null;
  if (typeof state !== "object" || state === null || state.format !== "weir-drift-state/1") {
    throw new DriftError("it is no state of a drift monitor");
  }
  if (state.baseline !== baseline) throw new DriftError("it is of another baseline");
  const { windowsClosed, states, windows, latest, open, blocks } = state;
  const counted = emptyWindow(watched, 0);
  const cells = watched.map(({ feature, prepared }) =>
    prepared.cells === undefined ? 0 : prepared.cellsOf(counted.features[feature.name]).cells.length
  );
  const isWhole = Number.isInteger(windowsClosed) && windowsClosed! >= 0 && Array.isArray(windows) &&
    (latest === undefined || isLike(latest, { index: 0, features: [] })) &&
    (open === undefined || isLike(open, counted)) &&
    Array.isArray(blocks) && blocks.length === cells.length &&
    blocks.every((each, i) => isBlockState(each, watched[i])) &&
    (states === undefined ||
      Array.isArray(states) && states.length === cells.length &&
        states.every((feature, i) => isFeatureState(feature, cells[i], watched[i])));
  if (!isWhole) throw new DriftError("it is damaged");
  return state as MonitorState;
}

const zeros = (length: number) => new Array<number>(length).fill(0);
const pairs: Dependence = {
  found: zeros(SCALES),
  expected: zeros(SCALES),
  pairs: zeros(SCALES),
  largest: zeros(SCALES),
};

function isBlockState(json: unknown, { prepared: { cells }, reference }: Watched<never>): boolean {
  if (cells === undefined) return json === null;
  const state = json as BlockState | null;
  const open = zeros(cells.counts.length * (reference.seasons === undefined ? 1 : 2));
  return isLike(state, { n: 0, open, found: projectionsOf(cells).map(() => pairs), waiting: [] }) &&
    state!.waiting.length === SCALES &&
    state!.waiting.every((block) => block === null || isLike(block, open));
}

function isFeatureState(
  json: unknown,
  cells: number,
  { reference: { seasons } }: Watched<never>,
): boolean {
  const { history, dependence } = json as FeatureState;
  const counts = {
    cells: zeros(cells),
    n: 0,
    missing: 0,
    invalid: 0,
    ...(seasons && { seasons: seasons.n.map(() => 0) }),
  };
  return Array.isArray(history) && Array.isArray(dependence) &&
    history.every((stretch) => isLike(stretch, { windows: 0, first: 0, startedAtMs: 0, counts })) &&
    dependence.every((each) => isLike(each, pairs));
}

/** Whether a value has what another has: numbers where it has numbers, lists of the same length where its are not empty. */
function isLike(json: unknown, model: unknown): boolean {
  if (typeof model === "number") return typeof json === "number" && Number.isFinite(json);
  if (Array.isArray(model)) {
    if (!Array.isArray(json)) return false;
    return model.length === 0 ||
      json.length === model.length && model.every((entry, i) => isLike(json[i], entry));
  }
  if (typeof model !== "object" || model === null) return typeof json === typeof model;
  return typeof json === "object" && json !== null &&
    Object.entries(model).every(([name, entry]) => isLike((json as Record<string, unknown>)[name], entry));
}
