/**
 * Pieces of WGSL that kernels of attention are put together from.
 *
 * @module
 */

/** Lines of WGSL; what is not there is left out. */
export type Lines = string | undefined | false | readonly Lines[];

/** All lines in one list. */
export function linesOf(text: Lines): string[] {
  if (typeof text === "string") return [text];
  return text ? text.flatMap(linesOf) : [];
}

/** Lower than any score. */
export const low = "-3.0e38f";
/** A line on which the threads of a workgroup wait for each other. */
export const barrier = "  workgroupBarrier();";
/** The names of a vector's components. */
export const component: readonly string[] = ["x", "y", "z", "w"];
/** The numbers from 0 to n - 1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** A vector of four texts. */
export function vec4(element: (e: number) => string): string {
  return `vec4<f32>(${range(4).map(element).join(", ")})`;
}

/** A text for each of a thread's rows and quads. */
export function eachQuad(rows: number, quads: number, text: (i: number, j: number) => string): string[] {
  return range(rows).flatMap((i) => range(quads).map((j) => text(i, j)));
}

/** A row's element of vectors of four rows. */
export function ofRow(name: string, i: number): string {
  return `${name}${i >> 2}.${component[i & 3]}`;
}

/** Declares a thread's sums, rows of so many quads: zeros. */
export function accumulators(name: string, rows: number, quads: number): string[] {
  return range(rows).map((i) =>
    `  ${range(quads).map((j) => `var ${name}${i}_${j} = vec4<f32>(0.0f);`).join(" ")}`
  );
}

/** A vector, or zeros where a condition does not hold; the vector itself without one. */
export function zeroUnless(condition: string | undefined, value: string): string {
  return condition ? `select(vec4<f32>(0.0f), ${value}, ${condition})` : value;
}
