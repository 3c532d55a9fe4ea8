/**
 * Scatter-add without atomics on floats, so that it gives the same bits every time: the tokens are put in order of their
 * rows (each token counts how many come before it), each row finds where its tokens begin, and the threads of a row sum
 * them in order.
 *
 * @module
 */
import { labelOf, type Node } from "../../../graph/node.ts";
import { numeric, sizeOf } from "../../../graph/shape.ts";
import { BackendError } from "../../interface.ts";
import type { Group } from "../fusion.ts";
import { GroupWriter, type Lowering, nameOf, powerOfTwo, widest } from "./fused.ts";
import { strideLoop, tree } from "./reduce.ts";
import { computeTypes, type Lanes, vectorType } from "./wgsl.ts";
import { grid, type Kernel, type Storage } from "./writer.ts";

const threads = 64;

/** The three kernels of a group around a scatter-add. */
export function scatterKernels(group: Group, lowering: Lowering): Kernel[] {
  const anchor = group.anchor as Node & { op: "scatter_add" };
  if (anchor.dtype === "bool") {
    throw new BackendError(`Cannot compile ${labelOf(anchor)}: it cannot add bool`);
  }
  const [indices, updates] = anchor.inputs;
  const tokens = sizeOf(numeric(indices.shape));
  const rows = numeric(anchor.shape)[0];
  const width = group.size / rows;
  const name = nameOf(group);
  const order = lowering.scratch(`${name} order`, "u32", tokens);
  const sorted = lowering.scratch(`${name} rows`, "i32", tokens);
  const starts = lowering.scratch(`${name} starts`, "u32", rows + 1);
  return [
    rank(group, lowering, indices, tokens, { order, sorted }),
    findStarts(group, lowering, tokens, rows, { sorted, starts }),
    widest(group, lowering, width % 4 === 0, (w, lanes) => {
      w.load("load", updates, lanes);
      w.finish(lanes);
      return sumRows(w, name, { anchor, tokens, rows, width, lanes }, { order, starts });
    }),
  ];
}

/** Each token's place among all tokens ordered by row, then by number. */
function rank(
  group: Group,
  lowering: Lowering,
  indices: Node,
  tokens: number,
  out: { order: Storage; sorted: Storage },
): Kernel {
  const w = new GroupWriter(group, lowering);
  w.load("row_of", indices, 1);
  const order = w.writer.bind(out.order, { lanes: 1, write: true });
  const sorted = w.writer.bind(out.sorted, { lanes: 1, write: true });
  const size = 256;
  w.writer.declare(`var<workgroup> shared_rows: array<i32, ${size}>;`);
  const count = [0, 1, 2, 3].map((k) =>
    `      { let other = shared_rows[j + ${k}u];
        before += select(0u, 1u, other < row || (other == row && first + j + ${k}u < token)); }`
  );
  const main = `@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let token = group.x * ${size}u + t;
  let row = row_of(min(token, ${tokens - 1}u));
  var before = 0u;
  for (var first = 0u; first < ${tokens}u; first += ${size}u) {
    let at = first + t;
    // Beyond the last token stands a row that comes before none.
    shared_rows[t] = select(2147483647i, row_of(min(at, ${tokens - 1}u)), at < ${tokens}u);
    workgroupBarrier();
    for (var j = 0u; j < ${size}u; j += 4u) {
${count.join("\n")}
    }
    workgroupBarrier();
  }
  if (token < ${tokens}u) {
    ${order}[before] = token;
    ${sorted}[before] = row;
  }
}`;
  return w.writer.finish(`${nameOf(group)} order`, main, [Math.ceil(tokens / size), 1, 1]);
}

/** Where each row's tokens begin, by bisection; the entry after the last row is the number of tokens. */
function findStarts(
  group: Group,
  lowering: Lowering,
  tokens: number,
  rows: number,
  at: { sorted: Storage; starts: Storage },
): Kernel {
  const { writer } = new GroupWriter(group, lowering);
  const sorted = writer.bind(at.sorted, { lanes: 1 });
  const starts = writer.bind(at.starts, { lanes: 1, write: true });
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = id.x + id.y * groups.x * ${threads}u;
  if (row > ${rows}u) { return; }
  var low = 0u;
  var high = ${tokens}u;
  while (low < high) {
    let middle = (low + high) / 2u;
    if (${sorted}[middle] < i32(row)) { low = middle + 1u; } else { high = middle; }
  }
  ${starts}[row] = low;
}`;
  return writer.finish(`${nameOf(group)} starts`, main, grid(Math.ceil((rows + 1) / threads)));
}

interface Problem {
  readonly anchor: Node;
  readonly tokens: number;
  readonly rows: number;
  readonly width: number;
  readonly lanes: Lanes;
}

/** Sums each row's updates; `deep` threads share a row where there are few rows. */
function sumRows(w: GroupWriter, name: string, p: Problem, at: { order: Storage; starts: Storage }): Kernel {
  const order = w.writer.bind(at.order, { lanes: 1 });
  const starts = w.writer.bind(at.starts, { lanes: 1 });
  const columns = p.width / p.lanes;
  const across = Math.min(powerOfTwo(columns), 32);
  const perThread = Math.max(1, p.rows * columns / 2 ** 18);
  const deep = Math.max(
    1,
    Math.min(256 / across, powerOfTwo(p.tokens / p.rows * 4), powerOfTwo(16 / perThread)),
  );
  const size = across * deep;
  const blocks = Math.ceil(columns / across);
  const type = vectorType(computeTypes[p.anchor.dtype], p.lanes);
  if (deep > 1) w.writer.declare(`var<workgroup> shared_part: array<${type}, ${size}>;`);
  const share = deep > 1
    ? `  shared_part[t] = sum;
  workgroupBarrier();
${tree("shared_part", "y", across, deep, size, "sum")}
  sum = shared_part[t];`
    : "";
  const main = `@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let number = group.x + group.y * groups.x;
  let row = number / ${blocks}u;
  let column = (number % ${blocks}u) * ${across}u + t % ${across}u;
  let y = t / ${across}u;
  let valid = row < ${p.rows}u && column < ${columns}u;
  let safe = min(row, ${p.rows - 1}u);
  let base = min(column, ${columns - 1}u) * ${p.lanes}u;
  let end = ${starts}[safe + 1u];
  var sum = ${type}(0);
${
    strideLoop("r", `${starts}[safe] + y`, deep, p.tokens, (r) =>
      `load(${order}[${r}] * ${p.width}u + base)`, "sum")
  }
${share}
  if (valid && y == 0u) { finish(row * ${p.width}u + base, sum); }
}`;
  return w.writer.finish(name, main, grid(p.rows * blocks));
}
