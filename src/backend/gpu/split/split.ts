/**
 * Tensors that are too large for one binding, as tensors of some of their elements.
 *
 * A tensor that is too large is never made: what reads it reads boxes of it, and a box is computed from boxes of the operands
 * (`rules/`). All boxes that are read come from a partition that the tensor is cut into, the same for what is computed from one
 * another row by row (`partitions.ts`): a state, its gradient and its moments; logits, their probabilities and their
 * gradient. What sums over an axis that is cut is the sum of what the parts give.
 *
 * @module
 */
import { Builder } from "../../../graph/builder.ts";
import type { DType } from "../../../graph/dtype.ts";
import { type Graph, type Node, type NodeOf, statesOf } from "../../../graph/node.ts";
import { expand } from "../../../graph/passes/expand.ts";
import { optimize, removeDead } from "../../../graph/passes/optimize.ts";
import { numeric, sizeOf, stridesOf } from "../../../graph/shape.ts";
import { opTable } from "../../../graph/table.ts";
import { verify } from "../../../graph/verify.ts";
import { storageBytes } from "../kernels/wgsl.ts";
import { elementsOf, isLeaf, isLiteral } from "../rules/nodes.ts";
import type { Axes, AxesRule } from "../rules/axes.ts";
import type { PartScope } from "../rules/element.ts";
import { elementRuleOf } from "../rules/elements.ts";
import { anchorRuleOf, axesOf } from "../rules/rules.ts";
import {
  type Box,
  boxesOf,
  cutAt,
  cutRange,
  endOf,
  isWhole,
  overlap,
  type Partition,
  type Range,
  shapeOfBox,
  wholeBox,
} from "./boxes.ts";
import { partitionsOf, rowRanges, tooLarge } from "./partitions.ts";

/** A tensor that became several. */
export interface CutTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The names of the inputs, states or outputs that hold its elements, in order. */
  readonly parts: readonly string[];
}

/** A graph without tensors of more than some bytes, and those of its interface that are in parts. */
export interface CutGraph {
  readonly graph: Graph;
  readonly states: ReadonlyMap<string, CutTensor>;
  readonly inputs: ReadonlyMap<string, CutTensor>;
  readonly outputs: ReadonlyMap<string, CutTensor>;
}

/** Cuts states that take more than `maxBytes`, and what has their shape, by rows. */
export function cutLargeStates(graph: Graph, maxBytes: number): CutGraph {
  const shapes = new Set(
    statesOf(graph).filter((s) => bytesOf(s) > maxBytes && rowRanges(numeric(s.shape), maxBytes))
      .map((s) => s.shape.join()),
  );
  if (shapes.size === 0) return { graph, states: new Map(), inputs: new Map(), outputs: new Map() };
  return new Cutter(graph, maxBytes, (node) => shapes.has(node.shape.join())).cut();
}

/**
 * Cuts everything that takes more than `maxBytes`.
 *
 * @throws {BindingLimitError} naming what cannot be cut.
 */
export function cutLargeTensors(source: Graph, maxBytes: number): CutGraph {
  const isLarge = (node: Node) => bytesOf(node) > maxBytes;
  // The random bits of a part of the probabilities are those of the whole only where they are drawn as such.
  const draws = (node: Node) =>
    anchorRuleOf(node)?.draws?.(node as never) === true && [node, ...node.inputs].some(isLarge);
  const graph = source.nodes.some(draws) ? optimize(expand(source, (node) => !draws(node))) : source;
  const state = statesOf(graph).find((s) => isLarge(s) && !rowRanges(numeric(s.shape), maxBytes));
  if (state) throw tooLarge(state, maxBytes);
  return new Cutter(graph, maxBytes, () => true).cut();
}

function bytesOf(node: Node): number {
  return elementsOf(node) * storageBytes(node.dtype);
}

