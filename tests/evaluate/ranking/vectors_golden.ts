import type { Vectors } from "../../../src/evaluate/ranking/vectors.ts";

/** lowbias32 of Wellons: the same numbers as in embeddings.py. */
export function mix(x: number): number {
  x >>>= 0;
  x = Math.imul(x ^ x >>> 16, 0x7feb352d);
  x = Math.imul(x ^ x >>> 15, 0x846ca68b);
  return (x ^ x >>> 16) >>> 0;
}

/** The vectors of embeddings.py: row 4 of every five is the first of them again. */
export function matrix(seed: number, n: number, width: number): Vectors {
  const data = Float32Array.from({ length: n * width }, (_, at) => {
    const row = Math.floor(at / width);
    const i = row % 5 === 4 ? at - 4 * width : at;
    return ((mix(seed * 65536 + i) & 0xffff) - 32768) / 4096;
  });
  return { data, width };
}
