/**
 * Many small kernels that do the same to different tensors as one kernel over all of them: an optimiser's update of every
 * parameter, casts of every parameter, the sums of squares of every gradient.
 *
 * Groups are alike if their expressions are equal up to tensors that are read and written at the index of the group's own element. Those
 * are the *roles*: each member brings a tensor, or a stretch of one, for each. All else (scalars) has to be the same node. What the
 * members bring is laid out in the same order for every role (`arena.ts`), and the group of the whole reads and writes that.
 *
 * Concatenations of tensors that lie side by side anyway cost nothing: they are found here too.
 *
 * @module
 */
import { type Graph, type Node, statesOf } from "../../graph/node.ts";
import {
  Arena,
  type KnownPlace,
  type Piece,
  type RegionPlace,
  type Role,
  type Run,
  unitOf,
} from "./arena.ts";
import { numeric } from "../../graph/shape.ts";
import { elementsOf, type Fusion, type Group, isLiteral } from "./fusion.ts";
import { type Schedule, schedule } from "./schedule.ts";
import { isIdentity, mergedDims, viewOf } from "./views.ts";

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

/** Groups without an anchor that are one kernel. */
export interface FlatMap {
  readonly kind: "map";
  readonly members: readonly Member[];
  readonly run: Run;
}

/** Full reductions that are made together. */
export interface FlatReduction {
  readonly kind: "reduction";
  readonly members: readonly Member[];
  /** Where each member's operand begins. */
  readonly places: readonly RegionPlace[];
  /** Where each member's result goes: all in one region. */
  readonly results: readonly RegionPlace[];
}

/** A group that stands for several. */
export type Flat = FlatMap | FlatReduction;

/** A fusion with like groups merged, and where their tensors lie. */
export interface Flattened extends Schedule {
  /** What the merged groups among `order` stand for. */
  readonly flat: ReadonlyMap<Group, Flat>;
  readonly arena: Arena;
  /** Concatenations that are no kernels: they lie where their first operand does. */
  readonly joined: ReadonlyMap<Node, RegionPlace>;
}

/** Concatenations that may turn out to be free if they are stored by themselves. */
export function joinableConcats(graph: Graph): Set<Node> {
  const readers = new Map<Node, number>();
  for (const node of graph.nodes) for (const u of node.inputs) readers.set(u, (readers.get(u) ?? 0) + 1);
  const unit = unitOf(graph.nodes);
  const found = new Set<Node>();
  for (const node of graph.nodes) {
    if (node.op !== "concat" || node.attrs.axis !== 0 || node.inputs.length < 2) continue;
    const parts = node.inputs.map(throughReshapes);
    const states = parts.every(isStateOrCast) && new Set(parts).size === parts.length &&
      parts.slice(0, -1).every((p) => elementsOf(p) % unit === 0);
    const sums = parts.every(isFullReduction) && node.inputs.every((u) => isReadOnce(u, readers));
    if (states || sums) found.add(node);
  }
  return found;
}

/**
 * Values that updates are computed from, element by element, and that are cheap to compute wherever they are read but do not lie as
 * the states do: a gradient of a table's first rows. They are worth storing: then the updates are like others. So are casts that are
 * concatenated.
 */
export function looseOperands(graph: Graph, concats: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>();
  const seen = new Set<Node>();
  const visit = (node: Node, size: number) => {
    if (elementsOf(node) !== size || seen.has(node)) return;
    seen.add(node);
    const { op, inputs } = node;
    const isLoose = op === "pad" || op === "concat" || op === "transpose" ||
      op === "slice" && numeric(inputs[0].shape).slice(0, node.attrs.axis).some((d) => d > 1);
    if (isLoose) found.add(node);
    else if (elementwise.has(op) || op === "reshape") inputs.forEach((u) => visit(u, size));
  };
  for (const { value } of graph.updates) if (elementsOf(value) > 1) visit(value, elementsOf(value));
  for (const concat of concats) {
    for (const part of concat.inputs.map(throughReshapes)) if (part.op === "cast") found.add(part);
  }
  return found;
}

/** Whether a concatenation is one of reductions, which can only be free or be split into short ones. */
export function joinsReductions(node: Node): boolean {
  return node.op === "concat" && isFullReduction(throughReshapes(node.inputs[0]));
}

/** A state, or a state in another type: casts of many states are merged, and then lie side by side like these. */
function isStateOrCast(node: Node): boolean {
  return node.op === "state" || node.op === "cast" && node.inputs[0].op === "state";
}

function isReadOnce(node: Node, readers: ReadonlyMap<Node, number>): boolean {
  return readers.get(node) === 1 && (node.op !== "reshape" || isReadOnce(node.inputs[0], readers));
}

