/**
 * What the times of a program's kernels say: a table for people and a trace for browsers. Nothing here touches a device.
 *
 * @module
 */
import { median } from "../../../base/arrays.ts";
import type { KernelTime, Phase, RunProfile } from "../../interface.ts";

/** What was measured of one program. */
export interface ProfileInput {
  /** What the program is called, such as `train 32x128`. */
  readonly label: string;
  /** The adapter, in words. */
  readonly device: string;
  /** Steps that were timed kernel by kernel. */
  readonly runs: readonly RunProfile[];
  /** A step of ordinary training in milliseconds: its kernels may overlap, those that are timed have a pass each. */
  readonly stepMs: number;
  /** What the host did in ordinary steps. */
  readonly host?: readonly Phase[];
  /** Bytes on the device. */
  readonly memory: { readonly stateBytes: number; readonly workBytes: number };
}

/** A row of a profile: one kernel, or all of one kind. */
export interface ProfileRow {
  /** The kernel or its kind. */
  readonly name: string;
  /** How often it is launched in a step. */
  readonly launches: number;
  /** Of all launches together; the median over the profiled steps for each. */
  readonly ms: number;
  /** Of the time of an ordinary step. */
  readonly share: number;
  /** Floating-point operations of all launches. */
  readonly flops: number;
  /** Bytes that all launches read and write. */
  readonly bytes: number;
}

/** The same as a whole. */
export interface Profile {
  /** What the program is called. */
  readonly label: string;
  /** The adapter, in words. */
  readonly device: string;
  /** Steps that were timed kernel by kernel; 0 where the adapter has no clock for them. */
  readonly steps: number;
  /** Of an ordinary step. */
  readonly stepMs: number;
  /** Of its kernels together. */
  readonly kernelMs: number;
  /** What is left of an ordinary step without its kernels: launches, copies, the host. Below 0 where kernels overlap. */
  readonly restMs: number;
  /** Floating-point operations of a step. */
  readonly flops: number;
  /** Bytes that a step's kernels read and write. */
  readonly bytes: number;
  /** Kernels of a step. */
  readonly launches: number;
  /** Bytes on the device. */
  readonly memory: { readonly stateBytes: number; readonly workBytes: number };
  /** By main op, the longest first. */
  readonly ops: readonly ProfileRow[];
  /** By op, shape and what is computed along, the longest first. */
  readonly kinds: readonly ProfileRow[];
  /** Single launches in the order of the step. */
  readonly kernels: readonly ProfileRow[];
}

/**
 * Adds up what was measured.
 *
 * @example
 * ```ts
 * import { formatProfile, summarizeProfile } from "./profile.ts";
 * import assert from "node:assert/strict";
 *
 * const kernel = (name: string, ms: number) => ({ name, startMs: 0, ms, flops: 2e6, bytes: 1e6 });
 * const run = { kernels: [kernel('matmul "a" [8, 8]', 2), kernel('matmul "b" [8, 8]', 3)], phases: [] };
 * const profile = summarizeProfile({
 *   label: "train 8x8",
 *   device: "a GPU",
 *   runs: [run],
 *   stepMs: 6,
 *   memory: { stateBytes: 1e6, workBytes: 2e6 },
 * });
 * assert.equal(profile.kinds[0].name, "matmul [8, 8]");
 * assert.deepEqual([profile.kinds[0].launches, profile.kernelMs, profile.restMs], [2, 5, 1]);
 * assert.match(formatProfile(profile), /matmul \[8, 8\]/);
 * ```
 */
export function summarizeProfile(input: ProfileInput): Profile {
  const { label, device, stepMs, memory } = input;
  const timed = input.runs.filter((run) => run.kernels.length > 0);
  const first = timed[0]?.kernels ?? [];
  const kernels = first.map(({ name, flops, bytes }, i): ProfileRow => {
    const ms = median(timed.map((run) => run.kernels[i].ms));
    return { name, launches: 1, ms, share: ms / stepMs, flops, bytes };
  });
  const total = kernels.reduce(add, { name: "", launches: 0, ms: 0, share: 0, flops: 0, bytes: 0 });
  return {
    label,
    device,
    steps: timed.length,
    stepMs,
    kernelMs: total.ms,
    restMs: stepMs - total.ms,
    flops: total.flops,
    bytes: total.bytes,
    launches: total.launches,
    memory,
    ops: grouped(kernels, (name) => name.split(" ", 1)[0]),
    kinds: grouped(kernels, kindOf),
    kernels,
  };
}

