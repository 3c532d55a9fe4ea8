/**
 * How much of the data a tokenizer does not know: a model cannot learn from what it is not shown.
 *
 * @module
 */
import { shorten } from "../base/text.ts";
import { textsOf } from "../tasks/text_input.ts";
import type { Row, TextEncoding } from "../tasks/task.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Reporter } from "./reporter.ts";

/** The share of unknown tokens among those of the texts of each part, from 0 to 1; special tokens do not count. */
export interface UnknownShares {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Rows as the tokenizer encoded them. */
interface Encoded {
  readonly row: Row<unknown>;
  readonly encodings: readonly TextEncoding[];
}

/** Beyond this share of unknown tokens there is a warning: one word in a hundred. */
const MOST_UNKNOWN = 0.01;

/** Says what share of each part's tokens is unknown; where it is large, a warning says which characters and what to do. */
export function reportUnknown(
  parts: Readonly<Record<keyof UnknownShares, readonly Encoded[]>>,
  { tokenizer, base, leftOut, output }: {
    readonly tokenizer: Tokenizer;
    /** The checkpoint whose tokenizer it is; absent: it was trained on the training part. */
    readonly base?: string;
    /** Characters of the training part that found no place in the vocabulary. */
    readonly leftOut: number;
    readonly output: Reporter;
  },
): UnknownShares {
  const specials = new Set(tokenizer.encode("", { pair: "" }).ids);
  const shares = {
    train: shareIn(parts.train, specials),
    validation: shareIn(parts.validation, specials),
    test: shareIn(parts.test, specials),
  };
  const names = (["train", "validation", "test"] as const).filter((name) => parts[name].length > 0);
  // Some without an unknown token have the id -1 for what they do not know; byte-level ones know every text.
  const isNone = tokenizer.unkId < 0 && names.every((name) => shares[name] === 0);
  output.progress(
    isNone
      ? "unknown tokens: none, the tokenizer knows every text"
      : `unknown tokens: ${names.map((name) => `${percent(shares[name])} ${partNames[name]}`).join(", ")}`,
  );
  const worst = names.toSorted((a, b) => shares[b] - shares[a])[0];
  if (shares[worst] > MOST_UNKNOWN) {
    const { characters, words } = unknownIn(parts[worst], tokenizer);
    const which = characters.length > 0
      ? `; the commonest characters that it lacks: ${characters.slice(0, 10).join(" ")}`
      : words.length > 0
      ? `; such as ${words.slice(0, 3).map((word) => JSON.stringify(shorten(word, 30))).join(", ")}`
      : "";
    output.progress(
      `warning: the tokenizer does not know ${percent(shares[worst])} of the tokens ${
        partNames[worst]
      }, of which the model sees nothing${which}. ${adviceFor(base, leftOut)}`,
    );
  }
  return shares;
}

const partNames = { train: "to train on", validation: "to choose the epoch", test: "held out" } as const;

function adviceFor(base: string | undefined, leftOut: number): string {
  if (base !== undefined) {
    return `The tokenizer of ${base} was not made for such texts: start from a checkpoint that was, or without --from`;
  }
  const every = "--tokenizer bpe knows every text";
  return leftOut > 0
    ? `A larger --vocab-size, or --limit-alphabet, takes more characters in; ${every}`
    : `The training part has too few of them to learn from; ${every}`;
}

function shareIn(rows: readonly Encoded[], specials: ReadonlySet<number>): number {
  let [unknown, all] = [0, 0];
  for (const { encodings } of rows) {
    for (const { ids, unknownCount } of encodings) {
      unknown += unknownCount;
      for (const id of ids) if (!specials.has(id)) all++;
    }
  }
  return all === 0 ? 0 : unknown / all;
}

/** Enough to see which characters are common. */
const MOST_ROWS = 300;

/** What of the rows is unknown: the characters that the tokenizer lacks, the commonest first, and words without such a one. */
function unknownIn(
  rows: readonly Encoded[],
  tokenizer: Tokenizer,
): { characters: string[]; words: string[] } {
  const known = new Map<string, boolean>();
  const knows = (text: string) => {
    let answer = known.get(text);
    if (answer === undefined) known.set(text, answer = tokenizer.encode(text).unknownCount === 0);
    return answer;
  };
  const characters = new Map<string, number>();
  const words = new Map<string, number>();
  const count = (of: Map<string, number>, key: string) => of.set(key, (of.get(key) ?? 0) + 1);
  const concerned = rows.filter(({ encodings }) => encodings.some(({ unknownCount }) => unknownCount > 0));
  for (const { row } of concerned.slice(0, MOST_ROWS)) {
    for (const text of row.queries.flatMap(textsOf)) {
      const { ids, words: spans } = tokenizer.encodeWords(text, { maxTokens: 512 });
      for (const { start, end, token } of spans) {
        if (token < 0 || ids[token] !== tokenizer.unkId) continue;
        const word = text.slice(start, end);
        const [first, ...rest] = word;
        const missing = [first, ...rest].filter((character) => !knows(character));
        // A character may be known as a word's first one alone.
        const continuing = missing.length > 0
          ? missing
          : rest.filter((character) => !knows(first + character));
        for (const character of new Set(continuing)) count(characters, visible(character));
        if (continuing.length === 0) count(words, word);
      }
    }
  }
  const commonest = (of: Map<string, number>) => [...of].sort((a, b) => b[1] - a[1]).map(([key]) => key);
  return { characters: commonest(characters), words: commonest(words) };
}

/** A character that shows itself, or its code point. */
function visible(character: string): string {
  if (/^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character)) return character;
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * A share with two significant digits.
 *
 * @example
 * ```ts
 * import { percent } from "./unknown.ts";
 * import assert from "node:assert/strict";
 * assert.deepEqual([0, 0.00041, 0.0123, 0.26154].map(percent), ["0%", "0.041%", "1.2%", "26%"]);
 * ```
 */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))}%`;
}
