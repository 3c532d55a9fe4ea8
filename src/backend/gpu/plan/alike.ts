/**
 * Which groups are alike: their expressions are equal up to tensors that are read and written at the index of the group's own
 * element.
 *
 * @module
 */
import type { Graph, Node } from "../../../graph/node.ts";
import type { Piece, Role } from "./arena.ts";
import type { Fusion } from "./fusion.ts";
import type { Group } from "./group.ts";
import { elementsOf, isLiteral } from "../rules/nodes.ts";
import { isFullReduction, isPointwise } from "../rules/rules.ts";
import { isIdentity, mergedDims } from "../rules/strides.ts";
import { viewOf } from "../rules/view_of.ts";

/** What one group does to the tensors that are its own. */
export interface Member {
  readonly group: Group;
  /** Elements of each of its tensors. */
  readonly size: number;
  /** Its tensor for each role. */
  readonly pieces: readonly Piece[];
  /** Which nodes of its expression are those tensors. */
  readonly roleOf: ReadonlyMap<Node, number>;
  /** The expression: of the outputs in order, or of what a reduction sums. */
  readonly results: readonly { readonly node: Node; readonly role?: number }[];
  /** Updated values it reads or writes that have to be written straight into the state they update. */
  readonly inPlace: ReadonlyMap<Node, Node>;
}

/** Groups that are alike. */
export interface Class {
  /** Equal for groups that are alike. */
  readonly key: string;
  readonly kind: "map" | "reduction";
  readonly roles: readonly Role[];
  readonly members: readonly Member[];
}

/** Classes of at least two groups, those with the most states first, so that the others follow where these lie. */
export function findClasses(graph: Graph, fusion: Fusion): Class[] {
  const stateOf = new Map<Node, Node>();
  for (const { state, value } of graph.updates) {
    const stored = fusion.storedAs(value);
    if (!stateOf.has(stored)) stateOf.set(stored, state);
  }
  const classes = new Map<string, Class & { members: Member[] }>();
  for (const group of fusion.groups) {
    const described = new Description(group, fusion, stateOf).result();
    if (!described) continue;
    const { key, kind, roles, member } = described;
    const known = classes.get(key);
    if (known) known.members.push(member);
    else classes.set(key, { key, kind, roles, members: [member] });
  }
  const states = (c: Class) => c.roles.filter((r) => r.kind === "state").length;
  const order = (m: Member) => (m.pieces.find((p) => p.node.op === "state") ?? m.pieces[0]).node.id;
  return [...classes.values()].filter((c) => c.members.length > 1 && !isEntangled(c))
    .map((c) => ({ ...c, members: c.members.sort((a, b) => order(a) - order(b)) }))
    .sort((a, b) => states(b) - states(a) || order(a.members[0]) - order(b.members[0]));
}

/** Whether what one member writes is more to the class than that member's own. */
function isEntangled({ kind, members }: Class): boolean {
  const uses = new Map<Node, number>();
  for (const { pieces } of members) for (const p of pieces) uses.set(p.node, (uses.get(p.node) ?? 0) + 1);
  return kind === "map" &&
    members.some((m) => m.results.some(({ role }) => uses.get(m.pieces[role!].node)! > 1));
}

/** A group's expression with its own tensors numbered. */
class Description {
  readonly #group: Group;
  readonly #fusion: Fusion;
  readonly #stateOf: ReadonlyMap<Node, Node>;
  readonly #lines: string[] = [];
  readonly #numbers = new Map<Node, number>();
  readonly #pieces: Piece[] = [];
  readonly #roles: Role[] = [];
  readonly #roleOf = new Map<Node, number>();
  readonly #inPlace = new Map<Node, Node>();
  #size = 0;
  #isUniform = true;

  constructor(group: Group, fusion: Fusion, stateOf: ReadonlyMap<Node, Node>) {
    this.#group = group;
    this.#fusion = fusion;
    this.#stateOf = stateOf;
  }

