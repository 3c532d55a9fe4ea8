/**
 * Kernels over many tensors that lie side by side: the same arithmetic for all of their elements, or one sum for each tensor.
 *
 * @module
 */
import { Builder } from "../../../graph/builder.ts";
import type { Node } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import { opTable } from "../../../graph/table.ts";
import type { Member } from "../plan/alike.ts";
import type { Region, RegionOffset } from "../plan/arena.ts";
import type { Group } from "../plan/group.ts";
import type { Merged, MergedMap, MergedReduction } from "../plan/merging.ts";
import { elementsOf, isLiteral } from "../rules/nodes.ts";
import { anchorRuleOf } from "../rules/rules.ts";
import { isStridedOp, viewOf } from "../rules/view_of.ts";
import { GroupWriter, type Lowering, nameOf, widest } from "./fused.ts";
import { type Fold, type Join, joinOf } from "./reduce.ts";
import { literal } from "./wgsl.ts";
import { type Kernel, type Storage, workgroupsFor } from "./writer.ts";

/** What such kernels are generated with. */
export interface MergedLowering extends Lowering {
  /** The memory of `elements` elements of a region. */
  range(where: RegionOffset, elements: number): Storage;
}

/** The kernels of a merged group. */
export function mergedKernels(merged: Merged, lowering: MergedLowering): Kernel[] {
  return merged.kind === "map" ? [mapKernel(merged, lowering)] : reductionKernels(merged, lowering);
}

/** The group's expression over the whole of its arenas. */
function mapKernel({ members, run }: MergedMap, lowering: MergedLowering): Kernel {
  const [first] = members;
  const copy = new MergedCopy(first, lowering);
  const roles = run.roles.map((where) =>
    copy.leaf(where.region.dtype, run.elements, lowering.range(where, run.elements))
  );
  const outputs = first.results.map(({ node, role }) => {
    const output = copy.rebuild(node, roles);
    copy.storages.set(output, copy.storages.get(roles[role!])!);
    return output;
  });
  const group = copy.group(run.elements, outputs);
  const kernel = widest(group, copy.lowering, true, (w, lanes) => w.pointwise(lanes));
  return { ...kernel, name: `${nameOf(first.group)} of ${members.length}` };
}

const threads = 256;
const sumThreads = 64;

/** Partial results of stretches that lie in one tensor each, then one result a tensor. */
function reductionKernels(
  { members, offsets, results }: MergedReduction,
  lowering: MergedLowering,
): Kernel[] {
  const [first] = members;
  const anchor = first.results[0].node;
  const op = anchorRuleOf(anchor)!.folds!;
  const name = `${nameOf(first.group)} of ${members.length}`;
  const regions = [...new Set(offsets.map((p) => p.region))];
  const stretch = stretchOf(members, lowering.parallelism);
  const stretches: number[] = [];
  const ranges: number[] = [];
  members.forEach(({ size }, m) => {
    const { region, start } = offsets[m];
    ranges.push(stretches.length / 3);
    for (let at = 0; at < size; at += stretch) {
      stretches.push(regions.indexOf(region), start + at, start + Math.min(at + stretch, size));
    }
    ranges.push(stretches.length / 3, results[m].start);
  });
  const count = stretches.length / 3;
  const parts = lowering.scratch(`${name} parts`, "f32", count);
  const partial = partials({ first, op, name, regions, stretch, count }, lowering, {
    table: lowering.table(`${name} stretches`, stretches),
    parts,
  });
  return [
    partial,
    totals({ op, name, group: first.group, count: members.length }, lowering, {
      table: lowering.table(`${name} ranges`, ranges),
      parts,
      results: lowering.range({ region: results[0].region, start: 0 }, results[0].region.elements),
    }),
  ];
}

/** Elements a workgroup takes: as many as leave every processor several workgroups. */
function stretchOf(members: readonly Member[], parallelism: number): number {
  const total = members.reduce((sum, m) => sum + m.size, 0);
  const wanted = 2 ** Math.ceil(Math.log2(total / (parallelism * 16)));
  return Math.min(Math.max(wanted, 4 * threads), 64 * threads);
}