class Cutter {
  readonly #source: Graph;
  readonly #maxBytes: number;
  readonly #partitions: ReadonlyMap<Node, Partition>;
  readonly #kept: ReadonlySet<Node>;
  readonly #b = new Builder(opTable);
  readonly #wholes = new Map<Node, Node>();
  readonly #parts = new Map<Node, Map<string, Node>>();
  readonly #rules = new Map<Node, AxesRule | undefined>();
  readonly #states = new Map<string, CutTensor>();
  readonly #inputs = new Map<string, CutTensor>();
  readonly #outputs = new Map<string, CutTensor>();
  /** What the rules make parts with. */
  readonly #scope: PartScope = {
    b: this.#b,
    part: (node, box) => this.#part(node, box),
    assemble: (node, partition, make) => this.#assemble(node, partition, make),
    again: (node, box) => this.#compute(node, box),
    named: (node, build) => this.#named(node, build),
    refuse: (operand) => this.#refuse(operand),
  };
  /** What is being computed, for messages. */
  #reader?: Node;

  constructor(graph: Graph, maxBytes: number, isDue: (node: Node) => boolean) {
    this.#source = graph;
    this.#maxBytes = maxBytes;
    this.#kept = new Set([...Object.values(graph.outputs), ...graph.updates.map((u) => u.value)]);
    const isCut = (node: Node) => {
      if (bytesOf(node) <= maxBytes || !isDue(node) || this.#isMade(node)) return false;
      return node.op !== "state" || rowRanges(numeric(node.shape), maxBytes) !== undefined;
    };
    const isInOrder = (node: Node) => isLeaf(node) || this.#kept.has(node);
    this.#partitions = partitionsOf(graph, { maxBytes, isCut, isInOrder });
  }

  cut(): CutGraph {
    const { nodes, outputs, updates } = this.#source;
    for (const node of nodes) {
      if (node.op === "input" || node.op === "state") this.#leaf(node);
      else if (!this.#partitions.has(node) && !this.#isMade(node)) this.#whole(node);
    }
    for (const [name, node] of Object.entries(outputs)) {
      const boxes = this.#boxes(node);
      if (boxes.length === 1) {
        this.#b.output(name, this.#whole(node));
        continue;
      }
      const names = partNames(name, node, boxes);
      this.#outputs.set(name, { dtype: node.dtype, shape: numeric(node.shape), parts: names });
      boxes.forEach((box, i) => this.#b.output(names[i], this.#part(node, box)));
    }
    for (const { state, value } of updates) {
      for (const box of this.#boxes(state)) this.#b.update(this.#part(state, box), this.#part(value, box));
    }
    const graph = verify(removeDead(this.#b.graph()), "cutting");
    return { graph, states: this.#states, inputs: this.#inputs, outputs: this.#outputs };
  }

  /** Whether a node's elements are made wherever they are read, so that it is never stored: then it need not be cut. */
  #isMade(node: Node): boolean {
    if (this.#kept.has(node)) return false;
    const rule = elementRuleOf(node);
    return isLiteral(node) || rule?.kind === "source" || rule?.kind === "view" && rule.repeats === true;
  }

  /** The boxes that a node is made of. */
  #boxes(node: Node): Box[] {
    const partition = this.#partitions.get(node);
    return partition ? boxesOf(partition) : [wholeBox(numeric(node.shape))];
  }

  #leaf(node: NodeOf<"input"> | NodeOf<"state">): void {
    const boxes = this.#boxes(node);
    if (boxes.length === 1) {
      this.#wholes.set(node, this.#b.clone(node, []));
      return;
    }
    const shape = numeric(node.shape);
    const names = partNames(node.name!, node, boxes);
    const cut = node.op === "state" ? this.#states : this.#inputs;
    cut.set(node.name!, { dtype: node.dtype, shape, parts: names });
    boxes.forEach((box, i) => {
      const part = node.op === "state"
        ? this.#b.state(names[i], node.dtype, shapeOfBox(box), node.attrs)
        : this.#b.input(names[i], node.dtype, shapeOfBox(box));
      this.#keep(node, box, part);
    });
  }

  /** A node in one piece. */
  #whole(node: Node): Node {
    let whole = this.#wholes.get(node);
    if (whole) return whole;
    if (this.#partitions.has(node)) this.#refuse(node);
    const inParts = node.inputs.some((u) => this.#partitions.has(u));
    whole = inParts
      ? this.#compute(node, wholeBox(numeric(node.shape)))
      : this.#b.clone(node, node.inputs.map((u) => this.#whole(u)));
    this.#wholes.set(node, whole);
    return whole;
  }

  /** Some of a node's elements. */
  #part(node: Node, box: Box): Node {
    if (isWhole(box, numeric(node.shape))) return this.#whole(node);
    const known = this.#parts.get(node)?.get(keyOf(box));
    if (known) return known;
    const partition = this.#partitions.get(node);
    return this.#keep(
      node,
      box,
      partition ? this.#fromParts(node, partition, box) : this.#fromWhole(node, box),
    );
  }

  #keep(node: Node, box: Box, part: Node): Node {
    const parts = this.#parts.get(node) ?? new Map<string, Node>();
    this.#parts.set(node, parts.set(keyOf(box), part));
    return part;
  }

  #fromWhole(node: Node, box: Box): Node {
    const fits = bytesOf(node) <= this.#maxBytes || elementRuleOf(node)?.kind === "source";
    return fits || !this.#isMade(node) ? this.#slice(this.#whole(node), box) : this.#compute(node, box);
  }

  #fromParts(node: Node, partition: Partition, box: Box): Node {
    const ranges = partition.map((all, axis) => all.filter((r) => overlap(r, box[axis])));
    if (ranges.every((list) => list.length === 1)) {
      const piece = ranges.map(([range]) => range);
      if (keyOf(piece) === keyOf(box)) return this.#compute(node, box);
      const local = box.map((r, axis) => ({ begin: r.begin - piece[axis].begin, size: r.size }));
      return this.#slice(this.#part(node, piece), local);
    }
    if (sizeOf(shapeOfBox(box)) * storageBytes(node.dtype) > this.#maxBytes) this.#refuse(node);
    const cuts = ranges.map((list, axis) => list.map((r) => overlap(r, box[axis])!));
    return this.#assemble(node, cuts, (cell) => this.#part(node, cell));
  }

  /** One tensor of the boxes of a partition. */
  #assemble(node: Node, partition: Partition, make: (box: Box) => Node): Node {
    const join = (done: readonly Range[]): Node => {
      if (done.length === partition.length) return make(done);
      const parts = partition[done.length].map((range) => join([...done, range]));
      return this.#named(node, (b) => b.concat(parts, done.length));
    };
    return join([]);
  }

  #slice(node: Node, box: Box): Node {
    return box.reduce(
      (x, { begin, size }, axis) =>
        size === x.shape[axis] ? x : this.#named(node, (b) => b.slice(x, axis, begin, size)),
      node,
    );
  }

  #named<T>(node: Node, build: (b: Builder) => T): T {
    const name = isLeaf(node) ? undefined : node.name;
    return name ? this.#b.named(name, () => build(this.#b)) : build(this.#b);
  }

  /** The elements of a box from those of the operands. */
  #compute(node: Node, box: Box): Node {
    const before = this.#reader;
    this.#reader = node;
    try {
      return this.#arranged(node, box) ?? this.#byRule(node, box);
    } finally {
      this.#reader = before;
    }
  }

  /** A box of a node that only arranges its operands' elements; `undefined` if it does more. */
  #arranged(node: Node, box: Box): Node | undefined {
    if (node.op === "constant") return this.#constant(node, box);
    const rule = elementRuleOf(node);
    if (rule?.kind === "source") {
      return this.#slice(this.#b.clone(node, node.inputs.map((x) => this.#whole(x))), box);
    }
    return rule?.kind === "view" ? rule.part?.(node as never, box, this.#scope) : undefined;
  }

  #constant(node: NodeOf<"constant">, box: Box): Node {
    const { data } = node.attrs;
    const shape = shapeOfBox(box);
    if (isLiteral(node)) return this.#b.broadcast(this.#b.scalar(Number(data[0]), node.dtype), shape);
    const strides = stridesOf(numeric(node.shape));
    const begin = box.reduce((sum, r, i) => sum + r.begin * strides[i], 0);
    return this.#b.constant(node.dtype, shape, data.subarray(begin, begin + sizeOf(shape)));
  }

  #byRule(node: Node, box: Box): Node {
    if (!this.#rules.has(node)) this.#rules.set(node, axesOf(node));
    const rule = this.#rules.get(node);
    if (!rule) return this.#refuse(node.inputs.find((u) => this.#partitions.has(u)) ?? node);
    const wanted = wholeBox(rule.dims);
    rule.out.forEach((axis, i) => {
      if (!axis || rule.whole.has(axis.dim)) return;
      const begin = Math.floor(box[i].begin / axis.unit);
      wanted[axis.dim] = { begin, size: Math.ceil(endOf(box[i]) / axis.unit) - begin };
    });
    const cuts = this.#cutsOf(node, rule, wanted);
    const partition = rule.out.map((axis, i) =>
      axis
        ? cuts[axis.dim].map(({ begin, size }) => ({ begin: begin * axis.unit, size: size * axis.unit }))
        : [{ begin: 0, size: numeric(node.shape)[i] }]
    );
    const outer = new Set(rule.out.map((axis) => axis?.dim));
    const inner = boxesOf(cuts.map((ranges, dim) => outer.has(dim) ? [none] : ranges));
    const made = this.#assemble(node, partition, (cell) => {
      const ranges = wanted.slice();
      rule.out.forEach((axis, i) => {
        if (axis) ranges[axis.dim] = { begin: cell[i].begin / axis.unit, size: cell[i].size / axis.unit };
      });
      const parts = inner.map((sums) => {
        const at = ranges.map((range, dim) => outer.has(dim) ? range : sums[dim]);
        return this.#cell(node, rule, at, inner.length > 1);
      });
      return this.#combine(node, rule, parts);
    });
    const whole = partition.map((ranges) => ({
      begin: ranges[0].begin,
      size: endOf(ranges.at(-1)!) - ranges[0].begin,
    }));
    return this.#slice(made, box.map((r, i) => ({ begin: r.begin - whole[i].begin, size: r.size })));
  }

  #combine(node: Node, rule: AxesRule, parts: readonly Node[]): Node {
    if (parts.length === 1) return parts[0];
    return this.#named(node, (b) => {
      if (rule.combine === "max") return parts.reduce((x, y) => b.maximum(x, y));
      // f16 parts are summed up in f32.
      const wide = node.dtype === "f16" ? "f32" : node.dtype;
      return b.cast(parts.map((p) => b.cast(p, wide)).reduce((x, y) => b.add(x, y)), node.dtype);
    });
  }

  #cell(node: Node, rule: AxesRule, ranges: readonly Range[], partial: boolean): Node {
    const shapeOf = (i: number) => numeric(node.inputs[i].shape);
    return rule.make({
      b: this.#b,
      ranges,
      partial,
      operand: (i, other = ranges) => this.#part(node.inputs[i], boxOf(rule.operands[i]!, other, shapeOf(i))),
      rangesOf: (i, axis) => this.#partitions.get(node.inputs[i])?.[axis] ?? [wholeBox(shapeOf(i))[axis]],
      box: (i, box) => this.#part(node.inputs[i], wholeBox(shapeOf(i)).map((all, axis) => box[axis] ?? all)),
    });
  }

  /** Ranges of an op's dimensions for which its operands' parts fit. */
  #cutsOf(node: Node, rule: AxesRule, wanted: readonly Range[]): Range[][] {
    const points = rule.dims.map(() => new Set<number>());
    const outer = new Set(rule.out.map((axis) => axis?.dim));
    const outBytes = bytesOfBox(boxOf(rule.out, wanted, numeric(node.shape)), node);
    rule.operands.forEach((axes, i) => {
      const partition = this.#partitions.get(node.inputs[i]);
      if (!axes || !partition) return;
      const bytes = bytesOfBox(boxOf(axes, wanted, numeric(node.inputs[i].shape)), node.inputs[i]);
      axes.forEach((axis, k) => {
        if (!axis || rule.whole.has(axis.dim) || partition[k].length === 1) return;
        // Where the operand could be put together instead, that is done unless the result takes less.
        if (outer.has(axis.dim) && bytes <= this.#maxBytes && bytes <= outBytes) return;
        for (const { begin } of partition[k]) {
          if (begin % axis.unit === 0) points[axis.dim].add(begin / axis.unit);
        }
      });
    });
    const cuts = wanted.map((range, dim) => cutAt(range, points[dim]));
    rule.operands.forEach((axes, i) => {
      if (axes && this.#partitions.has(node.inputs[i])) this.#shrink(node.inputs[i], axes, rule, cuts);
    });
    return cuts;
  }

  /** Cuts dimensions further as long as an operand's part is too large. */
  #shrink(node: Node, axes: Axes, rule: AxesRule, cuts: Range[][]): void {
    for (;;) {
      const largest = cuts.map((ranges) => ranges.reduce((x, y) => y.size > x.size ? y : x));
      const bytes = bytesOfBox(boxOf(axes, largest, numeric(node.shape)), node);
      if (bytes <= this.#maxBytes) return;
      const free = axes.flatMap((axis) =>
        axis && !rule.whole.has(axis.dim) && largest[axis.dim].size > 1 ? [axis.dim] : []
      );
      if (free.length === 0) this.#refuse(node);
      const dim = free[0];
      const step = Math.ceil(
        largest[dim].size / Math.min(Math.ceil(bytes / this.#maxBytes), largest[dim].size),
      );
      cuts[dim] = cuts[dim].flatMap((range) => range.size > step ? cutRange(range, step) : [range]);
    }
  }

  #refuse(node: Node): never {
    const reader = this.#reader === node ? undefined : this.#reader;
    throw tooLarge(node, this.#maxBytes, reader);
  }
}

/** Stands for a dimension that the results run along, where the dimensions that are summed over are gone through. */
const none: Range = { begin: 0, size: 1 };

/** The box of a tensor for ranges of an op's dimensions. */
function boxOf(axes: Axes, ranges: readonly Range[], shape: readonly number[]): Box {
  return shape.map((size, i) => {
    const axis = axes[i];
    if (!axis) return { begin: 0, size };
    const { begin, size: count } = ranges[axis.dim];
    return { begin: begin * axis.unit, size: count * axis.unit };
  });
}

function bytesOfBox(box: Box, { dtype }: Node): number {
  return sizeOf(shapeOfBox(box)) * storageBytes(dtype);
}

function keyOf(box: Box): string {
  return box.map(({ begin, size }) => `${begin}+${size}`).join();
}

/** Names of parts: the rows of a tensor that is cut by rows, else the elements. */
function partNames(name: string, node: Node, boxes: readonly Box[]): string[] {
  const shape = numeric(node.shape);
  const byRows = boxes.every((box) => isWhole(box.slice(1), shape.slice(1)));
  let at = 0;
  return boxes.map((box) => {
    const size = byRows ? box[0].size : sizeOf(shapeOfBox(box));
    at += size;
    return `${name}[${at - size}:${at}]`;
  });
}
