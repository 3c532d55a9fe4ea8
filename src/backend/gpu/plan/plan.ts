/**
 * A graph as a fixed list of kernels and the memory they work in. Nothing here touches a device.
 *
 * @module
 */
import { type Graph, labelOf, type Node, statesOf } from "../../../graph/node.ts";
import { mergeProjections } from "../../../graph/passes/merge_projections.ts";
import { rewrite } from "../../../graph/passes/rewrite.ts";
import { BackendError } from "../../interface.ts";
import { createBuilder } from "../../../graph/graph.ts";
import { type KnownOffset, unitOf } from "./arena.ts";
import { fuse, type Fusion } from "./fusion.ts";
import type { Group } from "./group.ts";
import { flatten, joinableConcats, looseOperands } from "./horizontal.ts";
import { flatKernels, type FlatLowering } from "../kernels/flat.ts";
import { type Lowering, widest } from "../kernels/fused.ts";
import { type CutGraph, cutLargeStates, cutLargeTensors, type CutTensor } from "../split/split.ts";
import { BindingLimitError, bufferOf, type PlanStorage, rootOf, Storages } from "./storages.ts";
import { storageBytes } from "../kernels/wgsl.ts";
import type { Kernel, Storage } from "../kernels/writer.ts";
import type { Assignment } from "./memory.ts";
import { elementsOf, isLeaf } from "../rules/nodes.ts";
import { cutComputePasses } from "./compute_passes.ts";
import { elementRuleOf } from "../rules/elements.ts";
import { anchorRuleOf, isClosed, joinedAxis } from "../rules/rules.ts";
import type { Tuning } from "../tuning/tuning.ts";
import { arrange, touchesOf } from "./timeline.ts";
import { isStridedOp } from "../rules/view_of.ts";
import { withCost } from "./cost.ts";

export type { PlanStorage } from "./storages.ts";

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
  /** Which tiles were measured to be best on this device. */
  readonly tuning?: Tuning;
  /** Bytes of work memory that are not worth more compute passes to save; 256 MiB if not given. */
  readonly smallWorkBytes?: number;
  /** Bytes a program may take in all; no limit if not given. */
  readonly maxTotalBytes?: number;
  /** Kernels after which a run is handed to the device, at the end of their pass; all at once if not given. */
  readonly kernelsPerSubmit?: number;
}

/** Parts are written and read once more: beyond this they cost more than they bring. */
const MOST_SCRATCH_BYTES = 64 * 2 ** 20;

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
  // Long concatenations that cannot be free after all have to be short.
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

