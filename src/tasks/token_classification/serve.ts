/**
 * Token classification as it is served: a word has the tag of its first token, and neighbouring words of one entity are one
 * answer.
 *
 * @module
 */
import { z } from "zod";
import { softmax } from "../../base/arrays.ts";
import { UserError } from "../../base/errors.ts";
import { codePointIndices } from "../../base/text.ts";
import { entityFeatures, type ObservedEntities } from "../../drift/features/entities.ts";
import { type ObservedText, textFeatures } from "../../drift/features/text.ts";
import type { WordSpan } from "../../text/words.ts";
import { observeText } from "../observe.ts";
import { finiteOutput } from "../outputs.ts";
import type { ServedTask, TextEncoding, TextQuery } from "../task.ts";
import { type LabelsHead, labelsHead, otherLabels, unknownLabel } from "../text_classification/schema.ts";
import {
  columns,
  type Entities,
  entitiesSchema,
  type Entity,
  judgeEntities,
  splitTag,
  type Tagged,
  taggedOf,
  tagsOfAnswer,
  textOfRecord,
} from "./schema.ts";

/** What a caller may ask. */
const parameters = z.looseObject({
  /**
   * `simple`, which is the default, and `first` are the same here, since a model learns the tag of a word's first token
   * alone: words of one entity are one answer. `none`: each word by itself.
   */
  aggregation_strategy: z.enum(["none", "simple", "first"]).nullish(),
});

/** The task. */
export const tokenClassification: ServedTask<LabelsHead, Tagged, Entities, ObservedText & ObservedEntities> =
  {
    name: "token-classification",
    title: "token classification",
    pipelineTag: "token-classification",
    queriesPerRow: 1,
    pointsIntoText: true,
    columns,
    evaluation: "token-classification",
    bestBy: { metric: "f1", better: "higher" },
    headline: ["f1", "accuracy"],
    head: labelsHead,
    queries: (record, where, wanted) => [textOfRecord(record, where, wanted)],
    target: taggedOf,
    problemOf: ({ tags }, head) =>
      tags.map((tag) => unknownLabel(tag, head)).find((problem) => problem !== undefined),
    outputs: ["logits"],
    parameters,
    answer: entitiesSchema,
    encode: (tokenizer, query, options) => tokenizer.encodeWords(singleText(query), options),
    decode(outputs, { query, encoding, head }, asked = {}) {
      const text = singleText(query);
      const tagged = tagWords(
        finiteOutput(outputs, "logits", head.labels.length).data,
        encoding.words ?? [],
        head,
      );
      const placed = placer(text);
      if ((asked as z.infer<typeof parameters>).aggregation_strategy === "none") {
        return tagged.flatMap((word) =>
          word.tag === "O"
            ? []
            : [{ entity: word.tag, score: word.score, index: word.token, ...placed(word) }]
        );
      }
      return grouped(tagged, placed);
    },
    describe: (answer) =>
      answer.map((found) => {
        const name = "entity" in found ? found.entity : found.entity_group;
        return `${name} ${JSON.stringify(found.word)} ${found.start}-${found.end}`;
      }).join(", ") || "no entities",
    observe(query, encoding, outputs, head) {
      const observed = observeText(query, encoding);
      if (!outputs) return observed;
      const tagged = tagWords(
        finiteOutput(outputs, "logits", head.labels.length).data,
        encoding.words ?? [],
        head,
      );
      return { ...observed, entityTypes: runsOf(tagged).map(({ type }) => type) };
    },
    features: ({ head: _, ...tokenizer }) => [...textFeatures(tokenizer), ...entityFeatures()],
    judge: judgeEntities,
    headsDiffer: otherLabels,
    pair: (target, [answer]) => ({ prediction: tagsOfAnswer(target, answer), reference: target.tags }),
  };

/** The entities of a text whose tokens were given these labels, by their numbers `[S]`, each with certainty. */
export function entitiesOfTags(
  tags: ArrayLike<number>,
  { query, encoding, head }: {
    readonly query: TextQuery;
    readonly encoding: TextEncoding;
    readonly head: LabelsHead;
  },
): Entities {
  const words = readWords(encoding.words ?? []).map((word) => ({
    ...word,
    tag: head.labels[tags[word.token]],
    score: 1,
  }));
  return grouped(words, placer(singleText(query)));
}

/** Where in a text, in code points, something stands that is told in UTF-16 units. */
function placer(text: string): (span: Pick<Run, "start" | "end">) => Pick<Entity, "word" | "start" | "end"> {
  const point = codePointIndices(text);
  return ({ start, end }) => ({ word: text.slice(start, end), start: point(start), end: point(end) });
}

/** Neighbouring words of one entity as one answer. */
function grouped(words: readonly Word[], placed: ReturnType<typeof placer>): Entity[] {
  return runsOf(words).map((run) => ({
    entity_group: run.type,
    score: run.score / run.words,
    ...placed(run),
  }));
}

/** @throws {UserError} when the query is a pair, which has no single text whose words could be labelled. */
function singleText(query: TextQuery): string {
  if (typeof query === "string") return query;
  throw new UserError("token classification reads one text at a time, and a pair of texts was given");
}

/** A word with its tag, in UTF-16 units. */
interface Word extends WordSpan {
  readonly tag: string;
  readonly score: number;
}

/** The words that the model read, each with its best tag and that one's probability, from logits `[S, L]`. */
function tagWords(logits: Float32Array, words: readonly WordSpan[], { labels }: LabelsHead): Word[] {
  return readWords(words).map((word) => {
    const scores = softmax(logits.subarray(word.token * labels.length, (word.token + 1) * labels.length)); // [L]
    const best = scores.indexOf(scores.reduce((most, score) => Math.max(most, score)));
    return { ...word, tag: labels[best], score: scores[best] };
  });
}

/** The words that the model read: not those that were cut off. */
function readWords(words: readonly WordSpan[]): WordSpan[] {
  return words.filter(({ token }) => token >= 0);
}

/** Neighbouring words of one entity, in UTF-16 units. */
interface Run {
  readonly type: string;
  readonly start: number;
  end: number;
  words: number;
  /** Sum over the words. */
  score: number;
}

/** An entity goes on as long as its type does and no tag begins another, as in the pipeline's `group_entities`. */
function runsOf(words: readonly Word[]): Run[] {
  const runs: Run[] = [];
  let open: Run | undefined;
  for (const { tag, score, start, end } of words) {
    const { begins, type } = splitTag(tag);
    if (tag === "O") open = undefined;
    else if (open?.type === type && !begins) {
      open.end = end;
      open.words++;
      open.score += score;
    } else runs.push(open = { type, start, end, words: 1, score });
  }
  return runs;
}
