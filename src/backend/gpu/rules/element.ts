/**
 * The rules of ops that have no kernel of their own: each element of their result is a WGSL expression of the operands'
 * elements, and is computed by whichever kernel reads or stores it.
 *
 * @module
 */
import type { Builder } from "../../../graph/builder.ts";
import type { DType } from "../../../graph/dtype.ts";
import type { Node, NodeOf, OpName } from "../../../graph/node.ts";
import type { Lanes } from "../kernels/wgsl.ts";
import type { Box, Partition } from "../split/boxes.ts";
import type { IndexMap } from "./strides.ts";
import type { AxesRule } from "./axes.ts";

/** An element's number in a node's row-major order; with four lanes that element and the next three, a multiple of 4. */
export interface Index {
  readonly name: string;
  readonly lanes: Lanes;
}

/** The body of a WGSL function, as an expression that is added to it sees it. Values are names of variables or literals. */
export interface ElementScope {
  /** The node's value at `index`. */
  value(node: Node, index: Index): string;
  /** `u`, broadcast to `shape`, at an index into that shape. */
  operand(u: Node, shape: readonly number[], index: Index): string;
  /** The value of a node that is a view by strides, from what it is a view of. */
  throughStrides(node: Node, index: Index): string;
  /** Four values side by side, each computed for one lane. */
  eachLane(node: Node, index: Index, at: (lane: Index) => string): string;
  /** The element numbers themselves. */
  counter(index: Index): string;
  /** A number in the type that elements of `dtype` are computed in, for each lane. */
  number(dtype: DType, value: number, lanes: Lanes): string;
  /** The larger or the smaller of two values of `dtype`; of floats a NaN, if there is one. */
  extremum(
    name: "max" | "min",
    values: readonly [string, string],
    of: { dtype: DType; lanes: Lanes },
  ): string;
  /** Declares a variable and returns its name. */
  let(type: string, expression: string): string;
  /** What `make` gives, made once for each key. */
  once(key: string, make: () => string): string;
  /** Declares a helper or an extension that the expression uses. */
  need(helper: string): void;
}

/** What is known of an operation wherever its elements are computed. */
interface ElementRuleBase {
  /** Steps of arithmetic that an element counts as where it might be computed again for each reader; 1 if not given. */
  readonly steps?: number;
}

/** Element i of the result from the elements at i of the operands, which are broadcast to its shape. */
export interface PointwiseRule<K extends OpName> extends ElementRuleBase {
  readonly kind: "pointwise";
  /** WGSL of one element, or of four, from that of the operands. */
  expression(operands: readonly string[], at: PointwiseAt<K>): string;
  /** Whether it changes the type alone. */
  readonly converts?: true;
  /** Whether it only keeps equal nodes apart while passes merge them: a plan is made without it. */
  readonly vanishes?: true;
}

/** Where a pointwise expression stands. */
export interface PointwiseAt<K extends OpName> {
  readonly node: NodeOf<K>;
  readonly lanes: Lanes;
  readonly scope: ElementScope;
}

/** The elements of the operands, rearranged or repeated. */
export interface ViewRule<K extends OpName> extends ElementRuleBase {
  readonly kind: "view";
  /** WGSL of the element at an index; absent where the strides say it. */
  element?(node: NodeOf<K>, index: Index, scope: ElementScope): string;
  /** Where the elements lie in what the operand is a view of; `undefined` where strides cannot express it. */
  strides?(node: NodeOf<K>, operand: IndexMap): IndexMap | undefined;
  /** A box of the result from boxes of the operands, for tensors that are too large to be bound. */
  part?(node: NodeOf<K>, box: Box, parts: PartScope): Node;
  /** In place of `part`, which axes run together. */
  axes?(node: NodeOf<K>): AxesRule;
  /** Whether it is computed again wherever it is read, whatever else comes with it. */
  readonly free?: true;
  /** Whether element i is element i of the operand. */
  readonly keepsOrder?: true;
  /** Whether element i is made of element i of operand k and no other of it; if not given, it is not. */
  readsSameIndex?(node: NodeOf<K>, k: number): boolean;
  /**
   * Whether elements that follow one another lie apart in the operand, so that no kernel over many tensors can read them in
   * line.
   */
  isOutOfLine?(node: NodeOf<K>): boolean;
  /** Whether it repeats its operand, so that it is never worth storing. */
  readonly repeats?: true;
  /** The operand's axes in the order of the result's, where it only orders them anew. */
  order?(node: NodeOf<K>): readonly number[];
  /** The axis along which its operands lie one after the other, where it joins them. */
  joinedAxis?(node: NodeOf<K>): number;
  /** The operand of which it reads no more than it makes: what a kernel moves is counted by that. */
  readonly looksUp?: number;
}

/** Elements made from their number alone. */
export interface SourceRule<K extends OpName> extends ElementRuleBase {
  readonly kind: "source";
  /** WGSL of the element at an index. */
  element(node: NodeOf<K>, index: Index, scope: ElementScope): string;
  /** Whether it is computed again wherever it is read, whatever else comes with it. */
  readonly free?: true;
}

/** The rule of an op without a kernel of its own. */
export type ElementRule<K extends OpName> = PointwiseRule<K> | ViewRule<K> | SourceRule<K>;

/** What the parts of a large tensor are made with. Parts are tensors of a graph that is being built. */
export interface PartScope {
  readonly b: Builder;
  /** A box of a node's elements. */
  part(node: Node, box: Box): Node;
  /** One tensor of the boxes of a partition of `node`. */
  assemble(node: Node, partition: Partition, make: (box: Box) => Node): Node;
  /** The same node's elements in another box. */
  again(node: Node, box: Box): Node;
  /** Gives what is built the label of a node. */
  named(node: Node, build: () => Node): Node;
  /** Throws: no part of the operand is small enough. */
  refuse(operand: Node): never;
}
