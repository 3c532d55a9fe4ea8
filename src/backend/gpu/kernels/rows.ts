/**
 * Softmax and layer normalisation: a few threads a row, which is read once and kept in registers where it is short.
 *
 * @module
 */
import type { Node } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import type { Group } from "../fusion.ts";
import { type GroupWriter, type Lowering, nameOf, powerOfTwo, widest } from "./fused.ts";
import { computeTypes, type Lanes, vectorType } from "./wgsl.ts";
import { grid, type Kernel } from "./writer.ts";

/** Chunks of a row that one thread keeps in registers. */
const maxKept = 16;

/** The kernel of a group around a softmax or a layer norm. */
export function rowKernel(group: Group, lowering: Lowering): Kernel {
  const anchor = group.anchor!;
  const shape = numeric(anchor.shape);
  const width = shape.at(-1)!;
  return widest(group, lowering, width % 4 === 0, (w, lanes) => {
    w.load("load", anchor.inputs[0], lanes);
    if (anchor.op === "layer_norm") {
      w.load("load_weight", anchor.inputs[1], lanes);
      w.load("load_bias", anchor.inputs[2], lanes);
    }
    w.finish(lanes);
    return write(w, group, anchor, group.size / width, width, lanes);
  });
}

function write(
  w: GroupWriter,
  group: Group,
  anchor: Node,
  rows: number,
  width: number,
  lanes: Lanes,
): Kernel {
  const chunks = width / lanes;
  const team = Math.min(powerOfTwo(Math.ceil(chunks / 2)), 128);
  const threads = Math.max(team, 64);
  const perGroup = threads / team;
  const kept = Math.ceil(chunks / team);
  const type = vectorType(computeTypes[anchor.dtype], lanes);
  const across = (x: string, op: "sum" | "max") =>
    lanes === 1
      ? x
      : op === "sum"
      ? `dot(${x}, vec4<f32>(1.0f))`
      : `max(max(${x}.x, ${x}.y), max(${x}.z, ${x}.w))`;
  for (const op of ["sum", "max"] as const) {
    w.writer.declare(teamFold(`row_${op}`, op, team, threads));
  }
  if (team > 1) w.writer.declare(`var<workgroup> shared_row: array<f32, ${threads}>;`);
  const long = kept > maxKept;
  const ragged = chunks % team !== 0;

  /** Runs `body` for each chunk of the row: unrolled over registers, or as a loop that reads again. */
  const each = (body: (x: string, at: string, inside: string) => string): string => {
    if (long) {
      return `  for (var c = lane; c < ${chunks}u; c += ${team}u) {
    let at = base + c * ${lanes}u;
    let x = load(at);
    ${body("x", "c", "true")}
  }`;
    }
    return Array.from({ length: kept }, (_, k) => {
      const last = ragged && k === kept - 1;
      return `  { ${body(`x${k}`, `(lane + ${k * team}u)`, last ? "last_inside" : "true")} }`;
    }).join("\n");
  };
  const when = (inside: string, value: string, otherwise: string) =>
    inside === "true" ? value : `select(${otherwise}, ${value}, ${inside})`;

  const prologue = long ? [] : Array.from({ length: kept }, (_, k) => {
    const chunk = `lane + ${k * team}u`;
    const safe = ragged && k === kept - 1 ? `min(${chunk}, ${chunks - 1}u)` : `(${chunk})`;
    return `  let x${k} = load(base + ${safe} * ${lanes}u);`;
  });
  const lines = [
    ...(ragged && !long ? [`  let last_inside = lane + ${(kept - 1) * team}u < ${chunks}u;`] : []),
    ...prologue,
  ];
  const zero = `${type}(0.0f)`;
  const put = (value: string, at: string, inside: string) =>
    `if (valid && ${inside}) { finish(base + ${at} * ${lanes}u, ${value}); }`;
  if (anchor.op === "softmax") {
    const low = `${type}(-3.4028235e38f)`;
    lines.push(
      `  var top_lanes = ${low};`,
      each((x, _, inside) => `top_lanes = max(top_lanes, ${when(inside, x, low)});`),
      `  let top = row_max(t, lane, ${across("top_lanes", "max")});`,
      `  var sum_lanes = ${zero};`,
      each((x, _, inside) => `sum_lanes += ${when(inside, `exp(${x} - top)`, zero)};`),
      `  let scale = 1.0f / row_sum(t, lane, ${across("sum_lanes", "sum")});`,
      each((x, at, inside) => put(`exp(${x} - top) * scale`, at, inside)),
    );
  } else {
    const epsilon = (anchor as Node & { op: "layer_norm" }).attrs.epsilon;
    lines.push(
      `  var sum_lanes = ${zero};`,
      each((x, _, inside) => `sum_lanes += ${when(inside, x, zero)};`),
      `  let mean = row_sum(t, lane, ${across("sum_lanes", "sum")}) * ${1 / width};`,
      `  var squares = ${zero};`,
      each((x, _, inside) => `let d = ${x} - mean; squares += ${when(inside, "d * d", zero)};`),
      `  let variance = row_sum(t, lane, ${across("squares", "sum")}) * ${1 / width};`,
      `  let scale = 1.0f / sqrt(variance + ${Math.fround(epsilon)});`,
      each((x, at, inside) =>
        put(
          `(${x} - mean) * scale * load_weight(${at} * ${lanes}u) + load_bias(${at} * ${lanes}u)`,
          at,
          inside,
        )
      ),
    );
  }
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let lane = t % ${team}u;
  let row = (group.x + group.y * groups.x) * ${perGroup}u + t / ${team}u;
  let valid = row < ${rows}u;
  let base = min(row, ${rows - 1}u) * ${width}u;
${lines.join("\n")}
}`;
  return w.writer.finish(nameOf(group), main, grid(Math.ceil(rows / perGroup)));
}

/** A function that folds one number of each thread of a team and gives all of them the result. */
function teamFold(name: string, op: "sum" | "max", team: number, threads: number): string {
  if (team === 1) return `fn ${name}(t: u32, lane: u32, x: f32) -> f32 { return x; }`;
  const steps: string[] = [];
  for (let half = team / 2; half >= 1; half /= 2) {
    const pair = op === "sum" ? `shared_row[t] + shared_row[u]` : `max(shared_row[t], shared_row[u])`;
    steps.push(`  if (lane < ${half}u) { let u = (t + ${half}u) % ${threads}u; shared_row[t] = ${pair}; }
  workgroupBarrier();`);
  }
  return `fn ${name}(t: u32, lane: u32, x: f32) -> f32 {
  shared_row[t] = x;
  workgroupBarrier();
${steps.join("\n")}
  let all = shared_row[t - lane];
  workgroupBarrier();
  return all;
}`;
}
