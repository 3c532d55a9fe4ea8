/**
 * The tokenizer of a training: the checkpoint's, or one that is trained on the training part.
 *
 * @module
 */
import type { TaskName } from "../tasks/served.ts";
import { trainedTasks } from "../tasks/trained.ts";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import { trainWordPiece } from "../text/wordpiece_train.ts";
import type { Pretrained } from "./pretrained.ts";
import type { Reporter } from "./reporter.ts";

/** How a tokenizer comes about. */
export interface TokenizerSource {
  readonly task: TaskName;
  /** Tokens of a tokenizer that is trained. */
  readonly vocabSize: number;
  readonly maxTokens: number;
  /** A checkpoint to start from: its own tokenizer is taken. */
  readonly pretrained?: Pretrained;
  readonly output: Reporter;
}

/** A tokenizer beside its files. */
export interface MadeTokenizer {
  /** `tokenizer.json` and `tokenizer_config.json`. */
  readonly files: { readonly tokenizer: object; readonly config: object };
  readonly tokenizer: Tokenizer;
}

/** The checkpoint's tokenizer where there is one, otherwise one that is trained on the texts. */
export function tokenizerFor(
  texts: Iterable<string>,
  { task, pretrained, vocabSize, maxTokens, output }: TokenizerSource,
): MadeTokenizer {
  if (pretrained) {
    const { tokenizerFiles: files, tokenizer } = pretrained;
    output.progress(`tokenizer: of ${pretrained.name}, ${tokenizer.vocabSize} tokens`);
    return { files, tokenizer };
  }
  const files = trainWordPiece(texts, {
    vocabSize,
    modelMaxLength: maxTokens,
    ...trainedTasks[task].tokenizer,
  });
  const tokenizer = loadTokenizer(files.tokenizer, files.config);
  output.progress(`tokenizer: WordPiece, ${tokenizer.vocabSize} tokens, trained on the training part`);
  return { files, tokenizer };
}
