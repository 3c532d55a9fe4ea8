/**
 * The GPU's rule of rows that are added up at indices.
 *
 * @module
 */
import type { NodeOf, OpName } from "../../../graph/node.ts";
import { numeric, sizeOf } from "../../../graph/shape.ts";
import { scatterKernels } from "../kernels/scatter.ts";
import { elementsOf } from "./nodes.ts";
import { aligned, type AxesRule, wide } from "./axes.ts";
import type { AnchorRule } from "./rule.ts";

/** How scattered rows are added up. */
export const scatterRules = {
  scatter_add: {
    kind: "reduce",
    kernels: scatterKernels,
    reads: ["anywhere", "inside"],
    flops: (node) => elementsOf(node.inputs[1]),
    axes: scatterAxes,
  },
} satisfies { readonly [K in OpName]?: AnchorRule<K> };

function scatterAxes(node: NodeOf<"scatter_add">): AxesRule {
  const [indices, updates] = node.inputs.map((u) => numeric(u.shape));
  const [all, ...row] = numeric(node.shape);
  const dims = [...updates, all];
  const last = { dim: updates.length, unit: 1 };
  return {
    dims,
    out: [last, ...row.map((_, i) => ({ dim: indices.length + i, unit: 1 }))],
    operands: [aligned(indices, indices), aligned(updates, updates)],
    whole: new Set(),
    combine: "sum",
    // The row that takes what belongs to other parts.
    spare: sizeOf(row),
    make({ b, ranges, operand, partial }) {
      const { begin, size } = ranges[last.dim];
      const rest = partial ? b.cast(operand(1), wide(node)) : operand(1);
      if (size === all) return b.clone(node, [operand(0), rest]);
      // What belongs to other parts goes into one row more, which is cut off.
      const local = b.sub(operand(0), begin);
      const inside = b.where(b.less(local, 0), size, b.where(b.less(local, size), local, size));
      return b.slice(b.clone(node, [inside, rest], { rows: size + 1 }), 0, 0, size);
    },
  };
}
