/**
 * WordPiece's search for the pieces of a word.
 *
 * @module
 */

/** The part of `tokenizer.json`'s WordPiece model that the search needs. */
export interface WordPieceModel {
  readonly unk_token: string;
  readonly continuing_subword_prefix: string;
  readonly max_input_chars_per_word: number;
}

/**
 * The greedy longest-match search of WordPiece over a list of words: each word becomes its pieces, or the unknown token if
 * some part of it has none. No piece longer than the vocabulary's longest is tried, so a word costs its length times that,
 * whatever it contains.
 *
 * Source: `models/wordpiece/mod.rs` of huggingface/tokenizers.
 */
export function wordPieceEncoder(
  vocabulary: Iterable<[string, number]>,
  model: WordPieceModel,
): (words: string[]) => string[] {
  const prefix = model.continuing_subword_prefix;
  const initial = new Set<string>();
  const continuing = new Map<string, string>(); // without the prefix -> with it
  let longest = 0;
  for (const [token] of vocabulary) {
    initial.add(token);
    if (token.startsWith(prefix)) continuing.set(token.slice(prefix.length), token);
    longest = Math.max(longest, token.length);
  }

  const search = (word: string): string[] => {
    if (isLongerThan(word, model.max_input_chars_per_word)) return [model.unk_token];
    const pieces: string[] = [];
    // Code units will do: a vocabulary of well-formed strings never matches half a surrogate pair.
    for (let from = 0; from < word.length;) {
      let to = Math.min(word.length, from + longest);
      for (; to > from; to--) {
        const part = word.slice(from, to);
        const token = from > 0 ? continuing.get(part) : initial.has(part) ? part : undefined;
        if (token === undefined) continue;
        pieces.push(token);
        break;
      }
      if (to === from) return [model.unk_token];
      from = to;
    }
    return pieces;
  };

  // Words repeat: remembering them makes encoding several times faster. Emptied when full, so that memory stays bounded.
  const known = new Map<string, string[]>();
  return (words) => {
    const tokens: string[] = [];
    for (const word of words) {
      let pieces = known.get(word);
      if (pieces === undefined) {
        pieces = search(word);
        if (word.length <= LONGEST_REMEMBERED) {
          if (known.size >= MOST_REMEMBERED) known.clear();
          known.set(word, pieces);
        }
      }
      for (const piece of pieces) tokens.push(piece);
    }
    return tokens;
  };
}

const LONGEST_REMEMBERED = 24;
const MOST_REMEMBERED = 50_000;

/** Whether a word has more than `limit` characters (code points). */
function isLongerThan(word: string, limit: number): boolean {
  if (word.length <= limit) return false;
  if (word.length > 2 * limit) return true;
  let characters = 0;
  for (const _ of word) characters++;
  return characters > limit;
}
