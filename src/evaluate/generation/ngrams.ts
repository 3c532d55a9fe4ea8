/**
 * Tokens and n-grams as whole numbers, so that counting them joins no strings.
 *
 * @module
 */

/** Numbers tokens, equal ones alike in all texts, from 0 in the order of their first appearance. */
export function createNumbering(): (tokens: readonly string[]) => Int32Array {
  const known = new Map<string, number>();
  return (tokens) => {
    const ids = new Int32Array(tokens.length);
    for (let i = 0; i < tokens.length; i++) {
      let id = known.get(tokens[i]);
      if (id === undefined) known.set(tokens[i], id = known.size);
      ids[i] = id;
    }
    return ids;
  };
}

/**
 * Numbers for n-grams: equal n-grams get equal numbers, counting from 0 in the order of their first appearance. An n-gram is
 * known by its first n-1 words, which have a number already, and its last; so a text of m words costs O(m) for each order.
 */
export class NgramNumbers {
  readonly #number = createNumbering();
  /** For order n at n - 2: (number of the first n-1 words, last word) to the n-gram's number. */
  readonly #orders: Map<number, number>[] = [];

  /** The numbers of a text's n-grams of the orders 1 to `order`, each in the order of the text. */
  of(words: readonly string[], order: number): Int32Array[] {
    const ids = this.#number(words);
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
