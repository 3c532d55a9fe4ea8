/**
 * The scalars of many steps, kept on the device until they are read together: a readback costs more than a step.
 *
 * @module
 */
import type { GpuContext } from "./device.ts";
import { decode } from "./host.ts";
import type { BufferOffset, PlanBuffers } from "./buffers.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import { copyOutputs, type OutputSlots } from "./slots.ts";
import { copyable } from "./states.ts";

/** Bytes that are copied on the device. */
export interface Copy {
  readonly from: BufferOffset;
  readonly to: BufferOffset;
  readonly bytes: number;
}

/** Steps whose scalars the device keeps. */
const ringSteps = 256;

/** Where scalars go step by step. */
export class Ring {
  readonly #context: GpuContext;
  readonly #plan: PlanBuffers;
  readonly #outputs: OutputSlots;
  #buffers?: { ring: GPUBuffer; staging: ReadBuffer };
  #pending = 0;
  #records: Record<string, number>[] = [];

  /** A ring for outputs of one element. */
  constructor(context: GpuContext, buffers: PlanBuffers, outputs: OutputSlots) {
    this.#context = context;
    this.#plan = buffers;
    this.#outputs = outputs;
  }

  /** Makes its buffers. */
  async allocate(): Promise<void> {
    if (this.#outputs.bytes === 0) return;
    const size = this.#outputs.bytes * ringSteps;
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
    const start = this.#pending * this.#outputs.bytes;
    copyOutputs(encoder, when, this.#outputs, { buffers: this.#plan, to: this.#buffers.ring, start });
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
    const { slots, bytes: stride } = this.#outputs;
    const size = steps * stride;
    encoder.copyBufferToBuffer(ring, 0, staging.target, 0, size);
    device.queue.submit([encoder.finish()]);
    await this.#context.read(staging, size, (bytes) => {
      for (let i = 0; i < steps; i++) {
        this.#records.push(Object.fromEntries(slots.map(({ name, storage, offset }) => [
          name,
          Number(decode(storage.dtype, 1, bytes, i * stride + offset)[0]),
        ])));
      }
    });
  }

  /** What was fetched since the last time, oldest first. */
  take(): Record<string, number>[] {
    return this.#records.splice(0);
  }
}
