/**
 * Sums and maxima over any axes. Where the innermost axis is reduced, a team of threads shares each result; where it is kept,
 * neighbouring threads take neighbouring results. Few results of many elements are made by two kernels, always in the
 * same order.
 *
 * @module
 */
import type { DType } from "../../../graph/dtype.ts";
import type { NodeOf } from "../../../graph/node.ts";
import { numeric, sizeOf, stridesOf } from "../../../graph/shape.ts";
import type { Group } from "../plan/group.ts";
import { type MapDim, mergedDims } from "../rules/strides.ts";
import { affine } from "./expression.ts";
import { type GroupWriter, type Lowering, nameOf, powerOfTwo, widest } from "./fused.ts";
import { computeTypes, extremum, type Lanes, literal, vectorType } from "./wgsl.ts";
import { type Kernel, workgroupsFor } from "./writer.ts";

/** What becomes of the elements. */
export type Fold = "sum" | "max";
/** The text of what becomes of two of them. */
export type Join = (a: string, b: string) => string;

/** Two elements added. */
export function added(a: string, b: string): string {
  return `(${a} + ${b})`;
}

/** How two elements of some lanes are folded. */
export function joinOf(op: Fold, type: { dtype: DType; lanes: Lanes; needs: Set<string> }): Join {
  return op === "sum" ? added : (a, b) => extremum("max", [a, b], type);
}

/** The kernels of a group around a reduction: one, or two when there are few results. */
export function reduceKernels(group: Group, lowering: Lowering, op: Fold): Kernel[] {
  const anchor = group.anchor as NodeOf<"reduce_sum">;
  const x = anchor.inputs[0];
  const shape = numeric(x.shape);
  const strides = stridesOf(shape);
  const axes = new Set(anchor.attrs.axes);
  const part = (reduced: boolean) => {
    const at = shape.map((_, i) => i).filter((i) => axes.has(i) === reduced);
    return mergedDims({ shape: at.map((i) => shape[i]), strides: at.map((i) => strides[i]), offset: 0 });
  };
  const [kept, reduced] = [part(false), part(true)];
  const problem: Problem = {
    op,
    dtype: anchor.dtype,
    kept,
    reduced,
    results: sizeOf(kept.map((d) => d.size)),
    count: sizeOf(reduced.map((d) => d.size)),
  };
  const inner = shape.findLastIndex((d) => d > 1);
  const byRows = inner >= 0 && axes.has(inner);
  const run = byRows ? rowReduction : columnReduction;
  const innermost = (byRows ? reduced : kept).at(-1);
  const wide = innermost !== undefined && innermost.stride === 1 && innermost.size % 4 === 0;
  const parts = Math.min(
    split(problem, byRows, wide ? 4 : 1, lowering.parallelism),
    Math.max(1, Math.floor(lowering.maxScratchBytes / (4 * problem.results))),
  );
  const name = nameOf(group);
  if (parts === 1) {
    return [widest(group, lowering, wide, (w, lanes) => {
      w.declareLoad("load", x, lanes);
      w.declareFinish(byRows ? 1 : lanes);
      return run(w, name, problem, 1, lanes, lowering.parallelism);
    })];
  }
  const scratch = lowering.scratch(
    `${name} parts`,
    anchor.dtype === "f16" ? "f32" : anchor.dtype,
    parts * problem.results,
  );
  const first = widest(group, lowering, wide, (w, lanes) => {
    w.declareLoad("load", x, lanes);
    w.declareScratchFinish(scratch, byRows ? 1 : lanes);
    return run(w, `${name} part`, problem, parts, lanes, lowering.parallelism);
  });
  const rest: Problem = {
    ...problem,
    kept: [{ size: problem.results, stride: 1 }],
    reduced: [{ size: parts, stride: problem.results }],
    count: parts,
  };
  const second = widest(group, lowering, problem.results % 4 === 0, (w, lanes) => {
    w.declareScratchLoad("load", scratch, lanes);
    w.declareFinish(lanes);
    return columnReduction(w, `${name} rest`, rest, 1, lanes, lowering.parallelism);
  });
  return [first, second];
}

interface Problem {
  readonly op: Fold;
  readonly dtype: DType;
  /** Where result o begins in the operand, and how far element r of it is from there. */
  readonly kept: readonly MapDim[];
  readonly reduced: readonly MapDim[];
  readonly results: number;
  readonly count: number;
}

