/**
 * The GPU's rules of ops that take a row at a time.
 *
 * @module
 */
import type { Node, NodeOf, OpName } from "../../../graph/node.ts";
import { numeric } from "../../../graph/shape.ts";
import { hasNormGradKernel, normGradKernels } from "../kernels/norm_grad.ts";
import {
  crossEntropy,
  crossEntropyGradient,
  layerNorm,
  rmsNorm,
  rowKernel,
  type RowProgram,
  softmax,
  softmaxGradient,
} from "../kernels/rows.ts";
import { elementsOf } from "./nodes.ts";
import { aligned, type AxesRule, rowAxes, wide } from "./axes.ts";
import type { AnchorRule } from "./rule.ts";

/** How ops of rows are made. */
export const rowRules = {
  softmax: { ...row(softmax), reads: ["inside"], axes: rowAxes, flops: perElement(5) },
  softmax_grad: { ...row(softmaxGradient), reads: ["inside", "inside"], axes: rowAxes },
  softmax_cross_entropy: { ...row(crossEntropy), reads: ["inside", "anywhere"], axes: crossEntropyAxes },
  softmax_cross_entropy_grad: {
    ...row(crossEntropyGradient),
    reads: ["inside", "anywhere", "anywhere"],
    axes: crossEntropyAxes,
    // Of logits, their gradient.
    writesInto: 0,
  },
  layer_norm: {
    ...row(layerNorm),
    reads: ["inside", "anywhere", "anywhere"],
    axes: rowAxes,
    flops: perElement(8),
  },
  layer_norm_grad: { ...normGradient("layer_norm"), axes: rowAxes, flops: perElement(12) },
  layer_norm_grad_weight: { ...normGradient("layer_norm"), sumsRows: true, axes: rowSumAxes },
  layer_norm_grad_bias: { ...normGradient("layer_norm"), sumsRows: true, axes: rowSumAxes },
  rms_norm: { ...row(rmsNorm), reads: ["inside", "anywhere"], axes: rowAxes },
  rms_norm_grad: { ...normGradient("rms_norm"), axes: rowAxes },
  rms_norm_grad_weight: { ...normGradient("rms_norm"), sumsRows: true, axes: rowSumAxes },
} satisfies { readonly [K in OpName]?: AnchorRule<K> };

function row<K extends OpName>(program: RowProgram<K>) {
  return {
    kind: "row",
    kernels: (group, lowering) => [rowKernel(group, lowering, program)],
  } satisfies Partial<AnchorRule<K>>;
}

/**
 * What the gradients of a normalisation have in common: one walk over the rows makes those of the operand, the weight and the
 * bias.
 */
function normGradient(family: "layer_norm" | "rms_norm") {
  const options = { centred: family === "layer_norm", resultOf: (node: Node) => normResults[node.op] };
  return {
    kind: "row",
    kernels: (group, lowering) => normGradKernels(group, lowering, options),
    supported: (node) => hasNormGradKernel(node as Node),
    reads: ["inside", "inside", "anywhere"],
    family: `${family}_grad`,
  } satisfies Partial<AnchorRule<OpName>>;
}

/** Which gradient of a normalisation an op is, if it is no operand's. */
const normResults: Readonly<Record<string, "weight" | "bias" | undefined>> = {
  layer_norm_grad_weight: "weight",
  layer_norm_grad_bias: "bias",
  rms_norm_grad_weight: "weight",
};

function perElement(flops: number): (node: Node) => number {
  return (node) => flops * elementsOf(node.inputs[0]);
}

/** One row as the sum of what each row of the operands gives. */
function rowSumAxes(node: Node): AxesRule {
  const dims = numeric(node.inputs[0].shape);
  return {
    dims,
    out: [{ dim: dims.length - 1, unit: 1 }],
    operands: node.inputs.map((u) => aligned(numeric(u.shape), dims)),
    whole: new Set([dims.length - 1]),
    combine: "sum",
    make: ({ b, operand, partial }) =>
      b.clone(
        node,
        node.inputs.map((_, i) => partial ? b.cast(operand(i), wide(node)) : operand(i)),
      ),
  };
}

function crossEntropyAxes(
  node: NodeOf<"softmax_cross_entropy"> | NodeOf<"softmax_cross_entropy_grad">,
): AxesRule {
  const dims = numeric(node.inputs[0].shape); // rows, classes
  const row = [{ dim: 0, unit: 1 }];
  return {
    dims,
    out: node.shape.length === 1 ? row : aligned(dims, dims),
    operands: node.inputs.map((u) => u.shape.length === 1 ? row : aligned(dims, dims)),
    whole: new Set([1]),
    make: ({ b, operand }) => b.clone(node as Node, node.inputs.map((_, i) => operand(i))),
  };
}
