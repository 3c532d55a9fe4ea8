/**
 * What is done to a graph before it is cut into kernels: what cannot run is refused, barriers go, long concatenations become
 * short ones.
 *
 * @module
 */
import { type Graph, labelOf, type Node, statesOf } from "../../../graph/node.ts";
import { rewrite } from "../../../graph/passes/rewrite.ts";
import { BackendError } from "../../interface.ts";
import { elementRuleOf } from "../rules/elements.ts";
import { elementsOf } from "../rules/nodes.ts";
import { joinedAxis } from "../rules/rules.ts";

/** Refuses nodes without elements, and updates of states that are not there. */
export function checkTypes(graph: Graph): void {
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

/** The graph without its barriers: they keep equal nodes apart while passes merge such, and compute nothing. */
export function withoutBarriers(graph: Graph): Graph {
  const isBarrier = (node: Node) => {
    const rule = elementRuleOf(node);
    return rule?.kind === "pointwise" && rule.vanishes === true;
  };
  if (!graph.nodes.some(isBarrier)) return graph;
  return rewrite(graph, (node, inputs, b) => isBarrier(node) ? inputs[0] : b.clone(node, inputs));
}

/** The most operands of a concatenation that is a kernel. */
export const mostJoined = 4;

/** Concatenations of many operands, but for those in `whole`, as concatenations of few, so that each kernel binds few buffers. */
export function splitConcats(graph: Graph, whole: ReadonlySet<Node>): Graph {
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
