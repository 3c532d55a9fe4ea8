/** The op `layer_norm_grad`: the gradient of layer normalisation's operand. @module */
import type { OpSpec } from "../op_spec.ts";
import { layerNormalized, normGradient } from "./normalization.ts";

/** The gradient of layer normalisation's operand: of dy and x `[..., width]` and the weight `[width]`. */
export const layerNormGrad: OpSpec<"layer_norm_grad"> = normGradient("x", (b, { dy, x, weight }, epsilon) => {
  const mean = (t: typeof x) => b.mean(t, [-1], { keepDims: true });
  const { normal, scale } = layerNormalized(b, x, epsilon);
  const dn = b.mul(dy, weight);
  const inner = b.sub(b.sub(dn, mean(dn)), b.mul(normal, mean(b.mul(dn, normal))));
  return b.mul(inner, scale);
});
