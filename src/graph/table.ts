/**
 * The op table: every op's rules under its name. A missing one does not compile.
 *
 * @module
 */
import type { OpSpec, OpTable } from "./op_spec.ts";
import type { Node, OpName } from "./node.ts";
import { abs } from "./ops/abs.ts";
import { add } from "./ops/add.ts";
import { attention, attentionStats } from "./ops/attention.ts";
import {
  attentionGradKey,
  attentionGradPacked,
  attentionGradQuery,
  attentionGradValue,
} from "./ops/attention_grad.ts";
import { barrier } from "./ops/barrier.ts";
import { broadcast } from "./ops/broadcast.ts";
import { cast } from "./ops/cast.ts";
import { concat } from "./ops/concat.ts";
import { div } from "./ops/div.ts";
import { equal } from "./ops/equal.ts";
import { erf } from "./ops/erf.ts";
import { exp } from "./ops/exp.ts";
import { gather } from "./ops/gather.ts";
import { gelu } from "./ops/gelu.ts";
import { iota } from "./ops/iota.ts";
import { layerNorm } from "./ops/layer_norm.ts";
import { layerNormGrad } from "./ops/layer_norm_grad.ts";
import { layerNormGradBias } from "./ops/layer_norm_grad_bias.ts";
import { layerNormGradWeight } from "./ops/layer_norm_grad_weight.ts";
import { less } from "./ops/less.ts";
import { log } from "./ops/log.ts";
import { matmul } from "./ops/matmul.ts";
import { matmulInt8 } from "./ops/matmul_int8.ts";
import { max } from "./ops/max.ts";
import { min } from "./ops/min.ts";
import { mul } from "./ops/mul.ts";
import { neg } from "./ops/neg.ts";
import { pad } from "./ops/pad.ts";
import { quantizeRows } from "./ops/quantize_rows.ts";
import { random } from "./ops/random.ts";
import { reduceMax } from "./ops/reduce_max.ts";
import { reduceSum } from "./ops/reduce_sum.ts";
import { reshape } from "./ops/reshape.ts";
import { rmsNorm } from "./ops/rms_norm.ts";
import { rmsNormGrad } from "./ops/rms_norm_grad.ts";
import { rmsNormGradWeight } from "./ops/rms_norm_grad_weight.ts";
import { rowScales } from "./ops/row_scales.ts";
import { scatterAdd } from "./ops/scatter_add.ts";
import { slice } from "./ops/slice.ts";
import { softmax } from "./ops/softmax.ts";
import { softmaxCrossEntropy } from "./ops/softmax_cross_entropy.ts";
import { softmaxCrossEntropyGrad } from "./ops/softmax_cross_entropy_grad.ts";
import { softmaxGrad } from "./ops/softmax_grad.ts";
import { sqrt } from "./ops/sqrt.ts";
import { sub } from "./ops/sub.ts";
import { tanh } from "./ops/tanh.ts";
import { transpose } from "./ops/transpose.ts";
import { where } from "./ops/where.ts";

/** What every op is: its types, gradient, definition and ONNX form. */
export const opTable: OpTable = {
  abs,
  add,
  attention,
  attention_grad_key: attentionGradKey,
  attention_grad_packed: attentionGradPacked,
  attention_grad_query: attentionGradQuery,
  attention_grad_value: attentionGradValue,
  attention_stats: attentionStats,
  barrier,
  broadcast,
  cast,
  concat,
  div,
  equal,
  erf,
  exp,
  gather,
  gelu,
  iota,
  layer_norm: layerNorm,
  layer_norm_grad: layerNormGrad,
  layer_norm_grad_bias: layerNormGradBias,
  layer_norm_grad_weight: layerNormGradWeight,
  less,
  log,
  matmul,
  matmul_int8: matmulInt8,
  max,
  min,
  mul,
  neg,
  pad,
  quantize_rows: quantizeRows,
  random,
  reduce_max: reduceMax,
  reduce_sum: reduceSum,
  reshape,
  rms_norm: rmsNorm,
  rms_norm_grad: rmsNormGrad,
  rms_norm_grad_weight: rmsNormGradWeight,
  row_scales: rowScales,
  scatter_add: scatterAdd,
  slice,
  softmax,
  softmax_grad: softmaxGrad,
  softmax_cross_entropy: softmaxCrossEntropy,
  softmax_cross_entropy_grad: softmaxCrossEntropyGrad,
  sqrt,
  sub,
  tanh,
  transpose,
  where,
};

/** The rules of a node's op; leaves have none. */
export function specOf(node: Node): OpSpec<OpName> | undefined {
  if (node.op === "input" || node.op === "state" || node.op === "constant") return undefined;
  return opTable[node.op] as unknown as OpSpec<OpName>;
}
