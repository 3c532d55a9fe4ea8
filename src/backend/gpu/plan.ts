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
import { reduceKernels } from "./kernels/reduce.ts";
import { rowKernel } from "./kernels/rows.ts";
import { scatterKernels } from "./kernels/scatter.ts";
import { storageBytes } from "./kernels/wgsl.ts";
import type { Kernel, Storage } from "./kernels/writer.ts";
import { assignBuffers, type Assignment } from "./memory.ts";
import { schedule } from "./schedule.ts";
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
  return node.op === "barrier"; // keeps equal nodes apart until nothing merges them any more
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
  const kernels: Kernel[] = [];
  const spans = new Map<PlanStorage, { first: number; last: number }>();
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
      for (const { storage } of kernel.bindings) {
        const span = spans.get(storage as PlanStorage);
        if (span) span.last = kernels.length;
        else spans.set(storage as PlanStorage, { first: kernels.length, last: kernels.length });
      }
      kernels.push(kernel);
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
  for (const kept of [...Object.values(outputs), ...copies.map((c) => c.from)]) {
    const span = spans.get(kept.storage);
    if (span) span.last = kernels.length;
  }
  const work = assignBuffers(
    all.filter((s) => s.kind === "work" && spans.has(s))
      .map((s) => ({ value: s, bytes: s.bytes, ...spans.get(s)! })),
  );
  return { kernels, storages: all, work, outputs, copies };
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
      return [rowKernel(group, lowering)];
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
    return `${String(i).padStart(4)} ${kernel.name} <${kernel.workgroups.join(" ")}> ${list(false)} -> ${
      list(true)
    }`;
  });
  const bytes = plan.work.sizes.reduce((a, b) => a + b, 0);
  return [...lines, `${plan.kernels.length} kernels, ${plan.work.sizes.length} buffers of ${bytes} bytes`]
    .join("\n");
}

function slotText(plan: Plan, storage: PlanStorage): string {
  const slot = plan.work.slotOf.get(storage);
  return slot === undefined ? "" : `#${slot}`;
}
