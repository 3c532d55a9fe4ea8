/**
 * What a kernel has to do, for profiles and for how long a run may take: floating-point operations and bytes, from shapes
 * alone.
 *
 * @module
 */
import type { Node } from "../../../graph/node.ts";
import type { Group } from "./group.ts";
import { storageBytes } from "../kernels/wgsl.ts";
import type { Kernel, Storage } from "../kernels/writer.ts";
import { elementsOf } from "../rules/nodes.ts";
import { elementRuleOf } from "../rules/elements.ts";
import { anchorRuleOf } from "../rules/rules.ts";

/**
 * The kernels of a group with what each has to do, unless they say so themselves. The first one does the group's arithmetic;
 * any others put parts together.
 */
export function withCost(
  group: Group,
  kernels: readonly Kernel[],
  storageOf: (node: Node) => Storage | undefined,
): Kernel[] {
  const gathered = gatheredBytes(group, storageOf);
  return kernels.map((kernel, i) => ({
    ...kernel,
    flops: kernel.flops ?? (i === 0 ? groupFlops(group) : elementsRead(kernel)),
    bytes: kernel.bytes ?? bytesOf(kernel, gathered),
  }));
}

/** Floating-point operations of a group: those of its anchor with its siblings, and one for each element of every other node. */
function groupFlops({ anchor, nodes, prologue }: Group): number {
  const rule = anchor && anchorRuleOf(anchor);
  const all = [...nodes, ...prologue];
  const own = !anchor ? 0 : rule!.flops?.(anchor as never, all) ?? elementsOf(anchor.inputs[0]);
  if (rule?.kind === "closed") return own;
  return own + all.filter((n) => n !== anchor).reduce((sum, node) => sum + elementsOf(node), 0);
}

function elementsRead(kernel: Kernel): number {
  return kernel.bindings.filter((b) => !b.writes).reduce((sum, b) => sum + b.storage.elements, 0);
}

/** Each storage once; a table that rows are looked up in counts those rows, a state that is written is read too. */
function bytesOf(kernel: Kernel, gathered: ReadonlyMap<Storage, number>): number {
  const seen = new Map<Storage, number>();
  for (const { storage, writes } of kernel.bindings) {
    const size = storage.elements * storageBytes(storage.dtype);
    const inPlace = writes && (storage as { kind?: string }).kind === "state";
    seen.set(storage, inPlace ? 2 * size : writes ? size : Math.min(size, gathered.get(storage) ?? size));
  }
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Bytes read of storages that a group only looks rows up in. */
function gatheredBytes(
  group: Group,
  storageOf: (node: Node) => Storage | undefined,
): Map<Storage, number> {
  const bytes = new Map<Storage, number>();
  const whole = new Set<Storage>();
  const own = new Set([...group.nodes, ...group.prologue]);
  const seen = new Set<Node>();
  const visit = (node: Node) => {
    if (seen.has(node)) return;
    seen.add(node);
    node.inputs.forEach((input, i) => {
      const storage = own.has(input) ? undefined : storageOf(input);
      if (!storage) return visit(input);
      const rule = elementRuleOf(node);
      if (rule?.kind !== "view" || rule.looksUp !== i) return whole.add(storage);
      bytes.set(storage, (bytes.get(storage) ?? 0) + elementsOf(node) * storageBytes(storage.dtype));
    });
  };
  own.forEach(visit);
  for (const storage of whole) bytes.delete(storage);
  return bytes;
}
