/**
 * A model's outputs over batches, row by row, and its mean loss.
 *
 * @module
 */
import { createTurns } from "../base/turns.ts";
import type { Backend, Program, Tensors } from "../backend/interface.ts";
import type { HostTensor } from "../graph/graph.ts";
import type { Batch } from "../nn/batch.ts";
import type { TrainableModel } from "../nn/objective.ts";
import { bucketPrograms } from "./programs.ts";
import { buildEvaluationGraph, type EvaluationGraphOptions } from "./step.ts";

/** A model's outputs for one text, by name; the batch's dimension is taken off. */
export type TextOutputs = Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/** What a model gives for rows. */
export interface Evaluated {
  /** The index of each row in the list that the batches are made of. */
  readonly rows: Int32Array;
  /** For each row the outputs of its texts: one, or more where a row has several. */
  readonly outputs: readonly (readonly TextOutputs[])[];
  /** Mean over what the objective weighs by; NaN without an objective. */
  readonly loss: number;
}

/** Runs a model's forward pass on a backend. */
export interface Evaluator {
  /** Sets parameters and buffers, by name; not needed where states are shared with a training program. */
  load(states: Tensors): Promise<void>;
  /**
   * The outputs of every row, read when all batches are on their way; `undefined` when the signal was aborted before.
   */
  run(batches: Iterable<Batch>, options?: { signal?: AbortSignal }): Promise<Evaluated | undefined>;
  /** Frees the compiled programs. */
  dispose(): Promise<void>;
}

/**
 * An evaluator of a model without training it.
 *
 * @example
 * ```ts
 * import { createInterpBackend } from "../backend/interp/interp.ts";
 * import { createBuilder, hostTensor } from "../graph/graph.ts";
 * import { createEvaluator } from "./evaluator.ts";
 * import assert from "node:assert/strict";
 *
 * const forward = () => {
 *   const b = createBuilder();
 *   b.output("double", b.mul(b.input("x", "f32", ["batch", 1]), 2));
 *   return b.graph();
 * };
 * const evaluator = createEvaluator(createInterpBackend(), { forward });
 * const feeds = { x: hostTensor("f32", [2, 1], [3, 0]) };
 * const batch = { feeds, bindings: { batch: 2 }, weight: 1, rows: Int32Array.of(0, -1) }; // one row, and one that fills up
 * const { outputs } = (await evaluator.run([batch]))!;
 * assert.deepEqual(outputs.map(([text]) => [...text.double.data]), [[6]]);
 * ```
 */
export function createEvaluator(
  backend: Backend,
  model: Pick<TrainableModel, "forward"> & Partial<TrainableModel>,
  options: EvaluationGraphOptions & { readonly share?: Program } = {},
): Evaluator {
  const programs = bucketPrograms(backend, buildEvaluationGraph(model, options), {
    label: "evaluate",
    share: options.share,
  });
  let waiting: Tensors = {};
  return {
    load(states) {
      waiting = { ...waiting, ...states };
      return Promise.resolve();
    },
    async run(batches, { signal } = {}) {
      const queued: { readonly program: Program; readonly rows: Int32Array }[] = [];
      const results = new Map<Program, Record<string, HostTensor>[]>();
      let isOver = false;
      const turns = createTurns();
      try {
        for (const batch of batches) {
          if (signal?.aborted) return undefined;
          const program = await programs.get(batch.bindings);
          if (Object.keys(waiting).length > 0) await program.write(waiting);
          waiting = {};
          await program.queue(programs.feeds(batch));
          queued.push({ program, rows: batch.rows });
          if (turns.isDue) await turns.give(); // nothing of the above lets a signal in
        }
        isOver = true;
      } finally {
        for (const program of new Set(queued.map(({ program }) => program))) {
          const collecting = program.collect();
          results.set(program, await (isOver ? collecting : collecting.catch(() => [])));
        }
      }
      return gather(queued.map(({ program, rows }) => ({ rows, outputs: results.get(program)!.shift()! })));
    },
    dispose: () => programs.dispose(),
  };
}

/** What batches gave, row by row. */
function gather(
  batches: readonly { readonly rows: Int32Array; readonly outputs: Readonly<Record<string, HostTensor>> }[],
): Evaluated {
  const indices: number[] = [];
  const texts: TextOutputs[][] = [];
  let [lossSum, weightSum] = [0, 0];
  for (const { rows, outputs: { loss, weight, ...rest } } of batches) {
    if (loss && weight.data[0] !== 0) {
      lossSum += Number(loss.data[0]) * Number(weight.data[0]);
      weightSum += Number(weight.data[0]);
    }
    rows.forEach((index, row) => {
      if (index < 0) return;
      indices.push(index);
      texts.push(textsOf(rest, row, rows.length));
    });
  }
  return { rows: Int32Array.from(indices), outputs: texts, loss: lossSum / weightSum };
}

/** The outputs of one row's texts, which lie behind each other. */
function textsOf(outputs: Readonly<Record<string, HostTensor>>, row: number, rows: number): TextOutputs[] {
  const texts: TextOutputs[] = [];
  for (const [name, { shape: [count, ...shape], data }] of Object.entries(outputs)) {
    const [perRow, size] = [count / rows, data.length / count];
    for (let t = 0; t < perRow; t++) {
      const start = (row * perRow + t) * size;
      (texts[t] ??= {})[name] = { shape, data: (data as Float32Array).slice(start, start + size) };
    }
  }
  return texts;
}
