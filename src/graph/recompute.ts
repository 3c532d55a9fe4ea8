/**
 * Gradient checkpointing: which forward nodes the backward part reads, the kept ones or copies of them.
 *
 * @module
 */
import type { Builder } from "./builder.ts";
import type { Node } from "./node.ts";

/**
 * For each forward node, the node that the backward part reads: a copy, computed from the boundary before it, or itself.
 *
 * Nodes after the last boundary are used at once and stand for themselves, and so do those that depend on no boundary (masks,
 * parameters). The copies of a segment are appended when the first of them is asked for: that is after the backward part of the
 * segment behind it, so that a plan in the order of nodes keeps one segment's values at a time. They read the boundary through a
 * `barrier`, else they would be merged with what they copy.
 */
export function recomputation(
  b: Builder,
  nodes: readonly Node[],
  boundaries: readonly Node[],
): (node: Node) => Node {
  const borders = [...new Set(boundaries)].filter((n) => nodes[n.id] === n).sort((p, q) => p.id - q.id);
  if (borders.length < 2) return (node) => node;
  const kept = new Set(borders);
  /** The last boundary that a node depends on, by its index in `borders`; -1 for none. */
  const segments: number[] = [];
  for (const node of nodes) {
    const last = node.inputs.reduce((most, input) => {
      const segment = kept.has(input) ? borders.indexOf(input) : segments[input.id];
      return Math.max(most, segment);
    }, -1);
    segments.push(last);
  }
  const copies = new Map<Node, Node>();
  const done = new Set<number>();
  const copySegment = (segment: number) => {
    done.add(segment);
    const sources = new Map<Node, Node>();
    const read = (input: Node): Node => {
      if (segments[input.id] === segment && !kept.has(input)) return copies.get(input)!;
      if (input !== borders[segment]) return input;
      if (!sources.has(input)) sources.set(input, b.barrier(input));
      return sources.get(input)!;
    };
    for (const node of nodes) {
      // The boundary at the end belongs to the segment, but is kept: only what its gradient reads is copied.
      if (segments[node.id] !== segment) continue;
      copies.set(node, b.clone(node, node.inputs.map(read)));
    }
  };
  return (node) => {
    const segment = segments[node.id];
    if (segment < 0 || segment === borders.length - 1) return node;
    if (!done.has(segment)) copySegment(segment);
    return copies.get(node)!;
  };
}
