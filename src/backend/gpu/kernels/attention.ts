/**
 * Attention without its matrix of scores in memory: a workgroup keeps a block of rows, streams blocks of columns past them, and the
 * softmax is carried along (Dao et al., "FlashAttention", 2022; Milakov and Gimelshein, "Online normalizer calculation for softmax",
 * 2018). The gradients compute the probabilities anew from the statistics of each row: one pass with queries as rows, one with keys,
 * or, where keys are few, one pass for both, whose parts of the queries' gradient a second kernel adds up. The order of every sum is
 * fixed, so the same run gives the same bits.
 *
 * Two kinds of kernels: by blocks (attention_block_forward.ts, attention_block_gradients.ts) where there are enough rows and columns, else
 * by streams (attention_streams.ts), which take any size.
 *
 * Blocks have 32 to 128 rows and columns, and heads of a multiple of 16. What helps them most on an H100 (bench/attention.ts; figures and
 * what is guessed in bench/results/attention_h100.md) is little workgroup memory, so that more workgroups fit: products fetch 16 of their
 * sum at a time, and scores are held in pieces. Fetching more at a time takes fewer barriers, and longer.
 *
 * @module
 */
import type { Node } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import type { Group } from "../plan/group.ts";
import { BlockForward } from "./attention_block_forward.ts";
import { BlockKeyGradients, BlockQueryGradient, sumParts } from "./attention_block_gradients.ts";
import { type BlockTiling, chooseBlocks, makesAll } from "./attention_block_tiling.ts";
import { StreamForward, StreamKeyGradients, StreamQueryGradient } from "./attention_streams.ts";
import type { AttentionNode, Result, Results } from "./attention_text.ts";
import { type AttentionPass, chooseTiling, type TilingLimits } from "./attention_tiling.ts";
import { type Lowering, nameOf } from "./fused.ts";
import type { Kernel, Storage } from "./writer.ts";

/** What closed kernels of attention are limited by. */
export interface AttentionLimits extends TilingLimits {
  readonly maxBuffers: number;
}

/** Whether there is a kernel for this attention op here: heads of 16 to 128, and enough buffers and workgroup memory. */
export function hasAttentionKernel(node: Node, limits: AttentionLimits): boolean {
  if (!isAttention(node)) return false;
  const { heads } = node.attrs;
  const [batch, rows, size] = numeric(node.inputs[0].shape);
  const columns = numeric(node.inputs[1].shape)[1];
  const width = size / heads;
  if (width % 4 !== 0 || width < 16 || width > 128) return false;
  if (batch > 65535 || heads > 65535) return false;
  const forward = node.op === "attention" || node.op === "attention_stats";
  const passes = (forward ? ["attention"] : ["attention_grad_query", "attention_grad_key"])
    .map((op) => passOf(op, { rows, columns, heads: batch * heads, width }));
  return limits.maxBuffers >= (forward ? 8 : 11) && passes.every((pass) => chooseTiling(pass, limits));
}

/** The kernels of a group around attention or its gradients. */
export function attentionKernels(group: Group, lowering: AttentionLowering): Kernel[] {
  const anchor = group.anchor as AttentionNode;
  const name = nameOf(group);
  if (anchor.op === "attention_grad_packed") return packedKernels(anchor, name, lowering);
  const made: Results = new Map(group.outputs.map((n) => [n.op, resultOf(lowering.storageOf(n)!, anchor)]));
  return [kernelOf(anchor.op, anchor, name, lowering, made)];
}

/** What attention's kernels are lowered with. */
export interface AttentionLowering extends Lowering {
  /** The blocks to take instead of chosen ones, none for `null`: for benchmarks. */
  readonly blocks?: BlockTiling | null;
}

function kernelOf(
  op: string,
  node: AttentionNode,
  name: string,
  lowering: AttentionLowering,
  made: Results,
): Kernel {
  const pass = passOfNode(op, node);
  const blocks = blocksFor(pass, lowering);
  const [Blocks, Streams] = op === "attention" || op === "attention_stats"
    ? [BlockForward, StreamForward]
    : op === "attention_grad_query"
    ? [BlockQueryGradient, StreamQueryGradient]
    : [BlockKeyGradients, StreamKeyGradients];
  const w = blocks ? new Blocks(node, pass, blocks, lowering) : new Streams(node, pass, lowering);
  return w.kernel(name, made);
}