function throughReshapes(node: Node): Node {
  return node.op === "reshape" ? throughReshapes(node.inputs[0]) : node;
}

function isFullReduction(node: Node): boolean {
  return (node.op === "reduce_sum" || node.op === "reduce_max") && elementsOf(node) === 1 &&
    elementsOf(node.inputs[0]) > 1;
}

/** How groups are merged. */
export interface FlattenOptions {
  /** Concatenations that stand by themselves in the fusion. */
  readonly concats: ReadonlySet<Node>;
  readonly maxBuffers: number;
  readonly maxBindingBytes: number;
  /** Where states lie that another program has placed. */
  readonly known?: (state: Node) => KnownPlace | undefined;
}

/** Merges like groups as far as that leaves their order possible, and orders all. */
export function flatten(graph: Graph, fusion: Fusion, options: FlattenOptions): Flattened {
  const classes = findClasses(graph, fusion);
  const refused = new Set<string>();
  for (;;) {
    const attempt = tryFlatten(graph, fusion, classes.filter((c) => !refused.has(c.key)), options);
    if (!("refused" in attempt)) return attempt;
    for (const key of attempt.refused) refused.add(key);
  }
}

function tryFlatten(
  graph: Graph,
  fusion: Fusion,
  classes: readonly Class[],
  options: FlattenOptions,
): Flattened | { refused: string[] } {
  const arena = new Arena({
    unit: unitOf(graph.nodes),
    maxBytes: options.maxBindingBytes,
    states: statesOf(graph),
    known: options.known,
  });
  const found: { key: string; flat: Flat }[] = [];
  for (const { key, kind, roles, members } of classes) {
    if (kind !== "map") continue;
    const rows = members.map(({ size, pieces }) => ({ size, pieces }));
    for (const run of arena.place(rows, roles)) {
      found.push({ key, flat: { kind: "map", members: run.rows.map((i) => members[i]), run } });
    }
  }
  const sumOf = new Map<Node, Node[]>();
  for (const concat of options.concats) {
    if (joinsReductions(concat)) {
      sumOf.set(throughReshapes(concat.inputs[0]), concat.inputs.map(throughReshapes));
    }
  }
  for (const { key, kind, roles, members } of classes) {
    if (kind !== "reduction") continue;
    const operands = members.map((m) => m.pieces[0]);
    const outputs = members.map((m) => m.results[0].node);
    const joined = outputs.map((o) => sumOf.get(o)).find((list) => list);
    const fits = arena.keep(operands.map((p) => p.node), roles[0]) &&
      (!joined ||
        joined.every((o) => outputs.includes(o)) && arena.adjoin(joined, resultOf(joined[0]), "packed")) &&
      arena.keep(outputs, resultOf(outputs[0]));
    if (!fits) return { refused: [key] };
    const places = operands.map(({ node, offset }) => {
      const place = arena.placeOf(node)!;
      return { region: place.region, start: place.start + offset };
    });
    const results = outputs.map((o) => arena.placeOf(o)!);
    const few = new Set(places.map((p) => p.region)).size <= options.maxBuffers - 3;
    const together = new Set(results.map((p) => p.region)).size === 1;
    const aligned = places.every((p) => p.start % 4 === 0);
    if (!few || !together || !aligned) return { refused: [key] };
    found.push({ key, flat: { kind: "reduction", members, places, results } });
  }
  const joined = new Map<Node, RegionPlace>();
  for (const concat of options.concats) {
    const parts = concat.inputs.map(throughReshapes);
    const role: Role = { kind: parts[0].op === "state" ? "state" : "work", dtype: concat.dtype };
    if (joinsReductions(concat) && !arena.placeOf(parts[0])) continue;
    if (arena.adjoin(parts, role)) joined.set(concat, arena.placeOf(parts[0])!);
  }
  const merged = mergeGroups(fusion, found, joined);
  if ("refused" in merged) return merged;
  const { order, inPlace } = withScalarsTogether(graph, merged.fusion, options.maxBuffers);
  const failed = found.filter(({ flat }) =>
    flat.members.some((m) => [...m.inPlace].some(([value, state]) => inPlace.get(value) !== state))
  );
  if (failed.length > 0) return { refused: failed.map((f) => f.key) };
  return { order, inPlace, flat: merged.flat, arena, joined };
}

const resultOf = (node: Node): Role => ({ kind: "work", dtype: node.dtype });

// ---- what is alike -----------------------------------------------------------------------------------------------------

interface Class {
  readonly key: string;
  readonly kind: Flat["kind"];
  readonly roles: readonly Role[];
  readonly members: readonly Member[];
}

