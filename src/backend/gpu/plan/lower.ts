/**
 * Groups as kernels.
 *
 * @module
 */
import { createBuilder } from "../../../graph/graph.ts";
import { BackendError } from "../../interface.ts";
import { mergedKernels, type MergedLowering } from "../kernels/merged.ts";
import { type Lowering, widest } from "../kernels/fused.ts";
import type { Kernel, Storage } from "../kernels/writer.ts";
import type { KernelLimits } from "../rules/rule.ts";
import { anchorRuleOf } from "../rules/rules.ts";
import type { Tuning } from "../tuning/tuning.ts";
import { withCost } from "./cost.ts";
import type { Group } from "./group.ts";
import type { HorizontalFusion } from "./horizontal.ts";
import type { Storages } from "./storages.ts";

/** What of a device decides how groups become kernels. */
export interface LoweringLimits extends KernelLimits {
  readonly maxBindingBytes: number;
  readonly tuning?: Tuning;
}

/** Parts are written and read once more: beyond this they cost more than they bring. */
const MOST_SCRATCH_BYTES = 64 * 2 ** 20;

/**
 * The kernels of all groups in their order, with what each costs. Scratch memory and tables that they need are added to the
 * storages.
 *
 * @throws {BackendError} naming a kernel that binds more buffers than the device does.
 */
export function lowerGroups(
  { order, merged }: HorizontalFusion,
  storages: Storages,
  limits: LoweringLimits,
): Kernel[] {
  const lowering = loweringOf(storages, limits);
  return order.flatMap((group) => {
    const set = merged.get(group);
    const kernels = set ? mergedKernels(set, lowering) : lower(group, lowering);
    return withCost(group, kernels, lowering.storageOf).map((kernel) => {
      if (kernel.bindings.length <= limits.maxBuffers) return kernel;
      throw new BackendError(
        `Cannot compile ${kernel.name}: it reads and writes ${kernel.bindings.length} buffers, ` +
          `this device binds ${limits.maxBuffers}`,
      );
    });
  });
}

function loweringOf(storages: Storages, limits: LoweringLimits): MergedLowering {
  return {
    storageOf: (node) => storages.of(node),
    scratch: (label, dtype, elements) => storages.make({ label, kind: "work", dtype, elements }),
    range: (where, elements) => storages.range(where, elements),
    table: (label, values) => {
      const node = createBuilder().constant("u32", [values.length], values);
      return storages.make({ label, kind: "constant", dtype: "u32", elements: values.length, node });
    },
    parallelism: limits.parallelism,
    software: limits.software,
    emulatesDots: limits.emulatesDots,
    maxBuffers: limits.maxBuffers,
    maxWorkgroupBytes: limits.maxWorkgroupBytes,
    maxScratchBytes: Math.min(limits.maxBindingBytes, MOST_SCRATCH_BYTES),
    tuning: limits.tuning,
  };
}

/** The kernels of a group that stands for itself. */
function lower(group: Group, lowering: Lowering): Kernel[] {
  const { anchor } = group;
  if (anchor) return anchorRuleOf(anchor)!.kernels(group, lowering);
  return [widest(group, lowering, group.size % 4 === 0, (w, lanes) => w.pointwise(lanes))];
}

/** A kernel may not read a buffer through one binding that it writes through another one, unless both could write. */
export function withSharedBuffers(kernel: Kernel, bufferOf: (storage: Storage) => unknown): Kernel {
  const written = new Set(kernel.bindings.filter((b) => b.writes).map((b) => bufferOf(b.storage)));
  const shared = kernel.bindings.map((b) => !b.writes && written.has(bufferOf(b.storage)));
  if (!shared.includes(true)) return kernel;
  return { ...kernel, bindings: kernel.bindings.map((b, i) => shared[i] ? { ...b, shared: true } : b) };
}
