/**
 * Scatter-add without atomics on floats, so that it gives the same bits every time.
 *
 * Where there are few tokens one kernel does it all: each workgroup marks in bitmaps which tokens are of its rows (setting bits
 * commutes, so their order does not matter) and sums each row's in the order of the bits. Many tokens are first put in order of their
 * rows, block by block and then all together; stretches of one row alone are summed before the rows are, so that a row that most
 * tokens have (padding) keeps no workgroup waiting.
 *
 * @module
 */
import { labelOf, type Node } from "../../../graph/node.ts";
import { numeric, sizeOf } from "../../../graph/shape.ts";
import { BackendError } from "../../interface.ts";
import type { Group } from "../fusion.ts";
import { GroupWriter, type Lowering, nameOf, powerOfTwo, widest } from "./fused.ts";
import { foldDeep, strideLoop } from "./reduce.ts";
import { computeTypes, type Lanes, vectorType } from "./wgsl.ts";
import { grid, type Kernel, type Storage } from "./writer.ts";

/** The most tokens that one kernel marks; 128 words of bits for each row. */
const maxMarked = 4096;
/** Tokens that are ranked among themselves: their numbers take 11 bits of a sorting key, their rows the others. */
const blockTokens = 2048;
const blockBits = 11;
/** Ordered tokens whose sum is made beforehand where they are all of one row. */
const stretch = 64;
const threads = 256;
/** A row of more tokens than this is summed by all threads of a workgroup. */
const fewTokens = 16;

/** The kernels of a group around a scatter-add: one for few tokens, four for many. */
export function scatterKernels(group: Group, lowering: Lowering): Kernel[] {
  const anchor = group.anchor as Node & { op: "scatter_add" };
  if (anchor.dtype === "bool") {
    throw new BackendError(`Cannot compile ${labelOf(anchor)}: it cannot add bool`);
  }
  const rows = numeric(anchor.shape)[0];
  const problem: Problem = {
    name: nameOf(group),
    anchor,
    tokens: sizeOf(numeric(anchor.inputs[0].shape)),
    rows,
    width: group.size / rows,
  };
  if (problem.tokens <= maxMarked) return [markedSums(group, lowering, problem)];
  if ((rows + 1) * blockTokens > 2 ** 32) {
    throw new BackendError(`Cannot compile ${labelOf(anchor)}: ${rows} rows are more than it can sort by`);
  }
  const { name, tokens, width } = problem;
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
      w.load("load", anchor.inputs[1], lanes);
      w.keep(parts, lanes);
      return sumStretches(w, problem, lanes, { order, sorted });
    }),
    widest(group, lowering, width % 4 === 0, (w, lanes) => {
      w.load("load", anchor.inputs[1], lanes);
      w.recall("load_part", parts, lanes);
      w.finish(lanes);
      return sumRows(w, problem, lanes, { order, sorted }, lowering);
    }),
  ];
}

interface Problem {
  readonly name: string;
  readonly anchor: Node & { op: "scatter_add" };
  readonly tokens: number;
  readonly rows: number;
  readonly width: number;
}

/** How the columns of rows are laid over a workgroup's threads, and how many rows it takes one after the other. */
function layout(p: Problem, lanes: Lanes, parallelism: number) {
  const columns = p.width / lanes;
  const across = Math.min(powerOfTwo(columns), 32);
  const deep = Math.min(threads / across, powerOfTwo(Math.ceil(p.tokens / 4)));
  const blocks = Math.ceil(columns / across);
  const each = powerOfTwo(p.rows * blocks / (2 * parallelism)) / 2;
  // Every workgroup looks at all tokens, so each takes as many rows as 8 KiB of marks allow.
  const most = Math.max(1, Math.min(32, 65536 / powerOfTwo(Math.min(p.tokens, maxMarked))));
  return { columns, across, deep, blocks, rowsEach: Math.max(1, Math.min(most, each)) };
}

/**
 * Text that makes each of a workgroup's rows: those of few tokens by one line of threads alone, then those of many by all of them
 * together. `many` is a row's number of tokens; `alone` and `together` add to `sum` what a thread has to.
 */
function rowLoops(
  w: GroupWriter,
  p: Problem,
  l: { rowsEach: number; across: number; deep: number; columns: number; type: string },
  text: Record<"many" | "alone" | "together", (row: string) => string>,
): string {
  const { rowsEach, across, deep, columns, type } = l;
  const store = (when: string) =>
    `    if (${when}first + q < ${p.rows}u && column < ${columns}u) { finish((first + q) * ${p.width}u + base, sum); }`;
  const alone = (unless: string) =>
    `  for (var q = y; q < ${rowsEach}u; q += ${deep}u) {${unless}
    var sum = ${type}(0);
${text.alone("q")}
${store("")}
  }`;
  if (deep === 1) return alone("");
  w.writer.declare(`var<workgroup> shared_part: array<${type}, ${across * deep}>;`);
  w.writer.declare("var<workgroup> crowded: u32;");
  const flags = Array.from(
    { length: rowsEach },
    (_, r) => `select(0u, ${2 ** r}u, ${text.many(`${r}u`)} > ${fewTokens}u)`,
  );
  return `  if (t == 0u) { crowded = ${flags.join(" | ")}; }
  let together = workgroupUniformLoad(&crowded);
${alone(" if ((together >> q & 1u) == 1u) { continue; }")}
  for (var left_rows = together; left_rows != 0u; left_rows &= left_rows - 1u) {
    let q = firstTrailingBit(left_rows);
    var sum = ${type}(0);
${text.together("q")}
${foldDeep("shared_part", across, deep, "sum")}
${store("y == 0u && ")}
    workgroupBarrier();
  }`;
}

