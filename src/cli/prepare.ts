/**
 * From labelled texts to what a training is fed: distinct examples, the three parts, a tokenizer, token ids.
 *
 * @module
 */
import { deduplicate } from "../data/dedupe.ts";
import type { EncodedExample } from "../data/collate.ts";
import { dataHash, labelsOf, type TextExample } from "../data/example.ts";
import { splitExamples } from "../data/split.ts";
import { type Encoding, loadTokenizer } from "../text/tokenizer.ts";
import { type TrainedTokenizer, trainWordPiece } from "../text/wordpiece_train.ts";
import type { Output } from "./output.ts";

/** The three parts of a data set. */
export interface Parts<T> {
  readonly train: T[];
  /** For choosing the epoch, and for what the drift baseline says of predictions. */
  readonly validation: T[];
  /** For the scores in the manifest, and seen by nothing before. */
  readonly test: T[];
}

/** An example beside what the tokenizer made of it. */
export interface Encoded extends EncodedExample {
  readonly text: string;
  readonly encoding: Encoding;
}

/** Examples made ready. */
export interface Prepared {
  /** A label's place is its class index. */
  readonly labels: string[];
  /** Examples without the duplicates. */
  readonly count: number;
  /** Of the distinct examples, in their order. */
  readonly hash: string;
  readonly texts: Parts<TextExample>;
  readonly encoded: Parts<Encoded>;
  readonly tokenizer: TrainedTokenizer;
  readonly vocabSize: number;
  readonly padId: number;
}

/**
 * A fifth is held out for the scores. What chooses the epoch and shows how the model predicts is kept small: with the
 * learning rate decaying to 0 the last epoch is nearly always the best, and mail to train on is worth more.
 */
const fractions = { train: 0.76, validation: 0.04, test: 0.2 } as const;

/**
 * Drops duplicates, splits with near-duplicates on one side, and trains the tokenizer on the training part alone.
 *
 * @throws {DataError} when there are too few examples, or only one label.
 */
export function prepare(
  examples: readonly TextExample[],
  options: { source: string; seed: number; vocabSize: number; maxTokens: number; output: Output },
): Prepared {
  const { source, output, maxTokens } = options;
  const labels = labelsOf(examples, source);
  const { examples: distinct, duplicates, conflicts } = deduplicate(examples);
  const texts = splitExamples(distinct, { fractions, seed: options.seed, name: source });
  output.progress(
    `${source}: ${distinct.length} examples (${duplicates} duplicates dropped` +
      `${conflicts ? `, ${conflicts} of them with another label` : ""}), labels ${labels.join(", ")}; ` +
      `${texts.train.length} to train, ${texts.validation.length} to choose the epoch, ${texts.test.length} held out`,
  );
  const tokenizer = trainWordPiece(texts.train.map((e) => e.text), {
    vocabSize: options.vocabSize,
    modelMaxLength: maxTokens,
  });
  const loaded = loadTokenizer(tokenizer.tokenizer, tokenizer.config);
  output.progress(`tokenizer: WordPiece, ${loaded.vocabSize} tokens, trained on the training part`);
  const encode = (part: readonly TextExample[]): Encoded[] =>
    part.map(({ text, label }) => {
      const encoding = loaded.encode(text, { maxTokens });
      return { text, encoding, ids: encoding.ids, label: labels.indexOf(label) };
    });
  return {
    labels,
    count: distinct.length,
    hash: dataHash(distinct),
    texts,
    encoded: { train: encode(texts.train), validation: encode(texts.validation), test: encode(texts.test) },
    tokenizer,
    vocabSize: loaded.vocabSize,
    padId: loaded.padId,
  };
}
