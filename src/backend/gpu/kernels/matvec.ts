/**
 * Products of a few rows with a weight `[out, in]`, as decoding and single answers have them: the weight is read once,
 * and each result is the sum of what a team of neighbouring threads makes of one row of it.
 *
 * @module
 */
import { type Node, type NodeOf } from "../../../graph/node.ts";
import { numeric, sizeOf } from "../../../graph/shape.ts";
import type { Group } from "../plan/group.ts";
import { mergedDims } from "../rules/strides.ts";
import { viewOf } from "../rules/view_of.ts";
import { GroupWriter, type Lowering, nameOf, powerOfTwo } from "./fused.ts";
import { type Team, teamFold } from "./team.ts";
import { type Kernel, type Storage, workgroupsFor } from "./writer.ts";

/** With more rows the tiles of matmul.ts are faster. */
const maxRows = 8;

/** Fours of a weight's row that a thread asks for before it waits for the first: that is what hides the memory's latency. */
const ahead = 4;

/** Threads of a workgroup at least. */
const leastThreads = 128;

interface Vectors {
  readonly x: Storage;
  readonly w: Storage;
  readonly rows: number;
  readonly columns: number;
  /** Fours of the inner dimension. */
  readonly chunks: number;
  /** Elements from one row of x to the next. */
  readonly stride: number;
  /** The elements that the operands begin at. */
  readonly begin: { readonly x: number; readonly w: number };
  /** Whether fours of an operand lie as vectors do. */
  readonly isAligned: { readonly x: boolean; readonly w: boolean };
}

/** The kernel of a group around such a product; `undefined` for a product that is none. */
export function matvecKernels(group: Group, lowering: Lowering): Kernel[] | undefined {
  // On llvmpipe, results differed in the last bit between plans that lay memory differently, which those of tiles do not;
  // why is not known.
  if (lowering.software) return undefined;
  const v = describe(group.anchor as NodeOf<"matmul">, lowering);
  if (!v) return undefined;
  const kernel = write(group, lowering, v);
  if (kernel.isValid) return [kernel.kernel];
  // A result that lies in an operand's memory is one binding with it. The sums are the same: where memory lies changes no bit.
  return [write(group, lowering, { ...v, isAligned: { x: false, w: false } }).kernel];
}

function write(group: Group, lowering: Lowering, v: Vectors): { kernel: Kernel; isValid: boolean } {
  const w = new GroupWriter(group, lowering);
  w.declareFinish(1);
  const reading = (which: "x" | "w") => {
    const name = w.writer.bind(v[which], { lanes: v.isAligned[which] ? 4 : 1 });
    return (at: string) =>
      v.isAligned[which]
        ? `vec4<f32>(${name}[(${at}) / 4u])`
        : `vec4<f32>(${[0, 1, 2, 3].map((l) => `f32(${name}[${at} + ${l}u])`).join(", ")})`;
  };
  const [x, weight] = [reading("x"), reading("w")];
  const team = teamFor(v);
  w.writer.declare(teamFold("row_sum", team, { op: "sum", type: "f32" }));
  const rows = Array.from({ length: v.rows }, (_, m) => m);
  const step = (count: number) => {
    const at = (u: number) => `(k + ${u * team.size}u) * 4u`;
    const steps = Array.from({ length: count }, (_, u) => u);
    const reads = steps.map((u) => `    let w${u} = ${weight(`row + ${at(u)}`)};`);
    const sums = steps.flatMap((u) =>
      rows.map((m) => `    h${m} = fma(w${u}, ${x(`${v.begin.x + m * v.stride}u + ${at(u)}`)}, h${m});`)
    );
    return [...reads, ...sums].join("\n");
  };
  const main = `@compute @workgroup_size(${team.threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let lane = t % ${team.size}u;
  let number = (group.x + group.y * groups.x) * ${team.perGroup}u + t / ${team.size}u;
  let column = min(number, ${v.columns - 1}u);
  let row = ${v.begin.w}u + column * ${4 * v.chunks}u;
${rows.map((m) => `  var h${m} = vec4<f32>();`).join("\n")}
  var k = lane;
  for (; k + ${(ahead - 1) * team.size}u < ${v.chunks}u; k += ${ahead * team.size}u) {
${step(ahead)}
  }
  for (; k < ${v.chunks}u; k += ${team.size}u) {
${step(1)}
  }
${rows.map((m) => `  let s${m} = row_sum(t, lane, (h${m}.x + h${m}.y) + (h${m}.z + h${m}.w));`).join("\n")}
  if (lane == 0u && number < ${v.columns}u) {
${rows.map((m) => `    finish(${m * v.columns}u + column, s${m});`).join("\n")}
  }
}`;
  const kernel = w.writer.kernel(nameOf(group), main, workgroupsFor(Math.ceil(v.columns / team.perGroup)));
  return { kernel, isValid: w.isValid };
}

function describe(node: NodeOf<"matmul">, lowering: Lowering): Vectors | undefined {
  const [x, w] = node.inputs.map((u: Node) => viewOf(u, (n) => lowering.storageOf(n) !== undefined));
  const [rows, columns, depth] = [
    sizeOf(numeric(node.shape).slice(0, -1)),
    numeric(node.shape).at(-1)!,
    x.shape.at(-1)!,
  ];
  const isReal = node.dtype === "f32" || node.dtype === "f16";
  if (!isReal || node.attrs.transA || !node.attrs.transB || w.shape.length !== 2) return undefined;
  if (rows > maxRows || rows * columns === 0 || depth % 4 !== 0) return undefined;
  if (sizeOf(x.shape.slice(0, -1)) !== rows || x.strides.at(-1) !== 1) return undefined;
  if (w.strides[1] !== 1 || columns > 1 && w.strides[0] !== depth) return undefined;
  const lead = mergedDims({ shape: x.shape.slice(0, -1), strides: x.strides.slice(0, -1), offset: 0 });
  if (lead.length > 1) return undefined;
  const stride = rows === 1 ? 0 : lead[0].stride;
  const storages = [x, w].map(({ base }) => lowering.storageOf(base)!);
  const areFours = (...numbers: number[]) => numbers.every((n) => n % 4 === 0);
  return {
    x: storages[0],
    w: storages[1],
    rows,
    columns,
    chunks: depth / 4,
    stride,
    begin: { x: x.offset, w: w.offset },
    isAligned: {
      x: areFours(stride, x.offset, storages[0].elements),
      w: areFours(w.offset, storages[1].elements),
    },
  };
}

/** A team is larger where rows are long, and where there are too few of them to fill the device otherwise. */
function teamFor({ chunks }: Vectors): Team {
  const size = Math.min(256, Math.max(1, powerOfTwo(Math.min(chunks, Math.max(32, chunks / (4 * ahead))))));
  const threads = Math.max(leastThreads, size);
  const kept = Math.ceil(chunks / size);
  return { lanes: 4, chunks, size, threads, perGroup: threads / size, kept, ragged: chunks % size !== 0 };
}
