/**
 * Which ops are the heavy part of a kernel here, and who writes it.
 *
 * @module
 */
import { labelOf, type Node, type OpName } from "../../graph/node.ts";
import { opTable } from "../../graph/table.ts";
import { BackendError } from "../interface.ts";
import type { Group } from "./fusion.ts";
import { attentionKernels, hasAttentionKernel } from "./kernels/attention.ts";
import { type Lowering, widest } from "./kernels/fused.ts";
import { matmulKernels } from "./kernels/matmul.ts";
import { hasNormGradKernel, normGradKernels } from "./kernels/norm_grad.ts";
import { reduceKernels } from "./kernels/reduce.ts";
import { rowKernel } from "./kernels/rows.ts";
import { scatterKernels } from "./kernels/scatter.ts";
import type { Kernel } from "./kernels/writer.ts";
import { isLeaf } from "./nodes.ts";

/** What the choice of a kernel depends on. */
export interface KernelLimits {
  readonly maxBuffers: number;
  readonly maxWorkgroupBytes: number;
  readonly software: boolean;
}

interface Rule {
  kernels(group: Group, lowering: Lowering): Kernel[];
  /** Whether this node has one; all have if absent. Only composite ops may have none, since only they can be expanded. */
  has?(node: Node, limits: KernelLimits): boolean;
}

const row: Rule = { kernels: (group, lowering) => [rowKernel(group, lowering)] };
const reduction: Rule = { kernels: reduceKernels };
const normGrad: Rule = { kernels: normGradKernels, has: hasNormGradKernel };
const attention: Rule = { kernels: attentionKernels, has: hasAttentionKernel };

const rules: { readonly [op in OpName]?: Rule } = {
  matmul: { kernels: matmulKernels },
  reduce_sum: reduction,
  reduce_max: reduction,
  scatter_add: { kernels: scatterKernels },
  softmax: row,
  softmax_grad: row,
  softmax_cross_entropy: row,
  softmax_cross_entropy_grad: row,
  layer_norm: row,
  layer_norm_grad: normGrad,
  layer_norm_grad_weight: normGrad,
  layer_norm_grad_bias: normGrad,
  rms_norm: row,
  rms_norm_grad: normGrad,
  rms_norm_grad_weight: normGrad,
  attention,
  attention_stats: attention,
  attention_grad_query: attention,
  attention_grad_key: attention,
  attention_grad_value: attention,
  attention_grad_packed: attention,
};

/** Whether a composite op has a kernel of its own here; the others are expanded before a plan is made. */
export function hasKernel(node: Node, limits: KernelLimits): boolean {
  if (node.op === "barrier") return true; // keeps equal nodes apart until nothing merges them any more
  if (!isComposite(node)) return false;
  const rule = rules[node.op as OpName];
  return rule !== undefined && (rule.has?.(node, limits) ?? true);
}

/** The kernels of a group. */
export function lower(group: Group, lowering: Lowering): Kernel[] {
  const { anchor } = group;
  if (!anchor) return [widest(group, lowering, group.size % 4 === 0, (w, lanes) => w.pointwise(lanes))];
  const rule = rules[anchor.op as OpName];
  if (!rule) {
    throw new BackendError(
      `Cannot compile ${labelOf(anchor)}: WebGPU has no kernel for "${anchor.op}"`,
    );
  }
  return rule.kernels(group, lowering);
}

function isComposite(node: Node): boolean {
  return !isLeaf(node) && opTable[node.op].expand !== undefined;
}
