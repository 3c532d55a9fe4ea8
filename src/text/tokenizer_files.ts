/**
 * Reading `tokenizer.json` and `tokenizer_config.json`, which may come from anyone.
 *
 * @module
 */
import { isObject, parseJson } from "../base/json.ts";
import { type AddedToken, readAddedTokens } from "./added_tokens.ts";
import type { BertNormalizerOptions } from "./bert_normalize.ts";
import { type Decoder, readDecoder } from "./decoders.ts";
import { TokenizerError } from "./errors.ts";
import type { Model } from "./model.ts";
import { readModel } from "./models.ts";
import { bertOptions, type Normalizer, readNormalizer } from "./normalizers.ts";
import { fail, own, type Part, readSection, show } from "./parts.ts";
import { type PostProcessor, readPostProcessor } from "./post_processors.ts";
import { type PreTokenizer, readPreTokenizers } from "./pre_tokenizers.ts";
import { type Cuts, cutsOf } from "./truncation.ts";

/** A checked `tokenizer.json` with its `tokenizer_config.json`. */
export interface TokenizerFiles {
  readonly addedTokens: readonly AddedToken[];
  readonly normalizer: Normalizer | undefined;
  readonly preTokenizers: readonly PreTokenizer[];
  readonly model: Model;
  readonly postProcessor: PostProcessor;
  readonly decoder: Decoder | undefined;
  readonly padToken: string | undefined;
  /** Where a text may be cut before it is tokenized. */
  readonly cuts: Cuts;
  /** Whether the pre-tokenizer has to know which part of the text as it was written a piece comes from. */
  readonly needsAlignment: boolean;
  /** Set if the normalizer is a BertNormalizer. */
  readonly bertNormalizer: BertNormalizerOptions | undefined;
  /** Whether the model is a WordPiece, which does not tell by a space that a word begins. */
  readonly isWordPiece: boolean;
}

/** Parses and checks the two files. Every rejection is a `TokenizerError` of one line. */
export function readTokenizerFiles(
  tokenizerJson: string | object,
  tokenizerConfig: string | object = {},
): TokenizerFiles {
  const parsed = parse("tokenizer.json", tokenizerJson);
  const config = parse("tokenizer_config.json", tokenizerConfig);
  const modelPart = readModelPart(own(parsed, "model"));
  const normalizerPart = readSection(own(parsed, "normalizer"), "normalizer");
  const preTokenizerPart = readSection(own(parsed, "pre_tokenizer"), "pre_tokenizer");
  const decoderPart = readSection(own(parsed, "decoder"), "decoder");
  const model = readModel(modelPart);
  const normalizer = normalizerPart && readNormalizer(normalizerPart);
  const addedTokens = readAddedTokens(own(parsed, "added_tokens") ?? [], model.vocabulary, normalizer);
  return {
    addedTokens,
    normalizer,
    preTokenizers: preTokenizerPart ? readPreTokenizers(preTokenizerPart) : [],
    model,
    postProcessor: readPostProcessor(readSection(own(parsed, "post_processor"), "post_processor")),
    decoder: decoderPart && readDecoder(decoderPart),
    padToken: padToken(parsed, config, model, addedTokens),
    cuts: cutsOf({ model, addedTokens, normalizer: normalizerPart, preTokenizer: preTokenizerPart }),
    needsAlignment: marksTheFirst(preTokenizerPart) &&
      (normalizer !== undefined || preTokenizerPart?.type === "Sequence"),
    bertNormalizer: normalizerPart?.type === "BertNormalizer" ? bertOptions(normalizerPart) : undefined,
    isWordPiece: modelPart.type === "WordPiece",
  };
}

const MAX_FILE_CHARACTERS = 128 * 1024 * 1024;

function parse(file: string, source: string | object): Record<string, unknown> {
  let value: unknown = source;
  if (typeof source === "string") {
    if (source.length > MAX_FILE_CHARACTERS) {
      throw new TokenizerError(
        `${file} has ${source.length} characters; at most ${MAX_FILE_CHARACTERS} are read`,
      );
    }
    value = parseJson(source, (problem) => new TokenizerError(`${file}: ${problem}`));
  }
  if (!isObject(value)) throw new TokenizerError(`${file} is ${show(value)}; an object was expected`);
  return value;
}

function readModelPart(given: unknown): Part {
  if (!isObject(given)) fail(`model is ${show(given)}; an object was expected`);
  // Files from before the model had a type tell by its fields.
  const type = own(given, "type") ??
    (own(given, "merges") !== undefined
      ? "BPE"
      : own(given, "continuing_subword_prefix") !== undefined
      ? "WordPiece"
      : Array.isArray(own(given, "vocab"))
      ? "Unigram"
      : own(given, "unk_token") !== undefined
      ? "WordLevel"
      : undefined);
  if (typeof type !== "string") {
    fail(`model.type is ${show(type)}; Weir loads WordPiece, BPE, Unigram and WordLevel`);
  }
  return { type, path: "model", fields: given, depth: 0, budget: { parts: 0 } };
}

/** Whether a Metaspace puts its mark before the first piece only. */
function marksTheFirst(part: Part | undefined): boolean {
  return part !== undefined && /"prepend_scheme":"first"/.test(JSON.stringify(part.fields));
}

function padToken(
  tokenizer: Record<string, unknown>,
  config: Record<string, unknown>,
  model: Model,
  addedTokens: readonly AddedToken[],
): string | undefined {
  const given = own(config, "pad_token");
  const inConfig = isObject(given) ? own(given, "content") : given;
  const padding = own(tokenizer, "padding");
  const inPadding = isObject(padding) ? own(padding, "pad_token") : undefined;
  const added = new Set(addedTokens.map(({ content }) => content));
  return [inConfig, inPadding, "[PAD]", "<pad>"].find((token): token is string =>
    typeof token === "string" && (model.vocabulary.has(token) || added.has(token))
  );
}
