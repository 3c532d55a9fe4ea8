/**
 * Groups made one: those that are alike, and those of single numbers.
 *
 * @module
 */
import type { Graph, Node } from "../../../graph/node.ts";
import type { Member } from "./alike.ts";
import type { RegionOffset, Run } from "./arena.ts";
import type { Fusion } from "./fusion.ts";
import type { Group } from "./group.ts";
import { isPointwise, throughReshapes } from "../rules/rules.ts";
import { type Schedule, schedule } from "./schedule.ts";

/** Groups without an anchor that are one kernel. */
export interface MergedMap {
  readonly kind: "map";
  readonly members: readonly Member[];
  readonly run: Run;
}

/** Full reductions that are made together. */
export interface MergedReduction {
  readonly kind: "reduction";
  readonly members: readonly Member[];
  /** Where each member's operand begins. */
  readonly offsets: readonly RegionOffset[];
  /** Where each member's result goes: all in one region. */
  readonly results: readonly RegionOffset[];
}

/** A group that stands for several. */
export type Merged = MergedMap | MergedReduction;

/** The fusion with each set of like groups as one, or the sets that would have to wait for themselves. */
export function mergeGroups(
  fusion: Fusion,
  found: readonly { key: string; merged: Merged }[],
  joined: ReadonlyMap<Node, RegionOffset>,
): { fusion: Fusion; merged: Map<Group, Merged> } | { refused: string[] } {
  const merged = new Map<Group, Merged>();
  const standsFor = new Map<Group, readonly Group[]>();
  const mergedOf = new Map<Group, Group>();
  const loadsOf = (groups: readonly Group[]) => {
    const loads = new Set<Node>();
    for (const group of groups) {
      for (const node of group.loads) {
        if (joined.has(node)) node.inputs.forEach((u) => loads.add(throughReshapes(u)));
        else loads.add(node);
      }
    }
    return loads;
  };
  const add = (groups: readonly Group[], group: Group) => {
    standsFor.set(group, groups);
    for (const member of groups) mergedOf.set(member, group);
  };
  for (const { merged: set } of found) {
    const groups = set.members.map((m) => m.group);
    const group: Group = {
      level: Math.max(...groups.map((g) => g.level)),
      size: groups.reduce((sum, g) => sum + g.size, 0),
      nodes: new Set(groups.flatMap((g) => [...g.nodes])),
      prologue: new Set(groups.flatMap((g) => [...g.prologue])),
      outputs: groups.flatMap((g) => g.outputs),
      loads: loadsOf(groups),
    };
    merged.set(group, set);
    add(groups, group);
  }
  for (const group of fusion.groups) {
    if (mergedOf.has(group) || joined.has(group.outputs[0])) continue;
    add([group], [...group.loads].some((n) => joined.has(n)) ? { ...group, loads: loadsOf([group]) } : group);
  }
  const joinedLoads = new Map<Group, Set<Node>>();
  for (const group of fusion.groups) {
    const read = [...group.loads].filter((n) => joined.has(n)).flatMap((n) => n.inputs.map(throughReshapes));
    if (read.length > 0) joinedLoads.set(group, new Set(read));
  }
  const groupOf = (node: Node): Group | undefined => {
    const group = fusion.groupOf(node);
    return group && mergedOf.get(group);
  };
  const groups = [...standsFor.keys()];
  const cyclic = [...merged].filter(([group]) => reachesItself(group, groups, groupOf)).map(([, set]) => set);
  if (cyclic.length > 0) {
    // The smallest ones stay apart first.
    const least = Math.min(...cyclic.map((set) => set.members.length));
    return {
      refused: found.filter((f) => cyclic.includes(f.merged) && f.merged.members.length === least).map((f) =>
        f.key
      ),
    };
  }
  return {
    merged,
    fusion: {
      ...fusion,
      groups,
      groupOf,
      readsInPlace: (group, node) =>
        standsFor.get(group)!.every((member) =>
          fusion.readsInPlace(member, node) && !joinedLoads.get(member)?.has(node)
        ),
    },
  };
}

/**
 * The schedule with groups of single numbers (counters, schedules, scales) made one group, as far as no state has to be
 * copied for that.
 */
export function withScalarsTogether(graph: Graph, fusion: Fusion, maxBuffers: number): Schedule {
  const stateOf = new Map(graph.updates.map(({ state, value }) => [fusion.storedAs(value), state as Node]));
  const isScalar = (g: Group) =>
    !g.anchor && g.size === 1 && g.prologue.size === 0 && g.outputs.every(isPointwise);
  let best = { fusion, schedule: schedule(graph, fusion), members: [] as Group[] };
  for (const next of fusion.groups.filter(isScalar)) {
    const members = [...best.members, next];
    if (members.length === 1) {
      best = { ...best, members };
      continue;
    }
    const nodes = new Set(members.flatMap((g) => [...g.nodes]));
    const group: Group = {
      level: Math.max(...members.map((g) => g.level)),
      size: 1,
      nodes,
      prologue: new Set(),
      outputs: members.flatMap((g) => g.outputs).sort((a, b) => a.id - b.id),
      loads: new Set(members.flatMap((g) => [...g.loads]).filter((n) => !nodes.has(n))),
    };
    const bound = new Set([...group.loads, ...group.outputs.map((n) => stateOf.get(n) ?? n)]);
    const isMember = new Set(members);
    const attempt: Fusion = {
      ...fusion,
      groups: [...fusion.groups.filter((g) => !isMember.has(g)), group],
      groupOf: (node) => nodes.has(node) ? group : fusion.groupOf(node),
      readsInPlace: (g, node) =>
        g === group ? members.every((m) => fusion.readsInPlace(m, node)) : fusion.readsInPlace(g, node),
    };
    if (bound.size > maxBuffers || reachesItself(group, attempt.groups, attempt.groupOf)) continue;
    const tried = schedule(graph, attempt);
    if (tried.inPlace.size === best.schedule.inPlace.size) {
      best = { fusion: attempt, schedule: tried, members };
    }
  }
  return best.schedule;
}

function reachesItself(
  start: Group,
  groups: readonly Group[],
  groupOf: (node: Node) => Group | undefined,
): boolean {
  const known = new Set(groups);
  const seen = new Set<Group>();
  const stack = [start];
  for (let next = stack.pop(); next; next = stack.pop()) {
    for (const load of next.loads) {
      const from = groupOf(load);
      if (from === start) return true;
      if (!from || !known.has(from) || seen.has(from)) continue;
      seen.add(from);
      stack.push(from);
    }
  }
  return false;
}
