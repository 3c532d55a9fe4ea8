/**
 * One compiled program per batch shape, all with the same states.
 *
 * @module
 */
import type { Backend, Program, Tensors } from "../backend/interface.ts";
import { type Bindings, type Graph, inputsOf } from "../graph/graph.ts";
import type { Batch } from "../nn/batch.ts";

/** The programs of one graph. */
export interface BucketPrograms {
  /** The program for batches with these bindings, compiled at the first call. */
  get(bindings: Bindings): Promise<Program>;
  /** What to feed it: the batch's tensors that the graph has inputs for. */
  feeds(batch: Batch): Tensors;
  /** Bytes on the device: of the states that belong to these programs, and the most that one of them works with. */
  memory(): { stateBytes: number; workBytes: number };
  dispose(): Promise<void>;
}

/** Compiles `graph` per shape; the programs share states with each other, and with `share` where that has them. */
export function bucketPrograms(
  backend: Backend,
  graph: Graph,
  options: { label: string; share?: Program },
): BucketPrograms {
  const programs = new Map<string, Program>();
  const inputs = new Set(inputsOf(graph).map((input) => input.name!));
  let first = options.share;
  return {
    async get(bindings) {
      const label = `${options.label} ${Object.values(bindings).join("x")}`;
      const known = programs.get(label);
      if (known) return known;
      const program = await backend.compile(graph, { bindings, share: first, label });
      programs.set(label, program);
      first ??= program;
      return program;
    },
    feeds: ({ feeds }) => Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.has(name))),
    memory() {
      const parts = [...programs.values()].map((program) => program.memory);
      return {
        stateBytes: parts.reduce((sum, part) => sum + part.stateBytes, 0),
        workBytes: parts.reduce((most, part) => Math.max(most, part.workBytes), 0),
      };
    },
    async dispose() {
      for (const program of programs.values()) await program.dispose();
      programs.clear();
    },
  };
}
