/**
 * The tagging schemes, IOB1 to BILOU: how tags begin and end an entity.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import { fail } from "../../statistics/checks.ts";

/** How tags mark where an entity begins and ends. */
export type TaggingScheme = "IOB1" | "IOB2" | "IOE1" | "IOE2" | "IOBES" | "BILOU";

/** An entity of one sentence: tokens `start` up to, but not including, `end`. */
export interface Span {
  /** Type of the entity, such as "PER"; "_" where the tags name none. */
  readonly type: string;
  /** First token, from 0. */
  readonly start: number;
  /** One past the last token. */
  readonly end: number;
}

/** How tags are written and what to do with those that no encoder writes. */
export interface TagOptions {
  /** The prefix stands last: "PER-B" in place of "B-PER"; default false. */
  readonly suffix?: boolean;
  /**
   * "error" (default) refuses tags that are not how the scheme writes the entities they mark, such as an I that nothing began
   * in IOB2; "repair" reads them as conlleval does: an entity begins wherever the type changes or something was outside.
   */
  readonly malformed?: "error" | "repair";
}

/** What separates a type's tag into two: its letter, by place in `LETTERS`, and the type. */
export interface TagParts {
  /** Place in `LETTERS`; 8 for a letter that no scheme has. */
  readonly letter: number;
  /** Type, "_" where the tag names none. */
  readonly type: string;
}

/** Letters that rules are written in. */
export const LETTERS = "O.BIESLU";
/** Place of any other letter. */
export const OTHER = LETTERS.length;
/** Rows and columns of a rule table. */
export const LETTER_COUNT = OTHER + 1;
/** In a rule: both tags have the same type. */
export const SAME = 1;
/** In a rule: the types differ. */
export const DIFFERENT = 2;

/** Between two neighbouring tags, does an entity begin, go on, or end? Each is indexed by [previous letter, letter]. */
export interface Transitions {
  /** Bits of `SAME` and `DIFFERENT`: the tag begins an entity. */
  readonly start: Uint8Array;
  /** The tag goes on with the previous one's entity. */
  readonly inside: Uint8Array;
  /** The entity ended with the previous tag. */
  readonly end: Uint8Array;
}

/** Letters that each scheme has, in the order errors name them. */
export const PREFIXES: Record<TaggingScheme, string> = {
  ...{ IOB1: "IOB", IOB2: "IOB", IOE1: "IOE", IOE2: "IOE", IOBES: "IOBES", BILOU: "BILOU" },
};

/**
 * seqeval's strict rules, each as previous letter, letter and types: "=" the same, "!" different, "*" either; "*" for a letter
 * means all of them. IOE1 is as seqeval has it, which does not read a one-token entity before its neighbour.
 */
export const STRICT: Record<TaggingScheme, Transitions> = {
  IOB1: rules("OI* II! BI* IB= BB=", "BI= II=", "II! IO* IB* BO* BI! BB="),
  IOB2: rules("*B*", "BI= II=", "IO* II! IB* BO* BI! BB*"),
  IOE1: rules("OI* II! EI* EE=", "II= IE=", "II! IO* IE! EI= EE="),
  IOE2: rules("OI* OE* EI* EE* II! IE!", "IE= II=", "E**"),
  IOBES: rules("*B* *S*", "BI= BE= II= IE=", "S** E**"),
  BILOU: rules("*B* *U*", "BI= BL= II= IL=", "U** L**"),
};

/** seqeval's rules without a scheme, those of conlleval: whatever is not "O" or "." and follows another type begins. */
export const LENIENT: Transitions = lenientRules();

/**
 * Splits a tag as seqeval does. Leniently the type follows the first hyphen after the letter ("B-PER-X" is "PER-X"); strictly
 * it is the rest without the hyphens around it.
 *
 * @throws {EvaluationError} When the tag is empty.
 */
export function splitTag(tag: string, options: { suffix: boolean; strict: boolean }): TagParts {
  const points = [...tag];
  if (points.length === 0) fail("Cannot read an empty tag");
  const letter = options.suffix ? points.pop()! : points.shift()!;
  const rest = points.join("");
  const hyphen = options.suffix ? rest.lastIndexOf("-") : rest.indexOf("-");
  let type = rest;
  if (options.strict) type = trimHyphens(rest);
  else if (hyphen >= 0) type = options.suffix ? rest.slice(0, hyphen) : rest.slice(hyphen + 1);
  const place = letter.length === 1 ? LETTERS.indexOf(letter) : -1;
  return { letter: place < 0 ? OTHER : place, type: type || "_" };
}

