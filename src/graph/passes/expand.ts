/**
 * Composite ops as the ops that define them.
 *
 * @module
 */
import type { Graph, Node } from "../node.ts";
import { specOf } from "../table.ts";
import { rewrite } from "./rewrite.ts";

/**
 * Replaces every composite op by its definition, but for those that `keep` holds for: a backend keeps what it has kernels for.
 *
 * Run `optimize` on the result: several gradients of one op share most of their definition with each other and with the op's own.
 */
export function expand(graph: Graph, keep: (node: Node) => boolean = () => false): Graph {
  const due = (node: Node) => specOf(node)?.expand !== undefined && !keep(node);
  // A definition may be made of composite ops itself.
  for (let result = graph;;) {
    if (!result.nodes.some(due)) return result;
    result = rewrite(result, (node, inputs, b) => {
      if (!due(node)) return b.clone(node, inputs);
      const build = () => specOf(node)!.expand!(b, node as never, inputs);
      return node.name ? b.named(node.name, build) : build();
    });
  }
}