const threads = 256;

/** Into how many parts each result is cut to fill the device. */
function split(p: Problem, byRows: boolean, lanes: Lanes, parallelism: number): number {
  if (!byRows) {
    const { blocks, deep } = columnLayout(p, 1, lanes, parallelism);
    const each = p.count / deep;
    if (blocks >= parallelism || each <= 64) return 1;
    return Math.min(Math.ceil(2 * parallelism / blocks), Math.ceil(each / 16), 256);
  }
  const groups = Math.ceil(p.results * rowTeam(p.count) / threads);
  return Math.max(1, Math.min(Math.ceil(2 * parallelism / groups), Math.floor(p.count / 2048), 256));
}

/** Threads `across` neighbouring results and `deep` along what is summed, in `blocks` workgroups. */
function columnLayout(
  p: { readonly results: number; readonly count: number },
  parts: number,
  lanes: Lanes,
  parallelism: number,
): { across: number; deep: number; blocks: number } {
  const columns = p.results / lanes;
  // Neighbours read at least 32 bytes together, which is what memory gives at once.
  const least = Math.min(8 / lanes, powerOfTwo(columns));
  let across = Math.min(powerOfTwo(columns), 32);
  while (across > least && Math.ceil(columns / across) * parts < parallelism) across /= 2;
  const perPart = Math.ceil(p.count / parts);
  const deep = Math.min(threads / across, powerOfTwo(Math.ceil(perPart / loadsAtOnce)));
  return { across, deep, blocks: Math.ceil(columns / across) };
}

/** Loads that a thread has under way at once. */
const loadsAtOnce = 8;

function rowTeam(chunks: number): number {
  return Math.min(powerOfTwo(Math.ceil(chunks / 4)), threads);
}

/** A team of threads for each part of each result. */
function rowReduction(
  w: GroupWriter,
  name: string,
  p: Problem,
  parts: number,
  lanes: Lanes,
  _parallelism: number,
): Kernel {
  const chunks = p.count / lanes;
  const perPart = Math.ceil(chunks / parts);
  const team = rowTeam(perPart);
  const perGroup = threads / team;
  const total = p.results * parts;
  const type = vectorType(computeTypes[p.dtype], lanes);
  const start = neutral(p, w, 1);
  w.writer.declare(`var<workgroup> shared_part: array<${computeTypes[p.dtype]}, ${threads}>;`);
  const { dtype } = p;
  const { needs } = w.writer;
  const join = joinOf(p.op, { dtype, lanes, needs });
  const single = joinOf(p.op, { dtype, lanes: 1, needs });
  const across = lanes === 1
    ? "folded"
    : single(single("folded.x", "folded.y"), single("folded.z", "folded.w"));
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let lane = t % ${team}u;
  let number = (group.x + group.y * groups.x) * ${perGroup}u + t / ${team}u;
  let valid = number < ${total}u;
  let part = min(number, ${total - 1}u) / ${p.results}u;
  let result = min(number, ${total - 1}u) % ${p.results}u;
  let base = ${affine(p.kept, 0, "result")};
  let end = min((part + 1u) * ${perPart}u, ${chunks}u);
  var folded = ${type}(${start});
  {
    var sum = folded;
${strideLoop("c", `part * ${perPart}u + lane`, team, perPart, (c) => element(p, `(${c} * ${lanes}u)`), join)}
    folded = sum;
  }
  var sum = ${across};
${foldDeep("shared_part", 1, team, single, { y: "lane", size: threads })}
  if (valid && lane == 0u) { finish(part * ${p.results}u + result, sum); }
}`;
  return w.writer.kernel(name, main, workgroupsFor(Math.ceil(total / perGroup)));
}

/** The sums of the columns of a matrix, through the functions `load` and `finish` of `w`. */
export function columnSums(
  w: GroupWriter,
  name: string,
  p: {
    readonly rows: number;
    readonly columns: number;
    readonly lanes: Lanes;
    readonly parallelism: number;
  },
): Kernel {
  const problem: Problem = {
    op: "sum",
    dtype: "f32",
    kept: [{ size: p.columns, stride: 1 }],
    reduced: [{ size: p.rows, stride: p.columns }],
    results: p.columns,
    count: p.rows,
  };
  return columnReduction(w, name, problem, 1, p.lanes, p.parallelism);
}

/** Neighbouring threads for neighbouring results, several threads deep. */
function columnReduction(
  w: GroupWriter,
  name: string,
  p: Problem,
  parts: number,
  lanes: Lanes,
  parallelism: number,
): Kernel {
  const columns = p.results / lanes;
  const { across, deep, blocks } = columnLayout(p, parts, lanes, parallelism);
  const size = across * deep;
  const perPart = Math.ceil(p.count / parts);
  const type = vectorType(computeTypes[p.dtype], lanes);
  const join = joinOf(p.op, { dtype: p.dtype, lanes, needs: w.writer.needs });
  if (deep > 1) w.writer.declare(`var<workgroup> shared_part: array<${type}, ${size}>;`);
  const main = `@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let number = group.x + group.y * groups.x;
  let part = number / ${blocks}u;
  let column = (number % ${blocks}u) * ${across}u + t % ${across}u;
  let y = t / ${across}u;
  let valid = column < ${columns}u && part < ${parts}u;
  let result = min(column, ${columns - 1}u) * ${lanes}u;
  let base = ${affine(p.kept, 0, "result")};
  let end = min((part + 1u) * ${perPart}u, ${p.count}u);
  var sum = ${type}(${neutral(p, w, lanes)});
