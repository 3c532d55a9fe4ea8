/**
 * Parts of a tensor: a range of each axis, and partitions of such boxes.
 *
 * @module
 */
import { sizeOf, stridesOf } from "../../../graph/shape.ts";

/** `size` elements along an axis, from `begin`. */
export interface Range {
  readonly begin: number;
  readonly size: number;
}

/** A range of each axis of a tensor. */
export type Box = readonly Range[];

/** The ranges that each axis is cut into; the boxes are all their combinations. */
export type Partition = readonly (readonly Range[])[];

/** All of a tensor. */
export function wholeBox(shape: readonly number[]): Range[] {
  return shape.map((size) => ({ begin: 0, size }));
}

/** Whether a box is all of a tensor. */
export function isWhole(box: Box, shape: readonly number[]): boolean {
  return box.every((r, i) => r.size === shape[i]);
}

/** Its shape as a tensor of its own. */
export function shapeOfBox(box: Box): number[] {
  return box.map((r) => r.size);
}

/** What two ranges have in common, if anything. */
export function overlap(a: Range, b: Range): Range | undefined {
  const begin = Math.max(a.begin, b.begin);
  const size = Math.min(endOf(a), endOf(b)) - begin;
  return size > 0 ? { begin, size } : undefined;
}

/** Where a range ends. */
export function endOf({ begin, size }: Range): number {
  return begin + size;
}

/** Ranges of `step` elements that cover a range, the last one perhaps shorter. */
export function cutRange({ begin, size }: Range, step: number): Range[] {
  return cutAt({ begin, size }, multiples(begin + step, begin + size, step));
}

/** A range cut at those of the points that are inside it. */
export function cutAt(range: Range, points: Iterable<number>): Range[] {
  const inside = [...new Set(points)].filter((p) => p > range.begin && p < endOf(range)).sort((a, b) =>
    a - b
  );
  const ends = [...inside, endOf(range)];
  return ends.map((end, i) => {
    const begin = i === 0 ? range.begin : ends[i - 1];
    return { begin, size: end - begin };
  });
}

function multiples(first: number, end: number, step: number): number[] {
  const found: number[] = [];
  for (let at = first; at < end; at += step) found.push(at);
  return found;
}

/** The boxes of a partition in the order of their elements. */
export function boxesOf(partition: Partition): Box[] {
  return partition.reduce<Range[][]>(
    (boxes, ranges) => boxes.flatMap((box) => ranges.map((r) => [...box, r])),
    [[]],
  );
}

/**
 * Where a tensor's elements, in their order, are cut: after each `step`, and after each `period` if that is no multiple of
 * steps.
 */
export interface Blocks {
  readonly step: number;
  readonly period: number;
}

/** The axis that has to be cut for a tensor's blocks to be boxes; `undefined` if there is none. */
export function blockAxis(shape: readonly number[], { step, period }: Blocks): number | undefined {
  for (const [axis, inner] of stridesOf(shape).entries()) {
    const all = shape[axis] * inner;
    if (step % inner !== 0 || step > all) continue;
    if (all === period || period % step === 0 && all % step === 0) return axis;
  }
  return undefined;
}

/** The partition of a tensor's blocks. */
export function partitionOfBlocks(shape: readonly number[], blocks: Blocks): Partition {
  const cut = blockAxis(shape, blocks)!;
  const count = blocks.step / stridesOf(shape)[cut];
  return wholeBox(shape).map((range, axis) => axis > cut ? [range] : cutRange(range, axis < cut ? 1 : count));
}

/** How a box has to be cut along an axis first, for its parts to be boxes elsewhere. */
export interface Cuts {
  readonly axis: number;
  readonly ranges: readonly Range[];
}

/**
 * Where a box of a tensor of shape `after` lies in the same elements under shape `before`: in a box, or in one for each of
 * some parts of it; `undefined` if those would be many.
 */
export function reshapeBox(
  before: readonly number[],
  after: readonly number[],
  box: Box,
): Box | Cuts | undefined {
  const found: Range[] = [];
  for (const { from, to } of factorGroups(before, after)) {
    const dims = after.slice(to.begin, endOf(to));
    const ranges = box.slice(to.begin, endOf(to));
    const flat = flatRange(dims, ranges);
    const inner = before.slice(from.begin, endOf(from));
    const part = flat && boxOfRange(inner, flat);
    if (part) {
      found.push(...part);
      continue;
    }
    const axis = to.begin + ranges.findIndex((r) => r.size > 1);
    const cuts = flat && dims.length === 1
      ? cutAt(ranges[0], boundaries(inner, flat))
      : cutRange(box[axis], 1);
    return cuts.length > maxCuts ? undefined : { axis, ranges: cuts };
  }
  return found;
}

/** More parts than that are no way to read a tensor. */
const maxCuts = 64;

/** Neighbouring axes of two shapes that have the same elements, as few to a group as can be. */
function factorGroups(before: readonly number[], after: readonly number[]): { from: Range; to: Range }[] {
  const groups: { from: Range; to: Range }[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [from, to] = [i, j];
    let p = i < before.length ? before[i++] : 1;
    let q = j < after.length ? after[j++] : 1;
    while (p !== q) {
      if (p < q) p *= before[i++];
      else q *= after[j++];
    }
    groups.push({ from: { begin: from, size: i - from }, to: { begin: to, size: j - to } });
  }
  return groups;
}

/** The elements of a box, if they follow one another. */
function flatRange(shape: readonly number[], box: Box): Range | undefined {
  const strides = stridesOf(shape);
  let first = 0;
  while (first < box.length && box[first].size === 1) first++;
  if (box.slice(first + 1).some((r, i) => r.size !== shape[first + 1 + i])) return undefined;
  return {
    begin: box.reduce((sum, r, i) => sum + r.begin * strides[i], 0),
    size: sizeOf(shapeOfBox(box)),
  };
}

/** The box of elements that follow one another, if they are one. */
function boxOfRange(shape: readonly number[], { begin, size }: Range): Box | undefined {
  const box: Range[] = [];
  let [from, left] = [begin, size];
  for (const [axis, inner] of stridesOf(shape).entries()) {
    const at = Math.floor(from / inner);
    from -= at * inner;
    if (left < inner && from + left <= inner) {
      box.push({ begin: at, size: 1 });
    } else if (from === 0 && left % inner === 0) {
      box.push({ begin: at, size: left / inner });
      return [...box, ...wholeBox(shape.slice(axis + 1))];
    } else return undefined;
  }
  return box;
}

/** The first and last of the coarsest steps of a shape that are inside a range of its elements. */
function boundaries(shape: readonly number[], { begin, size }: Range): number[] {
  for (const inner of stridesOf(shape)) {
    const first = Math.ceil((begin + 1) / inner) * inner;
    const last = Math.floor((begin + size - 1) / inner) * inner;
    if (first <= last) return [first, last];
  }
  return [];
}