function partials(
  p: { first: Member; op: Fold; name: string; regions: readonly Region[]; stretch: number; count: number },
  lowering: MergedLowering,
  memory: { table: Storage; parts: Storage },
): Kernel {
  const copy = new MergedCopy(p.first, lowering);
  const operand = p.first.results[0].node.inputs[0];
  const loads = p.regions.map((region) => {
    const where = { region, start: 0 };
    return copy.rebuild(operand, [
      copy.leaf(region.dtype, region.elements, lowering.range(where, region.elements)),
    ]);
  });
  const w = new GroupWriter(copy.group(p.regions[0].elements, []), copy.lowering);
  loads.forEach((node, r) => w.declareLoad(`load${r}`, node, 4));
  const table = w.writer.bind(memory.table, { lanes: 1 });
  const parts = w.writer.bind(memory.parts, { lanes: 1, write: true });
  const neutral = neutralOf(p.op, w);
  const { needs } = w.writer;
  const join = joinOf(p.op, { dtype: "f32", lanes: 4, needs });
  const single = joinOf(p.op, { dtype: "f32", lanes: 1, needs });
  w.writer.declare(`var<workgroup> shared_part: array<f32, ${threads}>;`);
  const quads = p.stretch / (4 * threads);
  // Stretches end inside a tensor's padding at most, so that a whole vector may be read at their ends.
  const loop = (r: number) => {
    const at = (k: number) => `(start + (t + ${k * threads}u) * 4u)`;
    const lines = Array.from(
      { length: Math.min(quads, 4) },
      (_, k) =>
        `      let i${k} = first + ${4 * threads * k}u;
      if (i${k} < end) { sum = ${
          join(
            "sum",
            `select(zero, load${r}(i${k}), vec4<u32>(i${k}) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(end))`,
          )
        }; }`,
    );
    return `    for (var first = ${at(0)}; first < end; first += ${4 * threads * lines.length}u) {
${lines.join("\n")}
    }`;
  };
  const cases = p.regions.map((_, r) => `  if (which == ${r}u) {\n${loop(r)}\n  }`);
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let number = group.x + group.y * groups.x;
  if (number >= ${p.count}u) { return; }
  let which = ${table}[number * 3u];
  let start = ${table}[number * 3u + 1u];
  let end = ${table}[number * 3u + 2u];
  let zero = vec4<f32>(${neutral});
  var sum = zero;
${cases.join("\n")}
  shared_part[t] = ${single(single("sum.x", "sum.y"), single("sum.z", "sum.w"))};
  workgroupBarrier();
${halve(single, threads)}
  if (t == 0u) { ${parts}[number] = shared_part[0]; }
}`;
  return w.writer.kernel(`${p.name} part`, main, workgroupsFor(p.count));
}

function totals(
  p: { op: Fold; name: string; group: Group; count: number },
  lowering: MergedLowering,
  memory: { table: Storage; parts: Storage; results: Storage },
): Kernel {
  const w = new GroupWriter(p.group, lowering);
  const table = w.writer.bind(memory.table, { lanes: 1 });
  const parts = w.writer.bind(memory.parts, { lanes: 1 });
  const results = w.writer.bind(memory.results, { lanes: 1, write: true });
  w.writer.declare(`var<workgroup> shared_part: array<f32, ${sumThreads}>;`);
  const join = joinOf(p.op, { dtype: "f32", lanes: 1, needs: w.writer.needs });
  const value = memory.results.dtype === "f16" ? "f16(shared_part[0])" : "shared_part[0]";
  const main = `@compute @workgroup_size(${sumThreads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let number = group.x + group.y * groups.x;
  if (number >= ${p.count}u) { return; }
  let end = ${table}[number * 3u + 1u];
  var sum = ${neutralOf(p.op, w)};
  for (var i = ${table}[number * 3u] + t; i < end; i += ${sumThreads}u) { sum = ${
    join("sum", `${parts}[i]`)
  }; }
  shared_part[t] = sum;
  workgroupBarrier();
${halve(join, sumThreads)}
  if (t == 0u) { ${results}[${table}[number * 3u + 2u]] = ${value}; }
}`;
  return w.writer.kernel(`${p.name} rest`, main, workgroupsFor(p.count));
}

function neutralOf(op: Fold, w: GroupWriter): string {
  return literal("f32", op === "sum" ? 0 : -Infinity, w.writer.needs);
}

function halve(join: Join, size: number): string {
  const lines: string[] = [];
  for (let half = size / 2; half >= 1; half /= 2) {
    const folded = join("shared_part[t]", `shared_part[t + ${half}u]`);
    lines.push(`  if (t < ${half}u) { shared_part[t] = ${folded}; }\n  workgroupBarrier();`);
  }
  return lines.join("\n");
}

/** A member's expression built again over tensors of another size. */
class MergedCopy {
  readonly storages = new Map<Node, Storage>();
  readonly lowering: Lowering;
  readonly #b = new Builder(opTable);
  readonly #member: Member;
  readonly #original: Lowering;
  readonly #scalars = new Map<Node, Node>();
  #leaves = 0;

  constructor(member: Member, lowering: Lowering) {
    this.#member = member;
    this.#original = lowering;
    this.lowering = { ...lowering, storageOf: (n) => this.storages.get(n) };
  }

  /** A tensor that is read from memory. */
  leaf(dtype: Node["dtype"], elements: number, storage: Storage): Node {
    const leaf = this.#b.state(`leaf ${this.#leaves++}`, dtype, [elements], { role: "cache" });
    this.storages.set(leaf, storage);
    return leaf;
  }

  /** The value of `node` with `roles` for the member's own tensors. */
  rebuild(node: Node, roles: readonly Node[], known = new Map<Node, Node>()): Node {
    let copy = known.get(node);
    if (!copy) known.set(node, copy = this.#rebuilt(node, roles, known));
    return copy;
  }

  #rebuilt(node: Node, roles: readonly Node[], known: Map<Node, Node>): Node {
    const role = this.#member.roleOf.get(node);
    if (role !== undefined) return roles[role];
    if (isLiteral(node) || elementsOf(node) === 1) return this.#scalar(node);
    if (isStridedOp(node)) {
      const { base } = viewOf(node, (n) => this.#member.roleOf.has(n));
      return this.rebuild(base, roles, known);
    }
    return this.#b.clone(node, node.inputs.map((u) => this.rebuild(u, roles, known)));
  }

  /** A value without dimensions: what it is computed from is copied as it is. */
  #scalar(node: Node): Node {
    if (isLiteral(node)) {
      const { dtype, attrs } = node as Node & { op: "constant" };
      return this.#b.constant(dtype, [], [Number(attrs.data[0])]);
    }
    const copy = this.#whole(node);
    return copy.shape.length === 0 ? copy : this.#b.reshape(copy, []);
  }

  #whole(node: Node): Node {
    let copy = this.#scalars.get(node);
    if (copy) return copy;
    const storage = this.#original.storageOf(node);
    if (storage) {
      copy = this.#b.state(`leaf ${this.#leaves++}`, node.dtype, numeric(node.shape), { role: "cache" });
      this.storages.set(copy, storage);
    } else copy = this.#b.clone(node, node.inputs.map((u) => this.#whole(u)));
    this.#scalars.set(node, copy);
    return copy;
  }

  /** All that was copied as a group that makes `outputs` of `size` elements. */
  group(size: number, outputs: readonly Node[]): Group {
    const nodes = this.#b.nodes.filter((n) => n.op !== "state" && !isLiteral(n));
    return {
      level: 0,
      size,
      nodes: new Set(nodes),
      prologue: new Set(),
      outputs,
      loads: new Set(this.storages.keys()),
    };
  }
}
