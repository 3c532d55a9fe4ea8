/** The op `gelu`: the activation of Gaussian error linear units. @module */
import { normalCdf } from "../../statistics/distributions.ts";
import type { OpSpec } from "../op_spec.ts";
import { mapElements } from "./broadcasting.ts";
import { elementwiseType } from "./elementwise.ts";

const tanhScale = Math.sqrt(2 / Math.PI);
const tanhCubic = 0.044715;

/**
 * The Gaussian error linear unit, `x * P(X <= x)`, by erf or by its tanh approximation (Hendrycks and Gimpel,
 * arXiv:1606.08415).
 */
export const gelu: OpSpec<"gelu"> = {
  infer: (inputs) => elementwiseType(inputs, { float: true }),
  vjp(b, node, dy) {
    const x = node.inputs[0];
    if (node.attrs.approximate === "none") {
      const cdf = b.add(b.mul(b.erf(b.mul(x, Math.SQRT1_2)), 0.5), 0.5);
      const density = b.mul(b.exp(b.mul(b.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [b.mul(dy, b.add(cdf, b.mul(x, density)))];
    }
    const square = b.square(x);
    const t = b.tanh(b.mul(b.mul(x, b.add(b.mul(square, tanhCubic), 1)), tanhScale));
    const inside = b.mul(b.add(b.mul(square, 3 * tanhCubic), 1), tanhScale);
    const inner = b.mul(b.mul(x, b.sub(1, b.square(t))), inside);
    return [b.mul(dy, b.mul(b.add(b.add(t, 1), inner), 0.5))];
  },
  eval: (inputs, attrs, out) =>
    mapElements(
      inputs,
      out,
      attrs.approximate === "none"
        ? (x) => x * normalCdf(x)
        : (x) => 0.5 * x * (1 + Math.tanh(tanhScale * (x + tanhCubic * x * x * x))),
    ),
  onnx(scope, node, inputs) {
    if (node.attrs.approximate === "none") return scope.emit("Gelu", inputs, { domain: "com.microsoft" });
    return scope.emit("FastGelu", inputs, { domain: "com.microsoft" });
  },
  tolerance: { relative: 1e-5, absolute: 3e-6 },
};
