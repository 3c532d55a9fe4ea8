/**
 * Horizontal fusion: many small kernels that do the same to different tensors as one kernel over all of them, as PyTorch's
 * foreach optimisers do it. An optimiser's update of every parameter, casts of every parameter, the sums of squares of every
 * gradient.
 *
 * Groups are alike if their expressions are equal up to tensors that are read and written at the index of the group's own
 * element. Those are the *roles*: each member brings a tensor, or a stretch of one, for each. All else (scalars) has to be
 * the same node. What the members bring is laid out in the same order for every role (`arena.ts`), and the group of the
 * whole reads and writes that.
 *
 * Concatenations of tensors that lie side by side anyway cost nothing: they are found here too.
 *
 * @module
 */
import { type Graph, type Node, statesOf } from "../../../graph/node.ts";
import { type Class, findClasses } from "./alike.ts";
import { Arena, type KnownOffset, type RegionOffset, type Role, unitOf } from "./arena.ts";
import type { Fusion } from "./fusion.ts";
import type { Group } from "./group.ts";
import { type Merged, mergeGroups, withScalarsTogether } from "./merging.ts";
import { elementsOf } from "../rules/nodes.ts";
import { elementRuleOf } from "../rules/elements.ts";
import {
  converts,
  isFullReduction,
  isPointwise,
  joinedAxis,
  keepsOrder,
  throughReshapes,
} from "../rules/rules.ts";
import type { Schedule } from "./schedule.ts";

/** A fusion with like groups merged, and where their tensors lie. */
export interface HorizontalFusion extends Schedule {
  /** What the merged groups among `order` stand for. */
  readonly merged: ReadonlyMap<Group, Merged>;
  readonly arena: Arena;
  /** Concatenations that are no kernels: they lie where their first operand does. */
  readonly joined: ReadonlyMap<Node, RegionOffset>;
}

/** Concatenations that may turn out to be free if they are stored by themselves. */
export function joinableConcats(graph: Graph): Set<Node> {
  const readers = new Map<Node, number>();
  for (const node of graph.nodes) for (const u of node.inputs) readers.set(u, (readers.get(u) ?? 0) + 1);
  const unit = unitOf(graph.nodes);
  const found = new Set<Node>();
  for (const node of graph.nodes) {
    if (joinedAxis(node) !== 0 || node.inputs.length < 2) continue;
    const parts = node.inputs.map(throughReshapes);
    const states = parts.every(isStateOrCast) && new Set(parts).size === parts.length &&
      parts.slice(0, -1).every((p) => elementsOf(p) % unit === 0);
    const sums = parts.every(isFullReduction) && node.inputs.every((u) => isReadOnce(u, readers));
    if (states || sums) found.add(node);
  }
  return found;
}

/**
 * Values that updates are computed from, element by element, and that are cheap to compute wherever they are read but do
 * not lie as the states do: a gradient of a table's first rows. They are worth storing: then the updates are like others.
 * So are casts that are concatenated.
 */
export function looseOperands(graph: Graph, concats: ReadonlySet<Node>): Set<Node> {
  const found = new Set<Node>();
  const seen = new Set<Node>();
  const visit = (node: Node, size: number) => {
    if (elementsOf(node) !== size || seen.has(node)) return;
    seen.add(node);
    const rule = elementRuleOf(node);
    if (rule?.kind === "view" && rule.isOutOfLine?.(node as never)) found.add(node);
    else if (isPointwise(node) || keepsOrder(node)) node.inputs.forEach((u) => visit(u, size));
  };
  for (const { value } of graph.updates) if (elementsOf(value) > 1) visit(value, elementsOf(value));
  for (const concat of concats) {
    for (const part of concat.inputs.map(throughReshapes)) if (converts(part)) found.add(part);
  }
  return found;
}

/** Whether a concatenation is one of reductions, which can only be free or be split into short ones. */
function joinsReductions(node: Node): boolean {
  return joinedAxis(node) !== undefined && isFullReduction(throughReshapes(node.inputs[0]));
}

