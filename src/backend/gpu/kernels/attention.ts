/**
 * Attention without its matrix of scores in memory: the algorithm of FlashAttention (Dao et al., "FlashAttention: Fast and
 * Memory-Efficient Exact Attention with IO-Awareness", 2022; the backward pass with a row's sums of result times gradient, `delta`, and
 * the order of loops are those of FlashAttention-2, Dao, 2023) in WGSL.
 *
 * **Forward.** A workgroup keeps a tile of queries of one head. Tiles of keys and values follow each other past it: scores S = scale Q Kᵀ
 * + mask, and an online softmax (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018). Each row carries its largest
 * score so far, `top`, and its sum of e^(S - top); when a tile raises `top`, the sum and the result so far shrink by e^(old - new). The
 * result is divided by the sum once, at the end. For the gradients `top` and sum are stored: `attention_stats`, apart and not as their
 * one logarithm, which loses the sum where a row is all padding.
 *
 * **Backward.** Nothing of size queries x keys was kept: the probabilities P = e^(S - top) / sum are made anew from the statistics, tile by
 * tile, and dropout draws the same bits again. With W = dY Vᵀ: dV = Pᵀ dY, dS = P (W - delta), dQ = scale dS K, dK = scale dSᵀ Q. One pass has
 * queries as rows and makes dQ, one has keys as rows and makes dK and dV, so that every sum is made by one workgroup in a fixed order: the
 * same run gives the same bits, and there are no atomics.
 *
 * **Names.** A pass (pass.ts) has *rows*, which a workgroup keeps a tile of, and *columns*, tiles of which follow each other: queries and keys,
 * or keys and queries. A *quad* is a vector of four neighbours. A thread makes some rows and quads of a tile of scores (draft.ts). There
 * are two families of kernels, which differ in how a tile is multiplied:
 *
 * - *blocks* (block_*.ts): as in a fast matrix product, a thread's scores stay in registers, and steps of 16 of a product's sum are
 *   fetched while the step before is multiplied;
 * - *streams* (stream_*.ts): tiles lie whole in workgroup memory. Slower, but for any number of rows and columns, and the text is short.
 *
 * **Which is chosen.** Heads of 16 to 128 in fours have kernels; any other attention is expanded to products and a softmax
 * (`hasAttentionKernel`). Blocks take heads in steps of 16 and at least 32 rows and columns, on a GPU (block_tiles.ts: the first tile of a list
 * that fits and gives every processor work); a CPU that plays GPU, for which long text compiles slowly, and everything else take
 * streams (stream_tiles.ts: the tile of the least estimated time). Where one kernel makes all three gradients side by side and keys are few, the pass
 * over keys makes dQ as well, in parts that a second kernel adds up: five products instead of seven. What helps blocks most on an H100 is little workgroup
 * memory, so that more workgroups fit (bench/attention.ts; figures in bench/results/attention_h100.md).
 *
 * **What could join, and where.** One query against a cache with a length for each row: a fourth pass, whose rows are the heads of
 * one query; lengths end the columns, which scores.ts alone decides. Grouped heads: `Problem` gets the number of key heads, `bases` of
 * operands.ts divides, and the pass over keys adds up its group's queries. The gradient of a learned bias, which is a mask: dS as one more
 * result of the pass over keys.
 *
 * @module
 */
import { labelOf, type NodeOf } from "../../../graph/node.ts";
import { BackendError } from "../../interface.ts";
import type { Group } from "../fusion.ts";
import { blockForward } from "./attention/block_forward.ts";
import { blockKeyGradients, blockQueryGradient, sumParts } from "./attention/block_gradients.ts";
import { blockKernel } from "./attention/block_kernel.ts";
import { blockTile, type BlockTiling, chooseBlocks, makesAll } from "./attention/block_tiles.ts";
import {
  type AttentionNode,
  type AttentionOp,
  type Pass,
  type PassName,
  passOf,
  problemOf,
  type Results,
} from "./attention/pass.ts";
import { streamKernel } from "./attention/stream_kernel.ts";
import { streamForward, streamKeyGradients, streamQueryGradient } from "./attention/stream_passes.ts";
import { chooseStreamTile, hasStreamTile } from "./attention/stream_tiles.ts";
import { type Lowering, nameOf } from "./fused.ts";
import { type Kernel, KernelWriter } from "./writer.ts";

