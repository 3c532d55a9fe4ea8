/**
 * What saving a checkpoint takes beyond the disk: `deno run -A bench/checkpoint.ts [--millions 64]` checks and saves a
 * state of so many million f32 numbers in 16 tensors, as the trainer does, and prints the time of each part and the most
 * memory the process held.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { allFinite } from "../src/base/arrays.ts";
import { formatBytes } from "../src/base/format.ts";
import type { HostTensor } from "../src/graph/dtype.ts";
import { saveCheckpoint } from "../src/train/checkpoint.ts";
import { print } from "./measure.ts";

const TENSORS = 16;

const { values } = parseArgs({ options: { millions: { type: "string", default: "64" } } });
const size = Math.ceil(Number(values.millions) * 1e6 / TENSORS);
const states: Record<string, HostTensor> = {};
for (let t = 0; t < TENSORS; t++) {
  states[`layer${t}.weight`] = { dtype: "f32", shape: [size], data: new Float32Array(size).fill(0.5 + t) };
}
const place = {
  run: "0123456789abcdef",
  step: 1,
  epoch: 0,
  batch: 1,
  epochLossSum: 1,
  epochs: [],
  kept: [],
  seconds: 1,
  finished: false,
};
const folder = await Deno.makeTempDir({ prefix: "weir-bench-" });
const held = peakBytes();
try {
  const started = performance.now();
  if (!Object.values(states).every(({ data }) => allFinite(data))) throw new Error("the states are finite");
  const checked = performance.now();
  await saveCheckpoint(folder, { states, place, settings: {}, losses: Float32Array.of(0.5) });
  const saved = performance.now();
  const seconds = (ms: number) => (ms / 1000).toFixed(2);
  print(
    `${values.millions} M numbers: checked in ${seconds(checked - started)} s, saved in ${
      seconds(saved - checked)
    } s; ` +
      `memory at the most ${formatBytes(peakBytes())}, of which ${formatBytes(held)} before`,
  );
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** The most memory that the process has held, on Linux; NaN elsewhere. */
function peakBytes(): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))?.[1]) * 1024;
  } catch {
    return NaN;
  }
}
