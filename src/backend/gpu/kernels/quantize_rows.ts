/**
 * Rows as 8-bit levels and what a level is worth, both in one walk. A few threads share a row, which they keep in registers
 * where it is short.
 *
 * @module
 */
import { leastRow, perLevel } from "../../../graph/ops/int8.ts";
import type { NodeOf } from "../../../graph/node.ts";
import { numeric, sizeOf } from "../../../graph/shape.ts";
import type { Group } from "../plan/group.ts";
import { GroupWriter, type Lowering, nameOf } from "./fused.ts";
import { safeChunk, teamFold, teamOf } from "./team.ts";
import { literal } from "./wgsl.ts";
import { type Kernel, workgroupsFor } from "./writer.ts";

/** Fours of a row that a thread keeps in registers at most. */
const maxKept = 16;

/** The kernel of a group of `quantize_rows` and `row_scales`, or one of them. */
export function quantizeRowsKernel(group: Group, lowering: Lowering): Kernel {
  const [x] = (group.anchor as NodeOf<"quantize_rows"> | NodeOf<"row_scales">).inputs;
  const shape = numeric(x.shape);
  const width = shape.at(-1)!;
  const rows = sizeOf(shape) / width;
  const w = new GroupWriter(group, lowering);
  w.declareLoad("load", x, 4);
  const team = teamOf(width, 4);
  w.writer.declare(teamFold("row_max", team, { op: "max", type: "f32" }));
  w.writer.needs.add("special");
  w.writer.declare(levelsText);
  const outputOf = (op: string) => {
    const node = group.outputs.find((n) => n.op === op);
    return node && w.writer.bind(lowering.storageOf(node)!, { lanes: 1, write: true });
  };
  const [words, scales] = [outputOf("quantize_rows"), outputOf("row_scales")];
  const isLong = team.kept > maxKept;
  const each = (body: (x: string, at: string, inside: string) => string) =>
    isLong
      ? `  for (var c = lane; c < ${team.chunks}u; c += ${team.size}u) {
    let x = load(base + c * 4u);
    ${body("x", "c", "true")}
  }`
      : Array.from({ length: team.kept }, (_, k) => {
        const inside = `lane + ${k * team.size}u < ${team.chunks}u`;
        return `  { ${
          body(`x${k}`, safeChunk(team, k), team.ragged && k === team.kept - 1 ? inside : "true")
        } }`;
      }).join("\n");
  const loads = isLong
    ? []
    : Array.from({ length: team.kept }, (_, k) => `  let x${k} = load(base + ${safeChunk(team, k)} * 4u);`);
  const main = `@compute @workgroup_size(${team.threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let lane = t % ${team.size}u;
  let number = (group.x + group.y * groups.x) * ${team.perGroup}u + t / ${team.size}u;
  let valid = number < ${rows}u;
  let row = min(number, ${rows - 1}u);
  let base = row * ${width}u;
${loads.join("\n")}
  var lanes = vec4<f32>();
${each((x) => `lanes = max(lanes, size_of(${x}));`)}
  let top = row_max(t, lane, max(max(lanes.x, lanes.y), max(lanes.z, lanes.w)));
  let is_finite = bitcast<u32>(top) < 0x7f800000u;
  let has_levels = is_finite && top >= ${number(leastRow)};
  let scale = select(0.0f, top * ${number(perLevel)}, has_levels);
${
    scales
      ? `  if (valid && lane == 0u) { ${scales}[row] = select(bitcast<f32>(special.z), scale, is_finite); }`
      : ""
  }
${
    words
      ? `  let inverse = select(0.0f, 1.0f / scale, has_levels);
${
        each((x, at, inside) =>
          `if (valid && ${inside}) { ${words}[row * ${
            width / 4
          }u + ${at}] = select(0u, word_of(${x}, scale, inverse), has_levels); }`
        )
      }`
      : ""
  }
}`;
  return w.writer.kernel(nameOf(group), main, workgroupsFor(Math.ceil(rows / team.perGroup)));
}

/**
 * As `levelOf` of graph/ops/int8.ts: a first guess by the quotient, which may be off by one where it is near a threshold, and
 * two comparisons that are exact. What is no number counts as infinite, since a driver's `max` may drop it.
 */
const levelsText = `fn size_of(x: vec4<f32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(min(bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu), vec4<u32>(0x7f800000u)));
}
fn word_of(x: vec4<f32>, scale: f32, inverse: f32) -> u32 {
  let size = abs(x);
  let near = floor(size * inverse + 0.5f);
  let above = select(vec4<f32>(), vec4<f32>(1.0f), size >= (near + 0.5f) * scale);
  let below = select(vec4<f32>(), vec4<f32>(1.0f), size < (near - 0.5f) * scale);
  let level = near + above - below;
  let signed = vec4<i32>(select(level, -level, x < vec4<f32>()));
  let bytes = (bitcast<vec4<u32>>(signed) & vec4<u32>(255u)) << vec4<u32>(0u, 8u, 16u, 24u);
  return bytes.x | bytes.y | bytes.z | bytes.w;
}`;

function number(value: number): string {
  return literal("f32", value, new Set());
}
