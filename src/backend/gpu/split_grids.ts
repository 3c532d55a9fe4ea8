/**
 * How large tensors are cut: alike where they are computed from one another element by element or row by row, so that parts are
 * computed from parts.
 *
 * @module
 */
import { type Graph, labelOf, type Node } from "../../graph/node.ts";
import { numeric, sizeOf, stridesOf } from "../../graph/shape.ts";
import { elementwise } from "./alike.ts";
import { storageBytes } from "./kernels/wgsl.ts";
import { elementsOf } from "./nodes.ts";
import { type Axes, ruleOf } from "./split_rules.ts";
import { BindingLimitError } from "./storages.ts";
import { blockAxis, cutRange, type Grid, gridOfBlocks, type Range, wholeBox } from "./split_boxes.ts";

/** Which tensors are cut, and how far. */
export interface GridOptions {
  /** Bytes of the largest part. */
  readonly maxBytes: number;
  readonly isCut: (node: Node) => boolean;
  /** Whether a tensor's elements have to stand in their order in the parts: where the host cuts or joins them. */
  readonly isInOrder: (node: Node) => boolean;
}

/** The grids of the nodes that are cut. */
export function gridsOf(graph: Graph, options: GridOptions): Map<Node, Grid> {
  const grids = new Map<Node, Grid>();
  for (const family of familiesOf(graph, options)) {
    const block = blockOf(family, options.maxBytes);
    for (const member of family) {
      const shape = numeric(member.node.shape);
      const fits = block !== undefined && blockAxis(shape, block) !== undefined;
      const own = fits ? block : blockOf([member], options.maxBytes);
      const grid = own === undefined ? gridOfAxes(member.node, options) : gridOfBlocks(shape, own);
      if (!grid) throw tooLarge(member.node, options.maxBytes);
      grids.set(member.node, grid);
    }
  }
  return grids;
}

/** As few ranges of rows as fit, with room for one row more; `undefined` if a row is too large. */
export function rowRanges([rows, ...row]: readonly number[], maxBytes: number): Range[] | undefined {
  const size = rowsOfRange([rows, ...row], maxBytes);
  if (size === undefined) return undefined;
  const ranges: Range[] = [];
  for (let begin = 0; begin < rows; begin += size) ranges.push({ begin, size: Math.min(size, rows - begin) });
  return ranges;
}

function rowsOfRange([rows, ...row]: readonly number[], maxBytes: number): number | undefined {
  const most = Math.floor(maxBytes / (4 * sizeOf(row))) - 1;
  if (most < 4) return undefined;
  return Math.min(Math.ceil(rows / Math.ceil(rows / most) / 4) * 4, most);
}

/** That a tensor cannot be placed: nor parts of it, or not where its reader needs them. */
export function tooLarge(node: Node, maxBytes: number, reader?: Node): BindingLimitError {
  const label = reader && (reader.name ? labelOf(reader) : reader.op);
  const why = reader ? `${label} needs more of it at once` : "no part of it can be computed alone";
  const bytes = elementsOf(node) * storageBytes(node.dtype);
  return new BindingLimitError(
    `Cannot place ${
      labelOf(node)
    } on the GPU: it takes ${bytes} bytes, this device binds at most ${maxBytes} and ` +
      `${why}; use a smaller batch or model`,
    { outOfMemory: true },
  );
}

interface Member {
  readonly node: Node;
  /** Elements that have to stay together for the node to be computed. */
  readonly own: number;
  /** Elements that its readers had better find together. */
  readonly wanted: number;
  /** Elements that computing a part takes room for besides. */
  readonly spare: number;
}

/** Nodes that are to be cut alike. */
function familiesOf(graph: Graph, { isCut }: GridOptions): Member[][] {
  const parent = new Map<Node, Node>();
  const find = (node: Node): Node => {
    const up = parent.get(node);
    return up === undefined ? node : find(up);
  };
  const wanted = new Map<Node, number>();
  const want = (node: Node, elements: number) =>
    wanted.set(node, leastMultiple(wanted.get(node) ?? 1, elements));
  for (const node of graph.nodes) {
    const rule = ruleOf(node);
    node.inputs.forEach((u, i) => {
      const axes = rule?.operands[i];
      if (axes && isCut(u)) want(u, together(u, axes, rule.whole));
    });
    if (!isCut(node)) continue;
    const like = node.inputs.find((u, i) => isCut(u) && isAlike(node, i));
    if (like && find(like) !== find(node)) parent.set(find(node), find(like));
    if (like && node.op === "transpose") want(node, keptBy(node.attrs.perm, numeric(node.shape)));
    if (like && node.op === "transpose") want(like, keptBy(node.attrs.perm, numeric(node.shape)));
  }
  const families = new Map<Node, Member[]>();
  for (const node of graph.nodes) {
    if (!isCut(node)) continue;
    const rule = ruleOf(node);
    const own = rule ? together(node, rule.out, rule.whole) : 1;
    const spare = node.op === "scatter_add" ? sizeOf(numeric(node.shape).slice(1)) : 0;
    const root = find(node);
    const member = { node, own, wanted: wanted.get(node) ?? 1, spare };
    families.set(root, [...(families.get(root) ?? []), member]);
  }
  return [...families.values()];
}

