/**
 * All outputs of many runs, kept until they are read together: one wait for the device instead of one a run.
 *
 * @module
 */
import type { GpuContext } from "./device.ts";
import type { PlanBuffers } from "./buffers.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import { copyOutputs, type OutputSlots } from "./slots.ts";

/** What the memory for kept outputs may take, unless one run's outputs are larger. */
const keptBytes = 2 ** 24;
/** Runs whose outputs are kept at most: as many as steps in a ring. */
const keptRuns = 256;

/** Outputs of runs. `T` is what one run's outputs are decoded as. */
export class Kept<T> {
  readonly #context: GpuContext;
  readonly #plan: PlanBuffers;
  readonly #outputs: OutputSlots;
  readonly #decode: (bytes: ArrayBuffer, start: number) => T;
  readonly #capacity: number;
  #staging?: ReadBuffer;
  #pending = 0;
  #runs: T[] = [];

  /** Memory for as many runs as fit; `decode` is given where a run's outputs begin. */
  constructor(
    context: GpuContext,
    buffers: PlanBuffers,
    { outputs, decode }: {
      readonly outputs: OutputSlots;
      readonly decode: (bytes: ArrayBuffer, start: number) => T;
    },
  ) {
    this.#context = context;
    this.#plan = buffers;
    this.#outputs = outputs;
    this.#decode = decode;
    this.#capacity = Math.max(1, Math.min(keptRuns, Math.floor(keptBytes / Math.max(outputs.bytes, 1))));
  }

  /** Runs that are not read yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Makes room for one more run; reads what there is if `isDue` or there is none left. */
  async makeRoom(isDue: boolean): Promise<void> {
    if (isDue || this.#pending === this.#capacity) await this.fetch();
    const size = this.#outputs.bytes * this.#capacity;
    if (size > 0) this.#staging ??= await this.#plan.readBuffer("outputs of runs to read", size);
  }

  /** Puts the outputs of the run that is being encoded behind those before it. */
  encode(encoder: GPUCommandEncoder, when: "before" | "after"): void {
    if (!this.#staging) return;
    const start = this.#pending * this.#outputs.bytes;
    copyOutputs(encoder, when, this.#outputs, { buffers: this.#plan, to: this.#staging.target, start });
  }

  /** Counts a run whose outputs are in. */
  advance(): void {
    this.#pending++;
  }

  /** Moves what is kept to the host. */
  async fetch(): Promise<void> {
    const runs = this.#pending;
    this.#pending = 0;
    if (runs === 0) return;
    const take = (bytes: ArrayBuffer) => {
      for (let i = 0; i < runs; i++) this.#runs.push(this.#decode(bytes, i * this.#outputs.bytes));
    };
    if (this.#staging) await this.#context.read(this.#staging, runs * this.#outputs.bytes, take);
    else take(new ArrayBuffer(0));
  }

  /** What was fetched since the last time, oldest first. */
  take(): T[] {
    return this.#runs.splice(0);
  }
}
