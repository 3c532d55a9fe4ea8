/**
 * A graph rebuilt node by node: what most passes are written with.
 *
 * @module
 */
import { Builder } from "../builder.ts";
import type { Graph, Node } from "../node.ts";
import { opTable } from "../table.ts";

/** Rebuilds a graph node by node; `visit` returns the node that replaces one, or `undefined` to leave it out. */
export function rewrite(
  graph: Graph,
  visit: (node: Node, inputs: Node[], b: Builder) => Node | undefined,
): Graph {
  const b = new Builder(opTable);
  b.reserveStreams(graph.nodes);
  const replaced: (Node | undefined)[] = [];
  const at = (node: Node): Node => replaced[node.id]!;
  for (const node of graph.nodes) replaced.push(visit(node, node.inputs.map(at), b));
  for (const [name, node] of Object.entries(graph.outputs)) b.output(name, at(node));
  for (const { state, value } of graph.updates) b.update(at(state), at(value));
  for (const node of graph.boundaries) if (at(node)) b.boundary(at(node));
  return b.graph();
}
