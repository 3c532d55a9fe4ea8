/**
 * Sums and maxima over any axes. Where the innermost axis is reduced, a team of threads shares each result; where it is kept,
 * neighbouring threads take neighbouring results. Few results of many elements are made in two passes, always in the
 * same order.
 *
 * @module
 */
import type { DType } from "../../../graph/dtype.ts";
import type { Node } from "../../../graph/node.ts";
import { numeric, sizeOf, stridesOf } from "../../../graph/shape.ts";
import type { Group } from "../fusion.ts";
import { type MapDim, mergedDims } from "../views.ts";
import { affine } from "./expression.ts";
import { type GroupWriter, type Lowering, nameOf, powerOfTwo, widest } from "./fused.ts";
import { computeTypes, type Lanes, literal, vectorType } from "./wgsl.ts";
import { grid, type Kernel } from "./writer.ts";

type Fold = "sum" | "max";

/** The kernels of a group around a reduction: one, or two when there are few results. */
export function reduceKernels(group: Group, lowering: Lowering): Kernel[] {
  const anchor = group.anchor as Node & { op: "reduce_sum" | "reduce_max" };
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
    op: anchor.op === "reduce_sum" ? "sum" : "max",
    dtype: anchor.dtype,
    kept,
    reduced,
    results: sizeOf(kept.map((d) => d.size)),
    count: sizeOf(reduced.map((d) => d.size)),
  };
  const inner = shape.findLastIndex((d) => d > 1);
  const byRows = inner >= 0 && axes.has(inner);
  const parts = split(problem, byRows, lowering.parallelism);
  const run = byRows ? rowReduction : columnReduction;
  const innermost = (byRows ? reduced : kept).at(-1);
  const wide = innermost !== undefined && innermost.stride === 1 && innermost.size % 4 === 0;
  const name = nameOf(group);
  if (parts === 1) {
    return [widest(group, lowering, wide, (w, lanes) => {
      w.load("load", x, lanes);
      w.finish(byRows ? 1 : lanes);
      return run(w, name, problem, 1, lanes);
    })];
  }
  const scratch = lowering.scratch(
    `${name} parts`,
    anchor.dtype === "f16" ? "f32" : anchor.dtype,
    parts * problem.results,
  );
  const first = widest(group, lowering, wide, (w, lanes) => {
    w.load("load", x, lanes);
    w.keep(scratch, byRows ? 1 : lanes);
    return run(w, `${name} part`, problem, parts, lanes);
  });
  const rest: Problem = {
    ...problem,
    kept: [{ size: problem.results, stride: 1 }],
    reduced: [{ size: parts, stride: problem.results }],
    count: parts,
  };
  const second = widest(group, lowering, problem.results % 4 === 0, (w, lanes) => {
    w.recall("load", scratch, lanes);
    w.finish(lanes);
    return columnReduction(w, `${name} rest`, rest, 1, lanes);
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
function split(p: Problem, byRows: boolean, parallelism: number): number {
  const groups = Math.ceil(byRows ? p.results * rowTeam(p.count) / threads : p.results / 128);
  const most = Math.floor(p.count / (byRows ? 2048 : 64));
  return Math.max(1, Math.min(Math.ceil(2 * parallelism / groups), most, 256));
}

function rowTeam(chunks: number): number {
  return Math.min(powerOfTwo(Math.ceil(chunks / 4)), threads);
}

/** A team of threads for each part of each result. */
function rowReduction(w: GroupWriter, name: string, p: Problem, parts: number, lanes: Lanes): Kernel {
  const chunks = p.count / lanes;
  const perPart = Math.ceil(chunks / parts);
  const team = rowTeam(perPart);
  const perGroup = threads / team;
  const total = p.results * parts;
  const type = vectorType(computeTypes[p.dtype], lanes);
  const start = neutral(p, w, 1);
  w.writer.declare(`var<workgroup> shared_part: array<${computeTypes[p.dtype]}, ${threads}>;`);
  const across = lanes === 1
    ? "sum"
    : combine(p.op, combine(p.op, "sum.x", "sum.y"), combine(p.op, "sum.z", "sum.w"));
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
  var sum = ${type}(${start});
${strideLoop("c", `part * ${perPart}u + lane`, team, perPart, (c) => element(p, `(${c} * ${lanes}u)`), p.op)}
  shared_part[t] = ${across};
  workgroupBarrier();
${tree("shared_part", "lane", 1, team, threads, p.op)}
  if (valid && lane == 0u) { finish(part * ${p.results}u + result, shared_part[t]); }
}`;
  return w.writer.finish(name, main, grid(Math.ceil(total / perGroup)));
}

/** Neighbouring threads for neighbouring results, several threads deep. */
function columnReduction(w: GroupWriter, name: string, p: Problem, parts: number, lanes: Lanes): Kernel {
  const columns = p.results / lanes;
  const across = Math.min(powerOfTwo(columns), 32);
  const deep = Math.min(threads / across, powerOfTwo(p.count));
  const size = across * deep;
  const blocks = Math.ceil(columns / across);
  const perPart = Math.ceil(p.count / parts);
  const type = vectorType(computeTypes[p.dtype], lanes);
  w.writer.declare(`var<workgroup> shared_part: array<${type}, ${size}>;`);
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
${strideLoop("r", `part * ${perPart}u + y`, deep, perPart, (r) => element(p, r), p.op)}
  shared_part[t] = sum;
  workgroupBarrier();
${tree("shared_part", "y", across, deep, size, p.op)}
  if (valid && y == 0u) { finish(part * ${p.results}u + result, shared_part[t]); }
}`;
  return w.writer.finish(name, main, grid(blocks * parts));
}

/** Folds every `step`-th element up to `end` into `sum`, four at a time where there are enough to be worth it. */
export function strideLoop(
  name: string,
  start: string,
  step: number,
  expected: number,
  load: (at: string) => string,
  op: Fold,
): string {
  const single = `  for (; ${name} < end; ${name} += ${step}u) { sum = ${combine(op, "sum", load(name))}; }`;
  if (expected < 4 * step) return `  var ${name} = ${start};\n${single}`;
  const loads = [0, 1, 2, 3].map((k) => `let e${k} = ${load(k === 0 ? name : `(${name} + ${k * step}u)`)};`);
  return `  var ${name} = ${start};
  for (; ${name} + ${3 * step}u < end; ${name} += ${4 * step}u) {
    ${loads.join("\n    ")}
    sum = ${combine(op, "sum", combine(op, combine(op, "e0", "e1"), combine(op, "e2", "e3")))};
  }
${single}`;
}

/** Folds `deep` entries that lie `step` apart into the first, halving. */
export function tree(array: string, y: string, step: number, deep: number, size: number, op: Fold): string {
  const lines: string[] = [];
  for (let half = deep / 2; half >= 1; half /= 2) {
    const other = `${array}[(t + ${half * step}u) % ${size}u]`;
    lines.push(
      `  if (${y} < ${half}u) { ${array}[t] = ${combine(op, `${array}[t]`, other)}; }\n  workgroupBarrier();`,
    );
  }
  return lines.join("\n");
}

/** Element `r` of those that make the result at `base`. */
function element(p: Problem, r: string): string {
  return `load(base + ${affine(p.reduced, 0, r)})`;
}

function combine(op: Fold, a: string, b: string): string {
  return op === "sum" ? `(${a} + ${b})` : `max(${a}, ${b})`;
}

function neutral(p: Problem, w: GroupWriter, lanes: Lanes): string {
  const value = p.op === "sum" ? 0 : p.dtype === "i32" ? -2147483648 : p.dtype === "u32" ? 0 : -Infinity;
  const text = literal(p.dtype, value, w.writer.needs);
  return lanes === 1 ? text : `${vectorType(computeTypes[p.dtype], lanes)}(${text})`;
}
