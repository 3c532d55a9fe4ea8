/**
 * Gradients of layer normalisation and root-mean-square normalisation in one walk over the rows: the operand's, row by row,
 * and the weight's and bias's, which are sums over all rows. Each workgroup keeps the sums of its rows; a second kernel
 * adds those up, always in the same order.
 *
 * @module
 */
import type { Node } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import type { Group } from "../plan/group.ts";
import { GroupWriter, type Lowering, nameOf, powerOfTwo, widest } from "./fused.ts";
import { columnSums } from "./reduce.ts";
import { safeChunk, type Team, teamFold, teamOf } from "./team.ts";
import { computeTypes, type Lanes, literal, storageTypes, vectorType } from "./wgsl.ts";
import { type Kernel, type Storage, workgroupsFor } from "./writer.ts";

/** Chunks of a row that one thread can keep in registers, with as many of each sum. */
const maxKept = 8;

/** Whether rows of this width can be kept in a team's registers. */
export function hasNormGradKernel(node: Node): boolean {
  const width = numeric(node.inputs[1].shape).at(-1)!;
  return width <= 256 * maxKept * (width % 4 === 0 ? 4 : 1);
}

/** Which normalisation the gradients are of. */
export interface NormGradOptions {
  /** Layer normalisation takes the mean off; the other does not. */
  readonly centred: boolean;
  /** Whose gradient a node is, if not the operand's. */
  resultOf(node: Node): "weight" | "bias" | undefined;
}

/** The kernels of a group around a normalisation's gradients: one, or two where many rows are summed. */
export function normGradKernels(group: Group, lowering: Lowering, options: NormGradOptions): Kernel[] {
  const anchor = group.anchor!;
  const shape = numeric(anchor.inputs[1].shape);
  const width = shape.at(-1)!;
  const rows = shape.reduce((a, d) => a * d, 1) / width;
  const problem: Problem = {
    anchor,
    rows,
    width,
    wantsRows: !options.resultOf(anchor),
    sums: [...group.nodes].filter((n) => options.resultOf(n) && group.outputs.includes(n))
      .sort((a, b) => a.id - b.id),
    ...options,
  };
  const name = nameOf(group);
  const wide = width % 4 === 0;
  const most = Math.floor(lowering.maxScratchBytes / (4 * Math.max(1, problem.sums.length) * width));
  const parallelism = Math.max(1, Math.min(lowering.parallelism, Math.floor(most / 2)));
  const layout = layoutOf(problem, wide ? 4 : 1, parallelism);
  const { blocks } = layout;
  const walk = (scratch?: Storage) =>
    widest(group, lowering, wide, (w, lanes) => writeWalk(w, lanes, scratch));
  if (blocks === 1 || problem.sums.length === 0) {
    const alone = walk();
    if (alone.bindings.length <= lowering.maxBuffers) return [alone];
  }
  const scratch = lowering.scratch(`${name} parts`, "f32", blocks * problem.sums.length * width);
  return [walk(scratch), addUp(scratch)];

  /** The walk over the rows, which leaves each workgroup's sums in `scratch`, or the whole ones where they are stored. */
  function writeWalk(w: GroupWriter, lanes: Lanes, scratch?: Storage): Kernel {
    const { team, rowsEach } = layoutOf(problem, lanes, parallelism, blocks);
    w.declareLoad("load_dy", anchor.inputs[0], lanes);
    w.declareLoad("load_x", anchor.inputs[1], lanes);
    if (problem.wantsRows) {
      w.declareLoad("load_weight", anchor.inputs[2], lanes);
      w.declareFinish(lanes, { except: new Set(problem.sums) });
    }
    problem.sums.forEach((node, s) => {
      const storage = scratch ?? lowering.storageOf(node)!;
      const at = scratch ? `(block * ${problem.sums.length}u + ${s}u) * ${width}u + i` : "i";
      declareKeep(w, `keep_${s}`, storage, lanes, at);
    });
    return write(w, name, problem, { team, rowsEach, blocks });
  }

  function addUp(scratch: Storage): Kernel {
    return widest(group, lowering, wide, (w, lanes) => {
      w.declareScratchLoad("load", scratch, lanes);
      problem.sums.forEach((node, s) =>
        declareKeep(w, `keep_${s}`, lowering.storageOf(node)!, lanes, "i", false)
      );
      const branches = problem.sums.map((_, s) =>
        `  if (i / ${width}u == ${s}u) { keep_${s}(i - ${s * width}u, x); }`
      );
      w.writer.declare(`fn finish(i: u32, x: ${vectorType("f32", lanes)}) {\n${branches.join("\n")}\n}`);
      return columnSums(w, `${name} rest`, {
        rows: blocks,
        columns: problem.sums.length * width,
        lanes,
        parallelism: lowering.parallelism,
      });
    });
  }
}

