/**
 * Where the elements of inputs come from, and where those of outputs go, when both may be in parts.
 *
 * @module
 */
import type { Plan, PlanStorage } from "../plan/plan.ts";
import type { Output } from "./ring.ts";

/** An output, or a part of one, and where it lies among the others. */
export interface OutputSlot extends Output {
  readonly offset: number;
}

/** An input, or a part of one: where it lies, and which elements of what is fed it takes. */
export interface FedSlot {
  readonly storage: PlanStorage;
  readonly input: string;
  readonly begin: number;
}

/** The outputs of a plan, one behind the other. */
export function outputSlots(plan: Plan): OutputSlot[] {
  let offset = 0;
  return Object.entries(plan.outputs).map(([name, { storage, before }]) => {
    const slot = { name, storage, before, offset };
    offset += storage.bytes;
    return slot;
  });
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
