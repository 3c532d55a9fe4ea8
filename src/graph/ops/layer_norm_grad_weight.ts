/** The op `layer_norm_grad_weight`: the gradient of layer normalisation's weight. @module */
import type { OpSpec } from "../op_spec.ts";
import { layerNormalized, normGradient } from "./normalization.ts";

/** The gradient of layer normalisation's weight `[width]`: dy times the normalised x, summed over all rows. */
export const layerNormGradWeight: OpSpec<"layer_norm_grad_weight"> = normGradient(
  "weight",
  (b, { dy, x, weight }, epsilon) => b.sumTo(b.mul(dy, layerNormalized(b, x, epsilon).normal), weight.shape),
);
