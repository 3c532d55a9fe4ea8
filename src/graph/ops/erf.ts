/** The op `erf`: the error function. @module */
import { erf as errorFunction } from "../../statistics/distributions.ts";
import type { OpSpec } from "../op_spec.ts";
import { unary } from "./unary.ts";

/** The error function, `2/sqrt(pi) * integral of e^(-t^2) from 0 to x`. */
export const erf: OpSpec<"erf"> = unary({
  onnx: "Erf",
  f: errorFunction,
  vjp: (b, dy, x) => b.mul(b.mul(dy, 2 / Math.sqrt(Math.PI)), b.exp(b.neg(b.square(x)))),
  float: true,
  tolerance: { relative: 1e-5, absolute: 2e-6 },
  tested: [[-4, 4], [-50, 50]],
});
