/**
 * Which results are written over one of their operands.
 *
 * @module
 */
import type { Graph, Node } from "../../../graph/node.ts";
import { elementsOf } from "../rules/nodes.ts";
import type { Fusion } from "./fusion.ts";
import type { Group } from "./group.ts";

/** Large results that are written over what only they are made of any more, row by row: of logits, their gradient. */
export function overwrites(
  graph: Graph,
  fusion: Fusion,
  order: readonly Group[],
  isFree: (node: Node) => boolean,
): Map<Node, Node> {
  const found = new Map<Node, Node>();
  const kept = new Set(
    [...Object.values(graph.outputs), ...graph.updates.map((u) => u.value)].map(fusion.storedAs),
  );
  const lastReader = new Map<Node, Group>();
  for (const group of order) for (const node of group.loads) lastReader.set(node, group);
  for (const group of order) {
    const { anchor } = group;
    if (!anchor || !group.outputs.includes(anchor) || elementsOf(anchor) < leastOverwritten) continue;
    const former = [...group.loads].find((node) =>
      fusion.readsOwnRow(group, node) && lastReader.get(node) === group && !kept.has(node) && isFree(node) &&
      fusion.groupOf(node) && node.dtype === anchor.dtype && elementsOf(node) === elementsOf(anchor)
    );
    if (former && !kept.has(anchor) && isFree(anchor)) found.set(anchor, former);
  }
  return found;
}

/** Smaller results are worth the memory, since a kernel that overwrites has to wait for all who read. */
const leastOverwritten = 2 ** 22;