/** Marks the tokens of a few rows, and sums each row's. */
function markedSums(group: Group, lowering: Lowering, p: Problem): Kernel {
  const words = Math.ceil(p.tokens / 32);
  return widest(group, lowering, p.width % 4 === 0, (w, lanes) => {
    const { columns, across, deep, blocks, rowsEach } = layout(p, lanes, lowering.parallelism);
    const size = across * deep;
    const type = vectorType(computeTypes[p.anchor.dtype], lanes);
    w.load("row_of", p.anchor.inputs[0], 1);
    w.load("load", p.anchor.inputs[1], lanes);
    w.finish(lanes);
    w.writer.declare(`var<workgroup> marks: array<atomic<u32>, ${rowsEach * words}>;`);
    // Which words have marks at all, so that the others need not be looked at.
    const tops = Math.ceil(words / 32);
    w.writer.declare(`var<workgroup> marked: array<atomic<u32>, ${rowsEach * tops}>;`);
    w.writer.declare(`var<workgroup> counts: array<atomic<u32>, ${rowsEach}>;`);
    w.writer.declare(`fn mark(token: u32, first: u32) {
  let row = u32(row_of(token)) - first;
  if (row < ${rowsEach}u) {
    let word = token >> 5u;
    atomicAdd(&counts[row], 1u);
    atomicOr(&marks[row * ${words}u + word], 1u << (token & 31u));
    atomicOr(&marked[row * ${tops}u + (word >> 5u)], 1u << (word & 31u));
  }
}`);
    const clear = (name: string, length: number) =>
      `  for (var i = t; i < ${length}u; i += ${size}u) { atomicStore(&${name}[i], 0u); }`;
    const many = [0, 1, 2, 3, 4, 5, 6, 7];
    // Each of the `deep` threads takes every deep-th word, and of those the marked ones.
    const every = Array.from({ length: 32 }, (_, i) => i).filter((i) => i % Math.min(deep, 32) === 0)
      .reduce((mask, i) => mask + 2 ** i, 0);
    const take = (k: number) =>
      `let at${k} = word * 32u + firstTrailingBit(bits); bits &= bits - 1u; let e${k} = load(at${k} * ${p.width}u + base);`;
    const skipped = deep > 32 ? ` if (top % ${deep / 32}u != y / 32u) { left = 0u; }` : "";
    const walk = (r: string, share: string, skip = "") => `
    for (var top = 0u; top < ${tops}u; top++) {
      var left = atomicLoad(&marked[${r} * ${tops}u + top]) & ${share};${skip}
      while (left != 0u) {
        let word = top * 32u + firstTrailingBit(left);
        left &= left - 1u;
        var bits = atomicLoad(&marks[min(${r} * ${words}u + word, ${rowsEach * words - 1}u)]);
        while (countOneBits(bits) >= 4u) {
          ${[0, 1, 2, 3].map(take).join("\n          ")}
          sum += (e0 + e1) + (e2 + e3);
        }
        while (bits != 0u) {
          ${take(0)}
          sum += e0;
        }
      }
    }`;
    const main = `@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let number = group.x + group.y * groups.x;
  let first = (number / ${blocks}u) * ${rowsEach}u;
  let column = (number % ${blocks}u) * ${across}u + t % ${across}u;
  let y = t / ${across}u;
  let base = min(column, ${columns - 1}u) * ${lanes}u;
${clear("marks", rowsEach * words)}
${clear("marked", rowsEach * tops)}
${clear("counts", rowsEach)}
  workgroupBarrier();
  var token = t;
  for (; token + ${7 * size}u < ${p.tokens}u; token += ${8 * size}u) {
${many.map((k) => `    mark(token + ${k * size}u, first);`).join("\n")}
  }
  for (; token < ${p.tokens}u; token += ${size}u) { mark(token, first); }
  workgroupBarrier();
${
      rowLoops(w, p, { rowsEach, across, deep, columns, type }, {
        many: (r) => `atomicLoad(&counts[${r}])`,
        alone: (r) => walk(r, "4294967295u"),
        together: (r) => walk(r, `(${every}u << (y & 31u))`, skipped),
      })
    }
}`;
    return w.writer.finish(p.name, main, grid(Math.ceil(p.rows / rowsEach) * blocks));
  });
}

/** Each token's row and number in its block as one key, in order within the block. A row out of range is beyond all rows. */
function rankInBlocks(group: Group, lowering: Lowering, p: Problem, out: Storage): Kernel {
  const w = new GroupWriter(group, lowering);
  w.load("row_of", p.anchor.inputs[0], 1);
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
  return w.writer.finish(`${p.name} ranks`, main, [count, 1, 1]);
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
  return writer.finish(`${p.name} order`, main, grid(Math.ceil(p.tokens / threads)));
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
${strideLoop("r", "start", 1, stretch, (r) => `load(${order}[${r}] * ${p.width}u + base)`, "sum")}
  finish(part * ${p.width}u + base, sum);
}`;
  return w.writer.finish(`${p.name} stretches`, main, grid(Math.ceil(stretches / perGroup) * blocks));
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
    `    { let end = ${stop};\n${strideLoop("r", start, step, 4 * step, load, "sum")}\n    }`;
  const main = `@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) t: u32) {
  let number = group.x + group.y * groups.x;
  let first = (number / ${blocks}u) * ${rowsEach}u;
  let column = (number % ${blocks}u) * ${across}u + t % ${across}u;
  let y = t / ${across}u;
  let base = min(column, ${columns - 1}u) * ${lanes}u;
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
  return w.writer.finish(p.name, main, grid(Math.ceil(p.rows / rowsEach) * blocks));
}
