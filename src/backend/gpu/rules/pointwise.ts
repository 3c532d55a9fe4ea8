/**
 * The GPU's rules of elementwise ops: one line of WGSL each.
 *
 * @module
 */
import type { OpName } from "../../../graph/node.ts";
import { computeTypes, vectorType } from "../kernels/wgsl.ts";
import type { PointwiseAt, PointwiseRule } from "./element.ts";

/** Steps of what the device computes in several instructions. */
const dear = 8;

/** What elementwise ops compute of one element. */
export const pointwiseRules = {
  neg: {
    kind: "pointwise",
    expression: ([x], at) => at.node.dtype === "u32" ? `${number(at, 0)} - ${x}` : `-${x}`,
  },
  abs: { kind: "pointwise", expression: ([x]) => `abs(${x})` },
  exp: { kind: "pointwise", expression: ([x]) => `exp(${x})`, steps: dear },
  log: { kind: "pointwise", expression: ([x]) => `log(${x})`, steps: dear },
  sqrt: { kind: "pointwise", expression: ([x]) => `sqrt(${x})`, steps: dear },
  tanh: { kind: "pointwise", expression: ([x], at) => `${helper("tanh", at)}(${x})`, steps: dear },
  erf: { kind: "pointwise", expression: ([x], at) => `${helper("erf", at)}(${x})`, steps: dear },
  gelu: {
    kind: "pointwise",
    expression([x], at) {
      const of = (value: number) => number(at, value);
      if (at.node.attrs.approximate === "none") {
        return `${of(0.5)} * ${x} * (${of(1)} + ${helper("erf", at)}(${x} * ${of(Math.SQRT1_2)}))`;
      }
      const inner = `${of(Math.sqrt(2 / Math.PI))} * (${x} + ${of(0.044715)} * ${x} * ${x} * ${x})`;
      return `${of(0.5)} * ${x} * (${of(1)} + ${helper("tanh", at)}(${inner}))`;
    },
    steps: dear,
  },
  cast: {
    kind: "pointwise",
    expression([x], { node, lanes, scope }) {
      const from = node.inputs[0].dtype;
      const type = vectorType(computeTypes[node.dtype], lanes);
      // A comparison with NaN holds in no case on some devices, and NaN is not 0.
      if (node.dtype === "bool") return `!(${x} == ${vectorType(computeTypes[from], lanes)}(0))`;
      if (from === "bool") return `select(${type}(0), ${type}(1), ${x})`;
      if (node.dtype === "f16" && from !== "f16") {
        scope.need("f16");
        return `${type}(${vectorType("f16", lanes)}(${x}))`;
      }
      return `${type}(${x})`;
    },
    converts: true,
  },
  add: { kind: "pointwise", expression: ([x, y]) => `${x} + ${y}` },
  sub: { kind: "pointwise", expression: ([x, y]) => `${x} - ${y}` },
  mul: { kind: "pointwise", expression: ([x, y]) => `${x} * ${y}` },
  div: { kind: "pointwise", expression: ([x, y]) => `${x} / ${y}`, steps: 4 },
  max: extremum("max"),
  min: extremum("min"),
  less: { kind: "pointwise", expression: ([x, y]) => `${x} < ${y}` },
  equal: { kind: "pointwise", expression: ([x, y]) => `${x} == ${y}` },
  where: { kind: "pointwise", expression: ([condition, x, y]) => `select(${y}, ${x}, ${condition})` },
  barrier: { kind: "pointwise", expression: ([x]) => x, vanishes: true },
} satisfies { readonly [K in OpName]?: PointwiseRule<K> };

function extremum(name: "max" | "min") {
  return {
    kind: "pointwise",
    expression: ([x, y], { node, lanes, scope }) =>
      scope.extremum(name, [x, y], { dtype: node.dtype, lanes }),
  } satisfies PointwiseRule<"max" | "min">;
}

function number<K extends OpName>({ node, lanes, scope }: PointwiseAt<K>, value: number): string {
  return scope.number(node.dtype, value, lanes);
}

function helper<K extends OpName>(name: "erf" | "tanh", { lanes, scope }: PointwiseAt<K>): string {
  scope.need(`${name}${lanes}`);
  return `${name}${lanes}`;
}
