/**
 * What a tokenizer does to a text before it cuts it: the normalizers of `tokenizer.json`.
 *
 * Source: `normalizers/` of huggingface/tokenizers.
 *
 * @module
 */
import { isObject } from "../base/json.ts";
import { bertNormalizePiece, type BertNormalizerOptions, lowerPiece } from "./bert_normalize.ts";
import { asBytes } from "./bytes.ts";
import { charsmapNormalizer } from "./charsmap.ts";
import { type NormalForm, normalForm } from "./normal_forms.ts";
import { build, fieldOf, flagOf, own, type Part, partsOf, textOf, wrong } from "./parts.ts";
import { compilePattern, literalPattern, type Pattern } from "./pattern.ts";
import { mapCharacters, type Piece, prependTo, replaceMatches, slicePiece, type Work } from "./piece.ts";
import { COMBINES, properties, SPACE } from "./unicode.ts";

/** Normalises a piece. */
export type Normalizer = (piece: Piece, work: Work) => Piece;

/** The types of normalizers. */
export type NormalizerKind =
  | "BertNormalizer"
  | "ByteLevel"
  | "Lowercase"
  | "Nmt"
  | "Precompiled"
  | "Prepend"
  | "Replace"
  | "Sequence"
  | "Strip"
  | "StripAccents"
  | NormalForm;

/** The normalizer that a part of the file describes. @throws {TokenizerError} where the part is wrong */
export function readNormalizer(part: Part): Normalizer {
  return build(part, kinds);
}

const form = (name: NormalForm) => (): Normalizer => (piece, work) => normalForm(piece, name, work);

const kinds: Readonly<Record<NormalizerKind, (part: Part) => Normalizer>> = {
  BertNormalizer(part) {
    const options = bertOptions(part);
    return (piece, work) => bertNormalizePiece(piece, options, work);
  },
  ByteLevel: () => asBytes,
  Lowercase: () => lowerPiece,
  NFC: form("NFC"),
  NFD: form("NFD"),
  NFKC: form("NFKC"),
  NFKD: form("NFKD"),
  Nmt: () => (piece, work) =>
    mapCharacters(piece, work, (code) => NMT_SPACE.has(code) ? " " : NMT_DROPPED.has(code) ? "" : undefined),
  Precompiled: charsmapNormalizer,
  Prepend(part) {
    const prefix = textOf(part, "prepend");
    return (piece) => prependTo(piece, prefix);
  },
  Replace(part) {
    const pattern = readPattern(part);
    const content = textOf(part, "content");
    return (piece, work) =>
      piece.text === "" ? piece : replaceMatches(piece, pattern(piece.text, work), content, work);
  },
  Sequence(part) {
    const steps = partsOf(part, "normalizers").map(readNormalizer);
    return (piece, work) => steps.reduce((done, step) => step(done, work), piece);
  },
  Strip(part) {
    const left = flagOf(part, "strip_left");
    const right = flagOf(part, "strip_right");
    return (piece) => {
      const flags = properties();
      const { text } = piece;
      let start = 0, end = text.length;
      // No white space lies beyond the BMP.
      while (left && start < end && flags[text.charCodeAt(start)] & SPACE) start++;
      while (right && end > start && flags[text.charCodeAt(end - 1)] & SPACE) end--;
      return slicePiece(piece, start, end);
    };
  },
  StripAccents: () => (piece, work) => {
    const flags = properties();
    return mapCharacters(piece, work, (code) => code >= 0x300 && flags[code] & COMBINES ? "" : undefined);
  },
};

/** The switches of a BertNormalizer. */
export function bertOptions(part: Part): BertNormalizerOptions {
  const strip = fieldOf(part, "strip_accents");
  return {
    clean_text: flagOf(part, "clean_text", true),
    handle_chinese_chars: flagOf(part, "handle_chinese_chars", true),
    strip_accents: strip === null || strip === undefined ? null : flagOf(part, "strip_accents"),
    lowercase: flagOf(part, "lowercase", true),
  };
}

/** The `pattern` of a part: a text, or a regular expression. */
export function readPattern(part: Part): Pattern {
  const pattern = fieldOf(part, "pattern");
  if (isObject(pattern)) {
    const [literal, source] = [own(pattern, "String"), own(pattern, "Regex")];
    if (typeof literal === "string" && literal !== "") return literalPattern(literal);
    if (typeof source === "string" && source !== "") return compilePattern(source, `${part.path}.pattern`);
  }
  return wrong(part, "pattern", pattern, `{"String": text} or {"Regex": text}`);
}

const NMT_DROPPED: ReadonlySet<number> = new Set([
  ...Array.from({ length: 8 }, (_, i) => i + 1),
  0x0b,
  ...Array.from({ length: 0x12 }, (_, i) => i + 0x0e),
  0x7f,
  0x8f,
  0x9f,
]);
const NMT_SPACE: ReadonlySet<number> = new Set([
  ...[0x09, 0x0a, 0x0c, 0x0d, 0x1680, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f],
  ...[0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd],
]);
