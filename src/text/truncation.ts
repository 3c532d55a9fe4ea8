/**
 * Tokenizing no more of a text than is kept of it, and sharing what may be kept between two texts.
 *
 * @module
 */
import type { AddedToken } from "./added_tokens.ts";
import type { Model } from "./model.ts";
import type { Part } from "./parts.ts";
import { KNOWN_PATTERNS } from "./pattern.ts";

/** How much of a text is kept. */
export interface Cut {
  readonly budget: number;
  readonly truncationDirection: "left" | "right";
}

/** Where a text may be cut before it is tokenized, without a change in the tokens that are kept. */
export interface Cuts {
  /**
   * "anywhere": BERT's words. What a cut goes through is one word, of at most `margin` tokens; at a space nothing changes.
   * "betweenWords": at a space with ASCII letters or digits on both sides. "nowhere": the model may look at all of the text.
   */
  readonly at: "anywhere" | "betweenWords" | "nowhere";
  readonly margin: number;
}

/** Where texts may be cut for a tokenizer. */
export function cutsOf(file: {
  readonly model: Model;
  readonly addedTokens: readonly AddedToken[];
  readonly normalizer: Part | undefined;
  readonly preTokenizer: Part | undefined;
}): Cuts {
  const { model, addedTokens, normalizer, preTokenizer } = file;
  const nowhere: Cuts = { at: "nowhere", margin: 0 };
  if (
    addedTokens.some(({ content, stripsRight }) => /\s/.test(content) || stripsRight || content.length > 64)
  ) {
    return nowhere;
  }
  if (
    model.maxWordTokens !== undefined && preTokenizer?.type === "BertPreTokenizer" &&
    (normalizer === undefined || normalizer.type === "BertNormalizer") &&
    !addedTokens.some((token) => token.stripsLeft)
  ) {
    return { at: "anywhere", margin: model.maxWordTokens + 64 };
  }
  const cutsAtSpaces = preTokenizer !== undefined &&
    leaves(preTokenizer, "pretokenizers").some(splitsAtSpaces);
  const isLocal = normalizer === undefined || leaves(normalizer, "normalizers").every(keepsSpaces);
  return cutsAtSpaces && isLocal ? { at: "betweenWords", margin: 0 } : nowhere;
}

/** Parts without sequences, as objects of the file, which has been checked. */
function leaves(part: Part, key: string): Readonly<Record<string, unknown>>[] {
  const walk = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>[] =>
    fields.type === "Sequence" ? (fields[key] as Record<string, unknown>[]).flatMap(walk) : [fields];
  return walk(part.fields);
}

function splitsAtSpaces(part: Readonly<Record<string, unknown>>): boolean {
  switch (part.type) {
    case "BertPreTokenizer":
    case "Whitespace":
    case "WhitespaceSplit":
      return true;
    case "ByteLevel":
      return part.use_regex !== false;
    case "Metaspace":
      return part.split !== false;
    case "Split": {
      const { Regex: source } = part.pattern as { Regex?: unknown };
      return typeof source === "string" && KNOWN_PATTERNS.has(source) &&
        (part.behavior === "Isolated" || part.behavior === "Removed" && part.invert === true);
    }
    default:
      return false;
  }
}

/** Whether a normalizer changes words one by one, and leaves single spaces between them. */
function keepsSpaces(part: Readonly<Record<string, unknown>>): boolean {
  switch (part.type) {
    case "BertNormalizer":
    case "Lowercase":
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
    case "Nmt":
    case "Precompiled":
    case "StripAccents":
      return true;
    case "Replace":
      return (part.pattern as { Regex?: unknown }).Regex === " {2,}";
    default:
      return false;
  }
}

/** A piece of a text that will do for a budget of tokens, larger ones with each `attempt`; `undefined` for all of it. */
export function pieceToTokenize(
  text: string,
  { budget, truncationDirection }: Cut,
  cuts: Cuts,
  attempt: number,
): { readonly piece: string; readonly margin: number } | undefined {
  const size = enoughCharacters(budget) * 4 ** attempt;
  if (size >= text.length || cuts.at === "nowhere") return undefined;
  const keepsStart = truncationDirection === "right";
  const at = keepsStart ? size : text.length - size;
  const space = cuts.at === "anywhere"
    ? findSpace(text, at, keepsStart ? -1 : 1)
    : findGap(text, at, keepsStart ? -1 : 1);
  if (space < 0 && cuts.at === "betweenWords") return undefined;
  const from = space < 0 ? at : space;
  return { piece: keepsStart ? text.slice(0, from) : text.slice(from), margin: space < 0 ? cuts.margin : 0 };
}

/** Characters that give as many tokens as are wanted, in all but strange texts. */
export function enoughCharacters(tokens: number): number {
  return Math.max(512, tokens * 6);
}

/** The nearest space or line end at or beyond `at` in a direction; -1 if there is none within a word's length. */
function findSpace(text: string, at: number, step: 1 | -1): number {
  for (let i = at; i > 0 && i < text.length && Math.abs(i - at) < 128; i += step) {
    const code = text.charCodeAt(i);
    if (code === 32 || code === 10) return i;
  }
  return -1;
}

/** The nearest space between two ASCII letters or digits; -1 if there is none near. */
function findGap(text: string, at: number, step: 1 | -1): number {
  for (let i = at; i > 0 && i + 1 < text.length && Math.abs(i - at) < 256; i += step) {
    if (text[i] === " " && ALPHANUMERIC.test(text[i - 1]) && ALPHANUMERIC.test(text[i + 1])) return i;
  }
  return -1;
}

const ALPHANUMERIC = /[A-Za-z0-9]/;

/** How many tokens of two texts are kept: the longer one gives way first. The rule of huggingface/tokenizers' `LongestFirst`. */
export function shareBudget(first: number, second: number, budget: number): [number, number] {
  if (first + second <= budget) return [first, second];
  const shorter = Math.min(first, second);
  let less = shorter;
  let more = shorter > budget ? shorter : Math.max(shorter, budget - shorter);
  if (less + more > budget) {
    less = Math.floor(budget / 2);
    more = budget - less;
  }
  return first > second ? [more, less] : [less, more];
}