interface Problem extends NormGradOptions {
  readonly anchor: Node;
  readonly rows: number;
  readonly width: number;
  /** Whether the operand's gradient is wanted. */
  readonly wantsRows: boolean;
  /** The sums that are wanted. */
  readonly sums: readonly Node[];
}

interface Layout {
  readonly team: Team;
  /** Rows that each team walks through. */
  readonly rowsEach: number;
  /** Workgroups. */
  readonly blocks: number;
}

/** Enough workgroups to fill the device, and no more, since each leaves a part of the sums behind. */
function layoutOf(p: Problem, lanes: Lanes, parallelism: number, given?: number): Layout {
  let team = teamOf(p.width, lanes, { threads: 256 });
  const atOnce = () => Math.ceil(p.rows / team.perGroup);
  while (team.perGroup > 1 && atOnce() < parallelism) {
    team = teamOf(p.width, lanes, { threads: team.threads / 2 });
  }
  if (given !== undefined) {
    return { team, blocks: given, rowsEach: Math.ceil(p.rows / given / team.perGroup) };
  }
  const few = p.sums.length > 0 && p.rows <= 4 * team.perGroup;
  const most = p.sums.length > 0 ? 2 * parallelism : Infinity;
  const rowsEach = few ? Math.ceil(p.rows / team.perGroup) : Math.ceil(atOnce() / most) || 1;
  return { team, rowsEach, blocks: Math.ceil(p.rows / team.perGroup / rowsEach) };
}

/** Declares `fn name(i, x)` that stores part of a sum at `at`. */
function declareKeep(
  w: GroupWriter,
  name: string,
  storage: Storage,
  lanes: Lanes,
  at: string,
  inBlocks = true,
): void {
  const binding = w.writer.bind(storage, { lanes, write: true });
  const type = vectorType("f32", lanes);
  const value = storage.dtype === "f16" ? `${vectorType(storageTypes.f16, lanes)}(x)` : "x";
  const index = lanes === 4 ? `(${at}) >> 2u` : at;
  const parameters = inBlocks ? "block: u32, i: u32" : "i: u32";
  w.writer.declare(`fn ${name}(${parameters}, x: ${type}) { ${binding}[${index}] = ${value}; }`);
}

