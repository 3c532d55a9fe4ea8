/**
 * The order of the kernels, and which state updates are written over the state itself.
 *
 * @module
 */
import type { Graph, Node } from "../../../graph/node.ts";
import type { Fusion } from "./fusion.ts";
import type { Group } from "./group.ts";

/** Groups in the order they run. */
export interface Schedule {
  readonly order: readonly Group[];
  /** Update values that are written straight into the state they update. */
  readonly inPlace: ReadonlyMap<Node, Node>;
}

/**
 * Orders the groups: what they read first, and among those that could be next the one that was built first.
 *
 * An update is written in place when its kernel is the last reader of the state and reads it only at the index it writes;
 * the other readers are made to go before it unless one of them needs the new value.
 */
export function schedule(graph: Graph, fusion: Fusion): Schedule {
  const after = new Map<Group, Set<Group>>(fusion.groups.map((g) => [g, new Set()]));
  for (const group of fusion.groups) {
    for (const load of group.loads) {
      const from = fusion.groupOf(load);
      if (from) after.get(from)!.add(group);
    }
  }
  const inPlace = new Map<Node, Node>();
  for (const { state, value } of graph.updates) {
    const stored = fusion.storedAs(value);
    const group = fusion.groupOf(stored);
    if (!group || inPlace.has(stored) || !fusion.readsInPlace(group, state)) continue;
    const readers = fusion.groups.filter((g) => g !== group && g.loads.has(state));
    const later = reachable(group, after);
    if (readers.some((r) => later.has(r))) continue;
    for (const reader of readers) after.get(reader)!.add(group);
    inPlace.set(stored, state);
  }
  return { order: sort(fusion.groups, after), inPlace };
}

function reachable(from: Group, after: ReadonlyMap<Group, ReadonlySet<Group>>): Set<Group> {
  const seen = new Set<Group>();
  const stack = [from];
  for (let next = stack.pop(); next; next = stack.pop()) {
    for (const group of after.get(next)!) {
      if (seen.has(group)) continue;
      seen.add(group);
      stack.push(group);
    }
  }
  return seen;
}

function sort(groups: readonly Group[], after: ReadonlyMap<Group, ReadonlySet<Group>>): Group[] {
  const waiting = new Map(groups.map((g) => [g, 0]));
  for (const targets of after.values()) for (const t of targets) waiting.set(t, waiting.get(t)! + 1);
  // What becomes of an anchor's result may have been built long after it, as sums of gradients are.
  const built = new Map(groups.map((g) => [g, g.anchor?.id ?? Math.max(...g.outputs.map((n) => n.id))]));
  const ready = groups.filter((g) => waiting.get(g) === 0);
  const order: Group[] = [];
  while (ready.length > 0) {
    let first = 0;
    for (let i = 1; i < ready.length; i++) if (built.get(ready[i])! < built.get(ready[first])!) first = i;
    const [group] = ready.splice(first, 1);
    order.push(group);
    for (const target of after.get(group)!) {
      const left = waiting.get(target)! - 1;
      waiting.set(target, left);
      if (left === 0) ready.push(target);
    }
  }
  if (order.length !== groups.length) throw new Error("the kernels' graph has a cycle");
  return order;
}
