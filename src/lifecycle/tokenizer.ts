/**
 * The tokenizer of a training: the checkpoint's, or one that is trained on the training part.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { architectures, type ModelType } from "../../models/index.ts";
import type { Json } from "../base/json.ts";
import type { TaskName } from "../tasks/served.ts";
import { trainedTasks } from "../tasks/trained.ts";
import { leastBpeVocabulary, trainByteLevelBpe } from "../text/bpe_train.ts";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import { trainWordPiece } from "../text/wordpiece_train.ts";
import { LifecycleError } from "./errors.ts";
import type { Pretrained } from "./pretrained.ts";
import type { Reporter } from "./reporter.ts";

/** The kinds of tokenizers that can be trained: BERT's, and byte-level byte-pair encoding as of GPT-2 and RoBERTa. */
export const TOKENIZER_KINDS = ["wordpiece", "bpe"] as const;

/** One of them. */
export type TokenizerKind = typeof TOKENIZER_KINDS[number];

/** The options of a tokenizer that is trained, besides its size. */
export interface TokenizerOptions {
  /** Its kind; the architecture's own by default: `bpe` for RoBERTa, `wordpiece` for others. */
  readonly tokenizer?: TokenizerKind;
  /** Whether capitals stay; by default as the task needs it. Byte-level BPE keeps texts as they are. */
  readonly cased?: boolean;
  /** Whether "é" becomes "e"; by default where capitals do not stay. */
  readonly stripAccents?: boolean;
  /** How many distinct characters a WordPiece vocabulary may hold; by default as its size allows. */
  readonly limitAlphabet?: number;
}

/** How a tokenizer comes about. */
export interface TokenizerSource extends TokenizerOptions {
  readonly task: TaskName;
  readonly modelType?: ModelType;
  /** Tokens of a tokenizer that is trained. */
  readonly vocabSize: number;
  /** A checkpoint to start from: its own tokenizer is taken. */
  readonly pretrained?: Pretrained;
}

/** A tokenizer beside its files. */
export interface MadeTokenizer {
  /** `tokenizer.json` and `tokenizer_config.json`. */
  readonly files: { readonly tokenizer: object; readonly config: object };
  readonly tokenizer: Tokenizer;
  /** Characters of the training part that have found no place in the vocabulary. */
  readonly leftOut: number;
}

/**
 * The checkpoint's tokenizer where there is one, otherwise one that is trained on the texts.
 *
 * @throws {LifecycleError} when options contradict each other or the checkpoint.
 * @throws {TokenizerError} when there is nothing to train on, or the vocabulary has no room for single characters.
 */
export function tokenizerFor(
  texts: Iterable<string>,
  options: TokenizerSource & { readonly maxTokens: number; readonly output: Reporter },
): MadeTokenizer {
  const { pretrained, vocabSize, output, limitAlphabet, maxTokens: modelMaxLength } = options;
  const settings = tokenizerSettings(options);
  if (pretrained) {
    const { tokenizerFiles: files, tokenizer } = pretrained;
    output.progress(`tokenizer: of ${pretrained.name}, ${tokenizer.vocabSize} tokens`);
    return { files, tokenizer, leftOut: 0 };
  }
  const { cased, stripAccents } = settings;
  const { alphabet, ...files } = settings.tokenizer === "bpe"
    ? trainByteLevelBpe(texts, { vocabSize, modelMaxLength })
    : trainWordPiece(texts, { vocabSize, modelMaxLength, lowercase: !cased, stripAccents, limitAlphabet });
  const tokenizer = loadTokenizer(files.tokenizer, files.config);
  const leftOut = alphabet.found - alphabet.kept;
  output.progress(
    `tokenizer: ${describe(settings)}, ${tokenizer.vocabSize} tokens, trained on the training part${
      leftOut > 0 ? `; the ${alphabet.kept} commonest of its ${alphabet.found} characters` : ""
    }`,
  );
  return { files, tokenizer, leftOut };
}

