/**
 * The steps of a run on a backend: which programs their batches go through, and their outputs when they are read back.
 *
 * @module
 */
import type { Backend, Program, Tensors } from "../backend/interface.ts";
import { type Bindings, hostTensor } from "../graph/graph.ts";
import type { Batch } from "../nn/batch.ts";
import { type BucketPrograms, bucketPrograms } from "./programs.ts";
import type { TrainingGraph } from "./step.ts";

/** The steps of one sitting. */
export class Steps {
  readonly #programs: BucketPrograms;
  /** What the batches before a step's last one run, where gradients are accumulated. */
  readonly #accumulation?: BucketPrograms;
  /** The program of each step that was not read back yet, oldest first. */
  readonly #pending: Program[] = [];
  /** Programs whose steps have no outputs, and must not pile up. */
  readonly #silent = new Set<Program>();

  /** The program that has the states. */
  readonly main: Program;

  private constructor(main: Program, programs: BucketPrograms, accumulation?: BucketPrograms) {
    this.main = main;
    this.#programs = programs;
    this.#accumulation = accumulation;
  }

  /** Compiles what batches of the largest shape need, so that what does not fit is known before the first step. */
  static async compile(backend: Backend, training: TrainingGraph, largest: Bindings): Promise<Steps> {
    const programs = bucketPrograms(backend, training.graph, { label: "train" });
    let accumulation: BucketPrograms | undefined;
    try {
      const main = await programs.get(largest);
      if (training.accumulation) {
        accumulation = bucketPrograms(backend, training.accumulation, { label: "accumulate", share: main });
        await accumulation.get(largest);
      }
      return new Steps(main, programs, accumulation);
    } catch (error) {
      await accumulation?.dispose();
      await programs.dispose();
      throw error;
    }
  }

  /** Steps that were made and not read back. */
  get pending(): number {
    return this.#pending.length;
  }

  /**
   * Makes one step of one batch, or of several whose gradients add up, each in proportion to its weight; `onCompiled` is
   * called when a program may have been compiled for it.
   */
  async make(parts: readonly Batch[], onCompiled: () => void): Promise<void> {
    const weight = parts.reduce((sum, part) => sum + part.weight, 0);
    for (const [i, part] of parts.entries()) {
      const last = i === parts.length - 1;
      const program = await (last ? this.#programs : this.#accumulation!).get(part.bindings);
      onCompiled();
      // A step whose batches have nothing to learn from has a loss of 0.
      const share = weight > 0 ? part.weight / weight : 0;
      await program.step(this.feeds(part, { share, part: i }));
      if (last) this.#pending.push(program);
      else this.#silent.add(program);
    }
  }

  /** What a batch feeds that is one part of a step, with its share of the step's weight. */
  feeds(batch: Batch, { share, part } = { share: 1, part: 0 }): Tensors {
    if (!this.#accumulation) return this.#programs.feeds(batch);
    const begins = part === 0 ? 1 : 0;
    return {
      ...this.#programs.feeds(batch),
      share: hostTensor("f32", [], [share]),
      begins: hostTensor("i32", [], [begins]),
    };
  }

  /** The outputs of the steps since the last time, in their order. */
  async read(): Promise<Record<string, number>[]> {
    const queues = new Map<Program, Record<string, number>[]>();
    for (const program of new Set(this.#pending)) queues.set(program, await program.drain());
    for (const program of this.#silent) await program.drain();
    return this.#pending.splice(0).map((program) => queues.get(program)!.shift()!);
  }

  /** Bytes on the device: of the states, and the most that one program works with. */
  memory(): { stateBytes: number; workBytes: number } {
    const [step, rest] = [this.#programs.memory(), this.#accumulation?.memory()];
    return {
      stateBytes: step.stateBytes + (rest?.stateBytes ?? 0),
      workBytes: Math.max(step.workBytes, rest?.workBytes ?? 0),
    };
  }

  /** Frees the programs. */
  async dispose(): Promise<void> {
    await this.#accumulation?.dispose();
    await this.#programs.dispose();
  }
}
