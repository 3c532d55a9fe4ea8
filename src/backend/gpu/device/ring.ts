/**
 * The scalars of many steps, kept on the device until they are read together: a readback costs more than a step.
 *
 * @module
 */
import type { GpuContext } from "./device.ts";
import { decode } from "./host.ts";
import type { BufferOffset, PlanBuffers } from "./buffers.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import { copyable } from "./states.ts";
import type { PlanStorage } from "../plan/storages.ts";

/** Bytes that are copied on the device. */
export interface Copy {
  readonly from: BufferOffset;
  readonly to: BufferOffset;
  readonly bytes: number;
}

/** An output of a program. */
export interface Output {
  readonly name: string;
  readonly storage: PlanStorage;
  /** Whether it is read before the kernels run. */
  readonly before: boolean;
}

/** Steps whose scalars the device keeps. */
const ringSteps = 256;

/** Where scalars go step by step. */
export class Ring {
  readonly #context: GpuContext;
  readonly #plan: PlanBuffers;
  readonly #outputs: readonly (Output & { offset: number })[];
  readonly #stride: number;
  #buffers?: { ring: GPUBuffer; staging: ReadBuffer };
  #pending = 0;
  #records: Record<string, number>[] = [];

  /** A ring for outputs of one element. */
  constructor(context: GpuContext, buffers: PlanBuffers, outputs: readonly Output[]) {
    this.#context = context;
    this.#plan = buffers;
    let offset = 0;
    this.#outputs = outputs.map((output) => {
      const slot = { ...output, offset };
      offset += output.storage.bytes;
      return slot;
    });
    this.#stride = offset;
  }

  /** Makes its buffers. */
  async allocate(): Promise<void> {
    if (this.#stride === 0) return;
    const size = this.#stride * ringSteps;
    this.#buffers = {
      ring: await this.#plan.buffer("ring", size, copyable),
      staging: await this.#plan.readBuffer("ring to read", size),
    };
  }

  /** Steps that are not read yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether it has to be fetched before another step. */
  get isFull(): boolean {
    return this.#pending === ringSteps;
  }

  /** Puts the scalars of the step that is being encoded into the ring. */
  encode(encoder: GPUCommandEncoder, when: "before" | "after"): void {
    if (!this.#buffers) return;
    const start = this.#pending * this.#stride;
    for (const { storage, before, offset } of this.#outputs) {
      if (before !== (when === "before")) continue;
      const from = this.#plan.of(storage);
      encoder.copyBufferToBuffer(from.buffer, from.offset, this.#buffers.ring, start + offset, storage.bytes);
    }
  }

  /** Counts a step whose scalars are in. */
  advance(): void {
    this.#pending++;
  }

  /** Moves its contents to the host. */
  async fetch(): Promise<void> {
    const steps = this.#pending;
    this.#pending = 0;
    if (steps === 0) return;
    if (!this.#buffers) {
      for (let i = 0; i < steps; i++) this.#records.push({});
      return;
    }
    const { ring, staging } = this.#buffers;
    const { device } = this.#context;
    const encoder = device.createCommandEncoder();
    const size = steps * this.#stride;
    encoder.copyBufferToBuffer(ring, 0, staging.target, 0, size);
    device.queue.submit([encoder.finish()]);
    await this.#context.read(staging, size, (bytes) => {
      for (let i = 0; i < steps; i++) {
        this.#records.push(Object.fromEntries(this.#outputs.map(({ name, storage, offset }) => [
          name,
          Number(decode(storage.dtype, 1, bytes, i * this.#stride + offset)[0]),
        ])));
      }
    });
  }

  /** What was fetched since the last time, oldest first. */
  take(): Record<string, number>[] {
    return this.#records.splice(0);
  }
}
