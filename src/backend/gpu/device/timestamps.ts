/**
 * Times kernels by the GPU's own clock: one compute pass for each, between two timestamps.
 *
 * @module
 */
import type { GpuContext } from "./device.ts";

/** Queries in one set; the specification allows 4096. */
const SET_QUERIES = 4096;

/** When each of some passes began and ended. */
export interface PassClock {
  /** What the pass of this number is begun with. */
  writes(index: number): GPUComputePassTimestampWrites;
  /** Puts the times where they can be read, after the last pass. */
  resolve(encoder: GPUCommandEncoder): void;
  /** Begin and end of each pass in milliseconds since the first one began. */
  read(): Promise<{ startMs: number; ms: number }[]>;
  dispose(): void;
}

/** A clock for `count` passes; the device must have `timestamp-query`. */
export async function createPassClock(context: GpuContext, count: number): Promise<PassClock> {
  const { device } = context;
  const queries = 2 * count;
  const bytes = 8 * queries;
  const sets = Array.from(
    { length: Math.ceil(queries / SET_QUERIES) },
    (_, i) =>
      device.createQuerySet({ type: "timestamp", count: Math.min(SET_QUERIES, queries - i * SET_QUERIES) }),
  );
  const usage = GPUBufferUsage;
  const resolved = device.createBuffer({ size: bytes, usage: usage.QUERY_RESOLVE | usage.COPY_SRC });
  const staging = await context.readBuffer("times", bytes);
  return {
    writes(index) {
      const at = 2 * index;
      const first = at % SET_QUERIES;
      return {
        querySet: sets[Math.floor(at / SET_QUERIES)],
        beginningOfPassWriteIndex: first,
        endOfPassWriteIndex: first + 1,
      };
    },
    resolve(encoder) {
      sets.forEach((set, i) => encoder.resolveQuerySet(set, 0, set.count, resolved, 8 * SET_QUERIES * i));
      encoder.copyBufferToBuffer(resolved, 0, staging.target, 0, bytes);
    },
    async read() {
      const ticks = await context.read(staging, bytes, (mapped) => new BigUint64Array(mapped.slice(0)));
      const ms = (from: bigint, to: bigint) => Number(to - from) / 1e6;
      return Array.from({ length: count }, (_, i) => ({
        startMs: ms(ticks[0], ticks[2 * i]),
        ms: ms(ticks[2 * i], ticks[2 * i + 1]),
      }));
    },
    dispose() {
      sets.forEach((set) => set.destroy());
      resolved.destroy();
      staging.destroy();
    },
  };
}
