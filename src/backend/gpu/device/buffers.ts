/**
 * A plan's memory on the device.
 *
 * @module
 */
import { type NodeOf } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import type { GpuContext } from "./device.ts";
import { encode } from "./host.ts";
import type { Plan } from "../plan/plan.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import { copyable, type StateTable } from "./states.ts";
import type { PlanStorage } from "../plan/storages.ts";

/** Where a storage begins. */
export interface BufferOffset {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

const alignment = 256;

/** The buffers of one plan, but for the states, which other programs may use too. */
export class PlanBuffers {
  /** Bytes of the states that this plan is the first to have. */
  stateBytes = 0;
  /** The inputs' buffer and what is written to it. */
  inputs?: { readonly buffer: GPUBuffer; readonly host: Uint8Array<ArrayBuffer> };
  readonly #context: GpuContext;
  readonly #owned: GPUBuffer[] = [];
  readonly #readable: ReadBuffer[] = [];
  readonly #offsets = new Map<PlanStorage, BufferOffset>();
  #slotBytes = 0;

  /** No memory yet. */
  constructor(context: GpuContext) {
    this.#context = context;
  }

  /** Makes the buffers of a plan; throws with some of them made, to be destroyed. */
  async allocate({ storages, work, cutStates }: Plan, states: StateTable): Promise<void> {
    for (const storage of storages) {
      if (storage.kind === "state") await this.#placeState(storage, states);
    }
    for (const [name, cut] of cutStates) states.join(name, cut);
    const slots = await states.work(this.#context, work.sizes);
    this.#slotBytes = work.sizes.reduce((sum, size) => sum + size, 0);
    for (const [storage, slot] of work.slotOf) {
      this.#offsets.set(storage, { buffer: slots[slot], offset: work.offsetOf.get(storage) ?? 0 });
    }
    const inputs = await this.#together(storages, "input");
    if (inputs) this.inputs = { buffer: inputs.buffer, host: new Uint8Array(inputs.bytes) };
    const constants = await this.#together(storages, "constant");
    if (!constants) return;
    const host = new Uint8Array(constants.bytes);
    for (const storage of storages) {
      if (storage.kind !== "constant") continue;
      const { dtype, attrs, shape } = storage.node as NodeOf<"constant">;
      encode({ dtype, shape: numeric(shape), data: attrs.data }, host, this.of(storage).offset);
    }
    this.#context.device.queue.writeBuffer(constants.buffer, 0, host);
  }

  /** Where a storage lies. */
  of(storage: PlanStorage): BufferOffset {
    const where = this.#offsets.get(storage);
    if (where) return where;
    const { storage: whole, offset } = storage.within!;
    const { buffer, offset: begin } = this.of(whole);
    const part = { buffer, offset: begin + offset };
    this.#offsets.set(storage, part);
    return part;
  }

  /** A buffer of this program's own. */
  async buffer(what: string, size: number, usage: number): Promise<GPUBuffer> {
    const buffer = await this.#context.allocate(
      `${size} bytes for ${what}`,
      () => this.#context.device.createBuffer({ label: what, size, usage }),
    );
    this.#owned.push(buffer);
    return buffer;
  }

  /** One that the host reads. */
  async readBuffer(what: string, size: number): Promise<ReadBuffer> {
    const buffer = await this.#context.readBuffer(what, size);
    this.#readable.push(buffer);
    return buffer;
  }

  /** Bytes that the program works with. */
  get workBytes(): number {
    const buffers = [...this.#owned, ...this.#readable.map((b) => b.target)];
    return buffers.reduce((sum, b) => sum + b.size, this.#slotBytes);
  }

  /** Frees what no other program uses. */
  destroy(): void {
    for (const buffer of [...this.#owned, ...this.#readable]) buffer.destroy();
  }

  async #placeState(storage: PlanStorage, states: StateTable): Promise<void> {
    const node = storage.node as NodeOf<"state"> | undefined;
    if (!node) {
      // Parts are found by what they are parts of.
      if (storage.within) return;
      if (storage.shared) {
        const { buffer } = states.cell(storage.shared.entries[0].node.name!);
        this.#offsets.set(storage, { buffer, offset: 0 });
        return;
      }
      const buffer = await states.buffer(this.#context, storage.label, storage.bytes);
      this.#offsets.set(storage, { buffer, offset: 0 });
      this.stateBytes += storage.bytes;
      return;
    }
    const where = storage.within && this.of(storage);
    const { cell, added } = await states.add(this.#context, node, storage.bytes, where);
    if (where && where.buffer !== cell.buffer) {
      throw new Error(`state "${node.name}" was placed by another program while this one was planned`);
    }
    this.#offsets.set(storage, cell);
    this.stateBytes += added;
  }

  /** One buffer for all storages of a kind. */
  async #together(
    storages: readonly PlanStorage[],
    kind: "input" | "constant",
  ): Promise<{ buffer: GPUBuffer; bytes: number } | undefined> {
    const members = storages.filter((s) => s.kind === kind);
    if (members.length === 0) return undefined;
    const offsets: number[] = [];
    let bytes = 0;
    for (const { bytes: size } of members) {
      offsets.push(bytes);
      bytes += Math.ceil(size / alignment) * alignment;
    }
    const buffer = await this.buffer(`${kind}s`, bytes, copyable);
    members.forEach((s, i) => this.#offsets.set(s, { buffer, offset: offsets[i] }));
    return { buffer, bytes };
  }
}
