/**
 * A piece of a text on its way through a tokenizer: what it has become, and which part of the text as it was written each of its
 * characters comes from.
 *
 * @module
 */
import { TokenizerError } from "./errors.ts";

/** A piece of a text, normalised. */
export interface Piece {
  readonly text: string;
  /** Where each UTF-16 unit of `text` comes from; absent where nobody wants to know. */
  readonly at?: Alignment;
  /** The id of the added token that the piece is; such a piece is not changed or cut any more. */
  readonly added?: number;
}

/** The part of the original text, in UTF-16 units, that each unit comes from. */
export interface Alignment {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** What one call of a tokenizer may still spend; whatever a file and a text do, it ends. */
export interface Work {
  /** The most UTF-16 units that a piece may grow to. */
  readonly characters: number;
  /** Steps left to regular expressions. */
  steps: number;
}

/** The work that a text of a length is given. */
export function workFor(length: number): Work {
  return {
    characters: 64 * length + 65_536,
    steps: 200 * Math.min(length, 100_000) + 20 * length + 1_000_000,
  };
}

/** @throws {TokenizerError} if a text grew beyond what it may. */
export function checkLength(length: number, work: Work): void {
  if (length <= work.characters) return;
  throw new TokenizerError(
    `Cannot tokenize the text: its normalizer makes more than ${work.characters} characters of it`,
  );
}

/** A whole text as a piece. */
export function pieceOf(text: string, isAligned: boolean): Piece {
  if (!isAligned) return { text };
  const starts = new Int32Array(text.length);
  const ends = new Int32Array(text.length);
  for (let at = 0, next = 0; at < text.length; at = next) {
    next = at + sizeAt(text, at);
    starts.fill(at, at, next);
    ends.fill(next, at, next);
  }
  return { text, at: { starts, ends } };
}

/** A part of a piece. */
export function slicePiece(piece: Piece, start: number, end: number): Piece {
  const { text, at } = piece;
  if (start === 0 && end === text.length) return piece;
  return at
    ? {
      text: text.slice(start, end),
      at: { starts: at.starts.subarray(start, end), ends: at.ends.subarray(start, end) },
    }
    : { text: text.slice(start, end) };
}

/** Where a part of a piece comes from. */
export function originOf(at: Alignment, start: number, end: number): [start: number, end: number] {
  if (at.starts.length === 0) return [0, 0];
  if (end <= start) {
    const place = start < at.starts.length ? at.starts[start] : at.ends[at.ends.length - 1];
    return [place, place];
  }
  return [at.starts[start], at.ends[end - 1]];
}

/**
 * Replaces each character by what `become` makes of it: `undefined` keeps it, "" drops it. A character that became several
 * stands for the same place with all of them.
 */
export function mapCharacters(
  piece: Piece,
  work: Work,
  become: (code: number) => string | undefined,
): Piece {
  const { text, at } = piece;
  let mapped = "";
  let from = 0;
  const places: number[] = []; // of each unit of the new text, the unit that it comes from
  for (let i = 0, next = 0; i < text.length; i = next) {
    const code = text.codePointAt(i)!;
    next = i + (code > 0xffff ? 2 : 1);
    const becomes = become(code);
    if (at) { for (let k = becomes?.length ?? next - i; k > 0; k--) places.push(i); }
    if (becomes === undefined) continue;
    mapped += text.slice(from, i) + becomes;
    from = next;
  }
  if (from === 0) return piece;
  mapped += text.slice(from);
  checkLength(mapped.length, work);
  return at ? { text: mapped, at: pick(at, places) } : { text: mapped };
}

/** A piece that begins with `prefix`, which stands for the place of its first character. */
export function prependTo(piece: Piece, prefix: string): Piece {
  const { text, at } = piece;
  if (text === "" || prefix === "") return piece;
  if (!at) return { text: prefix + text };
  const places = new Array<number>(prefix.length).fill(0);
  for (let i = 0; i < text.length; i++) places.push(i);
  return { text: prefix + text, at: pick(at, places) };
}

/** A piece whose matches are replaced by one text, which stands for the place of a match's last character. */
export function replaceMatches(piece: Piece, matches: readonly Match[], content: string, work: Work): Piece {
  if (matches.length === 0) return piece;
  const { text, at } = piece;
  checkLength(text.length + matches.length * content.length, work);
  const parts: string[] = [];
  const places: number[] = [];
  let from = 0;
  for (const [start, end] of matches) {
    parts.push(text.slice(from, start), content);
    if (at) {
      for (let i = from; i < start; i++) places.push(i);
      for (let k = 0; k < content.length; k++) places.push(Math.max(0, end - 1));
    }
    from = end;
  }
  parts.push(text.slice(from));
  if (!at) return { text: parts.join("") };
  for (let i = from; i < text.length; i++) places.push(i);
  return { text: parts.join(""), at: pick(at, places) };
}

/**
 * A piece with a new text, of whose characters is known how they came about: `changes` has for each one 0 for a character in
 * the place of an old one, 1 for one more, and -n for one that also takes the place of the n old ones behind it.
 */
export function realigned(piece: Piece, text: string, changes: readonly number[]): Piece {
  const { text: old, at } = piece;
  if (!at) return { text };
  const places: number[] = [];
  let place = 0; // in the old text
  let character = 0;
  for (let i = 0, next = 0; i < text.length; i = next) {
    next = i + sizeAt(text, i);
    const change = changes[character++];
    const from = Math.min(change > 0 ? Math.max(0, place - 1) : place, old.length - 1);
    for (let k = i; k < next; k++) places.push(from);
    for (let taken = change > 0 ? 0 : 1 - change; taken > 0 && place < old.length; taken--) {
      place += sizeAt(old, place);
    }
  }
  return { text, at: pick(at, places) };
}

function pick({ starts, ends }: Alignment, places: readonly number[]): Alignment {
  const picked = { starts: new Int32Array(places.length), ends: new Int32Array(places.length) };
  places.forEach((place, i) => {
    picked.starts[i] = starts[place];
    picked.ends[i] = ends[place];
  });
  return picked;
}

/** A match in a text: its begin and its end, exclusive. */
export type Match = readonly [start: number, end: number];

/** What becomes of the delimiters that a text is split at, under the names of `tokenizer.json`. */
export type SplitBehavior = "Removed" | "Isolated" | "MergedWithPrevious" | "MergedWithNext" | "Contiguous";

/** Cuts a piece at matches. With `isInverted` the matches are what is kept, and what is between them the delimiters. */
export function splitPiece(
  piece: Piece,
  matches: readonly Match[],
  { behavior, isInverted = false }: { readonly behavior: SplitBehavior; readonly isInverted?: boolean },
): Piece[] {
  const { length } = piece.text;
  const spans: { start: number; end: number; isDelimiter: boolean }[] = [];
  const add = (start: number, end: number, isDelimiter: boolean) => {
    const last = spans.at(-1);
    const lastIsDelimiter = last !== undefined && last.isDelimiter;
    const isMerged = last !== undefined &&
      (behavior === "Contiguous"
        ? isDelimiter === lastIsDelimiter
        : behavior === "MergedWithPrevious" && isDelimiter && !lastIsDelimiter);
    if (isMerged) {
      last.end = end;
      last.isDelimiter = isDelimiter;
    } else spans.push({ start, end, isDelimiter });
  };
  let from = 0;
  for (const [start, end] of matches) {
    if (start > from) add(from, start, isInverted);
    add(start, end, !isInverted);
    from = end;
  }
  if (from < length) add(from, length, isInverted);
  const pieces: Piece[] = [];
  for (let k = 0; k < spans.length; k++) {
    const { start, isDelimiter } = spans[k];
    let { end } = spans[k];
    if (behavior === "Removed" && isDelimiter) continue;
    // Delimiters in a row: only the last of them goes with what follows.
    if (behavior === "MergedWithNext" && isDelimiter && k + 1 < spans.length && !spans[k + 1].isDelimiter) {
      end = spans[++k].end;
    }
    if (end > start) pieces.push(slicePiece(piece, start, end));
  }
  return pieces;
}

/** The UTF-16 units of the character at a place. */
export function sizeAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xdc00 && at + 1 < text.length ? 2 : 1;
}