  /** `undefined` if the group does more than the same to each element of tensors of one size. */
  result(): { key: string; kind: Class["kind"]; roles: readonly Role[]; member: Member } | undefined {
    const { anchor, outputs, nodes, prologue, size } = this.#group;
    const results: { node: Node; role?: number }[] = [];
    if (!anchor) {
      if (size < 2 || prologue.size > 0) return undefined;
      this.#size = size;
      if (!outputs.every(isPointwise)) return undefined;
      for (const node of outputs) this.#numbered(node);
      for (const node of outputs) results.push({ node, role: this.#output(node) });
    } else {
      if (anchor.dtype !== "f32" && anchor.dtype !== "f16") return undefined;
      if (!isFullReduction(anchor) || nodes.size > 1 || outputs.length !== 1 || this.#stateOf.has(anchor)) {
        return undefined;
      }
      this.#size = elementsOf(anchor.inputs[0]);
      this.#lines.push(`${anchor.op} ${anchor.dtype}`);
      this.#numbered(anchor.inputs[0]);
      results.push({ node: anchor });
      if (this.#pieces.length !== 1) return undefined;
    }
    if (!this.#isUniform) return undefined;
    const roles = this.#roles.map((r) => `${r.kind} ${r.dtype}`);
    return {
      key: [...roles, ...this.#lines].join("\n"),
      kind: anchor ? "reduction" : "map",
      roles: this.#roles,
      member: {
        group: this.#group,
        size: this.#size,
        pieces: this.#pieces,
        roleOf: this.#roleOf,
        results,
        inPlace: this.#inPlace,
      },
    };
  }

  #isStored(node: Node): boolean {
    return !this.#group.nodes.has(node) && !this.#group.prologue.has(node) && !this.#fusion.isInline(node);
  }

  /** Numbers the value of `node` at the element's own index. */
  #numbered(node: Node): string {
    const known = this.#numbers.get(node);
    if (known !== undefined) return `#${known}`;
    const text = this.#describe(node);
    this.#numbers.set(node, this.#lines.length);
    this.#lines.push(text);
    return `#${this.#lines.length - 1}`;
  }

  #describe(node: Node): string {
    if (this.#isStored(node)) return this.#piece(node, { node, offset: 0 });
    if (isLiteral(node)) return `literal ${node.dtype} ${(node as Node & { op: "constant" }).attrs.data[0]}`;
    if (isPointwise(node)) {
      const operands = node.inputs.map((u) => this.#operand(u));
      return `${node.op} ${node.dtype} ${JSON.stringify(node.attrs)} ${operands.join(" ")}`;
    }
    const view = viewOf(node, (n) => this.#isStored(n));
    const dims = mergedDims(view);
    if (view.base === node) return this.#refuse();
    if (elementsOf(view.base) === 1) return this.#operand(view.base);
    if (dims.length !== 1 || dims[0].stride !== 1) return this.#refuse();
    if (this.#isStored(view.base)) return this.#piece(node, { node: view.base, offset: view.offset });
    return isIdentity(view) && elementsOf(view.base) === this.#size
      ? this.#numbered(view.base)
      : this.#refuse();
  }

  #operand(u: Node): string {
    if (elementsOf(u) === this.#size) return this.#numbered(u);
    if (elementsOf(u) !== 1 || this.#group.nodes.has(u) || this.#group.prologue.has(u)) return this.#refuse();
    return `scalar ${u.id}`;
  }

  #piece(node: Node, { node: read, offset }: Piece): string {
    const tensor = this.#homeOf(read);
    const isState = tensor.op === "state";
    if (!isState && !this.#fusion.groupOf(tensor)) return this.#refuse();
    if (isState && elementsOf(tensor) !== this.#size) return this.#refuse();
    let role = this.#pieces.findIndex((p) => p.node === tensor && p.offset === offset);
    if (role < 0) role = this.#role(tensor, offset);
    this.#roleOf.set(node, role);
    return `role ${role}`;
  }

  #output(node: Node): number {
    const tensor = this.#homeOf(node);
    let role = this.#pieces.findIndex((p) => p.node === tensor);
    if (role < 0) role = this.#role(tensor, 0);
    this.#lines.push(`out ${this.#numbered(node)} ${role}`);
    return role;
  }

  #role(node: Node, offset: number): number {
    this.#roles.push({ kind: node.op === "state" ? "state" : "work", dtype: node.dtype });
    return this.#pieces.push({ node, offset }) - 1;
  }

  /** What a stored node is written over: the state it is the new value of, or nothing else than itself. */
  #homeOf(node: Node): Node {
    const state = this.#stateOf.get(node);
    const group = this.#fusion.groupOf(node);
    if (!state || !group || !this.#fusion.readsInPlace(group, state)) return node;
    this.#inPlace.set(node, state);
    return state;
  }

  #refuse(): string {
    this.#isUniform = false;
    return "";
  }
}
