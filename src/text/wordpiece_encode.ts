/**
 * WordPiece's search for the pieces of a word.
 *
 * @module
 */
import { countOf, fail, type Part, show, textOf } from "./parts.ts";
import type { Model } from "./model.ts";
import type { Work } from "./piece.ts";
import { chargeSteps } from "./steps.ts";
import { createTrie } from "./trie.ts";
import { readVocabulary } from "./vocabulary.ts";

const MAX_WORD_CHARACTERS = 10_000;

/**
 * The greedy longest-match search of WordPiece: a word becomes its pieces, or the unknown token if some part of it has none.
 *
 * Source: `models/wordpiece/mod.rs` of huggingface/tokenizers.
 */
export function readWordPiece(part: Part): Model {
  const vocabulary = readVocabulary(part);
  const unknownToken = textOf(part, "unk_token", "[UNK]");
  const prefix = textOf(part, "continuing_subword_prefix", "##");
  const limit = countOf(part, "max_input_chars_per_word", {
    least: 1,
    most: MAX_WORD_CHARACTERS,
    otherwise: 100,
  });
  const unknown = vocabulary.get(unknownToken) ??
    fail(`${part.path}.unk_token is ${show(unknownToken)}, which is not in ${part.path}.vocab`);
  const trie = createTrie(vocabulary);
  // Where tokens that continue a word begin: behind the prefix. -1 where there are none.
  let continuing = 0;
  for (let i = 0; i < prefix.length && continuing >= 0; i++) {
    continuing = trie.step(continuing, prefix.charCodeAt(i));
  }

  const search = (word: string, work: Work): { ids: number[]; spans: number[] } | undefined => {
    const ids: number[] = [];
    const spans: number[] = [];
    for (let from = 0; from < word.length;) {
      let node = from === 0 ? 0 : continuing;
      let found = -1, to = from, at = from;
      while (node >= 0 && at < word.length) {
        node = trie.step(node, word.charCodeAt(at++));
        const id = node < 0 ? -1 : trie.valueAt(node);
        if (id >= 0) {
          found = id;
          to = at;
        }
      }
      chargeSteps(work, at - from);
      if (found < 0) return undefined;
      ids.push(found);
      spans.push(from, to);
      from = to;
    }
    return { ids, spans };
  };
  return {
    vocabulary,
    unknownToken,
    maxWordTokens: limit,
    tokenize(word, work) {
      const tokens = isLongerThan(word, limit) ? undefined : search(word, work);
      return tokens ?? { ids: [unknown], spans: [0, word.length] };
    },
  };
}

/** Whether a word has more than `limit` characters (code points). */
function isLongerThan(word: string, limit: number): boolean {
  if (word.length <= limit) return false;
  if (word.length > 2 * limit) return true;
  let characters = 0;
  for (const _ of word) characters++;
  return characters > limit;
}
