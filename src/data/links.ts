/**
 * Items that are linked in pairs, as groups.
 *
 * @module
 */

/** Links between items that are numbered from 0. */
export interface Links {
  /** Whether two items are linked already, directly or by a chain of others. */
  areLinked(a: number, b: number): boolean;
  /** Links two items. */
  link(a: number, b: number): void;
  /** The number of each item's group, counted from 0 in order of appearance. */
  groups(): Int32Array;
}

/**
 * `count` items without links: a union-find with path halving.
 *
 * Source: Tarjan and van Leeuwen, "Worst-Case Analysis of Set Union Algorithms" (1984).
 */
export function createLinks(count: number): Links {
  const parents = Int32Array.from({ length: count }, (_, i) => i);
  const rootOf = (item: number): number => {
    while (parents[item] !== item) item = parents[item] = parents[parents[item]];
    return item;
  };
  return {
    areLinked: (a, b) => rootOf(a) === rootOf(b),
    link(a, b) {
      const [p, q] = [rootOf(a), rootOf(b)];
      parents[Math.max(p, q)] = Math.min(p, q);
    },
    groups() {
      const numbers = new Map<number, number>();
      return parents.map((_, item) => {
        const root = rootOf(item);
        if (!numbers.has(root)) numbers.set(root, numbers.size);
        return numbers.get(root)!;
      });
    },
  };
}
