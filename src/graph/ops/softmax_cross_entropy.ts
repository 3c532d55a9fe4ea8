/** The op `softmax_cross_entropy`: the loss of a classifier. @module */
import type { OpSpec } from "../op_spec.ts";
import { checkCrossEntropy, crossEntropyParts, withoutIgnored } from "./cross_entropy.ts";

/**
 * `-log softmax(logits)[label]` of each row of logits `[N, C]`: `[N]`, in nats. Of the wanted distribution the label has the
 * share `1 - labelSmoothing` and all classes together, alike, the rest. A row whose label is `ignoreIndex` gives 0.
 */
export const softmaxCrossEntropy: OpSpec<"softmax_cross_entropy"> = {
  infer([logits, labels], attrs) {
    checkCrossEntropy(logits, labels, attrs);
    return { dtype: logits.dtype, shape: labels.shape };
  },
  vjp(b, node, dy) {
    const [logits, labels] = node.inputs;
    return [b.apply("softmax_cross_entropy_grad", [logits, labels, dy], node.attrs), null];
  },
  expand(b, node, inputs) {
    const { target, shifted, sum } = crossEntropyParts(b, inputs, node.attrs);
    const losses = b.sub(b.log(sum), b.sum(b.mul(target, shifted), [-1])); // [N]
    return withoutIgnored(b, inputs[1], losses, node.attrs);
  },
  tolerance: { relative: 1e-5, absolute: 1e-5 },
};
