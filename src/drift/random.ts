/**
 * A seeded generator of uniform numbers in [0, 1), so that a baseline built twice from the same texts is the same: a
 * Weyl sequence mixed by MurmurHash3's finaliser.
 */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 16), 0x85ebca6b);
    t = Math.imul(t ^ (t >>> 13), 0xc2b2ae35);
    return ((t ^ (t >>> 16)) >>> 0) / 2 ** 32;
  };
}
