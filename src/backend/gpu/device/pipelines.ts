/**
 * Compiled kernels, shared by the programs of one device.
 *
 * @module
 */

/** Pipelines by what they were compiled from. */
export interface Pipelines<T> {
  /** The pipeline of a key, which `compile` makes if there is none; it stays until it is given back. */
  take(key: string, compile: () => Promise<T>): Promise<T>;
  /** Counts a user of each key out. */
  giveBack(keys: readonly string[]): void;
  /** Whether there is one, in use or not. */
  has(key: string): boolean;
  /** How many there are. */
  readonly size: number;
  /** Forgets all. */
  clear(): void;
}

/**
 * Keeps pipelines as long as a program uses them, and the `maxIdle` that were given back last: a graph is often compiled
 * again for another shape, and most of its kernels are the same.
 */
export function createPipelines<T>({ maxIdle }: { maxIdle: number }): Pipelines<T> {
  const all = new Map<string, { pipeline: Promise<T>; users: number }>();
  /** Keys without users, the longest idle first. */
  const idle = new Set<string>();
  return {
    take(key, compile) {
      let entry = all.get(key);
      if (!entry) {
        const made = entry = { pipeline: compile(), users: 0 };
        all.set(key, made);
        made.pipeline.catch(() => all.get(key) === made && all.delete(key));
      }
      entry.users++;
      idle.delete(key);
      return entry.pipeline;
    },
    giveBack(keys) {
      for (const key of keys) {
        const entry = all.get(key);
        if (entry && --entry.users === 0) idle.add(key);
      }
      for (const key of idle) {
        if (idle.size <= maxIdle) break;
        idle.delete(key);
        all.delete(key);
      }
    },
    has: (key) => all.has(key),
    get size() {
      return all.size;
    },
    clear() {
      all.clear();
      idle.clear();
    },
  };
}
