/**
 * The projections of attention as one product: where query, key and value are products of one tensor with several weights, the
 * weights stand side by side, the result is sliced, and the gradients are made side by side too. Fewer and larger products: for
 * backends where slices are views and weights that lie beside each other are one.
 *
 * @module
 */
import { Builder } from "../builder.ts";
import type { Graph, Node, NodeOf } from "../node.ts";
import { type AttentionPart, attentionPartOf, attentionParts } from "../ops/attention_grad.ts";
import { sameShape } from "../shape.ts";
import { opTable, specOf } from "../table.ts";
import { verify } from "../verify.ts";
import { optimize } from "./optimize.ts";

/** How projections are merged. */
export interface MergeOptions {
  /** Weights have to have a multiple of so many elements, so that each may lie where the one before it ends. */
  readonly unit: number;
}

/** Merges the projections of each attention of a bound, optimized graph, and the products with its gradients. */
export function mergeProjections(graph: Graph, options: MergeOptions): Graph {
  const forward = mergeForward(graph, options);
  const packed = packGradients(forward);
  return packed === graph ? graph : optimize(verify(mergeBackward(packed), "merging projections"));
}

// ---- forward -----------------------------------------------------------------------------------------------------------

/** A product with a weight `[out, in]`, and the sum with its bias if there is one. */
interface Projection {
  readonly product: NodeOf<"matmul">;
  readonly weight: Node;
  readonly bias?: Node;
  /** Whether the result is rounded to f16. */
  readonly narrow: boolean;
  /** The product, its sum with the bias, or that in f16. */
  readonly result: Node;
}

function mergeForward(graph: Graph, { unit }: MergeOptions): Graph {
  const readers = readersOf(graph);
  const byOperand = new Map<Node, Projection[]>();
  for (const node of graph.nodes) {
    const projection = projectionOf(node, readers, unit);
    if (!projection) continue;
    const x = projection.product.inputs[0];
    byOperand.set(x, [...(byOperand.get(x) ?? []), projection]);
  }
  const sets = [...byOperand.values()].filter((set) =>
    set.length > 1 && set.every((p) => (p.bias === undefined) === (set[0].bias === undefined)) &&
    set.every((p) => p.narrow === set[0].narrow) &&
    new Set(set.map((p) => p.weight)).size === set.length
  );
  if (sets.length === 0) return graph;
  const setOf = new Map<Node, { set: Projection[]; start: number }>();
  for (const set of sets) {
    let start = 0;
    for (const p of set) {
      setOf.set(p.result, { set, start });
      start += p.weight.shape[0] as number;
    }
  }
  const merged = new Map<Projection[], Node>();
  return rebuild(graph, (node, at, b) => {
    const found = setOf.get(node);
    if (!found) return undefined;
    const { set, start } = found;
    let whole = merged.get(set);
    if (!whole) {
      const { product, bias } = set[0];
      const weights = b.concat(set.map((p) => at(p.weight)), 0);
      whole = named(b, product, () => b.apply("matmul", [at(product.inputs[0]), weights], product.attrs));
      if (bias) whole = named(b, product, () => b.add(whole!, b.concat(set.map((p) => at(p.bias!)), 0)));
      if (set[0].narrow) whole = b.cast(whole, "f16");
      merged.set(set, whole);
    }
    return b.slice(whole, -1, start, node.shape.at(-1)!);
  });
}

function projectionOf(node: Node, readers: Readers, unit: number): Projection | undefined {
  if (node.op !== "matmul" || node.attrs.transA || !node.attrs.transB) return undefined;
  const weight = node.inputs[1];
  if (!isWeight(weight) || weight.shape.length !== 2 || node.inputs[0].shape.length < 2) return undefined;
  const [only, ...more] = readers(node);
  const other = only?.op === "add" ? only.inputs[only.inputs[0] === node ? 1 : 0] : undefined;
  const bias = more.length === 0 && other?.op === "state" && other.shape.length === 1 ? other : undefined;
  const sum = bias ? only : node;
  const [cast, ...others] = readers(sum);
  const narrow = others.length === 0 && cast?.op === "cast" && cast.dtype === "f16";
  const result = narrow ? cast : sum;
  const attends = readers(result).length > 0 && readers(result).every((r) => specOf(r)?.attends);
  const fits = [weight, bias].every((w) =>
    !w || (w.shape as number[]).reduce((a, d) => a * d, 1) % unit === 0
  );
  return attends && fits ? { product: node, weight, bias, narrow, result } : undefined;
}

/** A state, or one in another type. */
function isWeight(node: Node): boolean {
  return node.op === "state" || isCastState(node);
}

