/**
 * WGSL text for types, numbers and the functions it lacks.
 *
 * @module
 */
import { type DType, dtypes } from "../../../graph/dtype.ts";
import { BackendError } from "../../interface.ts";

/** How an element lies in a buffer; `bool` takes a word. Types that the GPU lacks are refused before kernels are made. */
export const storageTypes = typesOf("storage");

/** What an element is computed as: f16 is storage alone. */
export const computeTypes = typesOf("compute");

function typesOf(part: "storage" | "compute"): Readonly<Record<DType, string>> {
  const all = Object.entries(dtypes).flatMap(([dtype, { wgsl }]) => wgsl ? [[dtype, wgsl[part]]] : []);
  return Object.fromEntries(all) as Record<DType, string>;
}

/** Bytes of one element in a buffer. */
export function storageBytes(dtype: DType): number {
  return storageTypes[dtype] === "f16" ? 2 : 4;
}

/** One value or four neighbouring ones. */
export type Lanes = 1 | 4;

/** The type of `lanes` values. */
export function vectorType(type: string, lanes: Lanes): string {
  return lanes === 1 ? type : `vec4<${type}>`;
}

/** A number as a WGSL expression of the type it is computed in. `needs` collects helper names. */
export function literal(dtype: DType, value: number, needs: Set<string>): string {
  switch (dtype) {
    case "bool":
      return value ? "true" : "false";
    case "u32":
      return `${value >>> 0}u`;
    case "i32":
      return value === -2147483648
        ? "bitcast<i32>(0x80000000u)"
        : value < 0
        ? `(${value | 0}i)`
        : `${value | 0}i`;
    case "f32":
    case "f16":
      return float(dtype === "f16" ? Math.f16round(value) : Math.fround(value), needs);
    default:
      throw new BackendError(`Cannot write ${value} of type ${dtype}: the GPU has no such type yet`);
  }
}

function float(value: number, needs: Set<string>): string {
  // A compiler that folds constants refuses infinities and NaN, so they come out of a variable.
  if (!Number.isFinite(value)) {
    needs.add("special");
    return Number.isNaN(value) ? "bitcast<f32>(special.z)" : `bitcast<f32>(special.${value > 0 ? "x" : "y"})`;
  }
  if (Object.is(value, -0)) return "(-0.0f)";
  if (value !== 0 && Math.abs(value) < 1.1754943508222875e-38) return "0.0f";
  const text = String(value);
  const typed = /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
  return value < 0 ? `(${typed})` : typed;
}

const erfNear = [
  1.128379225730896,
  -0.37612637877464294,
  0.11283782869577408,
  -0.026865437626838684,
  0.005221053492277861,
  -0.0008484396385028958,
  0.00011268253729213029,
  -0.000009673591193859465,
];

const erfFar = [
  0.0002112559013767168,
  -1.129697322845459,
  -0.6329582929611206,
  -0.10874178260564804,
  0.02545326016843319,
  -0.004321188200265169,
  0.0004753655812237412,
  -0.000027249127015238628,
  3.898341844887909e-7,
];

/**
 * Module-scope declarations by name. `erf` is a polynomial in x^2 below 1 and `1 - e^(polynomial)` above, both least-squares
 * fits to the error function on Chebyshev nodes, within 1.5e-7 of it. `mix` is `lowbias32` of the `random` op.
 */
export const helpers: Readonly<Record<string, string>> = {
  special: "var<private> special: vec3<u32> = vec3<u32>(0x7f800000u, 0xff800000u, 0x7fc00000u);",
  mix: `fn mix_bits(word: u32) -> u32 {
  var x = word;
  x ^= x >> 16u;
  x *= 0x7feb352du;
  x ^= x >> 15u;
  x *= 0x846ca68bu;
  x ^= x >> 16u;
  return x;
}`,
  nan_max1: extremumText("max", 1),
  nan_max4: extremumText("max", 4),
  nan_min1: extremumText("min", 1),
  nan_min4: extremumText("min", 4),
  tanh1: tanhText(1),
  tanh4: tanhText(4),
  erf1: erfText(1),
  erf4: erfText(4),
};

/** Text of the larger or the smaller of two values of a type: of floats a NaN, if there is one, which drivers' own leave open. */
export function extremum(
  name: "max" | "min",
  [a, b]: readonly [string, string],
  { dtype, lanes, needs }: { dtype: DType; lanes: Lanes; needs: Set<string> },
): string {
  if (dtype !== "f32" && dtype !== "f16") return `${name}(${a}, ${b})`;
  needs.add(`nan_${name}${lanes}`);
  return `nan_${name}${lanes}(${a}, ${b})`;
}

function extremumText(name: "max" | "min", lanes: Lanes): string {
  const type = vectorType("f32", lanes);
  return `fn nan_${name}${lanes}(a: ${type}, b: ${type}) -> ${type} {
  return select(select(${name}(a, b), b, ${isNaN("b", lanes)}), a, ${isNaN("a", lanes)});
}`;
}

/** NaN is recognised by its bits: a compiler may assume that `x != x` never holds. */
function isNaN(x: string, lanes: Lanes): string {
  const u = vectorType("u32", lanes);
  return `(bitcast<${u}>(${x}) & ${u}(0x7fffffffu)) > ${u}(0x7f800000u)`;
}

/** Drivers compute tanh from exponentials, which overflow far out; `clamp` may make a number of a NaN. */
function tanhText(lanes: Lanes): string {
  const type = vectorType("f32", lanes);
  return `fn tanh${lanes}(x: ${type}) -> ${type} {
  return select(tanh(clamp(x, ${type}(-15.0f), ${type}(15.0f))), x, ${isNaN("x", lanes)});
}`;
}

function erfText(lanes: Lanes): string {
  const type = vectorType("f32", lanes);
  const all = (x: number) => `${type}(${float(Math.fround(x), new Set())})`;
  const horner = (coefficients: readonly number[], x: string) =>
    coefficients.slice(0, -1).reduceRight(
      (sum, c) => `(${sum} * ${x} + ${all(c)})`,
      all(coefficients.at(-1)!),
    );
  return `fn erf${lanes}(x: ${type}) -> ${type} {
  let a = min(abs(x), ${all(4)});
  let s = min(a * a, ${all(1)});
  let near = x * ${horner(erfNear, "s")};
  let far = sign(x) * (${all(1)} - exp(${horner(erfFar, "a")}));
  return select(select(far, near, a < ${all(1)}), x, ${isNaN("x", lanes)});
}`;
}
