/** The numbers that the golden scripts make from the same seed: a linear congruential generator modulo 2^32. */
export function uniforms(seed: number, count: number): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
}

/** Fails unless the two are equal to 1e-9. */
export function close(got: number, wanted: number, what: string): void {
  if (Math.abs(got - wanted) <= 1e-9) return;
  throw new Error(`${what}: ${got}, wanted ${wanted}`);
}
