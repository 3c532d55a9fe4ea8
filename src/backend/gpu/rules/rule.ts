/**
 * What the GPU knows of an op. Fusion, scheduling, cutting, cost and lowering read these rules; nothing else names an op.
 *
 * @module
 */
import type { Node, NodeOf, OpName } from "../../../graph/node.ts";
import type { Group } from "../plan/group.ts";
import type { Lowering } from "../kernels/fused.ts";
import type { Kernel } from "../kernels/writer.ts";
import type { AxesRule } from "./axes.ts";
import type { ElementRule } from "./element.ts";

/** What the choice of a kernel depends on. */
export interface KernelLimits {
  readonly maxBuffers: number;
  readonly maxWorkgroupBytes: number;
  /** Workgroups it takes to keep the device busy. */
  readonly parallelism: number;
  readonly software: boolean;
  /** Whether the device's language has no dot product of packed 8-bit levels; it has one by default. */
  readonly emulatesDots?: boolean;
}

/**
 * How a kernel reads an operand: `inside` computes pointwise nodes on the way in, at the index of the operand's own
 * element; `anywhere` computes them too, at whatever index the kernel asks for. Those that need an operand in memory say
 * `stored` for all of them.
 */
export type Reading = "inside" | "anywhere";

/** An op that is the heavy part of a kernel, its **anchor**. */
export interface AnchorRule<K extends OpName> {
  /**
   * `row`: computes row by row of the last axis. `reduce`: sums or folds. `product`: multiplies matrices. `closed`:
   * computes nothing on the way in or out: it takes its operands from memory and stores nothing but its results.
   */
  readonly kind: "row" | "reduce" | "product" | "closed";
  /** The kernels of a group around it. */
  kernels(group: Group, lowering: Lowering): Kernel[];
  /**
   * How its kernels read the operands, one after the other. A `stored` one is read through strides; to have an operand
   * decoded on its way into a product, as from a quantised weight, is to read it `inside`.
   */
  readonly reads: "stored" | readonly Reading[];
  /**
   * Whether there is a kernel for this node here; true by default. Only composite ops may lack one, since they can be
   * expanded.
   */
  supported?(node: NodeOf<K>, limits: KernelLimits): boolean;
  /** Ops of one family, with the same operands and attributes, are results of one kernel. */
  readonly family?: string;
  /** Whether it sums over the rows that its family's kernel walks through. Such a result is made of parts in scratch memory. */
  readonly sumsRows?: true;
  /** What it does with all elements of its operand along some axes, where that is all it does. */
  readonly folds?: "sum" | "max";
  /**
   * The operand whose memory the result may take: each row of it is read to its end before that row of the result is
   * stored, and no other row is read for it.
   */
  readonly writesInto?: number;
  /** Floating-point operations of the anchor and its siblings; one for each element of the first operand if not given. */
  flops?(node: NodeOf<K>, made: readonly Node[]): number;
  /** Which axes run together; without, a tensor that is too large to be bound is refused where it meets this op. */
  axes?(node: NodeOf<K>): AxesRule;
  /** Whether it draws random bits by their number in a tensor that is never stored, so that it cannot be made in parts. */
  draws?(node: NodeOf<K>): boolean;
}

/** What the GPU knows of an op. */
export type GpuRule<K extends OpName> = ElementRule<K> | AnchorRule<K>;
