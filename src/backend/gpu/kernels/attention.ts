/**
 * Attention without its matrix of scores in memory: FlashAttention in WGSL (Dao et al., "FlashAttention: Fast and
 * Memory-Efficient Exact Attention with IO-Awareness", 2022; a workgroup for each tile of queries as in Dao,
 * "FlashAttention-2", 2023).
 *
 * Forward: a workgroup keeps a tile of queries of one head, and tiles of keys and values follow each other past it. Each makes
 * scores S = scale Q Kᵀ + mask, and an online softmax (Milakov and Gimelshein, "Online normalizer calculation for softmax",
 * 2018) carries each row's largest score so far, `top`, and its sum of e^(S - top). Where a tile raises `top`, the sum and the
 * result so far shrink by e^(old top - new top). The result is divided by the sum once, at the end. `attention_stats` stores
 * top and sum for the gradients, apart: their one number top + log(sum) loses the sum where a row is all padding and its scores
 * are -1e9.
 *
 * Backward: the probabilities P = e^(S - top) / sum are computed anew, tile by tile, and dropout Z draws what it drew before.
 * With W = dY Vᵀ and delta the sum of each row of Y dY, the gradients are dV = Z(P)ᵀ dY, dS = P (Z(W) - delta), dQ =
 * scale dS K and dK = scale dSᵀ Q. A pass whose rows are queries makes dQ, one whose rows are keys dK and dV. So each sum
 * is made by one workgroup, in an order that is fixed, without atomics: the same run gives the same bits.
 *
 * Names: a pass (pass.ts) keeps a tile of *rows* and passes tiles of *columns*, queries and keys or keys and queries. A *quad*
 * is four neighbours in a vector. A thread makes some rows and quads of a tile's scores (draft.ts). Tiles are multiplied in two
 * ways:
 *
 * - by *blocks* (block_*.ts), as in a fast matrix product: scores stay in registers, and a product fetches 16 of its sum while
 *   it multiplies the 16 before. What helps most on an H100 (bench/attention.ts; figures in bench/results/attention_h100.md) is
 *   little workgroup memory, so that more workgroups fit; fetching more at a time takes fewer barriers, and longer;
 * - by *streams* (stream_*.ts): tiles lie whole in workgroup memory. Slower, but the text is short and any size will do.
 *
 * Which is taken: heads of 16 to 128 in steps of 4 have kernels, all others are expanded to products and a softmax. Blocks make
 * heads in steps of 16 with at least 32 rows and columns on a GPU, by the first tile of a list that fits and gives each
 * processor work (block_tiles.ts). All else is made by streams: fewer rows or columns, such as one query; other heads; and a
 * software adapter, which compiles long text slowly. Their tile is the one of the least estimated time (stream_tiles.ts).
 * Gradients that lie side by side are made by one kernel where there are at most two tiles of keys: the pass over keys then
 * makes dQ too, five products instead of seven, in a part for each tile, and a second kernel adds up the parts.
 *
 * What would join, and where. A query against a cache with a length for each row: `Problem` gets the lengths, scores.ts alone
 * says where columns end, and a pass that cuts the keys among workgroups is a third family beside blocks and streams. Grouped
 * heads: `Problem` gets the number of heads of keys, operands.ts divides `head` by the group, and the pass over keys also
 * loops over the queries' heads of its group. The gradient of a learned bias, which is a mask: dS, which both passes hold
 * before their last product, as one more of `Results`.
 *
 * @module
 */
import { labelOf, type Node, type NodeOf } from "../../../graph/node.ts";
import { BackendError } from "../../interface.ts";
import type { Group } from "../plan/group.ts";
import { blockForward } from "./attention/block_forward.ts";
import { blockKeyGradients, blockQueryGradient, sumParts } from "./attention/block_gradients.ts";
import { blockKernel } from "./attention/block_kernel.ts";
import { blockTile, type BlockTiling, chooseBlocks, makesAll } from "./attention/block_tiles.ts";
import {
  type AttentionNode,
  type AttentionOp,
  type AttentionPass,
  type AttentionPassName,
  attentionPassOf,
  problemOf,
  type Results,
} from "./attention/pass.ts";
import { streamKernel } from "./attention/stream_kernel.ts";
import { streamForward, streamKeyGradients, streamQueryGradient } from "./attention/stream_passes.ts";
import { chooseStreamTile, hasStreamTile, type TileLimits } from "./attention/stream_tiles.ts";
import { type Lowering, nameOf } from "./fused.ts";
import { type Kernel, KernelWriter, maxWorkgroups } from "./writer.ts";

/** What of a device decides whether there is a kernel. */
export interface AttentionLimits extends TileLimits {
  readonly maxBuffers: number;
}

/** What attention's kernels are lowered with. */
export interface AttentionLowering extends Lowering {
  /** The blocks to take instead of chosen ones, none for `null`: for benchmarks. */
  readonly blocks?: BlockTiling | null;
}

/** The pass that makes an op's result, and which of the pass's results it is. */
const ops: {
  readonly [K in Exclude<AttentionOp, "attention_grad_packed">]: [AttentionPassName, keyof Results];
} = {
  attention: ["forward", "output"],
  attention_stats: ["forward", "statistics"],
  attention_grad_query: ["queryGradient", "query"],
  attention_grad_key: ["keyGradients", "key"],
  attention_grad_value: ["keyGradients", "value"],
};