/** Whether a node's parts are best computed from the same parts of an operand, counted in elements. */
function isAlike(node: Node, operand: number): boolean {
  const u = node.inputs[operand];
  if (elementsOf(u) !== elementsOf(node)) return false;
  if (elementwise.has(node.op) || node.op === "reshape" || node.op === "transpose" || node.op === "barrier") {
    return true;
  }
  const rule = ruleOf(node);
  const axes = rule?.operands[operand];
  return axes !== undefined && axes.length === rule!.out.length &&
    axes.every((axis, i) => axis?.dim === rule!.out[i]?.dim) && node.op !== "matmul";
}

/** Elements of a tensor from the first axis that has to be seen whole. */
function together(node: Node, axes: Axes, whole: ReadonlySet<number>): number {
  const shape = numeric(node.shape);
  const first = axes.findIndex((axis, i) => shape[i] > 1 && (!axis || whole.has(axis.dim)));
  return first < 0 ? 1 : sizeOf(shape.slice(first));
}

/** Elements that a transposition leaves next to each other. */
function keptBy(perm: readonly number[], shape: readonly number[]): number {
  const first = perm.findIndex((p, i) => p !== i);
  return sizeOf(shape.slice(first));
}

function leastMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return a / x * b;
}

/** Elements of the blocks that a family is cut into: what readers want is left out where nothing would fit else. */
function blockOf(family: readonly Member[], maxBytes: number): number | undefined {
  const state = family.find((m) => m.node.op === "state");
  if (state) {
    const shape = numeric(state.node.shape);
    const rows = rowsOfRange(shape, maxBytes);
    return rows && rows * stridesOf(shape)[0];
  }
  const bytes = Math.max(...family.map((m) => storageBytes(m.node.dtype)));
  const most = Math.floor(maxBytes / bytes) - Math.max(...family.map((m) => m.spare));
  const shapes = [...new Map(family.map(({ node }) => [node.shape.join(), numeric(node.shape)])).values()];
  const own = family.map((m) => m.own).reduce(leastMultiple);
  const all = family.map((m) => m.wanted).reduce(leastMultiple, own);
  return chooseBlock(shapes, all, most) ?? chooseBlock(shapes, own, most);
}

/** A grid over the axes that may be cut wherever they stand, as attention's heads; `undefined` if its boxes would be too large. */
function gridOfAxes(node: Node, { maxBytes, isInOrder }: GridOptions): Grid | undefined {
  const rule = ruleOf(node);
  if (!rule || isInOrder(node) || node.op === "scatter_add") return undefined;
  let bytes = elementsOf(node) * storageBytes(node.dtype);
  const grid = wholeBox(numeric(node.shape)).map((range, i) => {
    const axis = rule.out[i];
    if (!axis || rule.whole.has(axis.dim) || bytes <= maxBytes) return [range];
    const count = rule.dims[axis.dim];
    const step = Math.ceil(count / Math.min(Math.ceil(bytes / maxBytes), count));
    bytes *= step / count;
    return cutRange(range, step * axis.unit);
  });
  return bytes <= maxBytes ? grid : undefined;
}

/**
 * The size of blocks that are boxes in all of the shapes, at most `most` elements and a multiple of `atom`. Powers of two of blocks
 * are preferred: then those of one tensor are parts of those of another one.
 */
function chooseBlock(
  shapes: readonly (readonly number[])[],
  atom: number,
  most: number,
): number | undefined {
  const fits = (block: number) =>
    block % atom === 0 && shapes.every((s) => blockAxis(s, block) !== undefined);
  let best = 0;
  for (const shape of shapes) {
    for (const [axis, inner] of stridesOf(shape).entries()) {
      const limit = Math.min(shape[axis], Math.floor(most / inner));
      if (limit === 0) continue;
      const even = Math.ceil(shape[axis] / Math.ceil(shape[axis] / limit));
      const candidates = [Math.ceil(even / 4) * 4, even].filter((count) => count <= limit);
      let found = candidates.find((count) => fits(count * inner)) ?? limit;
      while (found * inner > best && !fits(found * inner)) found--;
      best = Math.max(best, found * inner);
    }
  }
  if (best === 0) return undefined;
  const total = sizeOf(shapes[0]);
  for (let count = 1; total / count * 2 >= best; count *= 2) {
    if (total / count <= most && Number.isInteger(total / count) && fits(total / count)) return total / count;
  }
  return best;
}
