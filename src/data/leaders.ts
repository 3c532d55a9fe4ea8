/**
 * Clusters around a representative each, which grow by links between their members but not without limit.
 *
 * @module
 */

/** Clusters of items that are numbered from 0; each item begins as one of its own. */
export interface Leaders {
  /** Whether two items are in the same cluster. */
  areTogether(a: number, b: number): boolean;
  /**
   * Makes one cluster of those of two items, if each member of the smaller one is near enough to the representative of the
   * larger one; otherwise they stay apart.
   *
   * @returns whether they are one cluster now.
   */
  link(a: number, b: number): boolean;
  /** The number of each item's cluster, counted from 0 in order of appearance. */
  groups(): Int32Array;
}

/**
 * `count` items, each alone.
 *
 * Clusters that grow by links alone chain: each member is like the next, and the first is nothing like the last. Here every
 * member is also near the representative, as in leader clustering.
 *
 * Source: J. A. Hartigan, "Clustering Algorithms" (1975), chapter 3 (the leader algorithm).
 *
 * @param isNear Whether an item may be in the cluster that another represents.
 */
export function createLeaders(count: number, isNear: (item: number, leader: number) => boolean): Leaders {
  const leaderOf = Int32Array.from({ length: count }, (_, i) => i);
  const members = new Map<number, number[]>(); // of leaders with more than one
  const membersOf = (leader: number) => members.get(leader) ?? [leader];
  const refused = new Set<number>(); // pairs of leaders
  return {
    areTogether: (a, b) => leaderOf[a] === leaderOf[b],
    link(a, b) {
      let [to, from] = [leaderOf[a], leaderOf[b]];
      if (to === from) return true;
      if (membersOf(from).length > membersOf(to).length) [to, from] = [from, to];
      const pair = to * count + from;
      if (refused.has(pair)) return false;
      if (!membersOf(from).every((item) => isNear(item, to))) {
        refused.add(pair);
        return false;
      }
      const moved = membersOf(from);
      for (const item of moved) leaderOf[item] = to;
      const joined = members.get(to);
      if (joined) joined.push(...moved);
      else members.set(to, [to, ...moved]);
      members.delete(from);
      return true;
    },
    groups() {
      const numbers = new Map<number, number>();
      return leaderOf.map((leader) => {
        if (!numbers.has(leader)) numbers.set(leader, numbers.size);
        return numbers.get(leader)!;
      });
    },
  };
}
