/**
 * Token classification: entities of a text, each some neighbouring words with a type.
 *
 * @module
 */
import { z } from "zod";
import { codePointIndices, show } from "../../base/text.ts";
import { DataError } from "../../data/errors.ts";
import { type DataRecord, readText, wrongColumn } from "../../data/example.ts";
import {
  formatTagging,
  taggedEntities,
  type TaggingReport,
  taggingReport,
} from "../../evaluate/tagging/tagging.ts";
import { spansToTags } from "../../evaluate/tagging/tagging_schemes.ts";
import { entityMetrics } from "../../evaluate/tasks/metrics.ts";
import { textTable } from "../../evaluate/text_table.ts";
import type { Interval } from "../../statistics/bootstrap.ts";
import { type TextSpan, wordFinder } from "../../text/words.ts";
import type { Columns, Scores } from "../task.ts";

/**
 * An entity, as Hugging Face's pipeline answers with an aggregation strategy; positions are in Unicode code points, as in
 * Python.
 */
export interface Entity {
  /** Its type, such as `PER`. */
  readonly entity_group: string;
  /** Mean probability of its words' tags. */
  readonly score: number;
  /** The text between `start` and `end`, as it was written. */
  readonly word: string;
  readonly start: number;
  /** One past the last character. */
  readonly end: number;
}

/** A word inside of an entity, as the pipeline answers without aggregation. */
export interface TaggedWord extends Omit<Entity, "entity_group"> {
  /** Its tag, such as `B-PER`. */
  readonly entity: string;
  /** The place of its first token among the model's. */
  readonly index: number;
}

/** What is answered: entities, or the words of entities where no aggregation was asked for. */
export type Entities = readonly (Entity | TaggedWord)[];

const place = z.number().int().min(0);
const found = { score: z.number(), word: z.string(), start: place, end: place };

/** Checks an answer. */
export const entitiesSchema: z.ZodType<Entities> = z.array(z.union([
  z.object({ entity_group: z.string(), ...found }),
  z.object({ entity: z.string(), index: place, ...found }),
]));

/** What a row of data says: the tokens that people tagged, and their tags in the scheme BIO (IOB2). */
export interface Tagged {
  readonly text: string;
  /** In order, none within another. */
  readonly tokens: readonly TextSpan[];
  /** `O`, `B-TYPE` or `I-TYPE` for each token. */
  readonly tags: readonly string[];
}

/** The default columns; rows without tags have the two others. */
export const columns: Columns = { text: "tokens", label: "tags" };
const untagged: Columns = { text: "text", label: "entities" };

/** The text of a record: a column of text, or a list of tokens joined by single spaces. */
export function textOfRecord(record: DataRecord, where: string, wanted: Columns): string {
  const column = columnOf(record, wanted, "text");
  return Array.isArray(record[column])
    ? tokensOf(record, where, column).join(" ")
    : readText(record, where, column);
}

/**
 * The entities of a record: a list of tags beside a list of tokens, or a list of `{ start, end, label }` (in code
 * points) beside a text.
 *
 * Tags of any scheme (IOB1, IOB2, IOE1, IOE2, IOBES, BILOU) are read as conlleval reads them, so that nothing need be known
 * of the rest of the data. A word has an entity's tag if they have a character in common.
 *
 * @throws {DataError} when the two lists do not fit, a tag is of no scheme, or an entity has no word or overlaps another.
 */
export function taggedOf(record: DataRecord, where: string, wanted: Columns): Tagged {
  const column = columnOf(record, wanted, "text");
  const label = columnOf(record, wanted, "label");
  if (!Array.isArray(record[column])) {
    return markedText(readText(record, where, column), { record, where, label });
  }
  const tokens = tokensOf(record, where, column);
  const tags = record[label];
  if (!(Array.isArray(tags) && tags.every((tag) => typeof tag === "string"))) {
    throw wrongColumn(record, where, label, `a list of ${tokens.length} tags, such as ["B-PER", "O"],`);
  }
  if (tags.length !== tokens.length) {
    throw new DataError(
      `${where}: ${tags.length} tags in column ${show(label)} for ${tokens.length} tokens in ${show(column)}`,
    );
  }
  let at = 0;
  const spans = tokens.map((token): TextSpan => {
    const span = { start: at, end: at + token.length };
    at = span.end + 1;
    return span;
  });
  return { text: tokens.join(" "), tokens: spans, tags: asBio(tags, where, tokens) };
}

/** A column by its name; the second one of the task's where the first is not there and nobody named another. */
function columnOf(record: DataRecord, wanted: Columns, part: "text" | "label"): string {
  const name = wanted[part];
  return name === columns[part] && !Object.hasOwn(record, name) && Object.hasOwn(record, untagged[part])
    ? untagged[part]
    : name;
}

function tokensOf(record: DataRecord, where: string, column: string): readonly string[] {
  const tokens = record[column] as readonly unknown[];
  if (tokens.every((token) => typeof token === "string")) return tokens;
  throw wrongColumn(record, where, column, "a list of tokens");
}