function isCastState(node: Node): boolean {
  return node.op === "cast" && node.inputs[0].op === "state";
}

// ---- gradients ---------------------------------------------------------------------------------------------------------

/** Gradients of one attention whose operands are slices of one tensor become slices of one tensor. */
function packGradients(graph: Graph): Graph {
  const sets = new Map<string, Map<string, Node>>();
  for (const node of graph.nodes) {
    const part = attentionPartOf(node);
    if (!part) continue;
    const operand = node.inputs[attentionParts.indexOf(part)];
    if (operand.op !== "slice") continue;
    const key = `${node.inputs.map((u) => u.id).join()} ${operand.inputs[0].id}`;
    sets.set(key, (sets.get(key) ?? new Map()).set(part, node));
  }
  const packOf = new Map<Node, { names: AttentionPart[]; start: number }>();
  for (const set of sets.values()) {
    const names = attentionParts.filter((p) => set.has(p));
    const nodes = names.map((p) => set.get(p)!);
    if (nodes.length < 2 || nodes.some((n) => !sameShape(n.shape, nodes[0].shape))) continue;
    nodes.forEach((node, i) => packOf.set(node, { names, start: i * (node.shape[2] as number) }));
  }
  if (packOf.size === 0) return graph;
  const merged = new Map<readonly string[], Node>();
  return rebuild(graph, (node, at, b) => {
    const pack = packOf.get(node);
    if (!pack) return undefined;
    const { attrs, inputs } = node as NodeOf<"attention_grad_key">;
    let whole = merged.get(pack.names);
    if (!whole) {
      whole = named(
        b,
        node,
        () => b.apply("attention_grad_packed", inputs.map(at), { ...attrs, parts: pack.names }),
      );
      merged.set(pack.names, whole);
    }
    return b.slice(whole, 2, pack.start, node.shape[2]);
  });
}

/**
 * Merges what all slices of packed gradients go into: products for the weights, sums for the biases, products for the
 * operand.
 */
function mergeBackward(graph: Graph): Graph {
  const readers = readersOf(graph);
  const replacements: Replacements = new Map();
  for (const whole of graph.nodes) {
    if (whole.op !== "attention_grad_packed") continue;
    const slices = readers(whole).filter((n) => n.op === "slice")
      .sort((a, b) => Number(a.attrs.start) - Number(b.attrs.start));
    if (slices.length !== whole.attrs.parts.length) continue;
    const pack = { whole, slices, width: slices[0].shape[2] as number, readers };
    mergeWeightGradients(pack, replacements);
    mergeSums(pack, replacements);
    mergeOperandGradients(pack, replacements);
  }
  if (replacements.size === 0) return graph;
  return rebuild(graph, (node, at, b) => replacements.get(node)?.(at, b));
}

/** What is built in place of a node; `at` gives what became of another one. */
type Replacements = Map<Node, (at: (node: Node) => Node, b: Builder) => Node>;

/** Gradients that lie side by side in one tensor. */
interface Pack {
  readonly whole: Node;
  /** Each gradient, in order, and how wide it is. */
  readonly slices: readonly Node[];
  readonly width: number;
  readonly readers: Readers;
}

/** `slice^T x` for every slice is a stretch of `whole^T x`. */
function mergeWeightGradients({ whole, slices, width, readers }: Pack, replacements: Replacements): void {
  const products = slices.map((slice) =>
    readers(slice).filter((n) => n.op === "reshape").flatMap(readers).concat(readers(slice)).find(
      (n): n is NodeOf<"matmul"> =>
        n.op === "matmul" && n.attrs.transA && !n.attrs.transB && n.shape.length === 2,
    )
  );
  const [first] = products;
  if (!first || products.some((p) => !p || p.inputs[1] !== first.inputs[1] || p.dtype !== first.dtype)) {
    return;
  }
  let made: Node | undefined;
  products.forEach((product, i) =>
    replacements.set(product!, (at, b) => {
      const rows = first.inputs[0].shape[0];
      made ??= named(b, first, () =>
        b.apply(
          "matmul",
          [b.reshape(at(whole), [rows, width * slices.length]), at(first.inputs[1])],
          first.attrs,
        ));
      return b.slice(made, 0, i * width, width);
    })
  );
}

