/**
 * How a tokenizer cuts a text before its model sees it: the pre-tokenizers of `tokenizer.json`.
 *
 * Source: `pre_tokenizers/` of huggingface/tokenizers.
 *
 * @module
 */
import { forEachBertWord } from "./bert_normalize.ts";
import { asBytes } from "./bytes.ts";
import { readPattern } from "./normalizers.ts";
import { build, characterOf, choiceOf, countOf, fail, fieldOf, flagOf, type Part, partsOf } from "./parts.ts";
import { compilePattern, GPT2_PATTERN, literalPattern } from "./pattern.ts";
import {
  type Match,
  type Piece,
  prependTo,
  replaceMatches,
  sizeAt,
  slicePiece,
  type SplitBehavior,
  splitPiece,
  type Work,
} from "./piece.ts";
import { codedRuns, NUMBER, properties, PUNCT, SPACE, WORDLIKE } from "./unicode.ts";
import { SCRIPT } from "./unicode_data.ts";

/** Cuts a piece; `isFirst` says whether it is the begin of the text. Pieces without text are left out by the caller. */
export type PreTokenizer = (piece: Piece, work: Work, isFirst: boolean) => Piece[];

/** The types of pre-tokenizers. */
export type PreTokenizerKind =
  | "BertPreTokenizer"
  | "ByteLevel"
  | "CharDelimiterSplit"
  | "Digits"
  | "FixedLength"
  | "Metaspace"
  | "Punctuation"
  | "Sequence"
  | "Split"
  | "UnicodeScripts"
  | "Whitespace"
  | "WhitespaceSplit";

/** The pre-tokenizers that a part of the file describes, in order. @throws {TokenizerError} where the part is wrong */
export function readPreTokenizers(part: Part): PreTokenizer[] {
  return part.type === "Sequence"
    ? partsOf(part, "pretokenizers").flatMap(readPreTokenizers)
    : [build(part, kinds)];
}

const BEHAVIORS: readonly SplitBehavior[] = [
  "Removed",
  "Isolated",
  "MergedWithPrevious",
  "MergedWithNext",
  "Contiguous",
];

const kinds: Readonly<Record<PreTokenizerKind, (part: Part) => PreTokenizer>> = {
  BertPreTokenizer: () => (piece) => {
    const words: Piece[] = [];
    forEachBertWord(piece.text, (start, end) => words.push(slicePiece(piece, start, end)));
    return words;
  },
  ByteLevel(part) {
    const addsSpace = flagOf(part, "add_prefix_space");
    const pattern = flagOf(part, "use_regex", true) ? compilePattern(GPT2_PATTERN, part.path) : undefined;
    return (piece, work) => {
      if (addsSpace && !piece.text.startsWith(" ")) piece = prependTo(piece, " ");
      const pieces = pattern
        ? splitPiece(piece, pattern(piece.text, work), { behavior: "Isolated" })
        : [piece];
      return pieces.map((one) => asBytes(one, work));
    };
  },
  CharDelimiterSplit(part) {
    const delimiter = literalPattern(characterOf(part, "delimiter"));
    return (piece, work) => splitPiece(piece, delimiter(piece.text, work), { behavior: "Removed" });
  },
  Digits(part) {
    const behavior = flagOf(part, "individual_digits") ? "Isolated" : "Contiguous";
    return (piece) => splitPiece(piece, withProperty(piece.text, NUMBER), { behavior });
  },
  FixedLength(part) {
    const length = countOf(part, "length", { least: 1, most: 1_000_000, otherwise: 5 });
    return (piece) => {
      const pieces: Piece[] = [];
      for (let start = 0, end = 0; start < piece.text.length; start = end) {
        for (let k = 0; k < length && end < piece.text.length; k++) end += sizeAt(piece.text, end);
        pieces.push(slicePiece(piece, start, end));
      }
      return pieces;
    };
  },
  Metaspace(part) {
    const replacement = characterOf(part, "replacement");
    const scheme = prependScheme(part);
    const splits = flagOf(part, "split", true);
    const space = literalPattern(" ");
    const mark = literalPattern(replacement);
    return (piece, work, isFirst) => {
      piece = replaceMatches(piece, space(piece.text, work), replacement, work);
      const prepends = scheme === "always" || (scheme === "first" && isFirst);
      if (prepends && !piece.text.startsWith(replacement)) piece = prependTo(piece, replacement);
      return splits ? splitPiece(piece, mark(piece.text, work), { behavior: "MergedWithNext" }) : [piece];
    };
  },
  Punctuation(part) {
    const behavior = choiceOf(part, "behavior", BEHAVIORS, "Isolated");
    return (piece) => splitPiece(piece, withProperty(piece.text, PUNCT), { behavior });
  },
  Sequence: (part) => fail(`${part.path} is a sequence`),
  Split(part) {
    const pattern = readPattern(part);
    const options = {
      behavior: choiceOf(part, "behavior", BEHAVIORS),
      isInverted: flagOf(part, "invert"),
    };
    return (piece, work) => splitPiece(piece, pattern(piece.text, work), options);
  },
  UnicodeScripts: () => (piece) => {
    const cuts: number[] = [];
    let last: string | undefined;
    for (let at = 0; at < piece.text.length; at += sizeAt(piece.text, at)) {
      const script = scriptOf(piece.text.codePointAt(at)!);
      if (script === ANY_SCRIPT) continue;
      if (script !== last) cuts.push(at);
      last = script;
    }
    // What stands before the first character of a script is lost, as it is in Python.
    return cuts.map((start, i) => slicePiece(piece, start, cuts[i + 1] ?? piece.text.length));
  },
  Whitespace: () => (piece) => {
    const flags = properties();
    const { text } = piece;
    const words: Piece[] = [];
    let start = 0, kind = 0; // 0 white space, 1 a word, 2 others
    for (let at = 0; at <= text.length; at += at < text.length ? sizeAt(text, at) : 1) {
      const flag = at < text.length ? flags[text.codePointAt(at)!] : SPACE;
      const next = flag & WORDLIKE ? 1 : flag & SPACE ? 0 : 2;
      if (next === kind) continue;
      if (kind !== 0) words.push(slicePiece(piece, start, at));
      start = at;
      kind = next;
    }
    return words;
  },
  WhitespaceSplit: () => (piece) =>
    splitPiece(piece, withProperty(piece.text, SPACE), { behavior: "Removed" }),
};

/** When a Metaspace puts its mark before a piece; older files say it by `add_prefix_space`. */
export function prependScheme(part: Part): "first" | "never" | "always" {
  const scheme = choiceOf(part, "prepend_scheme", ["first", "never", "always"], "always");
  if (fieldOf(part, "add_prefix_space") === false && scheme !== "never") {
    fail(`${part.path}.add_prefix_space is false and prepend_scheme is "${scheme}"; "never" was expected`);
  }
  return scheme;
}

function withProperty(text: string, property: number): Match[] {
  const flags = properties();
  const matches: Match[] = [];
  for (let at = 0, next = 0; at < text.length; at = next) {
    next = at + sizeAt(text, at);
    if (flags[next - at === 2 ? text.codePointAt(at)! : text.charCodeAt(at)] & property) {
      matches.push([at, next]);
    }
  }
  return matches;
}

const ANY_SCRIPT = "AA";

function scriptOf(code: number): string {
  scripts ??= codedRuns(SCRIPT);
  let low = 0, high = scripts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (scripts[middle].start <= code) low = middle;
    else high = middle - 1;
  }
  return scripts[low].letter;
}

let scripts: ReturnType<typeof codedRuns> | undefined;
