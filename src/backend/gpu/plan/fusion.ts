/**
 * Which nodes become one kernel.
 *
 * A kernel is a **group**: at most one *anchor* (`rules/rule.ts`) with its siblings, pointwise nodes computed at the index of the
 * group's output (`nodes`: chains, several outputs, an anchor's epilogue), and pointwise nodes computed at the index of the
 * anchor's operand (`prologue`). What is cheap is *inline* (`inline.ts`): it is computed again wherever it is read, and in
 * no group.
 *
 * Groups carry a level, the longest way to the end. A node joins the group of its furthest consumers, which have the
 * highest level; everything a group reads from another one then has a strictly higher level, so the kernels' graph can have
 * no cycle.
 *
 * @module
 */
import type { Graph, Node } from "../../../graph/node.ts";
import type { Group } from "./group.ts";
import { chooseInline } from "./inline.ts";
import { elementsOf, isLeaf } from "../rules/nodes.ts";
import {
  anchorRuleOf,
  areSiblings,
  isAnchor,
  isClosed,
  isRowSum,
  makesRowSums,
  readsSameIndex,
} from "../rules/rules.ts";
import { isIdentity } from "../rules/strides.ts";
import { viewOf } from "../rules/view_of.ts";

/** A graph cut into kernels. */
export interface Fusion {
  readonly groups: readonly Group[];
  /** The group that computes a node that is not inline. */
  groupOf(node: Node): Group | undefined;
  /** Whether a node is computed again wherever it is read. */
  isInline(node: Node): boolean;
  /** What a node that must be stored is stored as: itself, or what it is a reshape of. */
  storedAs(node: Node): Node;
  /** Whether a group reads element i of a stored node only to make element i of its results. */
  readsInPlace(group: Group, node: Node): boolean;
  /** Whether a group around an anchor of rows reads of a stored node only the rows it makes, each before it stores that one. */
  readsOwnRow(group: Group, node: Node): boolean;
}

/** How a kernel reads something: at its own index, at its anchor's operand's index, or anywhere. */
type Role = "index" | "prologue" | "operand";

interface Edge {
  readonly from: Node;
  readonly to: Node;
  /** Whether element i is all that element i needs. */
  readonly identity: boolean;
  readonly role: Role;
}

interface OpenGroup extends Group {
  level: number;
  nodes: Set<Node>;
  prologue: Set<Node>;
  outputs: Node[];
  loads: Set<Node>;
  anchor?: Node;
}

/** The most nodes of a group. */
const maxGroupNodes = 200;

/**
 * Cuts a bound graph into groups that bind at most `maxBuffers` buffers each. Nodes in `apart` are stored, each by a group
 * alone.
 */
