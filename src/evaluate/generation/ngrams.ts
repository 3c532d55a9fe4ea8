/**
 * N-grams as whole numbers, so that counting them joins no strings.
 *
 * @module
 */

/**
 * Numbers for n-grams: equal n-grams get equal numbers, counting from 0 in the order of their first appearance.
 *
 * An n-gram is known by its first n-1 words, which have a number already, and its last; so a text of m words costs O(m) for
 * each order, and no strings are joined.
 */
export class NgramNumbers {
  readonly #words = new Map<string, number>();
  /** For order n at n - 2: (number of the first n-1 words, last word) to the n-gram's number. */
  readonly #orders: Map<number, number>[] = [];

  /**
   * The numbers of a text's n-grams of the orders 1 to `order`, each in the order of the text; an order above the number of
   * words has none.
   */
  of(words: readonly string[], order: number): Int32Array[] {
    const ids = Int32Array.from(words, (word) => {
      let id = this.#words.get(word);
      if (id === undefined) this.#words.set(word, id = this.#words.size);
      return id;
    });
    const levels = [ids];
    for (let n = 2; n <= order; n++) {
      const known = this.#orders[n - 2] ??= new Map();
      const before = levels[n - 2];
      const level = new Int32Array(Math.max(words.length - n + 1, 0));
      for (let i = 0; i < level.length; i++) {
        const key = before[i] * 2 ** 26 + ids[i + n - 1]; // exact below 2 ** 27 n-grams and 2 ** 26 words
        let id = known.get(key);
        if (id === undefined) known.set(key, id = known.size);
        level[i] = id;
      }
      levels.push(level);
    }
    return levels;
  }
}
