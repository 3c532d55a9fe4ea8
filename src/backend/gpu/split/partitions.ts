/**
 * How large tensors are cut: alike where they are computed from one another element by element or row by row, so that parts are
 * computed from parts.
 *
 * @module
 */
import { type Graph, labelOf, type Node } from "../../../graph/node.ts";
import { numeric, sizeOf, stridesOf } from "../../../graph/shape.ts";
import { storageBytes } from "../kernels/wgsl.ts";
import { elementsOf } from "../rules/nodes.ts";
import type { Axes } from "../rules/axes.ts";
import { elementRuleOf } from "../rules/elements.ts";
import { anchorRuleOf, axesOf, isPointwise, keepsOrder } from "../rules/rules.ts";
import { BindingLimitError } from "../plan/storages.ts";
import {
  blockAxis,
  type Blocks,
  cutRange,
  type Partition,
  partitionOfBlocks,
  type Range,
  wholeBox,
} from "./boxes.ts";

/** Which tensors are cut, and how far. */
export interface PartitionOptions {
  /** Bytes of the largest part. */
  readonly maxBytes: number;
  readonly isCut: (node: Node) => boolean;
  /** Whether a tensor's elements have to stand in their order in the parts: where the host cuts or joins them. */
  readonly isInOrder: (node: Node) => boolean;
}

