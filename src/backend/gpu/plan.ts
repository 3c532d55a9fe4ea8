/**
 * A graph as a fixed list of kernels and the memory they work in. Nothing here touches a device.
 *
 * @module
 */
import { type Graph, labelOf, type Node, statesOf } from "../../graph/node.ts";
import { rewrite } from "../../graph/passes/rewrite.ts";
import { BackendError } from "../interface.ts";
import { elementsOf, fuse, type Group } from "./fusion.ts";
import { type Lowering, widest } from "./kernels/fused.ts";
import { matmulKernels } from "./kernels/matmul.ts";
import { hasNormGradKernel, normGradKernels } from "./kernels/norm_grad.ts";
import { reduceKernels } from "./kernels/reduce.ts";
import { rowKernel } from "./kernels/rows.ts";
import { scatterKernels } from "./kernels/scatter.ts";
import { storageBytes } from "./kernels/wgsl.ts";
import type { Kernel, Storage } from "./kernels/writer.ts";
import { assignBuffers, type Assignment } from "./memory.ts";
import { schedule } from "./schedule.ts";
import { arrange, passesOf, type Timeline, touchesOf } from "./timeline.ts";
import { withWork } from "./work.ts";

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
}

/** Where a storage comes from. */
export type PlanStorage = Storage & {
  readonly kind: "state" | "input" | "constant" | "work";
  readonly bytes: number;
  /** The leaf it holds; none for work. */
  readonly node?: Node;
};

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
  /** States that take another storage's contents after the kernels. */
  readonly copies: readonly { readonly from: Source; readonly to: PlanStorage }[];
}

/** Memory to be read when a run is over, or before it where the run changes it. */
export interface Source {
  readonly storage: PlanStorage;
  readonly before: boolean;
}

/** Whether a composite op has a kernel of its own here; the others are expanded before a plan is made. */
export function hasKernel(node: Node): boolean {
  switch (node.op) {
    case "barrier": // keeps equal nodes apart until nothing merges them any more
    case "softmax_cross_entropy":
    case "softmax_cross_entropy_grad":
      return true;
    case "layer_norm_grad":
    case "layer_norm_grad_weight":
    case "layer_norm_grad_bias":
    case "rms_norm_grad":
    case "rms_norm_grad_weight":
      return hasNormGradKernel(node);
    default:
      return false;
  }
}

/** Compiles a bound, optimized graph whose composite ops all have kernels. */
export function makePlan(source: Graph, limits: PlanLimits): Plan {
  const graph = splitConcats(withoutBarriers(source));
  checkTypes(graph);
  const fusion = fuse(graph, limits);
  const { order, inPlace } = schedule(graph, fusion);
  const storages = new Map<Node, PlanStorage>();
  const all: PlanStorage[] = [];
  const make = (
    label: string,
    kind: PlanStorage["kind"],
    type: Pick<Storage, "dtype" | "elements">,
    node?: Node,
  ) => {
    const bytes = Math.ceil(type.elements * storageBytes(type.dtype) / 4) * 4;
    if (bytes > limits.maxBindingBytes) {
      throw new BackendError(
        `Cannot place ${label} on the GPU: it takes ${bytes} bytes, this device binds at most ${limits.maxBindingBytes}; ` +
          `use a smaller batch or model`,
      );
    }
    const storage: PlanStorage = { label, kind, dtype: type.dtype, elements: type.elements, bytes, node };
    all.push(storage);
    return storage;
  };
  for (const node of graph.nodes) {
    if (fusion.isInline(node)) continue;
    if (node.op === "input" || node.op === "state" || node.op === "constant") {
      storages.set(
        node,
        make(labelOf(node), node.op, { dtype: node.dtype, elements: elementsOf(node) }, node),
      );
    }
  }
  for (const group of order) {
    for (const node of group.outputs) {
      const state = inPlace.get(node);
      const type = { dtype: node.dtype, elements: elementsOf(node) };
      storages.set(node, state ? storages.get(state)! : make(labelOf(node), "work", type));
    }
  }
  const lowered: Kernel[] = [];
  for (const group of order) {
    const lowering: Lowering = {
      storageOf: (node) => storages.get(node),
      scratch: (label, dtype, elements) => make(label, "work", { dtype, elements }),
      parallelism: limits.parallelism,
      software: limits.software,
      maxBuffers: limits.maxBuffers,
      maxWorkgroupBytes: limits.maxWorkgroupBytes,
    };
    for (const kernel of withWork(group, lower(group, lowering), lowering.storageOf)) {
      if (kernel.bindings.length > limits.maxBuffers) {
        throw new BackendError(
          `Cannot compile ${kernel.name}: it reads and writes ${kernel.bindings.length} buffers, ` +
            `this device binds ${limits.maxBuffers}`,
        );
      }
      lowered.push(kernel);
    }
  }
  const stored = (node: Node): Source => {
    const at = fusion.storedAs(node);
    return { storage: storages.get(at)!, before: at.op === "state" };
  };
  const outputs = Object.fromEntries(
    Object.entries(graph.outputs).map(([name, node]) => [name, stored(node)]),
  );
  const copies = graph.updates
    .map(({ state, value }) => ({ from: stored(value), to: storages.get(state)! }))
    .filter(({ from, to }) => from.storage !== to);
  const timeline = arrange(lowered, { bufferOf });
  const kept = [...Object.values(outputs), ...copies.map((c) => c.from)].map((c) => c.storage);
  const { passes, work } = cutPasses(timeline, all.filter((s) => s.kind === "work"), new Set(kept));
  const touches = touchesOf(timeline, passes, {
    maxBuffers: limits.maxBuffers,
    bufferOf: (s) => work.slotOf.get(s as PlanStorage) ?? bufferOf(s),
  }) as PlanStorage[][];
  return { kernels: timeline.kernels, passes, touches, storages: all, work, outputs, copies };
}

