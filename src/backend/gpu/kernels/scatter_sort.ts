/**
 * Scatter-add of many tokens: they are put in order of their rows, block by block and then all together, and each row's are
 * summed in that order. Stretches of one row alone are summed before the rows are, so that a row that most tokens have
 * (padding) keeps no workgroup waiting.
 *
 * @module
 */
import { labelOf } from "../../../graph/node.ts";
import { BackendError } from "../../interface.ts";
import type { Group } from "../plan/group.ts";
import { GroupWriter, type Lowering, powerOfTwo, widest } from "./fused.ts";
import { added, strideLoop } from "./reduce.ts";
import { beginOfRows, layout, type Problem, rowLoops } from "./scatter_rows.ts";
import { computeTypes, type Lanes, vectorType } from "./wgsl.ts";
import { type Kernel, type Storage, workgroupsFor } from "./writer.ts";

/** Tokens that are ranked among themselves: their numbers take 11 bits of a sorting key, their rows the others. */
const blockTokens = 2048;
const blockBits = 11;
/** Ordered tokens whose sum is made beforehand where they are all of one row. */
const stretch = 64;
/** Threads of a workgroup that sorts. */
const threads = 256;

/**
 * The four kernels of any number of tokens.
 *
 * @throws {BackendError} where a row's number and a token's do not fit into a key.
 */
export function sortedSums(group: Group, lowering: Lowering, problem: Problem): Kernel[] {
  const { name, anchor, tokens, rows, width } = problem;
  if ((rows + 1) * blockTokens > 2 ** 32) {
    throw new BackendError(`Cannot compile ${labelOf(anchor)}: ${rows} rows are more than it can sort by`);
  }
  const blocks = Math.ceil(tokens / blockTokens);
  const keys = lowering.scratch(`${name} keys`, "u32", blocks * blockTokens);
  const order = lowering.scratch(`${name} order`, "u32", tokens);
  const sorted = lowering.scratch(`${name} rows`, "u32", tokens);
  const dtype = anchor.dtype === "f16" ? "f32" : anchor.dtype;
  const parts = lowering.scratch(`${name} parts`, dtype, Math.ceil(tokens / stretch) * width);
  return [
    rankInBlocks(group, lowering, problem, keys),
    mergeBlocks(group, lowering, problem, { keys, order, sorted }),
    widest(group, lowering, width % 4 === 0, (w, lanes) => {
      w.declareLoad("load", anchor.inputs[1], lanes);
      w.declareScratchFinish(parts, lanes);
      return sumStretches(w, problem, lanes, { order, sorted });
    }),
    widest(group, lowering, width % 4 === 0, (w, lanes) => {
      w.declareLoad("load", anchor.inputs[1], lanes);
      w.declareScratchLoad("load_part", parts, lanes);
      w.declareFinish(lanes);
      return sumRows(w, problem, lanes, { order, sorted }, lowering);
    }),
  ];
}

