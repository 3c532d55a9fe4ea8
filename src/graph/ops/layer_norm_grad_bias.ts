/** The op `layer_norm_grad_bias`: the gradient of layer normalisation's bias. @module */
import type { OpSpec } from "../op_spec.ts";
import { normGradient } from "./normalization.ts";

/** The gradient of layer normalisation's bias `[width]`: dy summed over all rows. */
export const layerNormGradBias: OpSpec<"layer_norm_grad_bias"> = normGradient(
  "weight",
  (b, { dy, weight }) => b.sumTo(dy, weight.shape),
);
