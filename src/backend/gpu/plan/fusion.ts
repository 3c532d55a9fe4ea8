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
import { chooseInline, type Inlining } from "./inline.ts";
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
  const grouping = new Grouping(graph, { apart: new Set(), ...options });
  // From the end, so that whatever reads a node is in a group before it.
  for (const node of graph.nodes.toReversed()) grouping.add(node);
  return grouping.finish();
}

/** Groups while nodes are added to them, those that read a node before that node. */
class Grouping {
  readonly #maxBuffers: number;
  readonly #apart: ReadonlySet<Node>;
  readonly #inline: Inlining;
  /** Nodes that are stored whoever reads them: outputs, and values that states take. */
  readonly #final = new Set<Node>();
  readonly #stateOf: ReadonlyMap<Node, Node>;
  readonly #edgesTo = new Map<Node, Edge[]>();
  readonly #edgesFrom = new Map<Node, Edge[]>();
  readonly #groupOf = new Map<Node, OpenGroup>();
  readonly #groups = new Set<OpenGroup>();

  constructor(graph: Graph, { maxBuffers, apart }: { maxBuffers: number; apart: ReadonlySet<Node> }) {
    this.#maxBuffers = maxBuffers;
    this.#apart = apart;
    this.#inline = chooseInline(graph, { maxBuffers, apart });
    for (const node of Object.values(graph.outputs)) this.#final.add(this.#storedAs(node));
    for (const { value } of graph.updates) this.#final.add(this.#storedAs(value));
    this.#stateOf = new Map(graph.updates.map((u) => [this.#storedAs(u.value), u.state as Node]));
  }

