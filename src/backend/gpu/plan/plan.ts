/**
 * A graph as a fixed list of kernels and the memory they work in. Nothing here touches a device.
 *
 * @module
 */
import { type Graph, labelOf, type Node } from "../../../graph/node.ts";
import { mergeProjections } from "../../../graph/passes/merge_projections.ts";
import { storageBytes } from "../kernels/wgsl.ts";
import type { Kernel, Storage } from "../kernels/writer.ts";
import { elementsOf, isLeaf } from "../rules/nodes.ts";
import { isClosed } from "../rules/rules.ts";
import { isStridedOp } from "../rules/view_of.ts";
import { type CutGraph, cutLargeStates, cutLargeTensors, type CutTensor } from "../split/split.ts";
import type { Tuning } from "../tuning/tuning.ts";
import { type KnownOffset, unitOf } from "./arena.ts";
import { cutComputePasses } from "./compute_passes.ts";
import { fuse, type Fusion } from "./fusion.ts";
import { type HorizontalFusion, joinableConcats, looseOperands, mergeAlike } from "./horizontal.ts";
import { lowerGroups, withSharedBuffers } from "./lower.ts";
import type { Assignment } from "./memory.ts";
import { overwrites } from "./overwrites.ts";
import { checkTypes, mostJoined, splitConcats, withoutBarriers } from "./prepare.ts";
import { BindingLimitError, bufferOf, type PlanStorage, rootOf, Storages } from "./storages.ts";
import { arrange, touchesOf } from "./timeline.ts";

/** What a device can do, as far as a plan depends on it. */
export interface PlanLimits {
  readonly maxBuffers: number;
  readonly maxWorkgroupBytes: number;
  /** Bytes of the largest buffer a kernel can bind. */
  readonly maxBindingBytes: number;
  /** Workgroups it takes to keep the device busy. */
  readonly parallelism: number;
  /** Whether the device is a CPU, which compiles long kernels slowly. */
  readonly software: boolean;
  /** Whether the device's language has no dot product of packed 8-bit levels; it has one by default. */
  readonly emulatesDots?: boolean;
  /** Which tiles were measured to be best on this device. */
  readonly tuning?: Tuning;
  /** Bytes of work memory that are not worth more compute passes to save; 256 MiB if not given. */
  readonly smallWorkBytes?: number;
  /** Bytes a program may take in all; no limit if not given. */
  readonly maxTotalBytes?: number;
  /** Kernels after which a run is handed to the device, at the end of their pass; all at once if not given. */
  readonly kernelsPerSubmit?: number;
}

/** Everything a program needs to be set up. */
export interface Plan {
  readonly kernels: readonly Kernel[];
  /** The compute pass of each kernel. */
  readonly passes: readonly number[];
  /** For each kernel, what is bound to it only so that its barrier covers the kernels that run beside it. */
  readonly touches: readonly (readonly PlanStorage[])[];
  readonly storages: readonly PlanStorage[];
  /** Buffers shared by work storages. */
  readonly work: Assignment<PlanStorage>;
  readonly outputs: Readonly<Record<string, Source>>;
  /** States that lie in parts, each a state of its own; inputs and outputs likewise. */
  readonly cutStates: ReadonlyMap<string, CutTensor>;
  readonly cutInputs: ReadonlyMap<string, CutTensor>;
  readonly cutOutputs: ReadonlyMap<string, CutTensor>;
  /** States that take another storage's contents after the kernels. */
  readonly copies: readonly { readonly from: Source; readonly to: PlanStorage }[];
}

/** Memory to be read when a run is over, or before it where the run changes it. */
export interface Source {
  readonly storage: PlanStorage;
  readonly before: boolean;
}

/** What a plan may take for given. */
export interface PlanOptions {
  /** Where states lie that another program has placed. */
  readonly known?: (state: Node) => KnownOffset | undefined;
}

/**
 * Compiles a bound, optimized graph whose composite ops all have kernels. States that are too large to be bound are cut; so is
 * everything else, where something is too large that has to be stored.
 */
export function makePlan(source: Graph, limits: PlanLimits, options: PlanOptions = {}): Plan {
  const { maxBindingBytes } = limits;
  const merged = mergeProjections(source, { unit: unitOf(source.nodes) });
  try {
    return planCut(cutLargeStates(withoutBarriers(merged), maxBindingBytes), limits, options);
  } catch (error) {
    if (!(error instanceof BindingLimitError)) throw error;
    // Parts of what lies side by side do not, so that it had better lie apart.
    const graph = hasLargeOperands(merged, maxBindingBytes) ? source : merged;
    const cut = cutLargeTensors(graph, maxBindingBytes);
    return planCut({ ...cut, graph: withoutBarriers(cut.graph) }, limits, options);
  }
}

function planCut(
  { graph, states, inputs, outputs }: CutGraph,
  limits: PlanLimits,
  options: PlanOptions,
): Plan {
  checkTypes(graph);
  // A long concatenation costs nothing where its operands lie side by side, which is known only when all are laid out. Where
  // one does not come out so, every long one is split into short ones, whose kernels bind few buffers.
  const plan = planWith(graph, limits, { ...options, join: true }) ??
    planWith(graph, limits, { ...options, join: false })!;
  return { ...plan, cutStates: states, cutInputs: inputs, cutOutputs: outputs };
}

