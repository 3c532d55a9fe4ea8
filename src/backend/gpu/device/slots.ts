/**
 * Where the elements of inputs come from, and where those of outputs go, when both may be in parts.
 *
 * @module
 */
import type { Plan, Source } from "../plan/plan.ts";
import type { PlanStorage } from "../plan/storages.ts";
import type { PlanBuffers } from "./buffers.ts";

/** An output, or a part of one, and where it lies among the others. */
export interface OutputSlot extends Source {
  readonly name: string;
  readonly offset: number;
}

/** Outputs one behind the other, and the bytes that they take together. */
export interface OutputSlots {
  readonly slots: readonly OutputSlot[];
  readonly bytes: number;
}

/** An input, or a part of one: where it lies, and which elements of what is fed it takes. */
export interface FedSlot {
  readonly storage: PlanStorage;
  readonly input: string;
  readonly begin: number;
}

/** Lays outputs one behind the other. */
export function outputSlots(outputs: Plan["outputs"]): OutputSlots {
  let bytes = 0;
  const slots = Object.entries(outputs).map(([name, source]) => {
    const slot = { name, ...source, offset: bytes };
    bytes += source.storage.bytes;
    return slot;
  });
  return { slots, bytes };
}

/** Copies what is read before or after the kernels run to where the slots are, from byte `start` of a buffer on. */
export function copyOutputs(
  encoder: GPUCommandEncoder,
  when: "before" | "after",
  { slots }: OutputSlots,
  { buffers, to, start = 0 }: { buffers: PlanBuffers; to: GPUBuffer; start?: number },
): void {
  for (const { storage, before, offset } of slots) {
    if (before !== (when === "before")) continue;
    const from = buffers.of(storage);
    encoder.copyBufferToBuffer(from.buffer, from.offset, to, start + offset, storage.bytes);
  }
}

/** The inputs of a plan, with the elements that each takes of what is fed. */
export function fedSlots({ storages, cutInputs }: Plan): FedSlot[] {
  const elements = new Map(storages.map((s) => [s.node?.name, s.elements]));
  const partOf = new Map<string, { input: string; begin: number }>();
  for (const [input, { parts }] of cutInputs) {
    let begin = 0;
    for (const part of parts) {
      partOf.set(part, { input, begin });
      begin += elements.get(part)!;
    }
  }
  return storages.filter((s) => s.kind === "input").map((storage) => {
    const name = storage.node!.name!;
    return { storage, ...(partOf.get(name) ?? { input: name, begin: 0 }) };
  });
}