function grouped(rows: readonly ProfileRow[], nameOf: (name: string) => string): ProfileRow[] {
  const groups = new Map<string, ProfileRow>();
  for (const row of rows) {
    const name = nameOf(row.name);
    const known = groups.get(name);
    groups.set(name, known ? add(known, row) : { ...row, name });
  }
  return [...groups.values()].sort((p, q) => q.ms - p.ms);
}

/** The kind of a kernel: its name without the labels of nodes. */
export function kindOf(name: string): string {
  return name.replaceAll(/\s*("[^"]*"|%\d+)/g, "").replaceAll(/\s+/g, " ").trim();
}

/** The profile as text: ops, kinds of kernel, the longest single ones, and what they add up to. */
export function formatProfile(profile: Profile, options: { kinds?: number; kernels?: number } = {}): string {
  const { ops, kinds, kernels, stepMs, kernelMs, restMs, memory: { stateBytes, workBytes } } = profile;
  const head = `profile of ${profile.label} on ${profile.device}`;
  const memory = `memory: ${inUnits(stateBytes, "B")} of states + ${inUnits(workBytes, "B")} to work with = ${
    inUnits(stateBytes + workBytes, "B")
  }`;
  if (kernels.length === 0) {
    const why = "this adapter has no timestamp-query, so single kernels cannot be timed";
    return [head, `a step takes ${inTime(stepMs, stepMs)} ms; ${why}`, memory].join("\n");
  }
  const cells = ({ name, launches, ms, share, flops, bytes }: ProfileRow): string[] => {
    const rate = (amount: number, unit: string) =>
      amount === 0 || ms <= 0 ? "-" : inUnits(amount / ms * 1000, unit);
    const [time, percent] = [inTime(ms, stepMs), inShare(share)];
    return [time, percent, String(launches), rate(flops, "FLOP/s"), rate(bytes, "B/s"), name];
  };
  const sum = { launches: profile.launches, flops: profile.flops, bytes: profile.bytes };
  const rest = restMs >= 0
    ? "between kernels: launches, copies, the host"
    : "kernels that run side by side in an ordinary step";
  const sections: string[][][] = [
    [titles("by op"), ...shorten(ops, 12).map(cells)],
    [titles("by kind of kernel"), ...shorten(kinds, options.kinds ?? 20).map(cells)],
    [
      titles("the longest kernels"),
      ...[...kernels].sort((p, q) => q.ms - p.ms).slice(0, options.kernels ?? 10).map(cells),
    ],
    [
      titles("together"),
      cells({ ...sum, name: "all kernels, one after the other", ms: kernelMs, share: kernelMs / stepMs }),
      [inTime(restMs, stepMs), inShare(restMs / stepMs), "", "", "", rest],
      cells({ ...sum, name: "an ordinary step", ms: stepMs, share: 1 }),
    ],
  ];
  const rows = sections.flat();
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => i === row.length - 1 ? cell : cell.padStart(widths[i])).join("  ");
  const text = sections.map((section) => `${section.map(line).join("\n")}\n`);
  return [`${head}: median of ${profile.steps} steps`, ...text, memory].join("\n");
}

function titles(last: string): string[] {
  return ["ms", "share", "launches", "arithmetic", "memory", last];
}

/** The first rows, and the others as one. */
function shorten(rows: readonly ProfileRow[], most: number): ProfileRow[] {
  if (rows.length <= most) return [...rows];
  const others = rows.slice(most);
  return [...rows.slice(0, most), { ...others.reduce(add), name: `${others.length} others` }];
}

/**
 * The profile as Chrome's trace events, which chrome://tracing and https://ui.perfetto.dev load: the profiled steps, their
 * kernels on the GPU, and the host's phases, each in a lane. The GPU's clock says nothing about the host's, so a step's
 * kernels are drawn from the moment it was submitted.
 *
 * Source: "Trace Event Format", Google, https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
 */