/** Tags of any scheme in BIO. */
function asBio(tags: readonly string[], where: string, tokens: readonly string[]): string[] {
  const strange = tags.findIndex((tag) => !/^(O|[BIESLU]-\P{Cc}+)$/u.test(tag));
  if (strange >= 0) {
    throw new DataError(
      `${where}: the tag ${show(tags[strange])} of token ${strange + 1}, ${
        show(tokens[strange])
      }, is neither O nor a type behind B-, I-, E-, S-, L- or U-, without control characters`,
    );
  }
  // BILOU is IOBES under other letters, which the lenient rules do not know.
  const known = tags.map((tag) => tag.replace(/^L-/, "E-").replace(/^U-/, "S-"));
  return spansToTags(taggedEntities([known]), tags.length, "IOB2");
}

const marks = z.array(z.looseObject({ start: place, end: place, label: z.string().regex(/^\P{Cc}+$/u) }));

/** A text's words, tagged by the entities that are marked in it. */
function markedText(
  text: string,
  { record, where, label }: { record: DataRecord; where: string; label: string },
): Tagged {
  const read = marks.safeParse(record[label]);
  if (!read.success) {
    throw wrongColumn(
      record,
      where,
      label,
      'a list of entities, such as {"start": 0, "end": 6, "label": "PER"},',
    );
  }
  const tokens = words(text);
  const point = codePointIndices(text);
  const spans = read.data.map(({ start, end, label: type }) => {
    const first = tokens.findIndex((word) => point(word.end) > start);
    const behind = tokens.findIndex((word) => point(word.start) >= end);
    const span = { type, start: first, end: behind < 0 ? tokens.length : behind };
    if (first >= 0 && first < span.end && end <= point(text.length)) return span;
    throw new DataError(`${where}: the entity ${show(type)} from ${start} to ${end} has no word of the text`);
  });
  try {
    return { text, tokens, tags: spansToTags(spans, tokens.length, "IOB2") };
  } catch (error) {
    throw new DataError(`${where}: in words: ${(error as Error).message}`);
  }
}

const words = wordFinder();

/** Splits a tag as Hugging Face's pipeline does: without `B-` or `I-` it is a type by itself. */
export function splitTag(tag: string): { readonly begins: boolean; readonly type: string } {
  return { begins: tag.startsWith("B-"), type: /^[BI]-/.test(tag) ? tag.slice(2) : tag };
}

/** The tags that an answer comes to for the tokens that people tagged: a token has the tag of its first character. */
export function tagsOfAnswer({ text, tokens }: Pick<Tagged, "text" | "tokens">, answer: Entities): string[] {
  const point = codePointIndices(text);
  let [e, previous] = [0, -1];
  return tokens.map((token) => {
    const at = point(token.start);
    while (e < answer.length && answer[e].end <= at) e++;
    const entity = answer[e];
    if (entity === undefined || entity.start > at) return "O";
    const { begins, type } = "entity" in entity
      ? splitTag(entity.entity)
      : { begins: true, type: entity.entity_group };
    const tag = `${begins && previous !== e ? "B" : "I"}-${type}`;
    previous = e;
    return tag;
  });
}

/** F1 of whole entities and the rest, over the tokens that people tagged. */
export function judgeEntities(
  targets: readonly Tagged[],
  answers: readonly (readonly Entities[])[],
  { resamples = 0 }: { readonly resamples?: number },
): Scores {
  const references = targets.map(({ tags }) => tags);
  const predictions = targets.map((target, i) => tagsOfAnswer(target, answers[i][0]));
  const { metrics } = entityMetrics(references, predictions, { resamples });
  const { f1, precision, recall, macroF1, accuracy } = metrics;
  const report = taggingReport(references, predictions);
  const ofTypes = report.perType.map(({ type }): [string, Interval] => [`f1.${type}`, metrics[`f1.${type}`]]);
  const all = { f1, precision, recall, macroF1, accuracy, ...Object.fromEntries(ofTypes) };
  return { metrics: all, report: { ...report, metrics: all }, text: () => format(report, all) };
}

function format(report: TaggingReport, metrics: Readonly<Record<string, Interval>>): string {
  const { f1, precision, recall, macroF1, accuracy } = metrics;
  const named = {
    "F1 of entities": f1,
    precision,
    recall,
    "macro F1": macroF1,
    "accuracy of tokens": accuracy,
  };
  const rows = Object.entries(named).map(([name, { value, low, high }]) => [
    name,
    value.toFixed(4),
    `${low.toFixed(4)} to ${high.toFixed(4)}`,
  ]);
  return [
    `${report.n} texts, ${report.tokens} tokens, ${report.micro.support} entities`,
    textTable([["", "value", `${+(100 * f1.confidence).toPrecision(4)}% interval`], ...rows]),
    formatTagging(report, { digits: 4 }),
  ].join("\n\n");
}
