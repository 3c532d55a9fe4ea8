/** The op `rms_norm_grad`: the gradient of root-mean-square normalisation's operand. @module */
import type { OpSpec } from "../op_spec.ts";
import { normGradient, rmsNormalized } from "./normalization.ts";

/** The gradient of root-mean-square normalisation's operand: of dy and x `[..., width]` and the weight `[width]`. */
export const rmsNormGrad: OpSpec<"rms_norm_grad"> = normGradient("x", (b, { dy, x, weight }, epsilon) => {
  const { normal, scale } = rmsNormalized(b, x, epsilon);
  const dn = b.mul(dy, weight);
  const along = b.mean(b.mul(dn, normal), [-1], { keepDims: true });
  return b.mul(b.sub(dn, b.mul(normal, along)), scale);
});
