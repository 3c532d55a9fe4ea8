/**
 * The GPU's rules of ops that rearrange or repeat their operands' elements.
 *
 * @module
 */
import type { Node, NodeOf, OpName } from "../../../graph/node.ts";
import { numeric, sizeOf } from "../../../graph/shape.ts";
import { computeTypes, vectorType } from "../kernels/wgsl.ts";
import { elementsOf } from "./nodes.ts";
import { type Box, overlap, type Range, reshapeBox, shapeOfBox } from "../split/boxes.ts";
import { broadcastMap, reshapeStrides } from "./strides.ts";
import type { Axes, AxesRule } from "./axes.ts";
import type { ElementScope, Index, ViewRule } from "./element.ts";

/** Where the elements of views come from. */
export const viewRules = {
  reshape: {
    kind: "view",
    element: ({ inputs: [x] }, index, scope) => scope.operand(x, numeric(x.shape), index),
    strides(node, operand) {
      const shape = numeric(node.shape);
      const strides = reshapeStrides(operand.shape, operand.strides, shape);
      return strides && { ...operand, shape, strides };
    },
    part(node, box, parts) {
      const [x] = node.inputs;
      const found = reshapeBox(numeric(x.shape), numeric(node.shape), box);
      if (!found) return parts.refuse(x);
      if ("axis" in found) {
        const { axis, ranges } = found;
        const cuts = box.map((range, i) => i === axis ? ranges : [range]);
        return parts.assemble(node, cuts, (cell) => parts.again(node, cell));
      }
      return parts.named(node, () => parts.b.reshape(parts.part(x, found), shapeOfBox(box)));
    },
    free: true,
    keepsOrder: true,
    readsSameIndex: () => true,
  },
  transpose: {
    kind: "view",
    strides: (node, operand) => ({
      ...operand,
      shape: numeric(node.shape),
      strides: node.attrs.perm.map((p) => operand.strides[p]),
    }),
    part(node, box, parts) {
      const { perm } = node.attrs;
      return parts.b.clone(node, [
        parts.part(node.inputs[0], perm.map((_, axis) => box[perm.indexOf(axis)])),
      ]);
    },
    free: true,
    isOutOfLine: () => true,
    order: (node) => node.attrs.perm,
  },
  broadcast: {
    kind: "view",
    strides: (node, operand) => broadcastMap(operand, numeric(node.shape)),
    part(node, box, parts) {
      const [x] = node.inputs;
      const lead = box.length - x.shape.length;
      const from = x.shape.map((size, i) => size === 1 ? { begin: 0, size: 1 } : box[lead + i]);
      return parts.named(node, () => parts.b.broadcast(parts.part(x, from), shapeOfBox(box)));
    },
    free: true,
    repeats: true,
  },
  slice: {
    kind: "view",
    strides: (node, operand) => ({
      ...operand,
      shape: numeric(node.shape),
      offset: operand.offset + Number(node.attrs.start) * operand.strides[node.attrs.axis],
    }),
    part(node, box, parts) {
      const { axis } = node.attrs;
      const start = Number(node.attrs.start);
      return parts.part(
        node.inputs[0],
        along(box, axis, { begin: box[axis].begin + start, size: box[axis].size }),
      );
    },
    free: true,
    isOutOfLine: (node) => numeric(node.inputs[0].shape).slice(0, node.attrs.axis).some((d) => d > 1),
  },
  pad: {
    kind: "view",
    element: joined,
    part(node, box, parts) {
      const [x] = node.inputs;
      const { axis } = node.attrs;
      const before = Number(node.attrs.before);
      const inner = overlap(box[axis], { begin: before, size: numeric(x.shape)[axis] });
      if (!inner) return parts.b.broadcast(parts.b.scalar(0, node.dtype), shapeOfBox(box));
      const part = parts.part(x, along(box, axis, { begin: inner.begin - before, size: inner.size }));
      return parts.named(
        node,
        () => parts.b.pad(part, axis, inner.begin - box[axis].begin, box[axis].size),
      );
    },
    free: true,
    isOutOfLine: () => true,
  },
  concat: {
    kind: "view",
    element: joined,
    part(node, box, parts) {
      const { axis } = node.attrs;
      let start = 0;
      const found = node.inputs.flatMap((x) => {
        const own = { begin: start, size: numeric(x.shape)[axis] };
        start += own.size;
        const range = overlap(box[axis], own);
        if (!range) return [];
        return [parts.part(x, along(box, axis, { begin: range.begin - own.begin, size: range.size }))];
      });
      return parts.named(node, () => parts.b.concat(found, axis));
    },
    free: true,
    isOutOfLine: () => true,
    joinedAxis: (node) => node.attrs.axis,
  },
  gather: {
    kind: "view",
    element(node, index, scope) {
      const [table, indices] = node.inputs;
      const width = sizeOf(numeric(table.shape).slice(1));
      if (index.lanes === 4 && width % 4 !== 0) {
        return scope.eachLane(node, index, (lane) => scope.value(node, lane));
      }
      const token = scope.let("u32", `${index.name} / ${width}u`);
      const row = scope.operand(indices, numeric(indices.shape), { name: token, lanes: 1 });
      const at = scope.let("u32", `u32(${row}) * ${width}u + ${index.name} % ${width}u`);
      return scope.operand(table, numeric(table.shape), { name: at, lanes: index.lanes });
    },
    axes: lookupAxes,
    readsSameIndex: (node, k) => k === 1 && elementsOf(node.inputs[1]) === elementsOf(node),
    looksUp: 0,
  },
} satisfies { readonly [K in OpName]?: ViewRule<K> };

