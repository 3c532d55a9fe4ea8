/**
 * A model whose tokens are whole words.
 *
 * Source: `models/wordlevel/mod.rs` of huggingface/tokenizers.
 *
 * @module
 */
import { TokenizerError } from "./errors.ts";
import type { Model } from "./model.ts";
import { type Part, textOf } from "./parts.ts";
import { readVocabulary } from "./vocabulary.ts";

/** The model that a `WordLevel` part describes. */
export function readWordLevel(part: Part): Model {
  const vocabulary = readVocabulary(part);
  const unknownToken = textOf(part, "unk_token", "<unk>");
  const unknown = vocabulary.get(unknownToken);
  return {
    vocabulary,
    unknownToken,
    tokenize(text) {
      const id = vocabulary.get(text) ?? unknown;
      if (id === undefined) {
        throw new TokenizerError(
          `Cannot tokenize ${
            JSON.stringify(text.slice(0, 40))
          }: it is not in the vocabulary, which has no ${unknownToken}`,
        );
      }
      return { ids: [id], spans: [0, text.length] };
    },
  };
}
