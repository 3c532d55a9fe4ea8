/**
 * The entities that columns of tags stand for, found once for all metrics.
 *
 * @module
 */
import {
  detectScheme,
  LENIENT,
  LETTER_COUNT,
  LETTERS,
  outside,
  PREFIXES,
  splitTag,
  STRICT,
  type TaggingScheme,
  type Transitions,
} from "./tagging_schemes.ts";
import { checkOneOf, fail } from "../../statistics/checks.ts";

/** Columns of tags turned into numbers: each distinct tag is split once. */
export interface TagReading {
  /** Number of each tag, [column][token]; an "O" stands after every sentence, so none runs into the next. */
  readonly tags: Int32Array[];
  /** Where each sentence begins in `tags`, and the end. */
  readonly offsets: Int32Array;
  /** Letter of each distinct tag, by place in `LETTERS`. */
  readonly letters: Uint8Array;
  /** Type of each distinct tag, an index into `types`. */
  readonly typeOf: Int32Array;
  /** Names of the types. */
  readonly types: string[];
  /** Rules by which entities are found. */
  readonly transitions: Transitions;
  /** Whether entities count only where the scheme closes them. */
  readonly strict: boolean;
}

/** Entities of one column, in order of their ends; positions are those of `TagReading.tags`. */
export interface FoundEntities {
  /** How many there are; the arrays are longer. */
  count: number;
  /** Sentence in which each ends. */
  readonly rows: Int32Array;
  /** Index into `TagReading.types`. */
  readonly types: Int32Array;
  /** First token. */
  readonly starts: Int32Array;
  /** Last token. */
  readonly ends: Int32Array;
}

/**
 * Reads columns of the same shape; the first one tells the scheme where none is named.
 *
 * @throws {EvaluationError} When a tag is empty, or in strict mode outside the scheme.
 */
export function readTags(
  columns: { name: string; rows: readonly (readonly string[])[] }[],
  options: { mode?: "lenient" | "strict"; scheme?: TaggingScheme; suffix?: boolean },
): TagReading {
  const strict = options.mode === "strict";
  const numbers = new Map<string, number>();
  const firsts: { column: string; row: number; token: number }[] = []; // where each distinct tag was met first
  const number = (tag: string, first: { column: string; row: number; token: number }) => {
    const next = numbers.size;
    numbers.set(tag, next);
    firsts.push(first);
    return next;
  };
  number("O", { column: "", row: 0, token: 0 }); // what separates sentences

  const offsets = new Int32Array(columns[0].rows.length + 1);
  columns[0].rows.forEach((tags, row) => offsets[row + 1] = offsets[row] + tags.length + 1);
  const tags = columns.map(({ name, rows }) => {
    const column = new Int32Array(offsets[rows.length]);
    for (let row = 0, at = 0; row < rows.length; row++, at++) {
      const sentence = rows[row];
      for (let token = 0; token < sentence.length; token++, at++) {
        const tag = sentence[token];
        column[at] = numbers.get(tag) ?? number(tag, { column: name, row, token });
      }
    }
    return column;
  });

  const types = new Map<string, number>();
  const letters = new Uint8Array(numbers.size), typeOf = new Int32Array(numbers.size);
  let at = 0;
  for (const tag of numbers.keys()) {
    if (tag === "") fail(`Cannot read the tag of ${place(firsts[at])}: it is empty`);
    const { letter, type } = splitTag(tag, { suffix: options.suffix ?? false, strict });
    if (!types.has(type)) types.set(type, types.size);
    letters[at] = letter, typeOf[at] = types.get(type)!;
    at++;
  }

  let transitions = LENIENT;
  if (strict) {
    const scheme = options.scheme ?? detectScheme(lettersOf(tags[0], letters, offsets));
    checkOneOf("scheme", scheme, Object.keys(STRICT));
    [...numbers.keys()].forEach((tag, k) => {
      if (PREFIXES[scheme].includes(LETTERS[letters[k]] ?? " ")) return;
      fail(`Cannot read the tag of ${place(firsts[k])}: ${outside(tag, scheme)}`);
    });
    transitions = STRICT[scheme];
  }
  return { tags, offsets, letters, typeOf, types: [...types.keys()], transitions, strict };
}

/** The entities of one column. */
export function findEntities(reading: TagReading, column: number): FoundEntities {
  const tags = reading.tags[column];
  const room = tags.length; // no two entities end at the same token
  const found = {
    count: 0,
    rows: new Int32Array(room),
    types: new Int32Array(room),
    starts: new Int32Array(room),
    ends: new Int32Array(room),
  };
  if (reading.strict) findStrictly(reading, tags, found);
  else findLeniently(reading, tags, found);
  return found;
}

function findLeniently(reading: TagReading, tags: Int32Array, found: FoundEntities): void {
  const { offsets, letters, typeOf, transitions: { start, end } } = reading;
  // seqeval keeps its state from sentence to sentence, the place where an entity last began, too
  let letter = 0, type = -1, begin = 0;
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let i = offsets[row]; i < offsets[row + 1]; i++) {
      const tag = tags[i], nextType = typeOf[tag];
      const rule = letter * LETTER_COUNT + letters[tag], types = nextType === type ? 1 : 2;
      if (end[rule] & types) push(found, row, type, begin, i - 1);
      if (start[rule] & types) begin = i;
      letter = letters[tag], type = nextType;
    }
  }
}

function findStrictly(reading: TagReading, tags: Int32Array, found: FoundEntities): void {
  const { offsets, letters, typeOf, transitions: { start, inside, end } } = reading;
  const holds = (rules: Uint8Array, previous: number, tag: number) =>
    rules[letters[previous] * LETTER_COUNT + letters[tag]] & (typeOf[previous] === typeOf[tag] ? 1 : 2);
  for (let row = 0; row + 1 < offsets.length; row++) {
    const separator = offsets[row + 1] - 1;
    for (let i = offsets[row], previous = 0; i < separator;) {
      const tag = tags[i];
      if (!holds(start, previous, tag)) {
        previous = tag, i++;
        continue;
      }
      const begin = i++;
      // ends at the separator at the latest: no rule goes on with "O"
      while (holds(inside, tags[i - 1], tags[i])) i++;
      if (holds(end, tags[i - 1], tags[i])) push(found, row, typeOf[tag], begin, i - 1);
      previous = tags[i - 1];
    }
  }
}

function push(found: FoundEntities, row: number, type: number, start: number, end: number): void {
  const at = found.count++;
  found.rows[at] = row, found.types[at] = type, found.starts[at] = start, found.ends[at] = end;
}

function lettersOf(tags: Int32Array, letters: Uint8Array, offsets: Int32Array): Set<string> {
  const seen = new Set<string>();
  for (let row = 0; row + 1 < offsets.length; row++) {
    for (let i = offsets[row]; i < offsets[row + 1] - 1; i++) seen.add(LETTERS[letters[tags[i]]] ?? "?");
  }
  return seen;
}

function place({ column, row, token }: { column: string; row: number; token: number }): string {
  return `row ${row}, token ${token} of the ${column}`;
}
