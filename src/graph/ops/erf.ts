/** The op `erf`: the error function. @module */
import type { OpSpec } from "../builder.ts";
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

/**
 * erf to double precision: its Maclaurin series where that converges fast, else the continued fraction of erfc
 * (Abramowitz and Stegun 7.1.6 and 7.1.14).
 */
export function errorFunction(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  const scale = Math.exp(-a * a) / Math.sqrt(Math.PI);
  if (a < 2.5) {
    let term = 2 * a;
    let sum = term;
    for (let n = 1; Math.abs(term) > 1e-17 * sum; n++) {
      term *= 2 * a * a / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * scale * sum;
  }
  let fraction = a;
  for (let n = 60; n > 0; n--) fraction = a + (n / 2) / fraction;
  return Math.sign(x) * (1 - scale / fraction);
}
