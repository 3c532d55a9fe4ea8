/**
 * What a person sees of a training run: a bar that moves on a terminal, now and then a line elsewhere.
 *
 * @module
 */
import { formatDuration } from "../base/format.ts";

/** Where progress is written: standard error, or a test's list. */
export interface ProgressOutput {
  /** Takes text as it is, line ends included. */
  write(text: string): void;
  /** Whether a line can be drawn over. */
  readonly isTerminal: boolean;
  /** Width of the terminal; 80 if not given. */
  columns?(): number;
}

/** How far a run is. */
export interface ProgressState {
  /** Steps made. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly totalSteps: number;
  /** Counts from 1. */
  readonly epoch: number;
  /** Epochs of the whole run. */
  readonly epochs: number;
  /** The last known loss. */
  readonly loss?: number;
}

/** Draws a run's progress. */
export interface Progress {
  /** Shows how far the run is: redraws the bar, or writes a line if the last one is long ago. */
  update(state: ProgressState): void;
  /** Writes a line that stays. */
  line(text: string): void;
  /** Takes the bar away. */
  done(): void;
}

/** Without a terminal, a line at most so often. */
const LINE_INTERVAL_MS = 10_000;
/** On a terminal, a frame at most so often. */
const FRAME_INTERVAL_MS = 100;

/**
 * A progress display.
 *
 * @param output without one, nothing is written
 * @example
 * ```ts
 * import { createProgress } from "./progress.ts";
 * import assert from "node:assert/strict";
 *
 * let text = "";
 * const progress = createProgress({ write: (part) => text += part, isTerminal: false });
 * progress.update({ step: 5, totalSteps: 20, epoch: 1, epochs: 2, loss: 0.5 });
 * assert.equal(text, "epoch 1/2  step 5/20  loss 0.5000\n");
 * ```
 */
export function createProgress(
  output: ProgressOutput | undefined,
  options: { now?: () => number } = {},
): Progress {
  const now = options.now ?? (() => performance.now());
  if (!output) return { update() {}, line() {}, done() {} };
  let drawnAt = -Infinity;
  let started: { at: number; step: number } | undefined;
  let barShown = false;

  const clear = () => {
    if (barShown) output.write("\r\x1b[K");
    barShown = false;
  };
  return {
    update(state) {
      const at = now();
      started ??= { at, step: state.step };
      const last = state.step >= state.totalSteps;
      const interval = output.isTerminal ? FRAME_INTERVAL_MS : LINE_INTERVAL_MS;
      if (at - drawnAt < interval && !(last && output.isTerminal)) return;
      drawnAt = at;
      const text = describe(state, { elapsedMs: at - started.at, steps: state.step - started.step });
      if (!output.isTerminal) return output.write(`${text}\n`);
      const columns = output.columns?.() ?? 80;
      output.write(
        `\r${bar(state, Math.min(24, columns - text.length - 3))}${text.slice(0, columns - 1)}\x1b[K`,
      );
      barShown = true;
    },
    line(text) {
      clear();
      output.write(`${text}\n`);
    },
    done: clear,
  };
}

function describe(state: ProgressState, pace: { elapsedMs: number; steps: number }): string {
  const parts = [`epoch ${state.epoch}/${state.epochs}`, `step ${state.step}/${state.totalSteps}`];
  if (state.loss !== undefined) parts.push(`loss ${state.loss.toFixed(4)}`);
  if (pace.steps > 0) {
    const stepMs = pace.elapsedMs / pace.steps;
    parts.push(`${stepMs < 10 ? stepMs.toFixed(1) : Math.round(stepMs)} ms/step`);
    parts.push(`${formatDuration(stepMs * Math.max(state.totalSteps - state.step, 0))} left`);
  }
  return parts.join("  ");
}

function bar(state: ProgressState, width: number): string {
  if (width < 5) return "";
  const filled = Math.round(width * Math.min(state.step / Math.max(state.totalSteps, 1), 1));
  return `${"█".repeat(filled)}${"░".repeat(width - filled)}  `;
}