/** Each token's row and number in its block as one key, in order within the block. A row out of range is beyond all rows. */
function rankInBlocks(group: Group, lowering: Lowering, p: Problem, out: Storage): Kernel {
  const w = new GroupWriter(group, lowering);
  w.declareLoad("row_of", p.anchor.inputs[0], 1);
  const keys = w.writer.bind(out, { lanes: 1, write: true });
  const quads = blockTokens / 4;
  w.writer.declare(`var<workgroup> block_keys: array<vec4<u32>, ${quads}>;`);
  w.writer.declare(`fn key_of(block: u32, number: u32) -> u32 {
  let token = block * ${blockTokens}u + number;
  let row = min(u32(row_of(min(token, ${p.tokens - 1}u))), ${p.rows}u);
  return select(4294967295u, row << ${blockBits}u | number, token < ${p.tokens}u);
}`);
  const perThread = quads / threads;
  const load = Array.from({ length: perThread }, (_, k) => {
    const at = `(t + ${k * threads}u)`;
    const parts = [0, 1, 2, 3].map((l) => `key_of(block, ${at} * 4u + ${l}u)`);
    return `  block_keys[${at}] = vec4<u32>(${parts.join(", ")});`;
  });
  const compare = [0, 1, 2, 3].map((k) =>
    `    before += select(vec4<u32>(0u), vec4<u32>(1u), block_keys[q + ${k}u] < mine);`
  );
  const perBlock = blockTokens / threads;
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let block = group.x / ${perBlock}u;
  let number = (group.x % ${perBlock}u) * ${threads}u + t;
${load.join("\n")}
  workgroupBarrier();
  let key = key_of(block, number);
  let mine = vec4<u32>(key);
  var before = vec4<u32>(0u);
  for (var q = 0u; q < ${quads}u; q += 4u) {
${compare.join("\n")}
  }
  if (key != 4294967295u) {
    ${keys}[block * ${blockTokens}u + before.x + before.y + before.z + before.w] = key;
  }
}`;
  const count = Math.ceil(p.tokens / blockTokens) * perBlock;
  return w.writer.kernel(`${p.name} ranks`, main, [count, 1, 1]);
}

/** Each token's place among all: its place in its block, and how many of each other block come before it. */
function mergeBlocks(
  group: Group,
  lowering: Lowering,
  p: Problem,
  at: { keys: Storage; order: Storage; sorted: Storage },
): Kernel {
  const { writer } = new GroupWriter(group, lowering);
  const keys = writer.bind(at.keys, { lanes: 1 });
  const order = writer.bind(at.order, { lanes: 1, write: true });
  const sorted = writer.bind(at.sorted, { lanes: 1, write: true });
  const blocks = Math.ceil(p.tokens / blockTokens);
  // Bisection for the number of keys below a bound, in as many steps as it takes for any number up to a block's.
  const steps = Array.from({ length: blockBits + 1 }, (_, k) => blockTokens >> k).map((step) =>
    `  if (low + ${step}u <= count && ${keys}[first + low + ${step - 1}u] < bound) { low += ${step}u; }`
  );
  writer.declare(`fn below(block: u32, bound: u32) -> u32 {
  let first = block * ${blockTokens}u;
  let count = min(${blockTokens}u, ${p.tokens}u - first);
  var low = 0u;
${steps.join("\n")}
  return low;
}`);
  const main = `@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let at = group.x * ${threads}u + t;
  if (at >= ${p.tokens}u) { return; }
  let mine = at / ${blockTokens}u;
  let key = ${keys}[at];
  let row = key >> ${blockBits}u;
  var place = at % ${blockTokens}u;
  for (var block = 0u; block < ${blocks}u; block++) {
    // Tokens of the same row keep the order of their blocks.
    let bound = select(row, row + 1u, block < mine) << ${blockBits}u;
    if (block != mine) { place += below(block, bound); }
  }
  ${order}[place] = mine * ${blockTokens}u + (key & ${blockTokens - 1}u);
  ${sorted}[place] = row;
}`;
  return writer.kernel(`${p.name} order`, main, workgroupsFor(Math.ceil(p.tokens / threads)));
}

/** The sums of stretches that lie in one row. */
function sumStretches(
  w: GroupWriter,
  p: Problem,
  lanes: Lanes,
  at: { order: Storage; sorted: Storage },
): Kernel {
  const order = w.writer.bind(at.order, { lanes: 1 });
  const sorted = w.writer.bind(at.sorted, { lanes: 1 });
  const columns = p.width / lanes;
  const across = Math.min(powerOfTwo(columns), 64);
  const blocks = Math.ceil(columns / across);
  const type = vectorType(computeTypes[p.anchor.dtype], lanes);
  const perGroup = 64 / across;
  const stretches = Math.floor(p.tokens / stretch);
  const main = `@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let number = group.x + group.y * groups.x;
  let part = (number / ${blocks}u) * ${perGroup}u + t / ${across}u;
  let column = (number % ${blocks}u) * ${across}u + t % ${across}u;
  let start = min(part, ${stretches - 1}u) * ${stretch}u;
  if (part >= ${stretches}u || column >= ${columns}u || ${sorted}[start] != ${sorted}[start + ${
    stretch - 1
  }u]) { return; }
  let base = column * ${lanes}u;
  let end = start + ${stretch}u;
  var sum = ${type}(0);
${strideLoop("r", "start", 1, stretch, (r) => `load(${order}[${r}] * ${p.width}u + base)`, added)}
  finish(part * ${p.width}u + base, sum);
}`;
  return w.writer.kernel(
    `${p.name} stretches`,
    main,
    workgroupsFor(Math.ceil(stretches / perGroup) * blocks),
  );
}

/** Sums each row: its whole stretches, and the tokens before and after them. */
function sumRows(
  w: GroupWriter,
  p: Problem,
  lanes: Lanes,
  at: { order: Storage; sorted: Storage },
  lowering: Lowering,
): Kernel {
  const order = w.writer.bind(at.order, { lanes: 1 });
  const sorted = w.writer.bind(at.sorted, { lanes: 1 });
  const { columns, across, deep, blocks, rowsEach } = layout(p, lanes, lowering.parallelism);
  const size = across * deep;
  const type = vectorType(computeTypes[p.anchor.dtype], lanes);
  w.writer.declare(`var<workgroup> starts: array<u32, ${rowsEach + 1}>;`);
  const single = (r: string) => `load(${order}[${r}] * ${p.width}u + base)`;
  const walk = (start: string, stop: string, step: number, load: (at: string) => string) =>
    `    { let end = ${stop};\n${strideLoop("r", start, step, 4 * step, load, added)}\n    }`;
  const main = `${beginOfRows({ columns, across, deep, blocks, rowsEach }, lanes)}
  // Where each row's tokens begin, by bisection.
  for (var i = t; i <= ${rowsEach}u; i += ${size}u) {
    var low = 0u;
    var high = ${p.tokens}u;
    while (low < high) {
      let middle = (low + high) / 2u;
      if (${sorted}[middle] < first + i) { low = middle + 1u; } else { high = middle; }
    }
    starts[i] = low;
  }
  workgroupBarrier();
${
    rowLoops(w, p, { rowsEach, across, deep, columns, type }, {
      many: (r) => `(starts[${r} + 1u] - starts[${r}])`,
      alone: (r) =>
        `    let begins = starts[${r}];
    let ends = starts[${r} + 1u];
${walk("begins", "ends", 1, single)}`,
      together: (r) =>
        `    let begins = starts[${r}];
    let ends = starts[${r} + 1u];
    let low_part = (begins + ${stretch - 1}u) / ${stretch}u;
    let high_part = max(ends / ${stretch}u, low_part);
    let before = min(low_part * ${stretch}u, ends);
    let after = max(high_part * ${stretch}u, before);
${walk("begins + y", "before", deep, single)}
${walk("low_part + y", "high_part", deep, (r) => `load_part(${r} * ${p.width}u + base)`)}
${walk("after + y", "ends", deep, single)}`,
    })
  }
}`;
  return w.writer.kernel(p.name, main, workgroupsFor(Math.ceil(p.rows / rowsEach) * blocks));
}
