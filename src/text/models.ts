/**
 * What makes tokens of a piece of text: the models of `tokenizer.json`, each in a file of its own.
 *
 * @module
 */
import { readBpe } from "./bpe.ts";
import { build, type Part } from "./parts.ts";
import type { Model, Tokens } from "./model.ts";
import { readUnigram } from "./unigram.ts";
import { readWordLevel } from "./word_level.ts";
import { readWordPiece } from "./wordpiece_encode.ts";

/** The types of models. */
export type ModelKind = "BPE" | "Unigram" | "WordLevel" | "WordPiece";

const kinds: Readonly<Record<ModelKind, (part: Part) => Model>> = {
  BPE: (part) => remembering(readBpe(part)),
  Unigram: (part) => remembering(readUnigram(part)),
  WordLevel: readWordLevel,
  WordPiece: (part) => remembering(readWordPiece(part)),
};

/** The model that a part of the file describes. @throws {TokenizerError} where the part is wrong */
export function readModel(part: Part): Model {
  return build(part, kinds);
}

const LONGEST_REMEMBERED = 48;
const MOST_REMEMBERED = 50_000;

/** Words repeat: remembering them makes encoding several times faster. Emptied when full, so that memory stays bounded. */
function remembering(model: Model): Model {
  const known = new Map<string, Tokens>();
  return {
    ...model,
    tokenize(text, work) {
      if (text.length > LONGEST_REMEMBERED) return model.tokenize(text, work);
      let tokens = known.get(text);
      if (tokens === undefined) {
        tokens = model.tokenize(text, work);
        if (known.size >= MOST_REMEMBERED) known.clear();
        known.set(text, tokens);
      }
      return tokens;
    },
  };
}
