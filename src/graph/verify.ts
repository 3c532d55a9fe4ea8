/**
 * The graph's invariants, checked after every pass.
 *
 * @module
 */
import { type Graph, labelOf, type Node } from "./node.ts";
import { formatShape, sameShape } from "./shape.ts";
import { specOf } from "./table.ts";

/** A graph that breaks an invariant: a bug in whatever made it. */
export class GraphError extends Error {
  override readonly name = "GraphError";
}

/**
 * Returns the graph if it is sound: inputs come before their readers, every type is what the op's rule infers, names of
 * inputs and states are unique, outputs and updates are nodes of the graph and each state is updated at most once with
 * its own type.
 *
 * @throws {GraphError} naming the node and what is wrong with it.
 */
export function verify(graph: Graph, after = "building"): Graph {
  const fail = (node: Node, what: string): never => {
    throw new GraphError(`Graph is broken after ${after}: ${labelOf(node)} (%${node.id}) ${what}`);
  };
  const names = new Set<string>();
  graph.nodes.forEach((node, i) => {
    if (node.id !== i) fail(node, `is number ${i} of the list`);
    for (const input of node.inputs) {
      if (graph.nodes[input.id] !== input || input.id >= i) {
        fail(node, `reads %${input.id}, which is not before it`);
      }
    }
    if (node.op === "input" || node.op === "state") {
      if (!node.name || names.has(node.name)) fail(node, "needs a name of its own");
      names.add(node.name!);
    } else if (node.op !== "constant") {
      const type = specOf(node)!.infer(node.inputs, node.attrs as never);
      if (type.dtype !== node.dtype || !sameShape(type.shape, node.shape)) {
        fail(
          node,
          `is ${node.dtype} ${formatShape(node.shape)}, its rule says ${type.dtype} ${
            formatShape(type.shape)
          }`,
        );
      }
    }
  });
  for (const [name, node] of Object.entries(graph.outputs)) {
    if (graph.nodes[node.id] !== node) fail(node, `is output "${name}" but not in the graph`);
  }
  for (const node of graph.boundaries) {
    if (graph.nodes[node.id] !== node) fail(node, "is a boundary but not in the graph");
  }
  const updated = new Set<Node>();
  for (const { state, value } of graph.updates) {
    if (graph.nodes[state.id] !== state) fail(state, "is updated but not in the graph");
    if (graph.nodes[value.id] !== value) fail(value, `updates "${state.name}" but is not in the graph`);
    if (updated.has(state)) fail(state, "is updated twice");
    if (state.dtype !== value.dtype || !sameShape(state.shape, value.shape)) {
      fail(state, "is updated with another type");
    }
    updated.add(state);
  }
  return graph;
}
