/**
 * Dividing units that have several labels each, so that every label has about its share in each part.
 *
 * @module
 */
import type { RandomStream } from "../base/random.ts";

/** Rows that stay together. */
export interface Unit {
  /** How many rows. */
  readonly size: number;
  /** How many of them have a label, for each label that is among them. */
  readonly labels: ReadonlyMap<string, number>;
}

/**
 * The part of each unit, by iterative stratification: of the labels that are left, the one in the fewest units is divided first,
 * while there still is a choice, and each of its units, the largest first, goes to the part that wants most of it, then to the
 * part that wants most rows. What has no label evens out the sizes of the parts at the end.
 *
 * Beyond the paper: where no more units with a label are left than there are parts without it, these go to such parts as have
 * room; and no part stays empty where there are as many units as parts.
 *
 * K. Sechidis, G. Tsoumakas, I. Vlahavas, On the Stratification of Multi-Label Data, ECML PKDD 2011.
 *
 * @param shares Of the parts; they sum to 1.
 * @param random Decides which of equal units goes first, and between parts that want the same.
 *
 * @example
 * ```ts
 * import { createRandomStream } from "../base/random.ts";
 * import { stratifyUnits } from "./stratify.ts";
 * import assert from "node:assert/strict";
 *
 * const units = [["a"], ["a", "b"], ["a"], ["b", "c"], ["c"], ["a"]].map((labels) => ({
 *   size: 1,
 *   labels: new Map(labels.map((label) => [label, 1])),
 * }));
 * const parts = stratifyUnits(units, [0.5, 0.5], createRandomStream(1));
 * const having = (label: string) => units.flatMap(({ labels }, i) => labels.has(label) ? [parts[i]] : []).sort();
 * assert.deepEqual(["a", "b", "c"].map(having), [[0, 0, 1, 1], [0, 1], [0, 1]]);
 * ```
 */
export function stratifyUnits(
  units: readonly Unit[],
  shares: readonly number[],
  random: RandomStream,
): Int32Array {
  const order = random.shuffle(units.map((_, i) => i)).sort((a, b) => units[b].size - units[a].size);
  const holding = new Map<string, number[]>(); // units with a label, the largest first
  const totals = new Map<string, number>();
  for (const i of order) {
    for (const [label, count] of units[i].labels) {
      const list = holding.get(label);
      if (list) list.push(i);
      else holding.set(label, [i]);
      totals.set(label, (totals.get(label) ?? 0) + count);
    }
  }
  const rows = units.reduce((sum, { size }) => sum + size, 0);
  const parts = shares.map((share) => ({
    rows: share * rows,
    labels: new Map([...totals].map(([label, total]) => [label, share * total])),
    has: new Set<string>(),
  }));
  const left = labelsByCount(holding);
  const partOf = new Int32Array(units.length).fill(-1);

  function place(i: number, part: number): void {
    partOf[i] = part;
    const wanted = parts[part];
    wanted.rows -= units[i].size;
    for (const [label, count] of units[i].labels) {
      wanted.labels.set(label, wanted.labels.get(label)! - count);
      wanted.has.add(label);
      left.less(label);
    }
  }
  /** The part that wants most, by the first of the wants in which parts differ. */
  function neediest(among: readonly number[], wants: ((part: typeof parts[number]) => number)[]): number {
    let best = among;
    for (const want of wants) {
      const most = Math.max(...best.map((part) => want(parts[part])));
      best = best.filter((part) => want(parts[part]) > most - 1e-9);
    }
    return best.length === 1 ? best[0] : random.pick(best);
  }
  const all = shares.map((_, part) => part);

  for (let label = left.rarest(); label !== undefined; label = left.rarest()) {
    let remaining = left.count(label);
    for (const i of holding.get(label)!) {
      if (partOf[i] >= 0) continue;
      const without = all.filter((part) =>
        !parts[part].has.has(label) && parts[part].rows >= units[i].size - 0.5
      );
      const among = without.length > 0 && remaining <= without.length ? without : all;
      place(i, neediest(among, [(part) => part.labels.get(label)!, (part) => part.rows]));
      remaining--;
    }
  }
  for (const i of order) {
    if (partOf[i] < 0) place(i, neediest(all, [(part) => part.rows]));
  }
  fillEmptyParts(partOf, shares.length, order);
  return partOf;
}

/** A part of a few units may have got none: it gets the smallest of the part that has the most. */
function fillEmptyParts(partOf: Int32Array, parts: number, largestFirst: readonly number[]): void {
  const counts = Array.from({ length: parts }, () => 0);
  for (const part of partOf) counts[part]++;
  for (const [part, count] of counts.entries()) {
    if (count > 0 || partOf.length < parts) continue;
    const fullest = counts.indexOf(Math.max(...counts));
    partOf[largestFirst.findLast((i) => partOf[i] === fullest)!] = part;
    counts[fullest]--;
    counts[part]++;
  }
}

/** Labels by the number of units with them that have no part yet. */
function labelsByCount(holding: ReadonlyMap<string, readonly unknown[]>) {
  const counts = new Map([...holding].map(([label, { length }]) => [label, length]));
  const buckets: Set<string>[] = [];
  const put = (label: string, count: number) => (buckets[count] ??= new Set()).add(label);
  for (const [label, count] of counts) put(label, count);
  let lowest = 1;
  return {
    count: (label: string): number => counts.get(label)!,
    less(label: string): void {
      const count = counts.get(label)!;
      buckets[count].delete(label);
      counts.set(label, count - 1);
      if (count > 1) put(label, count - 1);
      lowest = Math.max(1, Math.min(lowest, count - 1));
    },
    rarest(): string | undefined {
      while (lowest < buckets.length && !buckets[lowest]?.size) lowest++;
      return buckets[lowest]?.values().next().value;
    },
  };
}
