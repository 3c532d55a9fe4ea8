/**
 * Mixed precision: what a training step keeps of its activations is f16, what it computes with is f32.
 *
 * @module
 */
import type { Builder } from "../builder.ts";
import { debugPrint } from "../debug.ts";
import type { Graph, Node } from "../node.ts";
import { printGraph } from "../print.ts";
import { specOf } from "../table.ts";
import { verify } from "../verify.ts";
import { rewrite } from "./rewrite.ts";

/**
 * A training graph in f32 as one whose products take f16 and whose activations are kept in f16.
 *
 * An op that says so (`half`) gets its operands in f16, and computes from them in f32; a product's result is f32, so that a
 * parameter's gradient is never rounded. A parameter is cast once and its f16 serves the forward and the backward part; the f32
 * one is what the optimiser updates. An activation that products take, or that is read in several places and so has to be kept,
 * is rounded to f16 once, and all its readers read that. Everything else stays f32: softmax and what goes into it, norms,
 * reductions, losses, gradients of parameters, the optimiser.
 *
 * f16 holds at most 65504 and nothing below 6e-8, so gradients need a scaled loss: `lossScale` of `nn/optim`.
 *
 * Source: Micikevicius et al., "Mixed Precision Training" (2018).
 *
 * @example
 * ```ts
 * import { createBuilder } from "../graph.ts";
 * import { mixedPrecision } from "./mixed_precision.ts";
 * import assert from "node:assert/strict";
 *
 * const b = createBuilder();
 * const w = b.parameter("w", [3, 4], { kind: "normal", std: 0.02 });
 * b.output("y", b.matmul(b.input("x", "f32", ["batch", 4]), w, { transB: true }));
 * const { nodes, outputs } = mixedPrecision(b.graph());
 * assert.deepEqual(nodes.filter((n) => n.op === "cast").map((n) => n.dtype), ["f16", "f16"]);
 * assert.equal(outputs.y.dtype, "f32");
 * ```
 */
export function mixedPrecision(graph: Graph): Graph {
  const kept = keptInHalf(graph);
  /** The f16 form of nodes of the new graph. */
  const halves = new Map<Node, Node>();
  const half = (b: Builder, x: Node): Node => {
    const known = halves.get(x);
    if (known) return known;
    const operand = isView(x) ? half(b, x.inputs[0]) : undefined;
    const made = operand ? b.clone(x, [operand]) : b.cast(x, "f16");
    halves.set(x, made);
    return made;
  };
  const result = rewrite(graph, (node, inputs, b) => {
    const halved = halfOperands(node);
    if (halved.length === 0) {
      const made = b.clone(node, inputs);
      return kept.has(node) ? rounded(b, made) : made;
    }
    const operands = inputs.map((x, i) => halved.includes(i) ? half(b, x) : x);
    const made = b.clone(node, operands, specOf(node)?.halfAttrs?.(node.attrs as never));
    if (made.dtype === "f16") {
      const wide = b.cast(made, "f32");
      halves.set(wide, made);
      return wide;
    }
    return kept.has(node) ? rounded(b, made) : made;
  });
  /** `x` rounded to f16; readers that want f32 read the rounded values too. */
  function rounded(b: Builder, x: Node): Node {
    const narrow = half(b, x);
    const wide = b.cast(narrow, "f32");
    halves.set(wide, narrow);
    return wide;
  }
  debugPrint(2, "mixed precision", () => printGraph(result));
  return verify(result, "mixed precision");
}

/** The f32 nodes whose values are rounded to f16. */
function keptInHalf(graph: Graph): Set<Node> {
  const learnt: boolean[] = [];
  for (const node of graph.nodes) {
    learnt.push(
      node.op === "state" && node.attrs.role === "parameter" ||
        node.dtype === "f32" && node.inputs.some((input) => learnt[input.id]),
    );
  }
  const readers = new Map<Node, Set<Node>>();
  const kept = new Set<Node>();
  /** What products take in f32: statistics of rows, masks. */
  const wide = new Set<Node>();
  for (const node of graph.nodes) {
    if (isView(node)) continue;
    const halved = halfOperands(node);
    node.inputs.forEach((input, i) => {
      const base = baseOf(input);
      if (!readers.has(base)) readers.set(base, new Set());
      readers.get(base)!.add(node);
      if (halved.includes(i) && isActivation(base)) kept.add(base);
      else if (halved.length > 0) wide.add(base);
    });
  }
  for (const [node, by] of readers) {
    if (by.size < 2 || node.shape.length < 3 || wide.has(node) || specOf(node)?.reduces) continue;
    if (!isActivation(node) || node.shape.at(-1) === 1) continue;
    if ([...by].some((reader) => specOf(reader)?.wide)) continue;
    kept.add(node);
  }
  return kept;

  /** Whether a value grows with the batch and depends on parameters: what does not is a mask, or as large as parameters are. */
  function isActivation(node: Node): boolean {
    return node.dtype === "f32" && node.inputs.length > 0 && learnt[node.id] &&
      node.shape.some((dim) => typeof dim === "string");
  }
}

function halfOperands(node: Node): readonly number[] {
  if (node.dtype !== "f32") return [];
  return specOf(node)?.half?.(node.attrs as never, node.inputs.length) ?? [];
}

function isView(node: Node): boolean {
  return specOf(node)?.view ?? false;
}

function baseOf(node: Node): Node {
  return isView(node) ? baseOf(node.inputs[0]) : node;
}
