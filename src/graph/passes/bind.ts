/**
 * Symbols to numbers.
 *
 * @module
 */
import { debugPrint } from "../debug.ts";
import type { Graph } from "../node.ts";
import { printGraph } from "../print.ts";
import { bindDim, type Bindings, bindShape, checkBindings } from "../shape.ts";
import { specOf } from "../table.ts";
import { verify } from "../verify.ts";
import { rewrite } from "./rewrite.ts";

/**
 * The same graph with every symbolic dimension replaced by its value.
 *
 * @throws {ShapeError} naming a symbol without a value, or a value that is not a positive whole number.
 */
export function bindGraph(graph: Graph, bindings: Bindings = {}): Graph {
  checkBindings(bindings);
  const bound = rewrite(graph, (node, inputs, b) => {
    const spec = specOf(node);
    if (!spec) return b.clone(node, [], node.attrs, bindShape(node.shape, bindings));
    const attrs = spec.bind ? spec.bind(node.attrs as never, (dim) => bindDim(dim, bindings)) : node.attrs;
    return b.clone(node, inputs, attrs as never);
  });
  debugPrint(1, "graph", () => printGraph(graph));
  debugPrint(2, `bound to ${JSON.stringify(bindings)}`, () => printGraph(bound));
  return verify(bound, "binding");
}
