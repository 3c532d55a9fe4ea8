/**
 * One compiled program per batch shape, all with the same states.
 *
 * @module
 */
import type { Backend, Program } from "../backend/interface.ts";
import type { Batch } from "../data/collate.ts";
import { type Graph, type HostTensor, hostTensor, inputsOf } from "../graph/graph.ts";

/** A batch's size: the number of rows and their length in tokens. */
export type BatchShape = Pick<Batch, "batch" | "sequence">;

/** The programs of one graph. */
export interface BucketPrograms {
  /** The program for batches of that shape, compiled at the first call. */
  get(shape: BatchShape): Promise<Program>;
  /** What to feed it: the inputs its graph has. */
  feeds(batch: Batch): Record<string, HostTensor>;
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
    async get({ batch, sequence }) {
      const label = `${options.label} ${batch}x${sequence}`;
      const known = programs.get(label);
      if (known) return known;
      const program = await backend.compile(graph, { bindings: { batch, sequence }, share: first, label });
      programs.set(label, program);
      first ??= program;
      return program;
    },
    feeds(batch) {
      const matrix = [batch.batch, batch.sequence]; // [B, S]
      const all = {
        input_ids: hostTensor("i32", matrix, batch.inputIds),
        attention_mask: hostTensor("i32", matrix, batch.attentionMask),
        token_type_ids: hostTensor("i32", matrix, batch.tokenTypeIds),
        labels: hostTensor("i32", [batch.batch], batch.labels),
        weights: hostTensor("f32", [batch.batch], batch.weights),
      };
      return Object.fromEntries(Object.entries(all).filter(([name]) => inputs.has(name)));
    },
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
