/**
 * What a kernel has to do, for profiles and for how long a run may take: floating-point operations and bytes, from shapes
 * alone.
 *
 * @module
 */
import type { Node } from "../../graph/node.ts";
import { numeric } from "../../graph/shape.ts";
import type { Group } from "./fusion.ts";
import { storageBytes } from "./kernels/wgsl.ts";
import type { Kernel, Storage } from "./kernels/writer.ts";
import { elementsOf } from "./nodes.ts";

/** Operations an element of the operand, for anchors that are no products. */
const perElement: Readonly<Record<string, number>> = { softmax: 5, layer_norm: 8, layer_norm_grad: 12 };

/**
 * The kernels of a group with what each has to do, unless they say so themselves. The first one does the group's arithmetic;
 * any others put parts together.
 */
export function withWork(
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

/** Floating-point operations of a group: those of its anchor, and one for each element of every other node. */
function groupFlops(group: Group): number {
  const nodes = [...group.nodes, ...group.prologue];
  const attention = nodes.filter((n) => isAttention(n.op));
  const pointwise = nodes.filter((n) => n !== group.anchor && !isAttention(n.op));
  return (attention.length > 0 ? attentionFlops(attention) : anchorFlops(group.anchor)) +
    pointwise.reduce((sum, node) => sum + elementsOf(node), 0);
}

function anchorFlops(anchor: Node | undefined): number {
  if (!anchor) return 0;
  if (anchor.op === "matmul") {
    const a = numeric(anchor.inputs[0].shape);
    return 2 * elementsOf(anchor) * a[a.length - (anchor.attrs.transA ? 2 : 1)];
  }
  const operand = anchor.op === "scatter_add" ? anchor.inputs.at(-1)! : anchor.inputs[0];
  return (perElement[anchor.op] ?? 1) * elementsOf(operand);
}

function isAttention(op: string): boolean {
  return op.startsWith("attention");
}

/**
 * Products of `[S, d]` and `[T, d]` in one kernel: forward makes scores and results; the gradients make the scores and the
 * gradient of the probabilities again, and one product for each result.
 */
function attentionFlops(nodes: readonly Node[]): number {
  const [q, k] = nodes[0].inputs.map((n) => numeric(n.shape));
  const ops = new Set<string>(nodes.map((n) => n.op));
  const [query, key, value] = ["query", "key", "value"].map((name) => ops.has(`attention_grad_${name}`));
  const products = query || key ? 2 + Number(query) + Number(key) + Number(value) : 2;
  const causal = "causal" in nodes[0].attrs && nodes[0].attrs.causal === true;
  const pairs = q[0] * q[1] * k[1] * (causal ? 0.5 : 1); // [B, S, T]
  return 2 * products * pairs * q[2];
}

function elementsRead(kernel: Kernel): number {
  return kernel.bindings.filter((b) => !b.writes).reduce((sum, b) => sum + b.storage.elements, 0);
}

/** Each storage once; a table that rows are gathered from counts those rows, a state that is written is read too. */
function bytesOf(kernel: Kernel, gathered: ReadonlyMap<Storage, number>): number {
  const seen = new Map<Storage, number>();
  for (const { storage, writes } of kernel.bindings) {
    const size = storage.elements * storageBytes(storage.dtype);
    const inPlace = writes && (storage as { kind?: string }).kind === "state";
    seen.set(storage, inPlace ? 2 * size : writes ? size : Math.min(size, gathered.get(storage) ?? size));
  }
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Bytes read of storages that a group reads through `gather` alone. */
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
      if (node.op !== "gather" || i > 0) return whole.add(storage);
      bytes.set(storage, (bytes.get(storage) ?? 0) + elementsOf(node) * storageBytes(storage.dtype));
    });
  };
  own.forEach(visit);
  for (const storage of whole) bytes.delete(storage);
  return bytes;
}
