/**
 * The GPU's rules of attention and its gradients.
 *
 * @module
 */
import type { AttentionAttrs, Node, NodeOf, OpName } from "../../../graph/node.ts";
import { attentionOperands } from "../../../graph/ops/attention.ts";
import { numeric } from "../../../graph/shape.ts";
import { attentionKernels, hasAttentionKernel } from "../kernels/attention.ts";
import { endOf } from "../split/boxes.ts";
import { aligned, type AxesRule } from "./axes.ts";
import type { AnchorRule } from "./rule.ts";

type AttentionOp = OpName & `attention${string}`;

/** How attention is made: one kernel makes the result and its statistics, one the gradients of keys and values. */
export const attentionRules = {
  attention: { ...closed("attention"), axes: (node) => attentionAxes(node, "queries") },
  attention_stats: { ...closed("attention"), axes: (node) => attentionAxes(node, "rows") },
  attention_grad_query: {
    ...closed("attention_grad_query"),
    axes: (node) => attentionAxes(node, "queries"),
  },
  attention_grad_key: {
    ...closed("attention_grad_key_value"),
    axes: (node) => attentionAxes(node, "keys"),
  },
  attention_grad_value: {
    ...closed("attention_grad_key_value"),
    axes: (node) => attentionAxes(node, "keys"),
  },
  attention_grad_packed: closed("attention_grad_packed"),
} satisfies { readonly [K in AttentionOp]: AnchorRule<K> };

function closed(family: string) {
  return {
    kind: "closed",
    kernels: attentionKernels,
    reads: "stored",
    supported: (node, limits) => hasAttentionKernel(node as Node, limits),
    family,
    flops: attentionFlops,
    draws: ({ attrs }) => attrs.rate > 0,
  } satisfies AnchorRule<AttentionOp>;
}

/**
 * Products of `[S, d]` and `[T, d]` in one kernel: forward makes scores and results; the gradients make the scores and the
 * gradient of the probabilities again, and one product for each result.
 */
function attentionFlops({ inputs, attrs }: NodeOf<AttentionOp>, made: readonly Node[]): number {
  const [q, k] = inputs.map((n) => numeric(n.shape));
  const ops = new Set<string>(made.map((n) => n.op));
  const [query, key, value] = ["query", "key", "value"].map((name) => ops.has(`attention_grad_${name}`));
  const products = query || key ? 2 + Number(query) + Number(key) + Number(value) : 2;
  const pairs = q[0] * q[1] * k[1] * (attrs.causal ? 0.5 : 1); // [B, S, T]
  return 2 * products * pairs * q[2];
}

/** Attention's dimensions are the batch, its heads, queries and keys. */
function attentionAxes(
  node: NodeOf<Exclude<AttentionOp, "attention_grad_packed">>,
  result: "queries" | "keys" | "rows",
): AxesRule {
  const attrs: AttentionAttrs = node.attrs;
  const [query, key, , ...rest] = node.inputs.map((u) => numeric(u.shape));
  const dims = [query[0], attrs.heads, query[1], key[1]];
  const [batch, head, row, column] = dims.map((_, dim) => ({ dim, unit: 1 }));
  const slice = { dim: 1, unit: query[2] / attrs.heads };
  const [queries, keys] = [[batch, row, slice], [batch, column, slice]];
  const { mask, rng } = attentionOperands(node.inputs, attrs);
  const others = [
    ...(mask ? [aligned(rest[0], dims)] : []),
    ...(rng ? [[]] : []),
    ...[[undefined, batch, head, row], [batch, row, head], queries],
  ].slice(0, rest.length);
  return {
    dims,
    out: { queries, keys, rows: [undefined, batch, head, row] }[result],
    operands: [queries, keys, keys, ...others],
    // Random bits are counted over all of the probabilities.
    whole: new Set(attrs.rate > 0 ? [0, 1, 2, 3] : [3]),
    combine: "sum",
    make({ b, ranges, operand }) {
      // The last query sees all keys, so that the queries before it see fewer.
      const seen = attrs.causal ? dims[3] - dims[2] + endOf(ranges[2]) : dims[3];
      const local = ranges.map((r, dim) => dim === 3 ? { begin: 0, size: seen } : r);
      const inputs = node.inputs.map((_, i) => operand(i, local));
      const made = b.clone(node as Node, inputs, { ...attrs, heads: ranges[1].size } as typeof node.attrs);
      return result === "keys" && seen < dims[3] ? b.pad(made, 1, 0, dims[3]) : made;
    },
  };
}
