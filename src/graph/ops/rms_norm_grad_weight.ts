/** The op `rms_norm_grad_weight`: the gradient of root-mean-square normalisation's weight. @module */
import type { OpSpec } from "../op_spec.ts";
import { normGradient, rmsNormalized } from "./normalization.ts";

/** The gradient of root-mean-square normalisation's weight `[width]`: dy times the normalised x, summed over all rows. */
export const rmsNormGradWeight: OpSpec<"rms_norm_grad_weight"> = normGradient(
  "weight",
  (b, { dy, x, weight }, epsilon) => b.sumTo(b.mul(dy, rmsNormalized(b, x, epsilon).normal), weight.shape),
);