/** What of a device decides whether there is a kernel. */
export interface AttentionLimits {
  readonly maxBuffers: number;
  readonly maxWorkgroupBytes: number;
  readonly software: boolean;
}

/** What attention's kernels are lowered with. */
export interface AttentionLowering extends Lowering {
  /** The blocks to take instead of chosen ones, none for `null`: for benchmarks. */
  readonly blocks?: BlockTiling | null;
}

/** The pass that makes an op's result, and which of the pass's results it is. */
const ops: { readonly [K in Exclude<AttentionOp, "attention_grad_packed">]: [PassName, keyof Results] } = {
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
export function hasAttentionKernel(node: AttentionNode, limits: AttentionLimits): boolean {
  const problem = problemOf(node);
  const { batch, width, attrs: { heads } } = problem;
  if (width % 4 !== 0 || width < 16 || width > 128) return false;
  if (batch > 65535 || heads > 65535) return false;
  const forward = node.op === "attention" || node.op === "attention_stats";
  // Either all gradients have kernels, or none.
  const passes: PassName[] = forward ? ["forward"] : ["queryGradient", "keyGradients"];
  return limits.maxBuffers >= (forward ? 8 : 11) &&
    passes.every((p) => hasStreamTile(passOf(p, problem), limits));
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
  passName: PassName,
  { name, lowering, made }: { name: string; lowering: AttentionLowering; made: Results },
): Kernel {
  const problem = problemOf(node);
  const pass = passOf(passName, problem);
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
function blocksFor(pass: Pass, lowering: AttentionLowering): BlockTiling | null | undefined {
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
  const storage = lowering.storageOf(node)!;
  const problem = problemOf(node);
  const { batch, queries, keys, size } = problem;
  const { parts, causal } = node.attrs;
  const result = (
    part: string,
    at: number,
  ) => [part, { storage, stride: parts.length * size, offset: at * size }];
  const made: Results = Object.fromEntries(parts.map(result));
  const pairs = batch * queries * keys * (causal ? 0.5 : 1);
  const products = (count: number) => ({ flops: 2 * count * pairs * size });
  const cuts = parts.length === 3 ? cutsOf(passOf("keyGradients", problem), lowering) : Infinity;
  const fits = cuts === 1 || 4 * cuts * batch * queries * size <= lowering.maxScratchBytes;
  if (cuts <= maxParts && fits) {
    if (cuts === 1) return [{ ...kernelOf(node, "keyGradients", { name, lowering, made }), ...products(5) }];
    const scratch = lowering.scratch(`${name} parts`, "f32", cuts * batch * queries * size);
    const apart = { ...made, query: { storage: scratch, stride: size, offset: 0 } };
    return [
      { ...kernelOf(node, "keyGradients", { name, lowering, made: apart }), ...products(5) },
      sumParts(`${name} sum`, scratch, made.query!, { count: cuts, rows: batch * queries, size }),
    ];
  }
  const { query, ...others } = made;
  const kernels: Kernel[] = [];
  if (query) {
    const kernel = kernelOf(node, "queryGradient", { name: `${name} query`, lowering, made: { query } });
    kernels.push({ ...kernel, ...products(3) });
  }
  const count = Object.keys(others).length;
  if (count > 0) {
    const kernel = kernelOf(node, "keyGradients", { name: `${name} key, value`, lowering, made: others });
    kernels.push({ ...kernel, ...products(2 + count) });
  }
  return kernels;
}

/** Into how many tiles the keys are cut by a kernel that makes all gradients; infinitely many where there is none. */
function cutsOf(pass: Pass, lowering: AttentionLowering): number {
  const blocks = blocksFor(pass, lowering);
  return blocks && makesAll(blocks) ? Math.ceil(pass.rows / blocks.rows) : Infinity;
}
