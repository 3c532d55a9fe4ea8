/**
 * Limits on cleaning, since the steps of a bundle may be anybody's and so may the texts.
 *
 * @module
 */

/** The most steps of one list, and the longest step as it is written. */
export const stepLimits = { steps: 32, characters: 600 } as const;

/**
 * The most UTF-16 units that a text of so many may become by one step or by all: `replace=a=>aa`, forty times, would fill the
 * memory. NFKC makes 18 of one at most, in texts of few characters.
 */
export function growthLimit(length: number): number {
  return 4 * length + 10_000;
}
