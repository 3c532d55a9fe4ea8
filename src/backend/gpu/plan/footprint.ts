/**
 * What a plan takes of the device's memory, known before any of it is taken.
 *
 * @module
 */
import { formatBytes } from "../../../base/format.ts";
import { BackendError } from "../../interface.ts";
import type { Plan } from "./plan.ts";

/** Bytes on the device. */
export interface Footprint {
  /** Of states that no other program has made yet. */
  readonly stateBytes: number;
  /** Of everything else that lives as long as the program. */
  readonly workBytes: number;
  /** What takes the most of it, by name, the largest first. */
  readonly largest: readonly { readonly label: string; readonly bytes: number }[];
}

/** Adds up a plan. */
export function footprintOf({ storages, work }: Plan): Footprint {
  const roots = storages.filter((s) => !s.within && !s.shared);
  const sum = (kinds: readonly string[]) =>
    roots.filter((s) => kinds.includes(s.kind)).reduce((total, s) => total + s.bytes, 0);
  return {
    stateBytes: sum(["state"]),
    workBytes: work.sizes.reduce((total, bytes) => total + bytes, 0) + sum(["input", "constant"]),
    largest: roots.filter((s) => s.kind !== "work" || work.slotOf.has(s))
      .map(({ label, bytes }) => ({ label, bytes }))
      .sort((a, b) => b.bytes - a.bytes).slice(0, 5),
  };
}

const advice =
  "try a smaller batch with gradient accumulation, shorter sequences, gradient checkpointing, or a smaller model";

/** The bytes, what takes the most of them and what to try, in one line. */
export function describeFootprint({ stateBytes, workBytes, largest }: Footprint): string {
  const names = largest.map(({ label, bytes }) => `${label} ${formatBytes(bytes)}`).join(", ");
  return `it takes ${formatBytes(stateBytes + workBytes)}: ${formatBytes(stateBytes)} of states and ${
    formatBytes(workBytes)
  } to work in; the largest are ${names}; ${advice}`;
}

/**
 * Refuses what would take more than `maxBytes`.
 *
 * @throws {BackendError} with the bytes, the largest storages and what to try.
 */
export function checkFootprint(footprint: Footprint, options: { maxBytes?: number; label?: string }): void {
  const { maxBytes = Infinity, label = "the program" } = options;
  if (footprint.stateBytes + footprint.workBytes <= maxBytes) return;
  throw new BackendError(
    `Cannot place ${label} in ${formatBytes(maxBytes)} of GPU memory: ${describeFootprint(footprint)}`,
    { outOfMemory: true },
  );
}