/** What writes each pass. */
const writers = {
  forward: { blocks: blockForward, streams: streamForward },
  queryGradient: { blocks: blockQueryGradient, streams: streamQueryGradient },
  keyGradients: { blocks: blockKeyGradients, streams: streamKeyGradients },
} as const;

/** Whether there is a kernel for this attention op here: heads of 16 to 128, and enough buffers and workgroup memory. */
export function hasAttentionKernel(node: Node, limits: AttentionLimits): boolean {
  const problem = problemOf(node as AttentionNode);
  const { batch, width, attrs: { heads } } = problem;
  if (width % 4 !== 0 || width < 16 || width > 128) return false;
  if (batch > maxWorkgroups || heads > maxWorkgroups) return false;
  const forward = node.op === "attention" || node.op === "attention_stats";
  // Either all gradients have kernels, or none.
  const passes: AttentionPassName[] = forward ? ["forward"] : ["queryGradient", "keyGradients"];
  return limits.maxBuffers >= (forward ? 8 : 11) &&
    passes.every((p) => hasStreamTile(attentionPassOf(p, problem), limits));
}

/** The kernels of a group around attention or its gradients. */
export function attentionKernels(group: Group, lowering: AttentionLowering): Kernel[] {
  const node = group.anchor as AttentionNode;
  const name = nameOf(group);
  if (node.op === "attention_grad_packed") return packedKernels(node, name, lowering);
  const stride = problemOf(node).size;
  const made = Object.fromEntries(group.outputs.map((output) => {
    const [, result] = ops[output.op as keyof typeof ops];
    return [result, { storage: lowering.storageOf(output)!, stride, offset: 0 }];
  }));
  return [kernelOf(node, ops[node.op][0], { name, lowering, made })];
}

/** The kernel of one pass. */
function kernelOf(
  node: AttentionNode,
  passName: AttentionPassName,
  { name, lowering, made }: { name: string; lowering: AttentionLowering; made: Results },
): Kernel {
  const problem = problemOf(node);
  const pass = attentionPassOf(passName, problem);
  const draft = { problem, pass, lowering, writer: new KernelWriter() };
  const write = writers[passName];
  const blocks = blocksFor(pass, lowering);
  if (blocks) {
    const d = { ...draft, tile: blockTile(pass, blocks) };
    return blockKernel(d, name, write.blocks(d, made));
  }
  const tile = chooseStreamTile(pass, lowering);
  if (!tile) {
    throw new BackendError(
      `Cannot compile ${labelOf(node)}: no tile for heads of ${problem.width} fits into ` +
        `${lowering.maxWorkgroupBytes} bytes of workgroup memory`,
    );
  }
  const d = { ...draft, tile };
  return streamKernel(d, name, write.streams(d, made));
}

/** The blocks of a pass, or none. */
function blocksFor(pass: AttentionPass, lowering: AttentionLowering): BlockTiling | null | undefined {
  return lowering.blocks === undefined ? chooseBlocks(pass, lowering) : lowering.blocks;
}

/** Keys are cut into so many tiles at most where one kernel makes all gradients. */
const maxParts = 2;

/** Gradients side by side: one kernel for all three where the keys are few tiles, else one for each pass. */
function packedKernels(
  node: NodeOf<"attention_grad_packed">,
  name: string,
  lowering: AttentionLowering,
): Kernel[] {
  const problem = problemOf(node);
  const { batch, queries, keys, size } = problem;
  const { parts, causal } = node.attrs;
  const whole = { storage: lowering.storageOf(node)!, stride: parts.length * size };
  const made: Results = Object.fromEntries(parts.map((part, i) => [part, { ...whole, offset: i * size }]));
  const pairs = batch * queries * keys * (causal ? 0.5 : 1);
  const kernel = (pass: AttentionPassName, suffix: string, made: Results, products: number) => ({
    ...kernelOf(node, pass, { name: `${name}${suffix}`, lowering, made }),
    flops: 2 * products * pairs * size,
  });
  const cuts = parts.length === 3 ? cutsOf(attentionPassOf("keyGradients", problem), lowering) : Infinity;
  if (cuts === 1) return [kernel("keyGradients", "", made, 5)];
  const elements = cuts * batch * queries * size;
  if (cuts <= maxParts && 4 * elements <= lowering.maxScratchBytes) {
    const storage = lowering.scratch(`${name} parts`, "f32", elements);
    const apart = { ...made, query: { storage, stride: size, offset: 0 } };
    const sum = sumParts(`${name} sum`, storage, made.query!, { count: cuts, rows: batch * queries, size });
    return [kernel("keyGradients", "", apart, 5), sum];
  }
  const { query, ...others } = made;
  const count = Object.keys(others).length;
  const kernels: Kernel[] = [];
  if (query) kernels.push(kernel("queryGradient", " query", { query }, 3));
  if (count > 0) kernels.push(kernel("keyGradients", " key, value", others, 2 + count));
  return kernels;
}

/** Into how many tiles the keys are cut by a kernel that makes all gradients; infinitely many where there is none. */
function cutsOf(pass: AttentionPass, lowering: AttentionLowering): number {
  const blocks = blocksFor(pass, lowering);
  return blocks && makesAll(blocks) ? Math.ceil(pass.rows / blocks.rows) : Infinity;
}