export function chromeTrace(input: ProfileInput): ChromeTrace {
  const lanes = { steps: 1, gpu: 2, host: 3 };
  const named = (tid: number, name: string): TraceEvent[] => [
    { ph: "M", pid: 1, tid, name: "thread_name", args: { name } },
    { ph: "M", pid: 1, tid, name: "thread_sort_index", args: { sort_index: tid } },
  ];
  const events: TraceEvent[] = [
    { ph: "M", pid: 1, name: "process_name", args: { name: `weir: ${input.label}` } },
    ...named(lanes.steps, "steps"),
    ...named(lanes.gpu, `GPU kernels (${input.device})`),
    ...named(lanes.host, "host"),
  ];
  const span = (tid: number, cat: string, name: string, startMs: number, ms: number, args?: object) =>
    events.push({
      ph: "X",
      pid: 1,
      tid,
      cat,
      name,
      ts: microseconds(startMs),
      dur: microseconds(Math.max(ms, 0)),
      ...(args && { args }),
    });
  const phases = (list: readonly Phase[]) =>
    list.forEach(({ name, startMs, ms }) => span(lanes.host, "host", name, startMs, ms));
  phases(input.host ?? []);
  input.runs.forEach((run, i) => {
    if (run.phases.length === 0) return;
    const start = Math.min(...run.phases.map((p) => p.startMs));
    const submitted = run.phases.find((p) => p.name === "submit") ?? run.phases[0];
    const end = Math.max(
      ...run.phases.map((p) => p.startMs + p.ms),
      ...run.kernels.map((k) => submitted.startMs + k.startMs + k.ms),
    );
    span(lanes.steps, "step", `profiled step ${i + 1}`, start, end - start);
    phases(run.phases);
    for (const kernel of run.kernels) {
      span(
        lanes.gpu,
        kindOf(kernel.name),
        kernel.name,
        submitted.startMs + kernel.startMs,
        kernel.ms,
        traceArgs(kernel),
      );
    }
  });
  const { stateBytes, workBytes } = input.memory;
  return {
    displayTimeUnit: "ms",
    otherData: { program: input.label, device: input.device, stepMs: input.stepMs, stateBytes, workBytes },
    traceEvents: events,
  };
}

/** A file of Chrome's trace events. */
export interface ChromeTrace {
  /** How viewers write times. */
  readonly displayTimeUnit: "ms";
  /** About the run. */
  readonly otherData: Readonly<Record<string, string | number>>;
  /** Lanes first, then what happened in them. */
  readonly traceEvents: readonly TraceEvent[];
}

/** A complete event (`X`, times in microseconds) or metadata (`M`). */
export type TraceEvent =
  | {
    readonly ph: "X";
    readonly pid: number;
    readonly tid: number;
    readonly cat: string;
    readonly name: string;
    readonly ts: number;
    readonly dur: number;
    readonly args?: object;
  }
  | {
    readonly ph: "M";
    readonly pid: number;
    readonly tid?: number;
    readonly name: string;
    readonly args: object;
  };

function traceArgs({ ms, flops, bytes }: KernelTime): object {
  return {
    flops,
    bytes,
    ...(ms > 0 && { "GFLOP/s": round(flops / ms / 1e6), "GB/s": round(bytes / ms / 1e6) }),
  };
}

function add(p: ProfileRow, q: ProfileRow): ProfileRow {
  return {
    name: p.name,
    launches: p.launches + q.launches,
    ms: p.ms + q.ms,
    share: p.share + q.share,
    flops: p.flops + q.flops,
    bytes: p.bytes + q.bytes,
  };
}

function microseconds(ms: number): number {
  return Math.round(ms * 1e6) / 1000;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** Milliseconds with as many decimals as a step of that length can use. */
function inTime(ms: number, stepMs: number): string {
  return ms.toFixed(stepMs >= 1000 ? 1 : stepMs >= 100 ? 2 : 3);
}

function inShare(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function inUnits(amount: number, unit: string): string {
  const prefixes = ["", "k", "M", "G", "T", "P"];
  const power = Math.min(Math.max(Math.floor(Math.log10(Math.max(amount, 1)) / 3), 0), prefixes.length - 1);
  const value = amount / 1000 ** power;
  return `${value >= 100 || power === 0 ? value.toFixed(0) : value.toFixed(1)} ${prefixes[power]}${unit}`;
}