/** Parts side by side along an axis, zeros between. */
function joined(node: NodeOf<"pad"> | NodeOf<"concat">, index: Index, scope: ElementScope): string {
  const shape = numeric(node.shape);
  const { axis } = node.attrs;
  const inner = sizeOf(shape.slice(axis + 1));
  const row = shape[axis] * inner;
  let start = "before" in node.attrs ? Number(node.attrs.before) * inner : 0;
  const parts = node.inputs.map((u) => {
    const width = numeric(u.shape)[axis] * inner;
    const part = { u, start, width };
    start += width;
    return part;
  });
  if (index.lanes === 4 && (row % 4 !== 0 || parts.some((p) => p.start % 4 !== 0 || p.width % 4 !== 0))) {
    return scope.eachLane(node as Node, index, (lane) => scope.value(node as Node, lane));
  }
  const type = vectorType(computeTypes[node.dtype], index.lanes);
  const at = scope.let("u32", `${index.name} % ${row}u`);
  let result = scope.number(node.dtype, 0, index.lanes);
  for (const { u, start, width } of parts) {
    const inside = scope.let("bool", `${at} >= ${start}u && ${at} < ${start + width}u`);
    const from = `${index.name} / ${row}u * ${width}u + ${at} - ${start}u`;
    const name = scope.let("u32", `select(0u, ${from}, ${inside})`);
    const value = scope.operand(u, numeric(u.shape), { name, lanes: index.lanes });
    result = scope.let(type, `select(${result}, ${value}, ${inside})`);
  }
  return result;
}

/** Rows of a table: where that is cut, each from the part that has it. */
function lookupAxes(node: NodeOf<"gather">): AxesRule {
  const dims = numeric(node.shape);
  const indices = numeric(node.inputs[1].shape);
  const run = (count: number): Axes => Array.from({ length: count }, (_, dim) => ({ dim, unit: 1 }));
  return {
    dims,
    out: run(dims.length),
    operands: [undefined, run(indices.length)],
    whole: new Set(),
    make({ b, ranges, operand, rangesOf, box }) {
      const at = operand(1);
      const row = ranges.slice(indices.length);
      const wideShape = [...at.shape, ...row.map(() => 1)];
      const parts = rangesOf(0, 0);
      if (parts.length === 1) return b.clone(node, [box(0, [undefined, ...row]), at]);
      return parts.map((range) => {
        const local = b.maximum(b.minimum(b.sub(at, range.begin), range.size - 1), 0);
        return b.clone(node, [box(0, [range, ...row]), local]);
      }).reduce((before, found, i) =>
        b.where(b.reshape(b.less(at, parts[i].begin), wideShape), before, found)
      );
    },
  };
}

/** A box with another range of one axis. */
function along(box: Box, axis: number, range: Range): Box {
  return box.map((r, i) => i === axis ? range : r);
}