/** Whether kernels that take their operands from memory read or make tensors of more than some bytes. */
function hasLargeOperands(graph: Graph, bytes: number): boolean {
  const isLarge = (node: Node) => elementsOf(node) * storageBytes(node.dtype) > bytes;
  return graph.nodes.some((node) =>
    isClosed(node) && [node, ...node.inputs].some((u) => isLarge(u) || isStridedOp(u) && isLarge(u.inputs[0]))
  );
}

/** The plan; `undefined` where a long concatenation that was to cost nothing turns out not to. */
function planWith(
  source: Graph,
  limits: PlanLimits,
  options: PlanOptions & { join: boolean },
): Omit<Plan, "cutStates" | "cutInputs" | "cutOutputs"> | undefined {
  const { maxBuffers, maxBindingBytes } = limits;
  const graph = splitConcats(source, options.join ? joinableConcats(source) : new Set());
  const concats = options.join ? joinableConcats(graph) : new Set<Node>();
  const apart = new Set([...concats, ...looseOperands(graph, concats)]);
  const fusion = fuse(graph, { maxBuffers, apart });
  const horizontal = mergeAlike(graph, fusion, {
    concats,
    maxBuffers,
    maxBindingBytes,
    known: options.known,
  });
  if ([...concats].some((c) => c.inputs.length > mostJoined && !horizontal.joined.has(c))) return undefined;
  const storages = placeNodes(graph, fusion, horizontal, { maxBindingBytes });
  const lowered = lowerGroups(horizontal, storages, limits);
  const stored = (node: Node): Source => {
    const at = fusion.storedAs(node);
    return { storage: storages.of(at)!, before: at.op === "state" };
  };
  const outputs = Object.fromEntries(
    Object.entries(graph.outputs).map(([name, node]) => [name, stored(node)]),
  );
  const copies = graph.updates
    .map(({ state, value }) => ({ from: stored(value), to: storages.of(state)! }))
    .filter(({ from, to }) => from.storage !== to);
  const timeline = arrange(lowered, { bufferOf });
  const kept = [...Object.values(outputs), ...copies.map((c) => c.from)].map((c) => rootOf(c.storage));
  const roots = storages.all.filter((s) => s.kind === "work" && !s.within);
  const { passes, work } = cutComputePasses(timeline, roots, new Set(kept), limits);
  const slotted = (s: Storage) => work.slotOf.get(rootOf(s)) ?? bufferOf(s);
  const touches = touchesOf(timeline, passes, { maxBuffers, bufferOf: slotted }) as PlanStorage[][];
  const kernels = timeline.kernels.map((kernel) => withSharedBuffers(kernel, slotted));
  return { kernels, passes, touches, storages: storages.all, work, outputs, copies };
}

/** Memory for every node that is stored: leaves, and the outputs of groups, over an operand where they may be. */
function placeNodes(
  graph: Graph,
  fusion: Fusion,
  { order, inPlace, arena, joined }: HorizontalFusion,
  limits: { readonly maxBindingBytes: number },
): Storages {
  const storages = new Storages(limits);
  for (const node of graph.nodes) {
    if (isLeaf(node) && !fusion.isInline(node)) storages.place(node, node.op, arena.offsetOf(node));
  }
  const overwritten = overwrites(graph, fusion, order, (node) => arena.offsetOf(node) === undefined);
  for (const group of order) {
    for (const node of group.outputs) {
      const former = inPlace.get(node) ?? overwritten.get(node);
      if (former) storages.alias(node, storages.of(former)!);
      else storages.place(node, "work", arena.offsetOf(node));
    }
  }
  for (const { entries } of arena.regions) {
    for (const { node } of entries) {
      const lost = !storages.of(node)?.within;
      if (lost) throw new Error(`${labelOf(node)} does not lie where merged kernels expect it`);
    }
  }
  for (const [concat, where] of joined) storages.alias(concat, storages.range(where, elementsOf(concat)));
  return storages;
}

/** The plan as text: one line a kernel, with its workgroups and what it reads (and writes, after the arrow). */
export function printPlan(plan: Plan): string {
  const lines = plan.kernels.map((kernel, i) => {
    const list = (writes: boolean) =>
      kernel.bindings.filter((b) => b.writes === writes)
        .map((b) => `${b.storage.label}${slotText(plan, b.storage as PlanStorage)}`).join(", ");
    return `${String(plan.passes[i]).padStart(3)}${String(i).padStart(5)} ${kernel.name} <${
      kernel.workgroups.join(" ")
    }> ${list(false)} -> ${list(true)}`;
  });
  const bytes = plan.work.sizes.reduce((a, b) => a + b, 0);
  return [...lines, `${plan.kernels.length} kernels, ${plan.work.sizes.length} buffers of ${bytes} bytes`]
    .join("\n");
}

function slotText(plan: Plan, storage: PlanStorage): string {
  const slot = plan.work.slotOf.get(rootOf(storage));
  return slot === undefined ? "" : `#${slot}`;
}