/**
 * The entities that a sentence's tags mark, in order, by the scheme's definition. Unlike seqeval's strict mode,
 * IOE1 is read as Tjong Kim Sang and Veenstra (1999, "Representing Text Chunks") define it: E only ends an entity
 * whose neighbour has the same type.
 *
 * @throws {EvaluationError} When a tag is outside the scheme, or the tags are malformed and `malformed` is "error".
 * @example
 * ```ts
 * import { convertTags, spansToTags, tagsToSpans } from "./tagging_schemes.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual(tagsToSpans(["B-PER", "I-PER", "O", "B-LOC"], "IOB2"), [
 *   { type: "PER", start: 0, end: 2 },
 *   { type: "LOC", start: 3, end: 4 },
 * ]);
 * assert.deepEqual(spansToTags([{ type: "PER", start: 0, end: 3 }], 4, "BILOU"), ["B-PER", "I-PER", "L-PER", "O"]);
 * assert.deepEqual(convertTags(["B-PER", "I-PER", "O"], { from: "IOB2", to: "IOBES" }), ["B-PER", "E-PER", "O"]);
 * ```
 */
export function tagsToSpans(
  tags: readonly string[],
  scheme: TaggingScheme,
  options: TagOptions = {},
): Span[] {
  const { suffix = false, malformed = "error" } = options;
  const parts = tags.map((tag, token) => {
    const found = tag === "" ? undefined : splitTag(tag, { suffix, strict: true });
    if (!found || !PREFIXES[scheme].includes(LETTERS[found.letter] ?? " ")) {
      fail(`Cannot read token ${token}: ${outside(tag, scheme)}`);
    }
    return found;
  });
  const spans: Span[] = [];
  let open = -1, previous: TagParts | undefined;
  const close = (end: number) => {
    if (open >= 0) spans.push({ type: previous!.type, start: open, end });
    open = -1;
  };
  parts.forEach((part, i) => {
    const letter = LETTERS[part.letter];
    const ended = previous && "ESLU".includes(LETTERS[previous.letter]);
    if (letter === "O" || ended || "BSU".includes(letter) || previous?.type !== part.type) close(i);
    if (letter !== "O" && open < 0) open = i;
    previous = part;
  });
  close(tags.length);

  if (malformed === "error") {
    const wanted = spansToTags(spans, tags.length, scheme, { suffix });
    const letterAt = (tag: string) => splitTag(tag, { suffix, strict: true }).letter;
    const at = parts.findIndex((part, i) => part.letter !== letterAt(wanted[i]));
    if (at >= 0) {
      fail(
        `Cannot read token ${at}: the tag "${tags[at]}" is malformed, ${scheme} would have "${
          wanted[at]
        }" there; ` +
          `malformed: "repair" reads it so`,
      );
    }
  }
  return spans;
}

/**
 * The tags that mark entities in a sentence.
 *
 * @param spans Entities, in any order; none may overlap.
 * @param length Tokens of the sentence.
 * @throws {EvaluationError} When a span is empty, leaves the sentence or overlaps another.
 */
export function spansToTags(
  spans: readonly Span[],
  length: number,
  scheme: TaggingScheme,
  options: Pick<TagOptions, "suffix"> = {},
): string[] {
  const { suffix = false } = options;
  const tags = new Array<string>(length).fill("O");
  const sorted = [...spans].sort((a, b) => a.start - b.start);
  sorted.forEach((span, s) => {
    const { type, start, end } = span;
    const name = `"${type}" from ${start} to ${end}`;
    if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= length)) {
      fail(`Cannot tag the entity ${name}: the sentence has tokens 0 to ${length}`);
    }
    const before = sorted[s - 1], after = sorted[s + 1];
    if (before && before.end > start) {
      const other = `"${before.type}" from ${before.start} to ${before.end}`;
      fail(`Cannot tag the entity ${name}: it overlaps ${other}`);
    }
    const meetsBefore = before?.end === start && before.type === type;
    const meetsAfter = after?.start === end && after.type === type;
    for (let i = start; i < end; i++) {
      const letter = letterOf(scheme, { first: i === start, last: i === end - 1, meetsBefore, meetsAfter });
      tags[i] = type === "_" ? letter : suffix ? `${type}-${letter}` : `${letter}-${type}`;
    }
  });
  return tags;
}