/** Classes of at least two groups, those with the most states first, so that the others follow where these lie. */
function findClasses(graph: Graph, fusion: Fusion): Class[] {
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

/** Ops that make an element of their result from the elements at the same place. */
export const elementwise: ReadonlySet<string> = new Set(
  "neg abs exp log sqrt tanh erf gelu cast add sub mul div max min less equal where".split(" "),
);

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
  #isFlat = true;

  constructor(group: Group, fusion: Fusion, stateOf: ReadonlyMap<Node, Node>) {
    this.#group = group;
    this.#fusion = fusion;
    this.#stateOf = stateOf;
  }

  /** `undefined` if the group does more than the same to each element of tensors of one size. */
  result(): { key: string; kind: Flat["kind"]; roles: readonly Role[]; member: Member } | undefined {
    const { anchor, outputs, nodes, prologue, size } = this.#group;
    const results: { node: Node; role?: number }[] = [];
    if (!anchor) {
      if (size < 2 || prologue.size > 0) return undefined;
      this.#size = size;
      if (!outputs.every((n) => elementwise.has(n.op))) return undefined;
      for (const node of outputs) this.#flat(node);
      for (const node of outputs) results.push({ node, role: this.#output(node) });
      if (!this.#roles.some((r) => r.kind === "state")) return undefined;
    } else {
      if (anchor.dtype !== "f32" && anchor.dtype !== "f16") return undefined;
      if (!isFullReduction(anchor) || nodes.size > 1 || outputs.length !== 1 || this.#stateOf.has(anchor)) {
        return undefined;
      }
      this.#size = elementsOf(anchor.inputs[0]);
      this.#lines.push(`${anchor.op} ${anchor.dtype}`);
      this.#flat(anchor.inputs[0]);
      results.push({ node: anchor });
      if (this.#pieces.length !== 1) return undefined;
    }
    if (!this.#isFlat) return undefined;
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
  #flat(node: Node): string {
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
    if (elementwise.has(node.op)) {
      const operands = node.inputs.map((u) => this.#operand(u));
      return `${node.op} ${node.dtype} ${JSON.stringify(node.attrs)} ${operands.join(" ")}`;
    }
    const view = viewOf(node, (n) => this.#isStored(n));
    const dims = mergedDims(view);
    if (view.base === node) return this.#refuse();
    if (elementsOf(view.base) === 1) return this.#operand(view.base);
    if (dims.length !== 1 || dims[0].stride !== 1) return this.#refuse();
    if (this.#isStored(view.base)) return this.#piece(node, { node: view.base, offset: view.offset });
    return isIdentity(view) && elementsOf(view.base) === this.#size ? this.#flat(view.base) : this.#refuse();
  }

  #operand(u: Node): string {
    if (elementsOf(u) === this.#size) return this.#flat(u);
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
    this.#lines.push(`out ${this.#flat(node)} ${role}`);
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
    this.#isFlat = false;
    return "";
  }
}

// ---- merging -----------------------------------------------------------------------------------------------------------

/** The fusion with each set of like groups as one, or the sets that would have to wait for themselves. */
function mergeGroups(
  fusion: Fusion,
  found: readonly { key: string; flat: Flat }[],
  joined: ReadonlyMap<Node, RegionPlace>,
): { fusion: Fusion; flat: Map<Group, Flat> } | { refused: string[] } {
  const flat = new Map<Group, Flat>();
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
  for (const { flat: set } of found) {
    const groups = set.members.map((m) => m.group);
    const group: Group = {
      level: Math.max(...groups.map((g) => g.level)),
      size: groups.reduce((sum, g) => sum + g.size, 0),
      nodes: new Set(groups.flatMap((g) => [...g.nodes])),
      prologue: new Set(groups.flatMap((g) => [...g.prologue])),
      outputs: groups.flatMap((g) => g.outputs),
      loads: loadsOf(groups),
    };
    flat.set(group, set);
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
  const cyclic = [...flat].filter(([group]) => reachesItself(group, groups, groupOf)).map(([, set]) => set);
  if (cyclic.length > 0) {
    // The smallest ones give way first.
    const least = Math.min(...cyclic.map((set) => set.members.length));
    return {
      refused: found.filter((f) => cyclic.includes(f.flat) && f.flat.members.length === least).map((f) =>
        f.key
      ),
    };
  }
  return {
    flat,
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
 * The schedule with groups of single numbers (counters, schedules, scales) made one group, as far as no state has to be copied for
 * that.
 */
function withScalarsTogether(graph: Graph, fusion: Fusion, maxBuffers: number): Schedule {
  const stateOf = new Map(graph.updates.map(({ state, value }) => [fusion.storedAs(value), state as Node]));
  const isScalar = (g: Group) =>
    !g.anchor && g.size === 1 && g.prologue.size === 0 && g.outputs.every((n) => elementwise.has(n.op));
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
