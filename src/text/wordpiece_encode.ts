/** The part of `tokenizer.json`'s WordPiece model that the search needs. */
export interface WordPieceModel {
  unk_token: string;
  continuing_subword_prefix: string;
  max_input_chars_per_word: number;
}

/**
 * The greedy longest-match search of WordPiece over a list of words: each word becomes its pieces, or the unknown token if some part of it has none.
 * No piece longer than the vocabulary's longest is tried, so a word costs its length times that, whatever it contains.
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

  return (words) => {
    const tokens: string[] = [];
    for (const word of words) {
      const start = tokens.length;
      if (isLongerThan(word, model.max_input_chars_per_word)) {
        tokens.push(model.unk_token);
        continue;
      }
      // Code units will do: a vocabulary of well-formed strings never matches half a surrogate pair.
      for (let from = 0; from < word.length;) {
        let to = Math.min(word.length, from + longest);
        for (; to > from; to--) {
          const part = word.slice(from, to);
          if (from === 0) {
            if (!initial.has(part)) continue;
            tokens.push(part);
          } else {
            const token = continuing.get(part);
            if (token === undefined) continue;
            tokens.push(token);
          }
          break;
        }
        if (to === from) {
          tokens.length = start;
          tokens.push(model.unk_token);
          break;
        }
        from = to;
      }
    }
    return tokens;
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