/**
 * The options of a tokenizer with their defaults; nothing for a checkpoint's, which is as it is.
 *
 * @throws {LifecycleError} when options contradict each other or the checkpoint.
 *
 * @example
 * ```ts
 * import { tokenizerSettings } from "./tokenizer.ts";
 * import assert from "node:assert/strict";
 *
 * const source = { task: "text-classification", modelType: "bert", vocabSize: 8000 } as const;
 * assert.deepEqual(tokenizerSettings(source), { tokenizer: "wordpiece", cased: false, stripAccents: true });
 * assert.deepEqual(tokenizerSettings({ ...source, modelType: "roberta" }).tokenizer, "bpe");
 * assert.throws(() => tokenizerSettings({ ...source, tokenizer: "bpe", cased: false }), /keeps capitals/);
 * ```
 */
export function tokenizerSettings(options: TokenizerSource): TokenizerOptions {
  const { task, modelType = "bert", pretrained, vocabSize, limitAlphabet } = options;
  if (pretrained) {
    const names = Object.keys(flags) as (keyof TokenizerOptions)[];
    const given = names.find((name) => options[name] !== undefined);
    if (!given) return {};
    const flag = options[given] === false ? flags[given].replace("--", "--no-") : flags[given];
    throw new LifecycleError(
      `${flag} does not go with --from: the weights of ${pretrained.name} belong to the tokens of its own tokenizer`,
    );
  }
  const tokenizer = options.tokenizer ?? architectures[modelType].tokenizer;
  if (tokenizer === "bpe") {
    const why = "byte-level BPE (--tokenizer bpe";
    const chosen = options.tokenizer ? "" : `, the default of --model-type ${modelType}`;
    const other = `; --tokenizer wordpiece can`;
    if (options.cased === false) {
      throw new LifecycleError(`--no-cased cannot be: ${why}${chosen}) keeps capitals${other} do without`);
    }
    if (options.stripAccents) {
      throw new LifecycleError(
        `--strip-accents cannot be: ${why}${chosen}) keeps texts as they are${other} strip them`,
      );
    }
    if (limitAlphabet !== undefined) {
      throw new LifecycleError(
        `--limit-alphabet cannot be: ${why}${chosen}) has the 256 bytes for an alphabet, and knows every text`,
      );
    }
    if (vocabSize < leastBpeVocabulary) {
      throw new LifecycleError(
        `--vocab-size ${vocabSize} is too small for ${why}${chosen}): its special tokens and the 256 bytes alone are ` +
          `${leastBpeVocabulary}; raise it, or take --tokenizer wordpiece`,
      );
    }
    return { tokenizer, cased: true, stripAccents: false };
  }
  const cased = options.cased ?? trainedTasks[task].tokenizer?.lowercase === false;
  return {
    tokenizer,
    cased,
    stripAccents: options.stripAccents ?? !cased,
    ...(limitAlphabet !== undefined && { limitAlphabet }),
  };
}

/** What must be the same of a tokenizer for a checkpoint to go on: weights belong to its tokens. */
export function tokenizerIdentity(file: object, options: TokenizerSource): Readonly<Record<string, Json>> {
  const sha256 = createHash("sha256").update(JSON.stringify(file)).digest("hex");
  return { ...tokenizerSettings(options) as Record<string, Json>, sha256 };
}

const flags: Readonly<Record<keyof TokenizerOptions, string>> = {
  tokenizer: "--tokenizer",
  cased: "--cased",
  stripAccents: "--strip-accents",
  limitAlphabet: "--limit-alphabet",
};

function describe({ tokenizer, cased, stripAccents }: TokenizerOptions): string {
  if (tokenizer === "bpe") return "byte-level BPE";
  return `WordPiece, ${cased ? "cased" : "lower-cased"}${
    stripAccents === cased ? `, accents ${stripAccents ? "stripped" : "kept"}` : ""
  }`;
}