/** What lies in one buffer whatever the plan. */
function bufferOf(storage: Storage): unknown {
  const { kind } = storage as PlanStorage;
  return kind === "input" || kind === "constant" ? kind : storage;
}

/** Work memory that is worth no thought. */
const smallWorkBytes = 2 ** 28;

/**
 * Cuts a step into passes, between which memory is reused: into as few as take hardly more memory than short ones.
 */
function cutPasses(
  timeline: Timeline,
  storages: readonly PlanStorage[],
  kept: ReadonlySet<PlanStorage>,
): { passes: number[]; work: Assignment<PlanStorage> } {
  const cut = (most: number) => {
    const passes = passesOf(timeline, most);
    const spans = new Map<PlanStorage, { first: number; last: number }>();
    timeline.kernels.forEach(({ bindings }, i) => {
      for (const storage of bindings.map((b) => b.storage as PlanStorage)) {
        const span = spans.get(storage);
        if (span) span.last = passes[i];
        else spans.set(storage, { first: passes[i], last: passes[i] });
      }
    });
    for (const storage of kept) if (spans.has(storage)) spans.get(storage)!.last = Infinity;
    const work = assignBuffers(
      storages.filter((s) => spans.has(s)).map((s) => ({ value: s, bytes: s.bytes, ...spans.get(s)! })),
    );
    return { passes, work, bytes: work.sizes.reduce((a, b) => a + b, 0) };
  };
  const short = cut(12);
  const most = Math.max(smallWorkBytes, short.bytes * 1.1);
  return [Infinity, 96, 48, 24].map(cut).find((c) => c.bytes <= most) ?? short;
}

function lower(group: Group, lowering: Lowering): Kernel[] {
  switch (group.anchor?.op) {
    case undefined:
      return [widest(group, lowering, group.size % 4 === 0, (w, lanes) => w.pointwise(lanes))];
    case "matmul":
      return matmulKernels(group, lowering);
    case "reduce_sum":
    case "reduce_max":
      return reduceKernels(group, lowering);
    case "softmax":
    case "layer_norm":
    case "rms_norm":
    case "softmax_cross_entropy":
    case "softmax_cross_entropy_grad":
      return [rowKernel(group, lowering)];
    case "layer_norm_grad":
    case "layer_norm_grad_weight":
    case "layer_norm_grad_bias":
    case "rms_norm_grad":
    case "rms_norm_grad_weight":
      return normGradKernels(group, lowering);
    case "scatter_add":
      return scatterKernels(group, lowering);
    default:
      throw new BackendError(
        `Cannot compile ${labelOf(group.anchor!)}: WebGPU has no kernel for "${group.anchor!.op}"`,
      );
  }
}

function withoutBarriers(graph: Graph): Graph {
  if (!graph.nodes.some((n) => n.op === "barrier")) return graph;
  return rewrite(graph, (node, inputs, b) => node.op === "barrier" ? inputs[0] : b.clone(node, inputs));
}

/** Concatenations of many operands as concatenations of few, so that each kernel binds few buffers. */
function splitConcats(graph: Graph): Graph {
  const most = 4;
  if (!graph.nodes.some((n) => n.op === "concat" && n.inputs.length > most)) return graph;
  return rewrite(graph, (node, inputs, b) => {
    if (node.op !== "concat") return b.clone(node, inputs);
    let parts: Node[] = [...inputs];
    while (parts.length > most) {
      const joined: Node[] = [];
      for (let i = 0; i < parts.length; i += most) {
        joined.push(b.concat(parts.slice(i, i + most), node.attrs.axis));
      }
      parts = joined;
    }
    return b.concat(parts, node.attrs.axis);
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
  const slot = plan.work.slotOf.get(storage);
  return slot === undefined ? "" : `#${slot}`;
}