/** The partitions of the nodes that are cut. */
export function partitionsOf(graph: Graph, options: PartitionOptions): Map<Node, Partition> {
  const partitions = new Map<Node, Partition>();
  for (const families of familiesOf(graph, options)) {
    const all = families.flat();
    const shared = families.length > 1 ? blocksOf(all, options.maxBytes, { far: false }) : undefined;
    for (const family of families) {
      const blocks = shared ?? blocksOf(family, options.maxBytes, { far: true });
      for (const member of family) {
        const shape = numeric(member.node.shape);
        const fits = blocks && blockAxis(shape, blocks) !== undefined;
        const own = fits ? blocks : blocksOf([member], options.maxBytes, { far: true });
        const partition = own ? partitionOfBlocks(shape, own) : partitionOfAxes(member.node, options);
        if (!partition) throw tooLarge(member.node, options.maxBytes);
        partitions.set(member.node, partition);
      }
    }
  }
  return partitions;
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

/** Nodes that are to be cut alike, in groups that had better be cut alike too: they are transposed from one another. */
function familiesOf(graph: Graph, { isCut }: PartitionOptions): Member[][][] {
  const [families, groups] = [new Sets<Node>(), new Sets<Node>()];
  const wanted = new Map<Node, number>();
  const want = (node: Node, elements: number) =>
    wanted.set(node, leastMultiple(wanted.get(node) ?? 1, elements));
  for (const node of graph.nodes) {
    const rule = axesOf(node);
    node.inputs.forEach((u, i) => {
      const axes = rule?.operands[i];
      if (axes && isCut(u)) want(u, together(u, axes, rule.whole));
    });
    if (!isCut(node)) continue;
    const like = node.inputs.find((u, i) => isCut(u) && isAlike(node, i));
    if (!like) continue;
    groups.join(node, like);
    const order = orderOf(node);
    if (!order) families.join(node, like);
    else for (const n of [node, like]) want(n, keptBy(order, numeric(node.shape)));
  }
  const found = new Map<Node, Map<Node, Member[]>>();
  for (const node of graph.nodes) {
    if (!isCut(node)) continue;
    const rule = axesOf(node);
    const own = rule ? together(node, rule.out, rule.whole) : 1;
    const group = found.get(groups.of(node)) ?? new Map<Node, Member[]>();
    found.set(groups.of(node), group);
    const member = { node, own, wanted: wanted.get(node) ?? 1, spare: rule?.spare ?? 0 };
    const root = families.of(node);
    group.set(root, [...(group.get(root) ?? []), member]);
  }
  return [...found.values()].map((group) => [...group.values()]);
}

/** Disjoint sets, each known by one member. */
class Sets<T> {
  readonly #parent = new Map<T, T>();

  of(item: T): T {
    let root = item;
    for (let up = this.#parent.get(root); up !== undefined; up = this.#parent.get(root)) root = up;
    return root;
  }

  join(a: T, b: T): void {
    const [x, y] = [this.of(a), this.of(b)];
    if (x !== y) this.#parent.set(x, y);
  }
}

/** Whether a node's parts are best computed from the same parts of an operand, counted in elements. */
function isAlike(node: Node, operand: number): boolean {
  const u = node.inputs[operand];
  if (elementsOf(u) !== elementsOf(node)) return false;
  if (isPointwise(node) || keepsOrder(node) || orderOf(node)) return true;
  const rule = axesOf(node);
  const axes = rule?.operands[operand];
  return axes !== undefined && axes.length === rule!.out.length &&
    axes.every((axis, i) => axis?.dim === rule!.out[i]?.dim) && anchorRuleOf(node)?.kind !== "product";
}

/** The operand's axes in the order of the node's, where it only orders them anew. */
function orderOf(node: Node): readonly number[] | undefined {
  const rule = elementRuleOf(node);
  return rule?.kind === "view" ? rule.order?.(node as never) : undefined;
}

/** Elements of a tensor from the first axis that has to be seen whole. */
function together(node: Node, axes: Axes, whole: ReadonlySet<number>): number {
  const shape = numeric(node.shape);
  const first = axes.findIndex((axis, i) => shape[i] > 1 && (!axis || whole.has(axis.dim)));
  return first < 0 ? 1 : sizeOf(shape.slice(first));
}

/** Elements that a transposition leaves next to each other. */
function keptBy(order: readonly number[], shape: readonly number[]): number {
  const first = order.findIndex((p, i) => p !== i);
  return sizeOf(shape.slice(first));
}

function leastMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return a / x * b;
}

/**
 * The blocks that a family is cut into: what readers want is left out where that would take many more blocks than there have
 * to be, unless `far`.
 */
function blocksOf(
  family: readonly Member[],
  maxBytes: number,
  { far }: { far: boolean },
): Blocks | undefined {
  const state = family.find((m) => m.node.op === "state");
  if (state) {
    const shape = numeric(state.node.shape);
    const rows = rowsOfRange(shape, maxBytes);
    return rows && { step: rows * stridesOf(shape)[0], period: sizeOf(shape) } || undefined;
  }
  const bytes = Math.max(...family.map((m) => storageBytes(m.node.dtype)));
  const most = Math.floor(maxBytes / bytes) - Math.max(...family.map((m) => m.spare));
  const shapes = [...new Map(family.map(({ node }) => [node.shape.join(), numeric(node.shape)])).values()];
  const own = family.map((m) => m.own).reduce(leastMultiple);
  const all = family.map((m) => m.wanted).reduce(leastMultiple, own);
  const few = 4 * Math.ceil(sizeOf(shapes[0]) / most);
  const blocks = chooseBlocks(shapes, { atom: all, most, maxParts: few });
  if (blocks || !far) return blocks;
  return chooseBlocks(shapes, { atom: own, most, maxParts: few }) ??
    (shapes.length === 1 ? chooseBlocks(shapes, { atom: own, most, maxParts }) : undefined);
}

/**
 * A partition over the axes that may be cut wherever they stand, as attention's heads; `undefined` if its boxes would be too
 * large.
 */
function partitionOfAxes(node: Node, { maxBytes, isInOrder }: PartitionOptions): Partition | undefined {
  const rule = axesOf(node);
  if (!rule || isInOrder(node) || rule.spare !== undefined) return undefined;
  let bytes = elementsOf(node) * storageBytes(node.dtype);
  const partition = wholeBox(numeric(node.shape)).map((range, i) => {
    const axis = rule.out[i];
    if (!axis || rule.whole.has(axis.dim) || bytes <= maxBytes) return [range];
    const count = rule.dims[axis.dim];
    const step = Math.ceil(count / Math.min(Math.ceil(bytes / maxBytes), count));
    bytes *= step / count;
    return cutRange(range, step * axis.unit);
  });
  return bytes <= maxBytes ? partition : undefined;
}

/** More parts than that are not worth planning. */
const maxParts = 512;

/**
 * Blocks that are boxes in all of the shapes, of at most `most` elements and of a multiple of `atom`. Powers of two of blocks are
 * preferred: then those of one tensor are parts of those of another one.
 */
function chooseBlocks(
  shapes: readonly (readonly number[])[],
  { atom, most, maxParts }: { atom: number; most: number; maxParts: number },
): Blocks | undefined {
  const total = sizeOf(shapes[0]);
  const fits = (blocks: Blocks) =>
    blocks.step % atom === 0 && blocks.period % atom === 0 &&
    shapes.every((s) => blockAxis(s, blocks) !== undefined);
  const partsOf = ({ step, period }: Blocks) => total / period * Math.ceil(period / step);
  let best: Blocks | undefined;
  let parts = maxParts + 1;
  for (const shape of shapes) {
    for (const [axis, inner] of stridesOf(shape).entries()) {
      const limit = Math.min(shape[axis], Math.floor(most / inner));
      // Only counts of this multiple can make whole atoms: of an axis of millions, there may be none.
      const multiple = leastMultiple(inner, atom) / inner;
      if (limit < multiple || shape[axis] % multiple !== 0) continue;
      const of = (count: number) => ({ step: count * inner, period: shape[axis] * inner });
      const even = Math.ceil(shape[axis] / Math.ceil(shape[axis] / limit));
      let count = [Math.ceil(even / 4) * 4, even].find((n) => n <= limit && fits(of(n))) ??
        limit - limit % multiple;
      while (count > 0 && partsOf(of(count)) < parts && !fits(of(count))) count -= multiple;
      if (count === 0 || partsOf(of(count)) >= parts) continue;
      best = of(count);
      parts = partsOf(best);
    }
  }
  if (!best) return undefined;
  for (let count = 1; count <= 2 * parts; count *= 2) {
    const blocks = { step: total / count, period: total };
    if (Number.isInteger(blocks.step) && blocks.step <= most && fits(blocks)) return blocks;
  }
  return best;
}
