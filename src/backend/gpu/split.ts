/**
 * Tensors that are too large for one binding, as tensors of some of their rows.
 *
 * A state is cut where it is too large, and so is what has its shape and is computed from its like: its gradient, the optimiser's moments,
 * their new values. What reads a table reads its parts.
 *
 * @module
 */
import { Builder } from "../../graph/builder.ts";
import type { DType } from "../../graph/dtype.ts";
import { type Graph, type Node, type NodeOf, statesOf } from "../../graph/node.ts";
import { numeric, sizeOf } from "../../graph/shape.ts";
import { opTable } from "../../graph/table.ts";
import { elementsOf } from "./nodes.ts";
import { elementwise } from "./alike.ts";
import { storageBytes } from "./kernels/wgsl.ts";

/** A state that became several. */
export interface CutState {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The names of the states that hold its rows, in order. */
  readonly parts: readonly string[];
}

/** A graph without states of more than some bytes. */
export interface CutGraph {
  readonly graph: Graph;
  readonly states: ReadonlyMap<string, CutState>;
}

/** Cuts states that take more than `maxBytes`, and what goes with them, by rows. */
export function cutLargeStates(graph: Graph, maxBytes: number): CutGraph {
  const cuts = new Map<string, Range[]>();
  for (const state of statesOf(graph)) {
    const ranges = bytesOf(state) > maxBytes ? rangesOf(numeric(state.shape), maxBytes) : undefined;
    if (ranges) cuts.set(state.shape.join(), ranges);
  }
  return cuts.size === 0 ? { graph, states: new Map() } : new Cutter(cuts).cut(graph);
}

interface Range {
  readonly begin: number;
  readonly size: number;
}

/** As few ranges of rows as fit, with room for one row more; `undefined` if a row is too large. */
function rangesOf([rows, ...row]: readonly number[], maxBytes: number): Range[] | undefined {
  const most = Math.floor(maxBytes / (4 * sizeOf(row))) - 1;
  if (most < 4) return undefined;
  const size = Math.min(Math.ceil(rows / Math.ceil(rows / most) / 4) * 4, most);
  const ranges: Range[] = [];
  for (let begin = 0; begin < rows; begin += size) ranges.push({ begin, size: Math.min(size, rows - begin) });
  return ranges;
}

function bytesOf(node: Node): number {
  return elementsOf(node) * storageBytes(node.dtype);
}

class Cutter {
  readonly #cuts: ReadonlyMap<string, readonly Range[]>;
  readonly #b = new Builder(opTable);
  readonly #parts = new Map<Node, readonly Node[]>();
  readonly #whole = new Map<Node, Node>();
  readonly #states = new Map<string, CutState>();

  constructor(cuts: ReadonlyMap<string, readonly Range[]>) {
    this.#cuts = cuts;
  }

  cut(graph: Graph): CutGraph {
    for (const node of graph.nodes) {
      const ranges = this.#cuts.get(node.shape.join());
      const parts = ranges && this.#partsOf(node, ranges);
      if (parts) this.#parts.set(node, parts);
      else this.#whole.set(node, this.#read(node));
    }
    for (const [name, node] of Object.entries(graph.outputs)) this.#b.output(name, this.#at(node));
    for (const { state, value } of graph.updates) {
      const parts = this.#parts.get(state);
      if (!parts) this.#b.update(this.#at(state), this.#at(value));
      const ranges = this.#cuts.get(state.shape.join());
      parts?.forEach((part, i) => this.#b.update(part, this.#rows(value, ranges![i], i)));
    }
    return { graph: this.#b.graph(), states: this.#states };
  }

  /** The node in one piece. */
  #at(node: Node): Node {
    let whole = this.#whole.get(node);
    if (!whole) this.#whole.set(node, whole = this.#b.concat(this.#parts.get(node)!, 0));
    return whole;
  }

  /** Some rows of a node. */
  #rows(node: Node, { begin, size }: Range, i: number): Node {
    return this.#parts.get(node)?.[i] ?? this.#b.slice(this.#at(node), 0, begin, size);
  }