/** The sum over the rows of every slice is a stretch of the whole's. */
function mergeSums({ whole, slices, width, readers }: Pack, replacements: Replacements): void {
  const sums = slices.map((slice) => {
    const wide = readers(slice).filter((n) => n.op === "cast" && n.dtype === "f32").flatMap(readers);
    return [...readers(slice), ...wide].find((n) => n.op === "reduce_sum");
  });
  const [first] = sums;
  if (!first || first.attrs.axes.join() !== "0,1") return;
  if (sums.some((s) => !s || JSON.stringify(s.attrs) !== JSON.stringify(first.attrs))) return;
  let made: Node | undefined;
  sums.forEach((sum, i) =>
    replacements.set(sum!, (at, b) => {
      made ??= named(b, first, () => b.apply("reduce_sum", [b.cast(at(whole), first.dtype)], first.attrs));
      return b.slice(made, -1, i * width, width);
    })
  );
}

/** The sum of `slice W` over the slices is the product of the whole with the weights one below the other. */
function mergeOperandGradients({ whole, slices, readers }: Pack, replacements: Replacements): void {
  const products = slices.map((slice) =>
    readers(slice).find((n): n is NodeOf<"matmul"> =>
      n.op === "matmul" && n.inputs[0] === slice && !n.attrs.transA && !n.attrs.transB &&
      isWeight(n.inputs[1]) && readers(n).length === 1
    )
  );
  if (products.some((p) => !p)) return;
  const found = products as NodeOf<"matmul">[];
  const chains = found.map((p) => sumsAbove(p, readers));
  const first = found.reduce((a, b) => a.id < b.id ? a : b);
  const others = found.filter((p) => p !== first);
  const together = chains[0].some((sum) => chains.every((c) => c.includes(sum)));
  if (!together) return;
  const addsTwoOthers = (sum: Node) => sum.inputs.every((u) => others.some((product) => product === u));
  if (others.some((product) => addsTwoOthers(readers(product)[0]))) return;
  replacements.set(first, (at, b) => {
    const weights = b.concat(found.map((p) => at(p.inputs[1])), 0);
    return named(b, first, () => b.apply("matmul", [at(whole), weights], first.attrs));
  });
  // What the others would have added is in the first one already.
  for (const product of others) {
    const [sum] = readers(product);
    const rest = sum.inputs[0] === product ? sum.inputs[1] : sum.inputs[0];
    replacements.set(sum, (at) => at(rest));
    replacements.set(product, (at) => at(whole));
  }
}

/** The sums that a node goes into, as long as each has one reader. */
function sumsAbove(node: Node, readers: Readers): Node[] {
  const sums: Node[] = [];
  for (let at = node;;) {
    const [only, ...more] = readers(at);
    if (more.length > 0 || only === at || only?.op !== "add" || !sameShape(only.shape, node.shape)) {
      return sums;
    }
    sums.push(at = only);
  }
}

// ---- graphs ------------------------------------------------------------------------------------------------------------

type Readers = (node: Node) => Node[];

/** Who reads a node; outputs and updates count as readers of their own. */
function readersOf(graph: Graph): Readers {
  const readers = new Map<Node, Node[]>();
  const add = (node: Node, reader: Node) => {
    const list = readers.get(node);
    if (list) list.push(reader);
    else readers.set(node, [reader]);
  };
  for (const node of graph.nodes) for (const u of new Set(node.inputs)) add(u, node);
  for (const node of Object.values(graph.outputs)) add(node, node);
  for (const { value, state } of graph.updates) add(value, state);
  return (node) => readers.get(node) ?? [];
}

function named(b: Builder, like: Node, build: () => Node): Node {
  return like.name ? b.named(like.name, build) : build();
}

/**
 * As `rewrite`, with leaves and casts of states first, since a merged product reads the weights of all that it replaces, also
 * of later ones; `undefined` keeps a node as it is.
 */
function rebuild(
  graph: Graph,
  visit: (node: Node, at: (node: Node) => Node, b: Builder) => Node | undefined,
): Graph {
  const b = new Builder(opTable);
  const made = new Map<Node, Node>();
  const at = (node: Node): Node => made.get(node)!;
  const isLeaf = (n: Node) => n.op === "input" || n.op === "state" || n.op === "constant";
  const rest = graph.nodes.filter((n) => !isLeaf(n));
  const first = [...graph.nodes.filter(isLeaf), ...rest.filter(isCastState)];
  for (const node of [...first, ...rest.filter((n) => !isCastState(n))]) {
    made.set(node, visit(node, at, b) ?? b.clone(node, node.inputs.map(at)));
  }
  for (const [name, node] of Object.entries(graph.outputs)) b.output(name, at(node));
  for (const { state, value } of graph.updates) b.update(at(state), at(value));
  for (const node of graph.boundaries) b.boundary(at(node));
  return b.graph();
}
