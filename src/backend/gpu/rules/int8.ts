/**
 * The GPU's rules of 8-bit levels and their products.
 *
 * @module
 */
import type { NodeOf, OpName } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import { matmulInt8Kernels } from "../kernels/matmul_int8.ts";
import { quantizeRowsKernel } from "../kernels/quantize_rows.ts";
import { aligned, type AxesRule } from "./axes.ts";
import { elementsOf } from "./nodes.ts";
import type { AnchorRule } from "./rule.ts";

/** How levels are made and multiplied. */
export const int8Rules = {
  row_scales: quantizing(),
  quantize_rows: quantizing(),
  matmul_int8: {
    kind: "product",
    kernels: matmulInt8Kernels,
    reads: ["anywhere", "anywhere", "anywhere", "anywhere"],
    flops: (node) => 8 * elementsOf(node) * numeric(node.inputs[2].shape)[0],
    axes: productAxes,
  },
} satisfies { readonly [K in OpName]?: AnchorRule<K> };

function quantizing() {
  return {
    kind: "closed",
    kernels: (group, lowering) => [quantizeRowsKernel(group, lowering)],
    reads: ["inside"],
    family: "quantize_rows",
    flops: (node) => 8 * elementsOf(node.inputs[0]),
    axes: quantizingAxes,
  } satisfies AnchorRule<"row_scales" | "quantize_rows">;
}

/** Rows are whole: a scale is of all of one. */
function quantizingAxes(node: NodeOf<"row_scales"> | NodeOf<"quantize_rows">): AxesRule {
  const dims = numeric(node.inputs[0].shape);
  const rows = aligned(dims, dims).slice(0, -1);
  const last = dims.length - 1;
  return {
    dims,
    out: [...rows, undefined],
    operands: [[...rows, { dim: last, unit: 1 }]],
    whole: new Set([last]),
    make: ({ b, operand }) => b.clone(node, [operand(0)]),
  };
}

/** Sums are scaled, so that the inner dimension is whole. */
function productAxes(node: NodeOf<"matmul_int8">): AxesRule {
  const dims = [...numeric(node.shape), numeric(node.inputs[2].shape)[0]];
  const out = aligned(dims.slice(0, -1), dims.slice(0, -1));
  const [column, inner] = [dims.length - 2, dims.length - 1].map((dim) => ({ dim, unit: 1 }));
  const rows = out.slice(0, -1);
  return {
    dims,
    out,
    operands: [[...rows, inner], [...rows, undefined], [inner, column], [column]],
    whole: new Set([inner.dim]),
    make: ({ b, operand }) => b.clone(node, [0, 1, 2, 3].map((i) => operand(i))),
  };
}
