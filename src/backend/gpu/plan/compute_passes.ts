/**
 * Where a step is cut into compute passes, and which memory its tensors share.
 *
 * @module
 */
import { type Extent, extentOf } from "../kernels/writer.ts";
import { assignBuffers, type Assignment } from "./memory.ts";
import type { PlanStorage } from "./storages.ts";
import { computePassesOf, type Timeline } from "./timeline.ts";

/**
 * Cuts a step into passes, between which memory is reused: into as few as take hardly more memory than short ones.
 */
export function cutComputePasses(
  timeline: Timeline,
  storages: readonly PlanStorage[],
  kept: ReadonlySet<PlanStorage>,
  limits: { readonly smallWorkBytes?: number; readonly kernelsPerSubmit?: number },
): { passes: number[]; work: Assignment<PlanStorage> } {
  const { smallWorkBytes: small = 2 ** 28, kernelsPerSubmit: longest = Infinity } = limits;
  const cut = (most: number) => {
    const passes = computePassesOf(timeline, most);
    const spans = new Map<PlanStorage, { first: number; last: number }>();
    const divided = new Set<PlanStorage>();
    const parts = new Map<PlanStorage, { begin: number; end: number; first: number }[]>();
    timeline.kernels.forEach(({ bindings }, i) => {
      for (const { storage } of bindings) {
        const { root, begin, end } = extentOf(storage) as Extent & { root: PlanStorage };
        const span = spans.get(root);
        if (span) span.last = passes[i];
        else spans.set(root, { first: passes[i], last: passes[i] });
        const part = { begin, end, first: passes[i] };
        if (parts.has(root)) parts.get(root)!.push(part);
        else parts.set(root, [part]);
        if (storage.within) divided.add(root);
      }
    });
    for (const storage of kept) if (spans.has(storage)) spans.get(storage)!.last = Infinity;
    const lifetimes = storages.filter((s) => spans.has(s))
      .map((s) => ({ value: s, bytes: s.bytes, ...spans.get(s)! }));
    const hosts = lifetimes.filter(({ value }) => value.bytes >= small / 16 && divided.has(value))
      .map(({ value, bytes }) => ({ value, bytes, parts: parts.get(value)! }));
    const work = assignBuffers(lifetimes, { hosts, least: small / 256 });
    return { passes, work, bytes: work.sizes.reduce((a, b) => a + b, 0) };
  };
  const short = cut(Math.min(4, longest));
  // A pass costs the host some 17 us, which only a short step notices, and a short step's memory is small.
  const most = Math.max(small, short.bytes * 1.02);
  for (const length of [Infinity, 96, 48, 24, 12, 8, 6]) {
    const found = cut(Math.min(length, longest));
    if (found.bytes <= most) return found;
  }
  return short;
}
