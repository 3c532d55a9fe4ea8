/**
 * Products in 8 bits: weights as levels by output channel, activations by token, both symmetric, sums of whole numbers. For
 * inference: the graph that comes out has no gradients.
 *
 * Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"
 * (arXiv:1712.05877), with scales by channel and token and no zero points.
 *
 * @module
 */
import { allocate, type HostTensor, valuesOf } from "../../graph/dtype.ts";
import { type Graph, type Node, type NodeOf, statesOf } from "../../graph/node.ts";
import { levelOf, maxInner, scaleOf, wordOf } from "../../graph/ops/int8.ts";
import { mergeProjections } from "../../graph/passes/merge_projections.ts";
import { optimize } from "../../graph/passes/optimize.ts";
import { rewrite } from "../../graph/passes/rewrite.ts";

/** A smaller side of a weight is not worth it: heads, and what decides between a few labels, stay in f32. */
const leastSide = 64;

/** A product whose weight is constant: states of `[out, in]`, one below the other. */
interface Product {
  readonly weights: readonly NodeOf<"state">[];
  readonly inner: number;
  readonly columns: number;
}

/** A forward pass in 8 bits. */
export interface Int8Forward {
  readonly graph: Graph;
  /**
   * Its states, from those of the graph that it was made of: weights as levels, and the others as they are.
   *
   * @throws {RangeError} naming a weight that is not there.
   */
  states(tensors: Readonly<Record<string, HostTensor>>): Record<string, HostTensor>;
}

/**
 * Replaces the products of a forward pass with weights of at least 64 x 64, as `linear` makes them, by products in 8 bits.
 * What else the graph has stays in f32, and so do embeddings and heads. Query, key and value become one product.
 *
 * The weights' states give way to `<weight>.levels` and `<weight>.scales`.
 *
 * @example
 * ```ts
 * import { createInterpBackend } from "../../backend/interp/interp.ts";
 * import { createBuilder, hostTensor } from "../../graph/graph.ts";
 * import { linear } from "../layers.ts";
 * import { int8Products } from "./int8.ts";
 * import assert from "node:assert/strict";
 * const b = createBuilder();
 * b.output("y", linear(b, b.input("x", "f32", [1, 64]), { name: "up", in: 64, out: 128, bias: false }));
 * const { graph, states } = int8Products(b.graph());
 * const program = await createInterpBackend().compile(graph);
 * await program.write(states({ "up.weight": hostTensor("f32", [128, 64], new Float32Array(128 * 64).fill(0.5)) }));
 * const { y } = await program.run({ x: hostTensor("f32", [1, 64], new Float32Array(64).fill(1)) });
 * assert.ok(Math.abs(y.data[0] - 32) < 1e-5);
 * ```
 */
export function int8Products(graph: Graph): Int8Forward {
  const merged = mergeProjections(optimize(graph), { unit: 4 });
  const products = new Map(merged.nodes.flatMap((n) => {
    const product = productOf(n);
    return product ? [[n, product] as const] : [];
  }));
  const replaced = replacedBy(products, merged);
  const quantizedGraph = rewrite(merged, (node, inputs, b) => {
    const product = products.get(node);
    if (!product) return replaced.has(node) ? undefined : b.clone(node, inputs);
    const { inner, columns } = product;
    const attrs = {
      role: "parameter",
      trainable: false,
      decays: false,
      init: { kind: "fill", value: 0 },
    } as const;
    const { levels, scales } = namesOf(product);
    const build = () => {
      const x = inputs[0];
      const operands = [b.apply("quantize_rows", [x], {}), b.apply("row_scales", [x], {})];
      const weight = [
        b.state(levels, "u32", [inner / 4, columns], attrs),
        b.state(scales, "f32", [columns], attrs),
      ];
      return b.apply("matmul_int8", [...operands, ...weight], {});
    };
    return node.name ? b.named(node.name, build) : build();
  });
  return {
    graph: quantizedGraph,
    states(tensors) {
      const result: Record<string, HostTensor> = {};
      for (const product of products.values()) {
        const names = namesOf(product);
        if (!result[names.levels]) Object.assign(result, quantized(product, tensors, names));
      }
      for (const { name } of statesOf(quantizedGraph)) if (tensors[name!]) result[name!] = tensors[name!];
      return result;
    },
  };
}

/** The weights, and what puts them below each other, that nothing but products in 8 bits reads. */
function replacedBy(products: ReadonlyMap<Node, Product>, { nodes, outputs }: Graph): Set<Node> {
  const weights = new Set<Node>();
  for (const [product, { weights: parts }] of products) {
    weights.add(product.inputs[1]);
    for (const part of parts) weights.add(part);
  }
  const kept = new Set<Node>(Object.values(outputs));
  // From the last reader to the first: a concatenation that stays keeps its parts.
  for (const node of nodes.toReversed()) {
    const isGone = weights.has(node) && !kept.has(node);
    const read = products.has(node) ? node.inputs.slice(0, 1) : isGone ? [] : node.inputs;
    for (const input of read) kept.add(input);
  }
  return weights.difference(kept);
}

function productOf(node: Node): Product | undefined {
  if (node.op !== "matmul" || node.attrs.transA || !node.attrs.transB || node.dtype !== "f32") {
    return undefined;
  }
  const [x, w] = node.inputs;
  const weights = w.op === "concat" && w.attrs.axis === 0 ? w.inputs : [w];
  const [columns, inner] = w.shape;
  if (x.dtype !== "f32" || typeof columns !== "number" || typeof inner !== "number") return undefined;
  const isWeight = (n: Node) =>
    n.op === "state" && n.attrs.role === "parameter" && n.dtype === "f32" && n.shape.length === 2;
  if (!weights.every(isWeight)) return undefined;
  if (columns < leastSide || inner < leastSide || inner % 4 !== 0 || inner > maxInner) return undefined;
  return { weights: weights as NodeOf<"state">[], inner, columns };
}

function namesOf({ weights }: Product): { readonly levels: string; readonly scales: string } {
  const name = weights.map((w) => w.name).join("+");
  return { levels: `${name}.levels`, scales: `${name}.scales` };
}

/** Word `[k, n]` holds the levels of output n for inputs `4 k` to `4 k + 3`. */
function quantized(
  { weights, inner, columns }: Product,
  tensors: Readonly<Record<string, HostTensor>>,
  names: { readonly levels: string; readonly scales: string },
): Record<string, HostTensor> {
  const words = allocate("u32", inner / 4 * columns);
  const scales = allocate("f32", columns);
  let column = 0;
  for (const { name } of weights) {
    const tensor = tensors[name!];
    if (!tensor) throw new RangeError(`Cannot quantise ${name}: there is no such tensor`);
    const values = valuesOf(tensor);
    for (let begin = 0; begin < values.length; begin += inner, column++) {
      const scale = scales[column] = scaleOf(values, begin, begin + inner);
      for (let k = 0; k < inner / 4; k++) {
        const at = begin + 4 * k;
        words[k * columns + column] = wordOf(
          levelOf(values[at], scale),
          levelOf(values[at + 1], scale),
          levelOf(values[at + 2], scale),
          levelOf(values[at + 3], scale),
        );
      }
    }
  }
  return {
    [names.levels]: { dtype: "u32", shape: [inner / 4, columns], data: words },
    [names.scales]: { dtype: "f32", shape: [columns], data: scales },
  };
}
