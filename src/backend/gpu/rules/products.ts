/**
 * The GPU's rule of matrix products.
 *
 * @module
 */
import type { NodeOf, OpAttrs, OpName } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import { matmulKernels } from "../kernels/matmul.ts";
import { elementsOf } from "./nodes.ts";
import { aligned, type AxesRule } from "./axes.ts";
import type { AnchorRule } from "./rule.ts";

/** How products are made. */
export const productRules = {
  matmul: {
    kind: "product",
    kernels: matmulKernels,
    reads: "stored",
    flops(node) {
      const a = numeric(node.inputs[0].shape);
      return 2 * elementsOf(node) * a[a.length - (node.attrs.transA ? 2 : 1)];
    },
    axes: productAxes,
  },
} satisfies { readonly [K in OpName]?: AnchorRule<K> };

function productAxes(node: NodeOf<"matmul">): AxesRule {
  const { transA, transB } = node.attrs;
  const [x, y] = node.inputs.map((u) => numeric(u.shape));
  const dims = [...numeric(node.shape), x.at(transA ? -2 : -1)!];
  const [m, n, k] = [-3, -2, -1].map((i) => ({ dim: dims.length + i, unit: 1 }));
  const batch = (shape: readonly number[]) => aligned(shape.slice(0, -2), dims.slice(0, -3));
  return {
    dims,
    out: aligned(dims.slice(0, -1), dims.slice(0, -1)),
    operands: [[...batch(x), ...(transA ? [k, m] : [m, k])], [...batch(y), ...(transB ? [n, k] : [k, n])]],
    whole: new Set(),
    combine: "sum",
    make({ b, operand, partial }) {
      const attrs: OpAttrs["matmul"] = partial && node.dtype === "f16"
        ? { ...node.attrs, dtype: "f32" }
        : node.attrs;
      return b.clone(node, [operand(0), operand(1)], attrs);
    },
  };
}