function planWith(
  source: Graph,
  limits: PlanLimits,
  options: PlanOptions & { join: boolean },
): Omit<Plan, "cutStates" | "cutInputs" | "cutOutputs"> | undefined {
  const graph = splitConcats(source, options.join ? joinableConcats(source) : new Set());
  const concats = options.join ? joinableConcats(graph) : new Set<Node>();
  const apart = new Set([...concats, ...looseOperands(graph, concats)]);
  const fusion = fuse(graph, { maxBuffers: limits.maxBuffers, apart });
  const { maxBuffers, maxBindingBytes } = limits;
  const flattened = flatten(graph, fusion, { concats, maxBuffers, maxBindingBytes, known: options.known });
  if ([...concats].some((c) => c.inputs.length > mostJoined && !flattened.joined.has(c))) return undefined;
  const { order, inPlace, arena, joined, flat } = flattened;
  const storages = new Storages({ maxBindingBytes });
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
  const lowering: FlatLowering = {
    storageOf: (node) => storages.of(node),
    scratch: (label, dtype, elements) => storages.make({ label, kind: "work", dtype, elements }),
    range: (where, elements) => storages.range(where, elements),
    table: (label, values) => {
      const node = createBuilder().constant("u32", [values.length], values);
      return storages.make({ label, kind: "constant", dtype: "u32", elements: values.length, node });
    },
    parallelism: limits.parallelism,
    software: limits.software,
    maxBuffers,
    maxWorkgroupBytes: limits.maxWorkgroupBytes,
    maxScratchBytes: Math.min(limits.maxBindingBytes, MOST_SCRATCH_BYTES),
    tuning: limits.tuning,
  };
  const lowered: Kernel[] = [];
  for (const group of order) {
    const set = flat.get(group);
    const kernels = set ? flatKernels(set, lowering) : lower(group, lowering);
    for (const kernel of withCost(group, kernels, lowering.storageOf)) {
      if (kernel.bindings.length > maxBuffers) {
        throw new BackendError(
          `Cannot compile ${kernel.name}: it reads and writes ${kernel.bindings.length} buffers, ` +
            `this device binds ${maxBuffers}`,
        );
      }
      lowered.push(kernel);
    }
  }
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

/** The kernels of a group. */
function lower(group: Group, lowering: Lowering): Kernel[] {
  const { anchor } = group;
  if (anchor) return anchorRuleOf(anchor)!.kernels(group, lowering);
  return [widest(group, lowering, group.size % 4 === 0, (w, lanes) => w.pointwise(lanes))];
}

/** A kernel may not read a buffer through one binding that it writes through another one, unless both could write. */
function withSharedBuffers(kernel: Kernel, bufferOf: (storage: Storage) => unknown): Kernel {
  const written = new Set(kernel.bindings.filter((b) => b.writes).map((b) => bufferOf(b.storage)));
  const shared = kernel.bindings.map((b) => !b.writes && written.has(bufferOf(b.storage)));
  if (!shared.includes(true)) return kernel;
  return { ...kernel, bindings: kernel.bindings.map((b, i) => shared[i] ? { ...b, shared: true } : b) };
}

/** Large results that are written over what only they are made of any more, row by row: of logits, their gradient. */
function overwrites(
  graph: Graph,
  fusion: Fusion,
  order: readonly Group[],
  isFree: (node: Node) => boolean,
): Map<Node, Node> {
  const found = new Map<Node, Node>();
  const kept = new Set(
    [...Object.values(graph.outputs), ...graph.updates.map((u) => u.value)].map(fusion.storedAs),
  );
  const lastReader = new Map<Node, Group>();
  for (const group of order) for (const node of group.loads) lastReader.set(node, group);
  for (const group of order) {
    const { anchor } = group;
    if (!anchor || !group.outputs.includes(anchor) || elementsOf(anchor) < leastOverwritten) continue;
    const former = [...group.loads].find((node) =>
      fusion.readsOwnRow(group, node) && lastReader.get(node) === group && !kept.has(node) && isFree(node) &&
      fusion.groupOf(node) && node.dtype === anchor.dtype && elementsOf(node) === elementsOf(anchor)
    );
    if (former && !kept.has(anchor) && isFree(anchor)) found.set(anchor, former);
  }
  return found;
}

/** Smaller results are worth the memory, since a kernel that overwrites has to wait for all who read. */
const leastOverwritten = 2 ** 22;

function withoutBarriers(graph: Graph): Graph {
  const isBarrier = (node: Node) => {
    const rule = elementRuleOf(node);
    return rule?.kind === "pointwise" && rule.vanishes === true;
  };
  if (!graph.nodes.some(isBarrier)) return graph;
  return rewrite(graph, (node, inputs, b) => isBarrier(node) ? inputs[0] : b.clone(node, inputs));
}

/** The most operands of a concatenation that is a kernel. */
const mostJoined = 4;

/** Concatenations of many operands, but for those in `whole`, as concatenations of few, so that each kernel binds few buffers. */
function splitConcats(graph: Graph, whole: ReadonlySet<Node>): Graph {
  const isLong = (n: Node) => joinedAxis(n) !== undefined && n.inputs.length > mostJoined && !whole.has(n);
  if (!graph.nodes.some(isLong)) return graph;
  return rewrite(graph, (node, inputs, b) => {
    if (!isLong(node)) return b.clone(node, inputs);
    const axis = joinedAxis(node)!;
    let parts: Node[] = [...inputs];
    while (parts.length > mostJoined) {
      const joined: Node[] = [];
      for (let i = 0; i < parts.length; i += mostJoined) {
        joined.push(b.concat(parts.slice(i, i + mostJoined), axis));
      }
      parts = joined;
    }
    return b.concat(parts, axis);
  });
}

function checkTypes(graph: Graph): void {
  for (const node of graph.nodes) {
    if (elementsOf(node) === 0) throw new BackendError(`Cannot compile ${labelOf(node)}: it has no elements`);
  }
  const names = new Set(statesOf(graph).map((s) => s.name));
  for (const { state } of graph.updates) {
    if (!names.has(state.name)) {
      throw new BackendError(`Cannot compile: the updated state "${state.name}" is not in the graph`);
    }
  }
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