/** A state, or a state in another type: casts of many states are merged, and then lie side by side like these. */
function isStateOrCast(node: Node): boolean {
  return node.op === "state" || converts(node) && node.inputs[0].op === "state";
}

function isReadOnce(node: Node, readers: ReadonlyMap<Node, number>): boolean {
  return readers.get(node) === 1 && (!keepsOrder(node) || isReadOnce(node.inputs[0], readers));
}

/** How groups are merged. */
export interface MergeAlikeOptions {
  /** Concatenations that stand by themselves in the fusion. */
  readonly concats: ReadonlySet<Node>;
  readonly maxBuffers: number;
  readonly maxBindingBytes: number;
  /** Where states lie that another program has placed. */
  readonly known?: (state: Node) => KnownOffset | undefined;
}

/** Merges like groups as far as that leaves their order possible, and orders all. */
export function mergeAlike(graph: Graph, fusion: Fusion, options: MergeAlikeOptions): HorizontalFusion {
  const classes = findClasses(graph, fusion);
  const refused = new Set<string>();
  for (;;) {
    const attempt = tryMergeAlike(graph, fusion, classes.filter((c) => !refused.has(c.key)), options);
    if (!("refused" in attempt)) return attempt;
    for (const key of attempt.refused) refused.add(key);
  }
}

function tryMergeAlike(
  graph: Graph,
  fusion: Fusion,
  classes: readonly Class[],
  options: MergeAlikeOptions,
): HorizontalFusion | { refused: string[] } {
  const arena = new Arena({
    unit: unitOf(graph.nodes),
    maxBytes: options.maxBindingBytes,
    states: statesOf(graph),
    known: options.known,
  });
  const found: { key: string; merged: Merged }[] = [];
  for (const { key, kind, roles, members: all } of classes) {
    if (kind !== "map") continue;
    // Tensors that are no states are not laid out for a merged kernel: it takes them where others laid them side by side.
    const isKept = roles.some((r) => r.kind === "state");
    const members = all.filter((m) => isKept || m.pieces.every((p) => arena.offsetOf(p.node)));
    const rows = members.map(({ size, pieces }) => ({ size, pieces }));
    for (const run of arena.place(rows, roles)) {
      found.push({ key, merged: { kind: "map", members: run.rows.map((i) => members[i]), run } });
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
    const offsets = operands.map(({ node, offset }) => {
      const where = arena.offsetOf(node)!;
      return { region: where.region, start: where.start + offset };
    });
    const results = outputs.map((o) => arena.offsetOf(o)!);
    const few = new Set(offsets.map((p) => p.region)).size <= options.maxBuffers - 3;
    const together = new Set(results.map((p) => p.region)).size === 1;
    const aligned = offsets.every((p) => p.start % 4 === 0);
    if (!few || !together || !aligned) return { refused: [key] };
    found.push({ key, merged: { kind: "reduction", members, offsets, results } });
  }
  const joined = new Map<Node, RegionOffset>();
  for (const concat of options.concats) {
    const parts = concat.inputs.map(throughReshapes);
    const role: Role = { kind: parts[0].op === "state" ? "state" : "work", dtype: concat.dtype };
    if (joinsReductions(concat) && !arena.offsetOf(parts[0])) continue;
    if (arena.adjoin(parts, role)) joined.set(concat, arena.offsetOf(parts[0])!);
  }
  const outcome = mergeGroups(fusion, found, joined);
  if ("refused" in outcome) return outcome;
  const { order, inPlace } = withScalarsTogether(graph, outcome.fusion, options.maxBuffers);
  const failed = found.filter(({ merged }) =>
    merged.members.some((m) => [...m.inPlace].some(([value, state]) => inPlace.get(value) !== state))
  );
  if (failed.length > 0) return { refused: failed.map((f) => f.key) };
  return { order, inPlace, merged: outcome.merged, arena, joined };
}

const resultOf = (node: Node): Role => ({ kind: "work", dtype: node.dtype });
