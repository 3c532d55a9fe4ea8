/**
 * Simplifications that every backend wants: constants folded, equal nodes merged, unused nodes dropped.
 *
 * @module
 */
import type { Builder } from "../builder.ts";
import { debugPrint } from "../debug.ts";
import { allocate, dtypes, type HostTensor } from "../dtype.ts";
import type { Graph, Node, NodeOf } from "../node.ts";
import { printGraph } from "../print.ts";
import { broadcastShapes, numeric, sameShape, sizeOf } from "../shape.ts";
import { specOf } from "../table.ts";
import { verify } from "../verify.ts";
import { rewrite } from "./rewrite.ts";

/** Constants of more elements than this are left to be computed where they are used. */
const foldLimit = 1024;

/** Needless broadcasts, arithmetic identities, constant folding, common subexpressions and dead code. */
export function optimize(graph: Graph): Graph {
  const simpler = verify(removeDead(simplify(removeDead(graph))), "optimizing");
  debugPrint(2, "simplified", () => printGraph(simpler));
  return simpler;
}

/** Drops nodes that no output and no update depends on; inputs and states stay, since they are the graph's interface. */
export function removeDead(graph: Graph): Graph {
  const live = new Set<Node>();
  const mark = (node: Node) => {
    const stack = [node];
    for (let next = stack.pop(); next; next = stack.pop()) {
      if (live.has(next)) continue;
      live.add(next);
      stack.push(...next.inputs);
    }
  };
  Object.values(graph.outputs).forEach(mark);
  graph.updates.forEach((u) => mark(u.value));
  return rewrite(graph, (node, inputs, b) => {
    if (!live.has(node) && node.op !== "input" && node.op !== "state") return undefined;
    return b.clone(node, inputs);
  });
}

function simplify(graph: Graph): Graph {
  const seen = new Map<string, Node>();
  return rewrite(graph, (node, operands, b) => {
    const inputs = withoutBroadcasts(node, operands);
    const result = specOf(node)?.identity?.(node as never, inputs) ?? folded(node, inputs, b);
    if (result && result.op !== "constant") return result;
    if (node.op === "input" || node.op === "state") return b.clone(node, inputs);
    const key = result ? keyOf(result, []) : keyOf(node, inputs);
    const known = seen.get(key);
    if (known) return known;
    const made = result ?? b.clone(node, inputs);
    seen.set(key, made);
    return made;
  });
}

/** Operands that were spread only to meet the other operand's shape are read as they were: the op broadcasts by itself. */
function withoutBroadcasts(node: Node, operands: Node[]): Node[] {
  if (!specOf(node)?.broadcasts) return operands;
  const inputs = [...operands];
  for (let i = 0; i < inputs.length; i++) {
    if (inputs[i].op !== "broadcast") continue;
    const before = inputs[i];
    inputs[i] = before.inputs[0];
    if (!sameShape(inputs.map((x) => x.shape).reduce(broadcastShapes), node.shape)) inputs[i] = before;
  }
  return inputs;
}

function folded(node: Node, inputs: readonly Node[], b: Builder): Node | undefined {
  if (inputs.length === 0 || node.op === "broadcast" || !inputs.every((i) => i.op === "constant")) {
    return undefined;
  }
  if (node.shape.some((d) => typeof d !== "number") || sizeOf(numeric(node.shape)) > foldLimit) {
    return undefined;
  }
  const shape = numeric(node.shape);
  const tensors = inputs.map((i): HostTensor => {
    const constant = i as NodeOf<"constant">;
    return { dtype: i.dtype, shape: numeric(i.shape), data: constant.attrs.data };
  });
  const spec = specOf(node);
  if (!spec?.eval || !dtypes[node.dtype].computes) return undefined;
  const out = { dtype: node.dtype, shape, data: allocate(node.dtype, sizeOf(shape)) };
  return b.constant(node.dtype, shape, spec.eval(tensors, node.attrs as never, out));
}

function keyOf(node: Node, inputs: readonly Node[]): string {
  if (node.op === "constant") {
    const { data } = node.attrs;
    // Long constants are compared by identity: reading them all would cost more than a merge saves.
    const content = data.length <= foldLimit ? bits(data) : `id${node.id}`;
    return `constant ${node.dtype} ${node.shape.join()} ${content}`;
  }
  return `${node.op} ${inputs.map((i) => i.id).join()} ${JSON.stringify(node.attrs)} ${node.dtype}`;
}

function bits(data: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): string {
  return Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), (v) => v.toString(36))
    .join(".");
}
