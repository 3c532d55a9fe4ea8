/**
 * The GPU's rules of sums and maxima over axes.
 *
 * @module
 */
import type { Node, NodeOf, OpName } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import { reduceKernels } from "../kernels/reduce.ts";
import { aligned, type AxesRule, wide } from "./axes.ts";
import type { AnchorRule } from "./rule.ts";

/** How reductions are made. */
export const reductionRules = {
  reduce_sum: reduction("sum"),
  reduce_max: reduction("max"),
} satisfies { readonly [K in OpName]?: AnchorRule<K> };

function reduction(folds: "sum" | "max") {
  return {
    kind: "reduce",
    kernels: (group, lowering) => reduceKernels(group, lowering, folds),
    reads: ["inside"],
    folds,
    axes: (node) => reductionAxes(node, folds),
  } satisfies AnchorRule<"reduce_sum" | "reduce_max">;
}

function reductionAxes(node: NodeOf<"reduce_sum" | "reduce_max">, combine: "sum" | "max"): AxesRule {
  const dims = numeric(node.inputs[0].shape);
  const { axes, keepDims } = node.attrs;
  const out = dims.map((_, dim) => axes.includes(dim) ? undefined : { dim, unit: 1 });
  return {
    dims,
    out: keepDims ? out : out.filter((axis) => axis),
    operands: [aligned(dims, dims)],
    whole: new Set(),
    combine,
    make: ({ b, operand, partial }) =>
      b.clone(node as Node, [partial ? b.cast(operand(0), wide(node as Node)) : operand(0)]),
  };
}