function blocksFor(pass: AttentionPass, lowering: AttentionLowering): BlockTiling | null | undefined {
  return lowering.blocks === undefined ? chooseBlocks(pass, lowering) : lowering.blocks;
}

function passOfNode(op: string, node: AttentionNode): AttentionPass {
  const [batch, rows, size] = numeric(node.inputs[0].shape);
  const columns = numeric(node.inputs[1].shape)[1];
  const { heads } = node.attrs;
  return passOf(op, { rows, columns, heads: batch * heads, width: size / heads });
}

/** Keys are cut into so many blocks at most where one kernel makes all gradients. */
const maxParts = 2;

/** All gradients side by side: one kernel where the keys are few blocks, else two. */
function packedKernels(
  node: AttentionNode & { op: "attention_grad_packed" },
  name: string,
  lowering: AttentionLowering,
): Kernel[] {
  const storage = lowering.storageOf(node)!;
  const [batch, rows, size] = numeric(node.inputs[0].shape);
  const { parts } = node.attrs;
  const results = parts.map((part, i): [string, Result] => [
    `attention_grad_${part}`,
    { storage, stride: parts.length * size, offset: i * size },
  ]);
  const made: Results = new Map(results);
  const pairs = batch * rows * numeric(node.inputs[1].shape)[1] * (node.attrs.causal ? 0.5 : 1);
  const products = (count: number) => 2 * count * pairs * size;
  if (parts.length === 3) {
    const pass = passOfNode("attention_grad_key", node);
    const blocks = blocksFor(pass, lowering);
    const cuts = blocks ? Math.ceil(pass.rows / blocks.rows) : Infinity;
    const fits = cuts === 1 || 4 * cuts * batch * rows * size <= lowering.maxScratchBytes;
    if (blocks && makesAll(blocks) && cuts <= maxParts && fits) {
      const w = new BlockKeyGradients(node, pass, blocks, lowering);
      const query = made.get("attention_grad_query")!;
      if (cuts === 1) return [{ ...w.kernel(name, made), flops: products(5) }];
      const scratch = lowering.scratch(`${name} parts`, "f32", cuts * batch * rows * size);
      const apart = new Map(made).set("attention_grad_query", { storage: scratch, stride: size, offset: 0 });
      const first = { ...w.kernel(name, apart), flops: products(5) };
      return [first, sumParts(`${name} sum`, scratch, query, { count: cuts, rows: batch * rows, size })];
    }
  }
  const kernels: Kernel[] = [];
  if (parts.includes("query")) {
    const kernel = kernelOf("attention_grad_query", node, `${name} query`, lowering, made);
    kernels.push({ ...kernel, flops: products(3) });
  }
  const others = parts.filter((p) => p !== "query").length;
  if (others > 0) {
    const keyValue: Results = new Map(results.filter(([op]) => op !== "attention_grad_query"));
    const kernel = kernelOf("attention_grad_key", node, `${name} key, value`, lowering, keyValue);
    kernels.push({ ...kernel, flops: products(2 + others) });
  }
  return kernels;
}

function resultOf(storage: Storage, node: AttentionNode): Result {
  return { storage, stride: numeric(node.inputs[0].shape)[2], offset: 0 };
}

function isAttention(node: Node): node is AttentionNode {
  return node.op.startsWith("attention");
}

/** What the kernel of an attention op passes over: `columns` keys for `rows` queries. */
export function passOf(
  op: string,
  { rows, columns, heads, width }: { rows: number; columns: number; heads: number; width: number },
): AttentionPass {
  const common = { heads, width };
  switch (op) {
    case "attention":
    case "attention_stats":
      return { ...common, rows, columns, kept: 1, results: 1, fills: 2 };
    case "attention_grad_query":
      return { ...common, rows, columns, kept: 2, results: 1, fills: 3 };
    default:
      return { ...common, rows: columns, columns: rows, kept: 2, results: 2, fills: 4 };
  }
}
