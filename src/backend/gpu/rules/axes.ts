/**
 * What ops compute from what, as far as cutting their tensors needs it: which axes of the operands and the result run
 * together, which of them are summed over, and which have to be seen whole.
 *
 * @module
 */
import type { Builder } from "../../../graph/builder.ts";
import type { Node } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import type { Range } from "../split/boxes.ts";

/** An axis of a tensor that runs along a dimension of the op: `unit` elements for each step of that. */
export interface Axis {
  readonly dim: number;
  readonly unit: number;
}

/** The axes of an operand or a result; `undefined` for those that are always taken whole. */
export type Axes = readonly (Axis | undefined)[];

/** What an op computes from what. */
export interface AxesRule {
  /** The sizes of the op's dimensions. */
  readonly dims: readonly number[];
  readonly out: Axes;
  /** By operand; an operand without is read by `make` itself. */
  readonly operands: readonly (Axes | undefined)[];
  /** Dimensions that one kernel has to see whole. */
  readonly whole: ReadonlySet<number>;
  /** How results are put together over the dimensions that the result does not have. */
  readonly combine?: "sum" | "max";
  /** Elements that computing a part takes room for besides the part. */
  readonly spare?: number;
  /** The result for some ranges of the dimensions. */
  make(cell: Cell): Node;
}

/** What a part of a result is made with. */
export interface Cell {
  readonly b: Builder;
  /** The range of each dimension. */
  readonly ranges: readonly Range[];
  /** Whether the result is to be summed up, so that it should not be rounded. */
  readonly partial: boolean;
  /** An operand's part for these ranges, or for others. */
  operand(i: number, ranges?: readonly Range[]): Node;
  /** The ranges that an axis of an operand is cut into. */
  rangesOf(i: number, axis: number): readonly Range[];
  /** A box of an operand. */
  box(i: number, box: readonly (Range | undefined)[]): Node;
}

/** Axes that run along the dimensions of the same number, the last along the last; those of size 1 that are spread do not. */
export function aligned(shape: readonly number[], dims: readonly number[]): Axes {
  const lead = dims.length - shape.length;
  return shape.map((size, i) => size === dims[lead + i] ? { dim: lead + i, unit: 1 } : undefined);
}

/** Each element from the operands' elements of its number. */
export function pointwiseAxes(node: Node): AxesRule {
  const dims = numeric(node.shape);
  return {
    dims,
    out: aligned(dims, dims),
    operands: node.inputs.map((u) => aligned(numeric(u.shape), dims)),
    whole: new Set(),
    make: ({ b, operand }) => b.clone(node, node.inputs.map((_, i) => operand(i))),
  };
}

/** Each row from the operands' rows. */
export function rowAxes(node: Node): AxesRule {
  const rule = pointwiseAxes(node);
  return { ...rule, whole: new Set([rule.dims.length - 1]) };
}

/** The type that a sum of parts is made in. */
export function wide(node: Node): Node["dtype"] {
  return node.dtype === "f16" ? "f32" : node.dtype;
}