  /** A node of a shape that is cut, by its rows; `undefined` where that would not make its operands smaller. */
  #partsOf(node: Node, ranges: readonly Range[]): readonly Node[] | undefined {
    const b = this.#b;
    if (node.op === "state") {
      const shape = numeric(node.shape);
      const names = ranges.map(({ begin, size }) => `${node.name}[${begin}:${begin + size}]`);
      this.#states.set(node.name!, { dtype: node.dtype, shape, parts: names });
      return ranges.map(({ size }, i) =>
        b.state(names[i], node.dtype, [size, ...shape.slice(1)], node.attrs)
      );
    }
    if (node.op === "scatter_add") {
      const [indices, updates] = node.inputs.map((u) => this.#at(u));
      return ranges.map(({ begin, size }) => {
        // What belongs to other parts goes into a row that nobody reads.
        const local = b.sub(indices, begin);
        const inside = b.where(b.less(local, 0), size, b.where(b.less(local, size), local, size));
        return b.slice(b.scatterAdd(inside, updates, size + 1), 0, 0, size);
      });
    }
    if (node.op === "matmul" && node.shape.length === 2) {
      const [x, y] = node.inputs;
      const axis = node.attrs.transA ? 1 : 0;
      return ranges.map((range, i) => {
        const rows = axis === 0 ? this.#rows(x, range, i) : b.slice(this.#at(x), 1, range.begin, range.size);
        return b.clone(node, [rows, this.#at(y)]);
      });
    }
    if (!elementwise.has(node.op)) return undefined;
    const isCut = (u: Node) => u.shape.length === node.shape.length && u.shape[0] === node.shape[0];
    if (!node.inputs.some((u) => this.#parts.has(u))) return undefined;
    return ranges.map((range, i) =>
      b.clone(node, node.inputs.map((u) => isCut(u) ? this.#rows(u, range, i) : this.#at(u)))
    );
  }

  /** A node that is not cut itself, with operands that may be. */
  #read(node: Node): Node {
    const b = this.#b;
    const parts = node.inputs.map((u) => this.#parts.get(u));
    const ranges = node.inputs.map((u) => this.#cuts.get(u.shape.join())!);
    if (node.op === "gather" && parts[0]) {
      const indices = this.#at(node.inputs[1]);
      return this.#gather(node, parts[0], indices, ranges[0]);
    }
    if (node.op === "matmul" && parts[1] && !parts[0] && node.inputs[1].shape.length === 2) {
      return this.#product(node, parts[1], ranges[1]);
    }
    if ((node.op === "reduce_sum" || node.op === "reduce_max") && parts[0]) {
      const each = parts[0].map((part) => b.clone(node, [part]));
      if (!node.attrs.axes.includes(0)) return b.concat(each, 0);
      return each.reduce((x, y) => node.op === "reduce_sum" ? b.add(x, y) : b.max(x, y));
    }
    return b.clone(node, node.inputs.map((u) => this.#at(u)));
  }

  /** Each row from the part that has it. */
  #gather(node: NodeOf<"gather">, parts: readonly Node[], indices: Node, ranges: readonly Range[]): Node {
    const b = this.#b;
    const wide = [...indices.shape, ...node.shape.slice(indices.shape.length).map(() => 1)];
    return parts.map((part, i) => {
      const { begin, size } = ranges[i];
      return b.gather(part, b.max(b.min(b.sub(indices, begin), size - 1), 0));
    }).reduce((before, rows, i) => b.where(b.reshape(b.less(indices, ranges[i].begin), wide), before, rows));
  }

  /** A product with a table: its columns come from the parts, or its sums run over them. */
  #product(node: NodeOf<"matmul">, parts: readonly Node[], ranges: readonly Range[]): Node {
    const b = this.#b;
    const x = this.#at(node.inputs[0]);
    if (node.attrs.transB) {
      return b.concat(parts.map((part) => b.clone(node, [x, part])), node.shape.length - 1);
    }
    const axis = x.shape.length - (node.attrs.transA ? 2 : 1);
    return parts.map((part, i) => b.clone(node, [b.slice(x, axis, ranges[i].begin, ranges[i].size), part]))
      .reduce((sum, y) => b.add(sum, y));
  }
}