/**
 * A sentence's tags in another scheme.
 *
 * @throws {EvaluationError} When a tag is outside the scheme, or the tags are malformed and `malformed` is "error".
 */
export function convertTags(
  tags: readonly string[],
  options: TagOptions & { from: TaggingScheme; to: TaggingScheme },
): string[] {
  return spansToTags(tagsToSpans(tags, options.from, options), tags.length, options.to, options);
}

/**
 * The scheme that tags are written in, judged by their letters as seqeval's `auto_detect` does: IOB2, IOE2, IOBES or BILOU
 * (IOB1 and IOE1 have the letters of IOB2 and IOE2 and are never found).
 *
 * @param letters Every letter that occurs.
 * @throws {EvaluationError} When no scheme has these letters.
 */
export function detectScheme(letters: Iterable<string>): TaggingScheme {
  const found = new Set(letters);
  const only = (allowed: string) => [...found].every((letter) => allowed.includes(letter));
  const has = (wanted: string) => [...wanted].every((letter) => found.has(letter));
  if (has("B") && only("IOB")) return "IOB2";
  if (has("E") && only("IOE")) return "IOE2";
  if (has("BE") && only("IOBES") || has("S") && found.size === 1) return "IOBES";
  if (has("BL") && only("BILOU") || has("U") && found.size === 1) return "BILOU";
  const letter = [...found].sort().join(", ") || "(none)";
  fail(`Cannot tell the scheme from the prefixes ${letter}: name it with \`scheme\``);
}

/** What is wrong with a tag that a scheme does not have. */
export function outside(tag: string, scheme: TaggingScheme): string {
  const prefixes = [...PREFIXES[scheme]].join(", ");
  return `the tag ${show(tag)} is outside ${scheme}, whose prefixes are ${prefixes}`;
}

function letterOf(
  scheme: TaggingScheme,
  at: { first: boolean; last: boolean; meetsBefore: boolean; meetsAfter: boolean },
): string {
  const { first, last } = at, single = first && last;
  const letters: Record<TaggingScheme, string> = {
    IOB1: first && at.meetsBefore ? "B" : "I",
    IOB2: first ? "B" : "I",
    IOE1: last && at.meetsAfter ? "E" : "I",
    IOE2: last ? "E" : "I",
    IOBES: single ? "S" : first ? "B" : last ? "E" : "I",
    BILOU: single ? "U" : first ? "B" : last ? "L" : "I",
  };
  return letters[scheme];
}

function rules(start: string, inside: string, end: string): Transitions {
  return { start: table(start), inside: table(inside), end: table(end) };
}

function table(patterns: string): Uint8Array {
  const bits = new Uint8Array(LETTER_COUNT * LETTER_COUNT);
  for (const [previous, current, types] of patterns.split(" ").filter(Boolean)) {
    for (let p = 0; p < LETTER_COUNT; p++) {
      if (previous !== "*" && LETTERS[p] !== previous) continue;
      for (let c = 0; c < LETTER_COUNT; c++) {
        if (current !== "*" && LETTERS[c] !== current) continue;
        bits[p * LETTER_COUNT + c] |= types === "=" ? SAME : types === "!" ? DIFFERENT : SAME | DIFFERENT;
      }
    }
  }
  return bits;
}

function lenientRules(): Transitions {
  const both = rules("*B* *S* EE* EI* SE* SI* OE* OI*", "", "E** S** BB* BS* BO* IB* IS* IO*");
  for (let p = 0; p < LETTER_COUNT; p++) {
    for (let c = 0; c < LETTER_COUNT; c++) {
      // where the type changes: what stands in neither "O" nor "." begins, what stood in neither ended
      if (!"O.".includes(LETTERS[c] ?? "-")) both.start[p * LETTER_COUNT + c] |= DIFFERENT;
      if (!"O.".includes(LETTERS[p] ?? "-")) both.end[p * LETTER_COUNT + c] |= DIFFERENT;
    }
  }
  return both;
}

function trimHyphens(text: string): string {
  let from = 0, to = text.length;
  while (from < to && text[from] === "-") from++;
  while (to > from && text[to - 1] === "-") to--;
  return text.slice(from, to);
}