function write(w: GroupWriter, name: string, p: Problem, { team, rowsEach, blocks }: Layout): Kernel {
  const { lanes, size, threads, perGroup, kept, ragged, chunks } = team;
  const type = vectorType(computeTypes[p.anchor.dtype], lanes);
  const zero = `${type}(0.0f)`;
  const across = (x: string) => lanes === 1 ? x : `dot(${x}, vec4<f32>(1.0f))`;
  const share = literal("f32", 1 / p.width, new Set());
  const epsilon = literal("f32", (p.anchor as Node & { op: "layer_norm_grad" }).attrs.epsilon, new Set());
  const all = Array.from({ length: kept }, (_, k) => k);
  const each = (text: (k: number) => string, indent = "    ") => all.map((k) => indent + text(k)).join("\n");
  const isLast = (k: number) => ragged && k === kept - 1;
  const sum = (f: (k: number) => string) => across(`(${all.map(f).join(" + ")})`);
  const scale = (s: number) =>
    p.resultOf(p.sums[s]) === "bias" ? (k: number) => `d${k}` : (k: number) => `d${k} * c${k} * scale`;
  w.writer.declare(teamFold("row_sum", team, { op: "sum", type: "vec2<f32>" }));

  const lines: string[] = [];
  const inRow = (k: number) => isLast(k) ? "last_inside" : "true";
  if (ragged) lines.push(`  let last_inside = lane + ${(kept - 1) * size}u < ${chunks}u;`);
  lines.push(each((k) => `let at${k} = ${safeChunk(team, k)} * ${lanes}u;`, "  "));
  if (p.wantsRows) lines.push(each((k) => `let w${k} = load_weight(at${k});`, "  "));
  p.sums.forEach((_, s) => lines.push(each((k) => `var sum${s}_${k} = ${zero};`, "  ")));
  const when = (k: number) => isLast(k) ? "valid && last_inside" : "valid";
  const body = [
    `    let row = (block * ${rowsEach}u + r) * ${perGroup}u + t / ${size}u;`,
    `    let valid = row < ${p.rows}u && block < ${blocks}u;`,
    `    let base = min(row, ${p.rows - 1}u) * ${p.width}u;`,
    each((k) => `let x${k} = load_x(base + at${k});`),
    // What is beyond the row or the last row adds nothing to any sum.
    each((k) => `let d${k} = select(${zero}, load_dy(base + at${k}), ${when(k)});`),
    each((k) => `let g${k} = ${p.wantsRows ? `d${k} * w${k}` : zero};`),
  ];
  if (p.centred) {
    body.push(
      `    let means = row_sum(t, lane, vec2<f32>(${
        sum((k) => isLast(k) ? `select(${zero}, x${k}, last_inside)` : `x${k}`)
      }, ${p.wantsRows ? sum((k) => `g${k}`) : "0.0f"})) * ${share};`,
      each((k) =>
        isLast(k)
          ? `let c${k} = select(${zero}, x${k} - means.x, last_inside);`
          : `let c${k} = x${k} - means.x;`
      ),
    );
  } else {
    body.push(
      each((k) => isLast(k) ? `let c${k} = select(${zero}, x${k}, last_inside);` : `let c${k} = x${k};`),
    );
  }
  body.push(
    `    let squares = row_sum(t, lane, vec2<f32>(${sum((k) => `c${k} * c${k}`)}, ${
      p.wantsRows ? sum((k) => `g${k} * c${k}`) : "0.0f"
    })) * ${share};`,
    `    let scale = 1.0f / sqrt(squares.x + ${epsilon});`,
  );
  if (p.wantsRows) {
    const mean = p.centred ? " - means.y" : "";
    body.push(
      `    let along = squares.y * scale * scale;`,
      each((k) => `if (${when(k)}) { finish(base + at${k}, (g${k}${mean} - c${k} * along) * scale); }`),
    );
  }
  p.sums.forEach((_, s) => body.push(each((k) => `sum${s}_${k} += ${scale(s)(k)};`)));
  lines.push(`  for (var r = 0u; r < ${rowsEach}u; r++) {\n${body.join("\n")}\n  }`);
  if (p.sums.length > 0) lines.push(...shareSums(w, p, team, { type, inRow, blocks }));

  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let lane = t % ${size}u;
  let block = group.x + group.y * groups.x;
${lines.join("\n")}
}`;
  return w.writer.kernel(name, main, workgroupsFor(blocks));
}

/** Adds up the sums of a workgroup's teams, and lets the first team store them. */
function shareSums(
  w: GroupWriter,
  p: Problem,
  team: Team,
  options: { type: string; inRow: (k: number) => string; blocks: number },
): string[] {
  const { size, threads, perGroup, kept } = team;
  const { type, inRow, blocks } = options;
  const lines: string[] = [];
  const store = (s: number, k: number, value: string) =>
    `if (t < ${size}u && block < ${blocks}u && ${inRow(k)}) { keep_${s}(block, at${k}, ${value}); }`;
  if (perGroup > 1) w.writer.declare(`var<workgroup> shared_sums: array<${type}, ${threads}>;`);
  for (let s = 0; s < p.sums.length; s++) {
    for (let k = 0; k < kept; k++) {
      const mine = `sum${s}_${k}`;
      if (perGroup === 1) {
        lines.push(`  ${store(s, k, mine)}`);
        continue;
      }
      lines.push(`  shared_sums[t] = ${mine};`, "  workgroupBarrier();");
      for (let half = powerOfTwo(perGroup) / 2; half >= 8; half /= 2) {
        const apart = half * size;
        lines.push(
          `  if (t < ${apart}u) { shared_sums[t] += shared_sums[min(t + ${apart}u, ${threads - 1}u)]; }`,
          "  workgroupBarrier();",
        );
      }
      const left = Math.min(perGroup, 8);
      const parts = Array.from(
        { length: left },
        (_, i) => i === 0 ? "shared_sums[t]" : `shared_sums[min(t + ${i * size}u, ${threads - 1}u)]`,
      );
      lines.push(`  ${store(s, k, parts.join(" + "))}`, "  workgroupBarrier();");
    }
  }
  return lines;
}
