/**
 * How tokens become text again: the decoders of `tokenizer.json`.
 *
 * Source: `decoders/` of huggingface/tokenizers.
 *
 * @module
 */
import { CHARACTER_BYTES } from "./bytes.ts";
import { readPattern } from "./normalizers.ts";
import { build, characterOf, countOf, flagOf, type Part, partsOf, textOf } from "./parts.ts";
import { checkLength, type Work } from "./piece.ts";
import { prependScheme } from "./pre_tokenizers.ts";

/** Turns the texts of tokens into pieces of text, which are then joined. */
export type Decoder = (tokens: readonly string[], work: Work) => string[];

/** The types of decoders. */
export type DecoderKind =
  | "BPEDecoder"
  | "ByteFallback"
  | "ByteLevel"
  | "CTC"
  | "Fuse"
  | "Metaspace"
  | "Replace"
  | "Sequence"
  | "Strip"
  | "WordPiece";

/** The decoder that a part of the file describes. @throws {TokenizerError} where the part is wrong */
export function readDecoder(part: Part): Decoder {
  return build(part, kinds);
}

const kinds: Readonly<Record<DecoderKind, (part: Part) => Decoder>> = {
  BPEDecoder(part) {
    const suffix = textOf(part, "suffix", "</w>");
    return (tokens) =>
      suffix === ""
        ? [...tokens]
        : tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? "" : " "));
  },
  ByteFallback: () => (tokens) => {
    const texts: string[] = [];
    let bytes: number[] = [];
    const flush = () => {
      if (bytes.length === 0) return;
      try {
        texts.push(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes)));
      } catch {
        texts.push(...bytes.map(() => "\ufffd"));
      }
      bytes = [];
    };
    for (const token of tokens) {
      const byte = /^<0x([0-9a-fA-F]{2})>$/.exec(token);
      if (byte) bytes.push(parseInt(byte[1], 16));
      else {
        flush();
        texts.push(token);
      }
    }
    flush();
    return texts;
  },
  ByteLevel: () => (tokens) => {
    const bytes: number[] = [];
    const encoder = new TextEncoder();
    for (const token of tokens) {
      const own = Array.from(token, (character) => CHARACTER_BYTES.get(character));
      for (const byte of own.includes(undefined) ? encoder.encode(token) : own) bytes.push(byte!);
    }
    return [new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes))];
  },
  CTC(part) {
    const pad = textOf(part, "pad_token", "<pad>");
    const delimiter = textOf(part, "word_delimiter_token", "|");
    const cleansUp = flagOf(part, "cleanup", true);
    return (tokens) =>
      tokens.filter((token, i) => token !== tokens[i - 1]).map((token) => {
        const text = pad === "" ? token : token.replaceAll(pad, "");
        return cleansUp && delimiter !== "" ? cleanUp(text).replaceAll(delimiter, " ") : text;
      }).filter((text) => text !== "");
  },
  Fuse: () => (tokens) => [tokens.join("")],
  Metaspace(part) {
    const replacement = characterOf(part, "replacement");
    const drops = prependScheme(part) !== "never";
    return (tokens) => tokens.map((token, i) => token.replaceAll(replacement, i === 0 && drops ? "" : " "));
  },
  Replace(part) {
    const pattern = readPattern(part);
    const content = textOf(part, "content");
    return (tokens, work) => {
      let length = 0;
      return tokens.map((token) => {
        let text = "", from = 0;
        for (const [start, end] of pattern(token, work)) {
          text += token.slice(from, start) + content;
          from = end;
          checkLength(length + text.length, work);
        }
        text += token.slice(from);
        length += text.length;
        checkLength(length, work);
        return text;
      });
    };
  },
  Sequence(part) {
    const steps = partsOf(part, "decoders").map(readDecoder);
    return (tokens, work) => steps.reduce<string[]>((done, step) => step(done, work), [...tokens]);
  },
  Strip(part) {
    const content = characterOf(part, "content");
    const [start, stop] = ["start", "stop"].map((key) =>
      countOf(part, key, { least: 0, most: 1000, otherwise: 0 })
    );
    return (tokens) =>
      tokens.map((token) => {
        for (let i = 0; i < start && token.startsWith(content); i++) token = token.slice(content.length);
        for (let i = 0; i < stop && token.endsWith(content); i++) token = token.slice(0, -content.length);
        return token;
      });
  },
  WordPiece(part) {
    const prefix = textOf(part, "prefix", "##");
    const cleansUp = flagOf(part, "cleanup", true);
    return (tokens) =>
      tokens.map((token, i) => {
        const text = i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
        return cleansUp ? cleanUp(text) : text;
      });
  },
};

/** Takes out the spaces that English does not have. */
function cleanUp(text: string): string {
  for (const [from, to] of CLEAN_UPS) text = text.replaceAll(from, to);
  return text;
}

const CLEAN_UPS: readonly (readonly [from: string, to: string])[] = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" do not", " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];