${strideLoop("r", `part * ${perPart}u + y`, deep, perPart, (r) => element(p, r), join)}
${foldDeep("shared_part", across, deep, join)}
  if (valid && y == 0u) { finish(part * ${p.results}u + result, sum); }
}`;
  return w.writer.kernel(name, main, workgroupsFor(blocks * parts));
}

/**
 * Folds the `sum` of `deep` threads that lie `across` apart into that of the first of them, in two steps: every few by one
 * thread, then those. `y` tells a thread's place among them; `array` has `size` entries, one for each thread of the
 * workgroup.
 */
export function foldDeep(
  array: string,
  across: number,
  deep: number,
  join: Join,
  options: { y?: string; size?: number } = {},
): string {
  if (deep === 1) return "";
  const { y = "y", size = across * deep } = options;
  const firsts = 2 ** Math.ceil(Math.log2(deep) / 2);
  const read = (count: number, apart: number) => {
    const items = Array.from(
      { length: count },
      (_, k) => k === 0 ? "sum" : `${array}[min(t + ${k * apart * across}u, ${size - 1}u)]`,
    );
    while (items.length > 1) items.push(join(items.shift()!, items.shift()!));
    return items[0];
  };
  const lines = [`  ${array}[t] = sum;`, "  workgroupBarrier();"];
  if (firsts < deep) {
    lines.push(
      `  if (${y} < ${firsts}u) { sum = ${read(deep / firsts, firsts)}; ${array}[t] = sum; }`,
      "  workgroupBarrier();",
    );
  }
  lines.push(`  if (${y} == 0u) { sum = ${read(firsts, 1)}; }`);
  return lines.join("\n");
}

/** Folds every `step`-th element up to `end` into `sum`, several at a time where there are enough to be worth it. */
export function strideLoop(
  name: string,
  start: string,
  step: number,
  expected: number,
  load: (at: string) => string,
  join: Join,
): string {
  const lines = [`  var ${name} = ${start};`];
  for (const many of [loadsAtOnce, 4, 1]) {
    if (many > 1 && expected < many * step) continue;
    const items = Array.from({ length: many }, (_, k) => `e${k}`);
    const loads = items.map((e, k) => `let ${e} = ${load(k === 0 ? name : `(${name} + ${k * step}u)`)};`);
    while (items.length > 1) items.push(join(items.shift()!, items.shift()!));
    const condition = many === 1 ? `${name} < end` : `${name} + ${(many - 1) * step}u < end`;
    lines.push(`  for (; ${condition}; ${name} += ${many * step}u) {
    ${loads.join("\n    ")}
    sum = ${join("sum", items[0])};
  }`);
  }
  return lines.join("\n");
}

/** Element `r` of those that make the result at `base`. */
function element(p: Problem, r: string): string {
  return `load(base + ${affine(p.reduced, 0, r)})`;
}

function neutral(p: Problem, w: GroupWriter, lanes: Lanes): string {
  const value = p.op === "sum" ? 0 : p.dtype === "i32" ? -2147483648 : p.dtype === "u32" ? 0 : -Infinity;
  const text = literal(p.dtype, value, w.writer.needs);
  return lanes === 1 ? text : `${vectorType(computeTypes[p.dtype], lanes)}(${text})`;
}