export function fuse(graph: Graph, options: { maxBuffers: number; apart?: ReadonlySet<Node> }): Fusion {
  const apart = options.apart ?? new Set();
  const inline = chooseInline(graph, { maxBuffers: options.maxBuffers, apart });
  const isInline = (node: Node) => inline.inline.has(node);
  const storedAs = (node: Node): Node => {
    const { base, ...map } = viewOf(node, (n) => !isInline(n) || inline.roots.has(n));
    return isIdentity(map) && elementsOf(base) === elementsOf(node) && !isInline(base) ? base : node;
  };
  const final = new Set<Node>();
  for (const node of Object.values(graph.outputs)) final.add(storedAs(node));
  for (const { value } of graph.updates) final.add(storedAs(value));

  const stateOf = new Map(graph.updates.map((u) => [storedAs(u.value), u.state as Node]));
  const edgesTo = new Map<Node, Edge[]>();
  const edgesFrom = new Map<Node, Edge[]>();
  const groupOf = new Map<Node, OpenGroup>();
  const groups = new Set<OpenGroup>();

  const open = (node: Node): void => {
    const edges = edgesOf(node, isInline);
    edgesFrom.set(node, edges);
    for (const edge of edges) {
      const list = edgesTo.get(edge.to);
      if (list) list.push(edge);
      else edgesTo.set(edge.to, [edge]);
    }
  };

  /** Buffers that a group of these nodes would bind; an output in place of the state it updates shares one. */
  const buffers = (nodes: ReadonlySet<Node>, prologue: ReadonlySet<Node>, extra: readonly Node[]) => {
    const inside = (n: Node) => nodes.has(n) || prologue.has(n);
    const loads = new Map<Node, boolean>();
    let outputs = 0;
    let scratch = 0;
    for (const node of [...nodes, ...prologue]) {
      if (isAnchor(node)) scratch = 1;
      for (const edge of edgesFrom.get(node) ?? extraEdges(node, extra)) {
        if (inside(edge.to)) continue;
        const here = edge.identity && nodes.has(node) && edge.role === "index";
        loads.set(edge.to, (loads.get(edge.to) ?? true) && here);
      }
    }
    for (const node of nodes) {
      // Row sums are kept as parts, in scratch memory.
      if (isRowSum(node)) continue;
      const stored = final.has(node) || (edgesTo.get(node) ?? []).some((e) => !inside(e.from));
      const state = stateOf.get(node);
      if (stored && !(state && loads.get(state))) outputs++;
    }
    return loads.size + outputs + scratch;
  };
  const extraEdges = (node: Node, extra: readonly Node[]) =>
    extra.includes(node) ? edgesOf(node, isInline) : [];

  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (isInline(node) || isLeaf(node)) continue;
    const edges = edgesTo.get(node) ?? [];
    if (edges.length === 0 && !final.has(node)) continue;
    assign(node, edges);
    open(node);
    joinRowSums(node);
  }

  function assign(node: Node, edges: readonly Edge[]): void {
    const level = Math.max(-1, ...edges.map((e) => groupOf.get(e.from)!.level));
    const furthest = edges.filter((e) => groupOf.get(e.from)!.level === level);
    const inNodes = (e: Edge) => e.identity && e.role === "index" && groupOf.get(e.from)!.nodes.has(e.from);
    const inPrologue = (e: Edge) =>
      e.identity && (e.role === "prologue" || groupOf.get(e.from)!.prologue.has(e.from));
    const targets = [...new Set(furthest.map((e) => groupOf.get(e.from)!))];
    const family = isClosed(node) || isRowSum(node);
    const sibling = family && [...groups].find((g) => g.anchor && areSiblings(g.anchor, node));
    if (sibling && (isClosed(node) || isRowSum(sibling.anchor!) || level < sibling.level)) {
      // What it reads is in no group yet and no other level depends on its own, which may therefore still rise.
      sibling.level = Math.max(sibling.level, level + 1);
      sibling.nodes.add(node);
      groupOf.set(node, sibling);
      return;
    }
    const mayJoinNodes = !isClosed(node) && !isRowSum(node) && !apart.has(node) && furthest.length > 0;
    if (mayJoinNodes && furthest.every(inNodes) && joinNodes(node, targets)) return;
    const everywhere = new Set(edges.map((e) => groupOf.get(e.from)!));
    const mayJoin = !isAnchor(node) && !apart.has(node) && !final.has(node) && everywhere.size === 1 &&
      edges.every(inPrologue);
    if (mayJoin) {
      const [group] = targets;
      const prologue = new Set([...group.prologue, node]);
      if (fits(group.nodes, prologue, [node])) {
        group.prologue = prologue;
        groupOf.set(node, group);
        return;
      }
    }
    const group: OpenGroup = {
      level: level + 1,
      size: elementsOf(node),
      nodes: new Set([node]),
      prologue: new Set(),
      outputs: [],
      loads: new Set(),
      anchor: isAnchor(node) ? node : undefined,
    };
    groups.add(group);
    groupOf.set(node, group);
  }

  /** Lets the kernel of a row gradient make the sums of the same operands, unless what needs the sums is further from the end. */
  function joinRowSums(node: Node): void {
    const group = groupOf.get(node)!;
    if (group.anchor !== node || !makesRowSums(node)) return;
    const sums = [...groups].find((g) => g !== group && g.anchor && areSiblings(g.anchor, node));
    if (!sums || sums.level > group.level) return;
    const nodes = new Set([...group.nodes, ...sums.nodes]);
    if (!fits(nodes, group.prologue, [])) return;
    group.nodes = nodes;
    groups.delete(sums);
    for (const member of sums.nodes) groupOf.set(member, group);
  }

  function joinNodes(node: Node, targets: readonly OpenGroup[]): boolean {
    const found = [...targets.map((g) => g.anchor), isAnchor(node) ? node : undefined].filter((a) => a);
    if (found.length > 1) return false;
    const [into, ...others] = targets;
    const nodes = new Set([...into.nodes, ...others.flatMap((g) => [...g.nodes]), node]);
    const prologue = new Set(targets.flatMap((g) => [...g.prologue]));
    if (!fits(nodes, prologue, [node])) return false;
    into.nodes = nodes;
    into.prologue = prologue;
    into.anchor = found[0];
    groups.delete(into);
    groups.add(into);
    for (const other of others) groups.delete(other);
    for (const member of [...nodes, ...prologue]) groupOf.set(member, into);
    return true;
  }

  function fits(nodes: ReadonlySet<Node>, prologue: ReadonlySet<Node>, extra: readonly Node[]): boolean {
    return nodes.size + prologue.size <= maxGroupNodes &&
      buffers(nodes, prologue, extra) <= options.maxBuffers;
  }

  for (const group of groups) {
    const inside = (n: Node) => group.nodes.has(n) || group.prologue.has(n);
    group.outputs = [...group.nodes]
      .filter((n) => final.has(n) || (edgesTo.get(n) ?? []).some((e) => !inside(e.from)))
      .sort((a, b) => a.id - b.id);
    for (const node of [...group.nodes, ...group.prologue]) {
      for (const edge of edgesFrom.get(node)!) if (!inside(edge.to)) group.loads.add(edge.to);
    }
  }
  return {
    groups: [...groups],
    groupOf: (n) => groupOf.get(n),
    isInline,
    storedAs,
    readsOwnRow: (group, node) => {
      const own = (edgesTo.get(node) ?? []).filter((e) => groupOf.get(e.from) === group);
      const into = group.anchor && anchorRuleOf(group.anchor)?.writesInto;
      return into !== undefined && own.length > 0 && own.every((e) => e.identity);
    },
    readsInPlace: (group, node) =>
      (edgesTo.get(node) ?? []).every((e) =>
        groupOf.get(e.from) !== group || e.identity && e.role === "index" && group.nodes.has(e.from)
      ),
  };
}

/** Nodes that a kernel reads for `node`, seen through what is inline. */
function edgesOf(node: Node, isInline: (node: Node) => boolean): Edge[] {
  const edges: Edge[] = [];
  const follow = (operand: Node, identity: boolean, role: Role) => {
    if (!isInline(operand)) {
      edges.push({ from: node, to: operand, identity, role });
      return;
    }
    operand.inputs.forEach((u, k) => follow(u, identity && readsSameIndex(operand, k), role));
  };
  const reads = anchorRuleOf(node)?.reads;
  node.inputs.forEach((u, k) => {
    if (reads === "stored") follow(viewOf(u, (n) => !isInline(n)).base, false, "operand");
    else if (!reads) follow(u, readsSameIndex(node, k), "index");
    else if (reads[k] === "inside") follow(u, true, "prologue");
    else follow(u, false, "operand");
  });
  return edges;
}
