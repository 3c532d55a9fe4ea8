/**
 * Counting the words of a corpus, which is all that the trainers of tokenizers keep of it.
 *
 * @module
 */

/**
 * How often a corpus has each of its words, in the order in which they are met first. Texts may come as a stream: none is kept.
 * Beyond `most` distinct words the rarest are forgotten, those seen once first, so that memory stays bounded whatever the
 * corpus is; they would hardly make a pair that is merged.
 *
 * @param wordsOf Cuts a text into words
 *
 * @example
 * ```ts
 * import { countWords } from "./word_counts.ts";
 * import assert from "node:assert/strict";
 *
 * const counts = countWords(["a b a", "c"], { wordsOf: (text) => text.split(" ") });
 * assert.deepEqual([...counts], [["a", 2], ["b", 1], ["c", 1]]);
 * ```
 */
export function countWords(
  texts: Iterable<string>,
  { wordsOf, most = 5_000_000 }: {
    readonly wordsOf: (text: string) => Iterable<string>;
    readonly most?: number;
  },
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of wordsOf(text)) {
      const count = counts.get(word);
      if (count !== undefined) counts.set(word, count + 1);
      else counts.set(ownCopy(word), 1);
    }
    if (counts.size > most) forgetRarest(counts, most / 2);
  }
  return counts;
}

/** V8 keeps a long part of a text as a reference to the whole, which would hold every text in memory. */
function ownCopy(word: string): string {
  return word.length < 13 ? word : (" " + word).slice(1);
}

function forgetRarest(counts: Map<string, number>, keep: number): void {
  for (let rare = 1; counts.size > keep; rare++) {
    for (const [word, count] of counts) if (count <= rare) counts.delete(word);
  }
}