  /** Puts a node into a group, if it is computed by one and anything needs it. */
  add(node: Node): void {
    if (this.#isInline(node) || isLeaf(node)) return;
    const edges = this.#edgesTo.get(node) ?? [];
    if (edges.length === 0 && !this.#final.has(node)) return;
    this.#assign(node, edges);
    const reads = edgesOf(node, this.#isInline);
    this.#edgesFrom.set(node, reads);
    for (const edge of reads) {
      const list = this.#edgesTo.get(edge.to);
      if (list) list.push(edge);
      else this.#edgesTo.set(edge.to, [edge]);
    }
    this.#joinRowSums(node);
  }

  /** The groups with what each stores and loads. */
  finish(): Fusion {
    for (const group of this.#groups) {
      const inside = (n: Node) => group.nodes.has(n) || group.prologue.has(n);
      group.outputs = [...group.nodes]
        .filter((n) => this.#final.has(n) || (this.#edgesTo.get(n) ?? []).some((e) => !inside(e.from)))
        .sort((a, b) => a.id - b.id);
      for (const node of [...group.nodes, ...group.prologue]) {
        for (const edge of this.#edgesFrom.get(node)!) if (!inside(edge.to)) group.loads.add(edge.to);
      }
    }
    const [groupOf, edgesTo] = [this.#groupOf, this.#edgesTo];
    return {
      groups: [...this.#groups],
      groupOf: (n) => groupOf.get(n),
      isInline: this.#isInline,
      storedAs: this.#storedAs,
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

  readonly #isInline = (node: Node): boolean => this.#inline.inline.has(node);

  readonly #storedAs = (node: Node): Node => {
    const { base, ...map } = viewOf(node, (n) => !this.#isInline(n) || this.#inline.roots.has(n));
    const isWhole = isIdentity(map) && elementsOf(base) === elementsOf(node);
    return isWhole && !this.#isInline(base) ? base : node;
  };

  /** Puts a node into the group of those that read it, or into one of its own. */
  #assign(node: Node, edges: readonly Edge[]): void {
    const reader = (edge: Edge) => this.#groupOf.get(edge.from)!;
    const level = Math.max(-1, ...edges.map((e) => reader(e).level));
    const furthest = edges.filter((e) => reader(e).level === level);
    if (this.#joinSibling(node, level)) return;
    const targets = [...new Set(furthest.map(reader))];
    const mayJoin = !isClosed(node) && !isRowSum(node) && !this.#apart.has(node) && furthest.length > 0;
    const inNodes = (e: Edge) => e.identity && e.role === "index" && reader(e).nodes.has(e.from);
    if (mayJoin && furthest.every(inNodes) && this.#joinNodes(node, targets)) return;
    if (this.#joinPrologue(node, edges)) return;
    const group: OpenGroup = {
      level: level + 1,
      size: elementsOf(node),
      nodes: new Set([node]),
      prologue: new Set(),
      outputs: [],
      loads: new Set(),
      anchor: isAnchor(node) ? node : undefined,
    };
    this.#groups.add(group);
    this.#groupOf.set(node, group);
  }

  /** Lets the kernel of an anchor of the same family and operands make the node too. */
  #joinSibling(node: Node, level: number): boolean {
    if (!isClosed(node) && !isRowSum(node)) return false;
    const sibling = [...this.#groups].find((g) => g.anchor && areSiblings(g.anchor, node));
    if (!sibling || !(isClosed(node) || isRowSum(sibling.anchor!) || level < sibling.level)) return false;
    // What it reads is in no group yet and no other level depends on its own, which may therefore still rise.
    sibling.level = Math.max(sibling.level, level + 1);
    sibling.nodes.add(node);
    this.#groupOf.set(node, sibling);
    return true;
  }

  /** Makes one group of those that read the node at their own index, with the node in it. */
  #joinNodes(node: Node, targets: readonly OpenGroup[]): boolean {
    const found = [...targets.map((g) => g.anchor), isAnchor(node) ? node : undefined].filter((a) => a);
    if (found.length > 1) return false;
    const [into, ...others] = targets;
    const nodes = new Set([...into.nodes, ...others.flatMap((g) => [...g.nodes]), node]);
    const prologue = new Set(targets.flatMap((g) => [...g.prologue]));
    if (!this.#fits(nodes, prologue, [node])) return false;
    into.nodes = nodes;
    into.prologue = prologue;
    into.anchor = found[0];
    this.#groups.delete(into);
    this.#groups.add(into);
    for (const other of others) this.#groups.delete(other);
    for (const member of [...nodes, ...prologue]) this.#groupOf.set(member, into);
    return true;
  }

  /** Lets one group compute the node on the way into its anchor. */
  #joinPrologue(node: Node, edges: readonly Edge[]): boolean {
    const readers = new Set(edges.map((e) => this.#groupOf.get(e.from)!));
    if (isAnchor(node) || this.#apart.has(node) || this.#final.has(node) || readers.size !== 1) return false;
    const [group] = readers;
    const isOnTheWayIn = (e: Edge) => e.identity && (e.role === "prologue" || group.prologue.has(e.from));
    if (!edges.every(isOnTheWayIn)) return false;
    const prologue = new Set([...group.prologue, node]);
    if (!this.#fits(group.nodes, prologue, [node])) return false;
    group.prologue = prologue;
    this.#groupOf.set(node, group);
    return true;
  }

  /** Lets the kernel of a row gradient make the sums of the same operands, unless what needs the sums is further from the end. */
  #joinRowSums(node: Node): void {
    const group = this.#groupOf.get(node)!;
    if (group.anchor !== node || !makesRowSums(node)) return;
    const sums = [...this.#groups].find((g) => g !== group && g.anchor && areSiblings(g.anchor, node));
    if (!sums || sums.level > group.level) return;
    const nodes = new Set([...group.nodes, ...sums.nodes]);
    if (!this.#fits(nodes, group.prologue, [])) return;
    group.nodes = nodes;
    this.#groups.delete(sums);
    for (const member of sums.nodes) this.#groupOf.set(member, group);
  }

  #fits(nodes: ReadonlySet<Node>, prologue: ReadonlySet<Node>, extra: readonly Node[]): boolean {
    return nodes.size + prologue.size <= maxGroupNodes &&
      this.#buffers(nodes, prologue, extra) <= this.#maxBuffers;
  }

  /** Buffers that a group of these nodes would bind; an output in place of the state it updates shares one. */
  #buffers(nodes: ReadonlySet<Node>, prologue: ReadonlySet<Node>, extra: readonly Node[]): number {
    const inside = (n: Node) => nodes.has(n) || prologue.has(n);
    const edgesFrom = (node: Node) =>
      this.#edgesFrom.get(node) ?? (extra.includes(node) ? edgesOf(node, this.#isInline) : []);
    const loads = new Map<Node, boolean>();
    let outputs = 0;
    let scratch = 0;
    for (const node of [...nodes, ...prologue]) {
      if (isAnchor(node)) scratch = 1;
      for (const edge of edgesFrom(node)) {
        if (inside(edge.to)) continue;
        const here = edge.identity && nodes.has(node) && edge.role === "index";
        loads.set(edge.to, (loads.get(edge.to) ?? true) && here);
      }
    }
    for (const node of nodes) {
      // Row sums are kept as parts, in scratch memory.
      if (isRowSum(node)) continue;
      const stored = this.#final.has(node) || (this.#edgesTo.get(node) ?? []).some((e) => !inside(e.from));
      const state = this.#stateOf.get(node);
      if (stored && !(state && loads.get(state))) outputs++;
    }
    return loads.size + outputs + scratch;
  }
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
