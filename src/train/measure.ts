/**
 * How long a training step takes, as a whole and kernel by kernel, measured before a run begins.
 *
 * @module
 */
import type { Phase, Program, RunProfile, Tensors } from "../backend/interface.ts";

/** What is measured, and where the result goes. */
export interface MeasureOptions {
  /** Steps that are timed kernel by kernel; 5. */
  readonly steps?: number;
  /** How long the device is kept busy first, since its clock idles low, and how long ordinary steps are timed; 300. */
  readonly busyMs?: number;
  /** Is given what was measured, before the first step of the run. */
  readonly onMeasured: (measured: StepMeasurement) => void;
}

/** What was measured of one program. */
export interface StepMeasurement {
  /** The program: the largest batch shape's. */
  readonly label: string;
  /** An ordinary step in milliseconds; the wait at the end of many is not counted. */
  readonly stepMs: number;
  /** Steps timed kernel by kernel; empty where the backend cannot. */
  readonly runs: readonly RunProfile[];
  /** What the host did in ordinary steps: `batch` and `step` for each, and a `drain`. */
  readonly host: readonly Phase[];
  /** Bytes on the device. */
  readonly memory: Program["memory"];
}

const MOST_STEPS = 200;

/**
 * Measures a program. Its states change: write them again after.
 *
 * @param feeds does for a step what an ordinary one needs, and gives what it is fed
 */
export async function measureStep(
  program: Program,
  label: string,
  feeds: () => Tensors,
  options: Pick<MeasureOptions, "steps" | "busyMs"> = {},
): Promise<StepMeasurement> {
  const { steps = 5, busyMs = 300 } = options;
  /** So many steps and one wait, and the milliseconds they take. */
  const ordinary = async (count: number): Promise<{ phases: Phase[]; ms: number }> => {
    const phases: Phase[] = [];
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      const fed = await timed(phases, "batch", feeds);
      await timed(phases, "step", () => program.step(fed));
    }
    await timed(phases, "drain", () => program.drain());
    return { phases, ms: performance.now() - start };
  };
  await ordinary(1);
  const { ms } = await ordinary(1);
  const count = Math.max(1, Math.min(MOST_STEPS, Math.ceil(busyMs / ms)));
  await ordinary(count);
  // What more steps take more is the steps alone: each time there is one wait.
  const short = await ordinary(count);
  const long = await ordinary(3 * count);
  const stepMs = Math.max((long.ms - short.ms) / (2 * count), 0.001);
  const runs: RunProfile[] = [];
  if (program.profile) {
    await program.profile(feeds());
    for (let i = 0; i < steps; i++) {
      const phases: Phase[] = [];
      const fed = await timed(phases, "batch", feeds);
      const profiled = await program.profile(fed);
      runs.push({ ...profiled, phases: [...phases, ...profiled.phases] });
    }
    await program.drain();
  }
  return { label, stepMs, runs, host: long.phases, memory: program.memory };
}

async function timed<T>(phases: Phase[], name: string, action: () => T | Promise<T>): Promise<T> {
  const startMs = performance.now();
  const value = await action();
  phases.push({ name, startMs, ms: performance.now() - startMs });
  return value;
}
