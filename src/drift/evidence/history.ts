/**
 * The counts of all windows so far, in memory that grows with the logarithm of their number: recent windows one by one, older
 * ones together.
 *
 * @module
 */

/** Counts of a stretch of windows. */
export interface Stretch<C> {
  /** Windows in it. */
  readonly windows: number;
  /** The first of them, by its index. */
  readonly first: number;
  /** When it began, in milliseconds. */
  readonly startedAtMs: number;
  readonly counts: C;
}

/** Stretches of one length before two of them become one. */
const OF_ONE_LENGTH = 2;

/**
 * Adds a window to a history, oldest first. Two stretches of 1 window, two of 2, of 4, of 8 ... are kept, so that the last `k`
 * windows are known for a `k` within a half of any number (an exponential histogram: Datar, Gionis, Indyk and Motwani,
 * Maintaining stream statistics over sliding windows, SIAM Journal on Computing 31, 2002).
 */
export function addToHistory<C>(
  history: readonly Stretch<C>[],
  window: Omit<Stretch<C>, "windows">,
  add: (a: C, b: C) => C,
): Stretch<C>[] {
  const next = [...history, { ...window, windows: 1 }];
  for (let length = 1;; length *= 2) {
    const first = next.findIndex(({ windows }) => windows === length);
    const count = next.filter(({ windows }) => windows === length).length;
    if (count <= OF_ONE_LENGTH) return next;
    const [a, b] = [next[first], next[first + 1]];
    next.splice(first, 2, { ...a, windows: a.windows + b.windows, counts: add(a.counts, b.counts) });
  }
}
