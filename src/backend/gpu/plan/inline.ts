/**
 * Which nodes are **inline**: computed again wherever they are read, and never stored. They are layout ops, constants of
 * one value, counters, dropout masks and a few cheap steps, unless something needs them in memory.
 *
 * @module
 */
import type { Graph, Node } from "../../../graph/node.ts";
import { elementsOf, isLeaf, isLiteral } from "../rules/nodes.ts";
import { elementRuleOf } from "../rules/elements.ts";
import { converts, readsStored } from "../rules/rules.ts";
import { isIdentity } from "../rules/strides.ts";
import { viewOf } from "../rules/view_of.ts";

/** What is inline, and what must not be. */
export interface Inlining {
  readonly inline: ReadonlySet<Node>;
  /** Nodes that something needs in memory. */
  readonly roots: ReadonlySet<Node>;
}

/** Decides what is inline in kernels that bind at most `maxBuffers` buffers; nothing in `apart` is. */
export function chooseInline(
  graph: Graph,
  { maxBuffers, apart }: { maxBuffers: number; apart: ReadonlySet<Node> },
): Inlining {
  // What a kernel may read through one node, so that an output and two scratch buffers still fit.
  const maxLoads = maxBuffers - 3;
  const roots = new Set<Node>(apart);
  const stop = (n: Node) => roots.has(n);
  const require = (node: Node) => {
    const { base, ...map } = viewOf(node, stop);
    if (isIdentity(map) && elementsOf(base) === elementsOf(node) && !isLeaf(base)) roots.add(base);
    else roots.add(node);
  };
  for (const node of Object.values(graph.outputs)) require(node);
  for (const { value } of graph.updates) require(value);
  for (const node of graph.nodes) {
    if (readsStored(node)) node.inputs.forEach((u) => roots.add(viewOf(u, stop).base));
  }
  for (;;) {
    const inline = new Set<Node>();
    const tooWide = spread(graph, roots, inline, maxLoads);
    if (!tooWide) return { inline, roots };
    roots.add(tooWide);
  }
}

/** Arithmetic steps that an inline node may take. */
const cheapSteps = 6;
/** The same where all that it reads is single numbers, as counters and dropout masks do. */
const generatedSteps = 16;

/** Fills `inline`; returns a node that has to be stored for its reader to stay within `maxLoads`. */
function spread(
  graph: Graph,
  roots: ReadonlySet<Node>,
  inline: Set<Node>,
  maxLoads: number,
): Node | undefined {
  const steps = new Map<Node, number>();
  const loads = new Map<Node, Set<Node>>();
  const loadsThrough = (node: Node) => inline.has(node) ? loads.get(node)! : new Set([node]);
  for (const node of graph.nodes) {
    if (isLeaf(node)) {
      if (isLiteral(node) && !roots.has(node)) {
        inline.add(node);
        steps.set(node, 0);
        loads.set(node, new Set());
      }
      continue;
    }
    const through = node.inputs.map(loadsThrough);
    const all = new Set(through.flatMap((s) => [...s]));
    if (all.size > maxLoads) {
      const widest = node.inputs.filter((u) =>
        inline.has(u)
      ).sort((a, b) => loads.get(b)!.size - loads.get(a)!.size)[0];
      if (widest && loads.get(widest)!.size > 1) return widest;
    }
    const rule = elementRuleOf(node);
    if (!rule) continue;
    const total = (rule.steps ?? 1) +
      node.inputs.reduce((sum, u) => sum + (inline.has(u) ? steps.get(u)! : 0), 0);
    steps.set(node, total);
    loads.set(node, all);
    if (roots.has(node)) continue;
    // Rounding to f16 says what is to be stored: the wider operand would be stored instead.
    if (converts(node) && node.dtype === "f16") continue;
    const size = elementsOf(node);
    const large = [...all].filter((n) => elementsOf(n) * 4 > size && elementsOf(n) > 1).length;
    const small = [...all].every((n) => elementsOf(n) === 1);
    const cheap = small ? total <= generatedSteps : total <= cheapSteps && large <= 1 && all.size <= 3;
    if ("free" in rule || cheap) inline.add(node);
  }
  return undefined;
}
