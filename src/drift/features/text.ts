/**
 * What is watched of a text and its tokens.
 *
 * @module
 */
import { lengths, rates } from "../bins.ts";
import { DriftError } from "../errors.ts";
import type { BagFeature, Feature, NumericFeature, TrafficFeature } from "../feature.ts";
import { sixDecimals } from "./values.ts";

/** What is observed of a text. Features read it at once; neither the text nor its ids are kept, but hashes of the latest. */
export interface ObservedText {
  /** The text itself, the two of a pair with a line break between; absent where it is not known. */
  readonly text?: string;
  /** Length of the text in characters. */
  readonly characters: number;
  /** Ids the tokenizer gave, as the model saw them. */
  readonly tokenIds: ArrayLike<number>;
  /** How many of `tokenIds` are the unknown token; absent where that says nothing, as of the texts a tokenizer was trained on. */
  readonly unknownTokens?: number;
  /** Length in tokens before truncation; default `tokenIds.length`. */
  readonly tokens?: number;
}

/** What the features of a text may know of its tokenizer. */
export interface TextFeatureOptions {
  /** One more than the greatest token id; a baseline refuses ids beyond it. */
  readonly vocabSize?: number;
  /** Tokens of the reference that get a bin of their own; default 512. All others share one. */
  readonly topTokens?: number;
  /** What a token id spells, for people. */
  tokenText?(id: number): string | undefined;
}

/**
 * The features of a text: its lengths, its unknown tokens, and which tokens it is made of.
 *
 * @throws {DriftError} When an option is out of range.
 */
export function textFeatures(options: TextFeatureOptions = {}): readonly Feature<ObservedText>[] {
  checkWhole("vocabSize", options.vocabSize, 2 ** 24);
  checkWhole("topTokens", options.topTokens, 10_000);
  return [inputs, characters, tokens, unknownRate, tokenDistribution(options)];
}

const inputs: TrafficFeature<ObservedText> = {
  name: "inputs",
  kind: "traffic",
  title: "New, repeated and empty texts",
  unit: "texts",
  meaning:
    "Somebody sends the same text again and again, or empty ones: look at who calls, not at the model.",
  read: ({ text }) => text?.trim(),
};

const characters: NumericFeature<ObservedText> = {
  name: "characters",
  kind: "numeric",
  title: "Length in characters",
  unit: "characters",
  meaning: "Texts come from another source, or are cut or joined differently before they are sent.",
  scale: lengths,
  read: ({ characters }) => countOrNull(characters),
};

const tokens: NumericFeature<ObservedText> = {
  name: "tokens",
  kind: "numeric",
  title: "Length in tokens",
  unit: "tokens",
  meaning:
    "Texts are longer or shorter, or the tokenizer takes their words apart because it does not know them.",
  scale: lengths,
  read: ({ tokens, tokenIds }) => countOrNull(tokens ?? tokenIds.length),
};

const unknownRate: NumericFeature<ObservedText> = {
  name: "unknownRate",
  kind: "numeric",
  title: "Share of unknown tokens",
  unit: "",
  meaning:
    "Texts hold words or signs that the vocabulary lacks: another language, another script, a broken encoding.",
  scale: rates,
  read({ tokenIds, unknownTokens }) {
    if (unknownTokens === undefined) return undefined;
    if (tokenIds.length === 0) return 0; // an empty text has no unknown tokens
    const rate = unknownTokens / tokenIds.length;
    return rate >= 0 && rate <= 1 ? sixDecimals(rate) : null;
  },
};

function tokenDistribution(options: TextFeatureOptions): BagFeature<ObservedText> {
  const { vocabSize, topTokens, tokenText } = options;
  return {
    name: "tokenDistribution",
    kind: "bag",
    title: "Token distribution",
    unit: "tokens",
    meaning: "Texts are about other things, or in another language, than those the model was trained on.",
    idsBelow: vocabSize,
    top: topTokens,
    label: (id) => tokenText?.(Number(id)) || `token ${id}`,
    read: ({ tokenIds }) => tokenIds,
  };
}

function checkWhole(name: string, value: number | undefined, most: number): void {
  if (value === undefined || Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new DriftError(`${name} must be a whole number from 1 to ${most}, got ${value}`);
}

function countOrNull(value: number): number | null {
  return value >= 0 && value < Infinity ? value : null;
}
