/**
 * The graph as text, for people and snapshots.
 *
 * @module
 */
import type { Graph, Node } from "./node.ts";
import { formatShape } from "./shape.ts";

/**
 * One line a node, `%id = op(inputs) {attributes} : dtype [shape]  # label`, then the outputs and updates.
 *
 * @example
 * ```ts
 * import { createBuilder, printGraph } from "./graph.ts";
 * import assert from "node:assert/strict";
 * const b = createBuilder();
 * b.output("y", b.exp(b.input("x", "f32", ["batch"])));
 * assert.equal(
 *   printGraph(b.graph()),
 *   "%0 = input : f32 [batch]  # x\n%1 = exp(%0) : f32 [batch]\noutput y = %1\n",
 * );
 * ```
 */
export function printGraph(graph: Graph): string {
  const lines = graph.nodes.map((node) => {
    const inputs = node.inputs.length > 0 ? `(${node.inputs.map((i) => `%${i.id}`).join(", ")})` : "";
    const attrs = printAttrs(node);
    const label = node.name ? `  # ${node.name}` : "";
    return `%${node.id} = ${node.op}${inputs}${attrs} : ${node.dtype} ${formatShape(node.shape)}${label}`;
  });
  for (const [name, node] of Object.entries(graph.outputs)) lines.push(`output ${name} = %${node.id}`);
  for (const { state, value } of graph.updates) lines.push(`update ${state.name} = %${value.id}`);
  return lines.join("\n") + "\n";
}

function printAttrs(node: Node): string {
  if (node.op === "constant") {
    const { data } = node.attrs;
    const shown = Array.from(data.subarray(0, 4), (v) => Number(v.toPrecision(6))).join(", ");
    return ` {${data.length > 4 ? `${shown}, ... ${data.length} values` : shown}}`;
  }
  if (node.op === "state") {
    const { role, trainable } = node.attrs;
    return ` {${role}${role === "parameter" && !trainable ? ", frozen" : ""}}`;
  }
  const entries = Object.entries(node.attrs);
  if (entries.length === 0) return "";
  const text = (value: unknown) => Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
  return ` {${entries.map(([key, value]) => `${key}: ${text(value)}`).join(", ")}}`;
}
