/**
 * Precision, recall and F1 of entities, equal to seqeval's.
 *
 * @module
 */
import { compareCodePoints } from "../../base/text.ts";
import { type Decomposed, sumRows } from "../../statistics/decomposed.ts";
import { findEntities, type FoundEntities, readTags, type TagReading } from "./tagging_entities.ts";
import type { Span, TaggingScheme } from "./tagging_schemes.ts";
import { checkLengths, checkWhole, fail, refuse } from "../../statistics/checks.ts";
import { ratio } from "../classification/counts.ts";
import { fixed } from "../generation/sacrebleu.ts";

/** How tags are read and scores without a denominator are filled. */
export interface TaggingOptions {
  /** "lenient" (default) reads any tags as conlleval does and needs no scheme; "strict" counts only what the scheme writes. */
  readonly mode?: "lenient" | "strict";
  /** Scheme of the strict mode; by default inferred from the references' prefixes (IOB2, IOE2, IOBES or BILOU). */
  readonly scheme?: TaggingScheme;
  /** The prefix stands last: "PER-B" in place of "B-PER"; default false. */
  readonly suffix?: boolean;
  /** Value of a precision or recall without a denominator; default 0. */
  readonly zeroDivision?: 0 | 1;
}

/** An entity and the sentence it stands in. */
export interface TaggedEntity extends Span {
  /** Sentence, from 0. */
  readonly row: number;
}

/** Precision, recall, F1 and how many entities the references have. */
export interface EntityScores {
  /** Share of the predicted entities that are right, in [0, 1]. */
  readonly precision: number;
  /** Share of the true entities that were found, in [0, 1]. */
  readonly recall: number;
  /** Harmonic mean of the two. */
  readonly f1: number;
  /** True entities. */
  readonly support: number;
}

/** Scores of one type of entity. */
export interface TypeScores extends EntityScores {
  /** Type of the entities. */
  readonly type: string;
  /** Predicted entities. */
  readonly predicted: number;
  /** Predicted entities whose type and both ends are right. */
  readonly right: number;
}

/** What a tagger got right. */
export interface TaggingReport {
  /** Sentences. */
  readonly n: number;
  /** Tokens. */
  readonly tokens: number;
  /** Share of the tokens whose tag is right. */
  readonly accuracy: number;
  /** Over the pooled entities of all types. */
  readonly micro: EntityScores;
  /** Mean over the types that occur. */
  readonly macro: EntityScores;
  /** Mean over the types, weighted by support. */
  readonly weighted: EntityScores;
  /** Each type that occurs, in order of its name. */
  readonly perType: TypeScores[];
}

/** The averages, in the order of the metrics. */
const AVERAGES = ["micro", "macro", "weighted"] as const;

/**
 * Precision, recall and F1 of entities (per type, micro, macro, weighted) and the accuracy of tokens.
 *
 * Equal to seqeval 1.2.2: its default mode, and `mode="strict"` with a scheme. Its quirks are kept: in lenient mode the scheme
 * does not matter, a bare prefix has the type "_", and an entity made of unknown letters may take its start from the entity
 * before; the strict IOE1 does not read a one-token entity before its neighbour. Only where there is no entity at all does it
 * differ: seqeval's macro scores are NaN there, these are `zeroDivision`.
 *
 * @param references True tags, by sentence.
 * @param predictions Predicted tags, by sentence; as many as the references have.
 * @throws {EvaluationError} When lengths differ, there are no tokens, a tag is empty, or in strict mode outside the scheme.
 * @example
 * ```ts
 * import { evaluateAll, selectRows } from "../../statistics/decomposed.ts";
 * import { taggedEntities, taggingReport, taggingRows } from "./tagging.ts";
 * import assert from "node:assert/strict";
 * const references = [["O", "B-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]];
 * const predictions = [["B-MISC", "I-MISC", "I-MISC", "O"], ["B-PER", "I-PER", "O"]];
 * const report = taggingReport(references, predictions);
 * assert.equal(report.micro.f1, 0.5);
 * assert.deepEqual(report.perType.map(({ type, f1 }) => [type, f1]), [["MISC", 0], ["PER", 1]]);
 * assert.deepEqual(taggedEntities(references)[1], { row: 1, type: "PER", start: 0, end: 2 });
 * const rows = taggingRows([["B-PER"], ["B-LOC", "O"]], [["B-PER"], ["O", "O"]]);
 * assert.equal(evaluateAll(rows).recall, 0.5);
 * assert.equal(evaluateAll(selectRows(rows, [0])).recall, 1);
 * ```
 */
export function taggingReport(
  references: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
  options: TaggingOptions = {},
): TaggingReport {
  const { types, metrics } = decompose(references, predictions, options);
  const { n, width } = metrics, sums = sumRows(metrics);
  const values = new Float64Array(metrics.names.length);
  metrics.evaluate(sums, n, values);

  const support = sum(sums, 0, types.length);
  const averages = AVERAGES.map((average, a): [string, EntityScores] => {
    const [precision, recall, f1] = values.subarray(3 * a);
    return [average, { precision, recall, f1, support }];
  });
  return {
    n,
    tokens: sums[width - 2],
    accuracy: values[9],
    ...Object.fromEntries(averages) as Pick<TaggingReport, typeof AVERAGES[number]>,
    perType: types.map((type, t) => {
      const [truth, predicted, right] = sums.subarray(3 * t);
      const scores = scoresOf(truth, predicted, right, options.zeroDivision ?? 0);
      return { type, ...scores, support: truth, predicted, right };
    }),
  };
}

/**
 * The same metrics by sentence, for intervals, paired tests and slices. The statistics of a sentence are, for each
 * type, its entities [true, predicted, right], then its tokens and how many of them are right. On some of the rows the
 * metrics are seqeval's on these sentences: types that occur in none of them do not count.
 *
 * @returns Metrics precision, recall, f1 (micro), macroPrecision, macroRecall, macroF1, weightedPrecision, weightedRecall,
 * weightedF1, accuracy, and `f1.TYPE` for each type.
 * @throws {EvaluationError} As `taggingReport`.
 */
export function taggingRows(
  references: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
  options: TaggingOptions = {},
): Decomposed {
  return decompose(references, predictions, options).metrics;
}

/**
 * The entities that tags mark, as seqeval reads them, with `end` one past the last token. In lenient mode `start` is
 * negative where seqeval lets unknown letters continue an entity of a sentence before.
 *
 * @throws {EvaluationError} When a tag is empty, or in strict mode outside the scheme.
 */
export function taggedEntities(
  sentences: readonly (readonly string[])[],
  options: Omit<TaggingOptions, "zeroDivision"> = {},
): TaggedEntity[] {
  const reading = readTags([{ name: "sentences", rows: sentences }], options);
  const found = findEntities(reading, 0);
  return Array.from({ length: found.count }, (_, e) => {
    const row = found.rows[e], from = reading.offsets[row];
    return {
      row,
      type: reading.types[found.types[e]],
      start: found.starts[e] - from,
      end: found.ends[e] - from + 1,
    };
  });
}

function decompose(
  references: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
  options: TaggingOptions,
): { types: string[]; metrics: Decomposed } {
  checkShapes(references, predictions);
  const columns = [{ name: "references", rows: references }, { name: "predictions", rows: predictions }];
  const reading = readTags(columns, options);
  const truth = findEntities(reading, 0), guess = findEntities(reading, 1);

  // types that occur in an entity, by name
  const occurs = new Set<number>();
  for (const found of [truth, guess]) for (let e = 0; e < found.count; e++) occurs.add(found.types[e]);
  const order = [...occurs].sort((a, b) => compareCodePoints(reading.types[a], reading.types[b]));
  const columnOf = new Int32Array(reading.types.length);
  order.forEach((type, t) => columnOf[type] = 3 * t);

  const width = 3 * order.length + 2, n = references.length;
  const rows = new Float64Array(n * width);
  countEntities(truth, guess, { rows, width, columns: columnOf });
  countTokens(reading, { rows, width });
  const types = order.map((type) => reading.types[type]);
  return { types, metrics: metricsOf(types, { n, width, rows, zero: options.zeroDivision ?? 0 }) };
}

/** Both lists are ordered by end, and no two of a list end at the same token, so one walk finds the pairs. */
function countEntities(
  truth: FoundEntities,
  guess: FoundEntities,
  into: { rows: Float64Array; width: number; columns: Int32Array },
): void {
  const { rows, width, columns } = into;
  for (let e = 0; e < truth.count; e++) rows[truth.rows[e] * width + columns[truth.types[e]]]++;
  for (let e = 0, t = 0; e < guess.count; e++) {
    const at = guess.rows[e] * width + columns[guess.types[e]];
    rows[at + 1]++;
    while (t < truth.count && truth.ends[t] < guess.ends[e]) t++;
    const same = t < truth.count && truth.ends[t] === guess.ends[e] && truth.starts[t] === guess.starts[e];
    if (same && truth.types[t] === guess.types[e]) rows[at + 2]++;
  }
}

function countTokens(reading: TagReading, into: { rows: Float64Array; width: number }): void {
  const { rows, width } = into;
  const [truth, guess] = reading.tags;
  for (let row = 0; row + 1 < reading.offsets.length; row++) {
    const from = reading.offsets[row], to = reading.offsets[row + 1] - 1; // the last is the separator
    let right = 0;
    for (let i = from; i < to; i++) if (truth[i] === guess[i]) right++;
    rows[(row + 1) * width - 2] = to - from;
    rows[(row + 1) * width - 1] = right;
  }
}

function metricsOf(
  types: string[],
  { n, width, rows, zero }: { n: number; width: number; rows: Float64Array; zero: number },
): Decomposed {
  const names = AVERAGES.flatMap((average) =>
    ["precision", "recall", "f1"].map((name) =>
      average === "micro" ? name : average + name[0].toUpperCase() + name.slice(1)
    )
  );
  return {
    names: [...names, "accuracy", ...types.map((type) => `f1.${type}`)],
    n,
    width,
    rows,
    evaluate: (sums, _, out) => {
      out.fill(0);
      const truth = sum(sums, 0, types.length), predicted = sum(sums, 1, types.length);
      const micro = scoresOf(truth, predicted, sum(sums, 2, types.length), zero);
      out[0] = micro.precision, out[1] = micro.recall, out[2] = micro.f1;
      let present = 0;
      for (let t = 0; t < types.length; t++) {
        const support = sums[3 * t];
        const { precision, recall, f1 } = scoresOf(support, sums[3 * t + 1], sums[3 * t + 2], zero);
        out[10 + t] = f1;
        if (support === 0 && sums[3 * t + 1] === 0) continue; // these rows do not have the type
        present++;
        out[3] += precision, out[4] += recall, out[5] += f1;
        out[6] += support * precision, out[7] += support * recall, out[8] += support * f1;
      }
      for (let k = 3; k < 6; k++) out[k] = present === 0 ? zero : out[k] / present;
      for (let k = 6; k < 9; k++) {
        // without a true entity: recall has no denominator, the others only if nothing was predicted either
        out[k] = truth > 0 ? out[k] / truth : k === 7 || predicted === 0 ? zero : 0;
      }
      const tokens = sums[width - 2];
      out[9] = tokens > 0 ? sums[width - 1] / tokens : 0;
    },
  };
}

function scoresOf(
  truth: number,
  predicted: number,
  right: number,
  zero: number,
): Omit<EntityScores, "support"> {
  const precision = ratio(right, predicted, zero), recall = ratio(right, truth, zero);
  return { precision, recall, f1: ratio(2 * precision * recall, precision + recall) };
}

/** Sum over types of one of their three statistics. */
function sum(sums: Float64Array, which: number, types: number): number {
  let total = 0;
  for (let t = 0; t < types; t++) total += sums[3 * t + which];
  return total;
}

function checkShapes(
  references: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
): void {
  checkLengths(references.length, predictions.length);
  references.forEach(({ length }, row) => {
    const found = predictions[row].length;
    if (found !== length) {
      refuse(`the number of predicted tags of row ${row}`, found, `${length}, one a token`);
    }
  });
  if (!references.some((tags) => tags.length > 0)) fail("Cannot evaluate: there are no tokens");
}

/**
 * A tagging report as plain text: seqeval's `classification_report`, character by character.
 *
 * @param options `digits` after the point, default 2.
 * @throws {EvaluationError} When `digits` is no whole number from 0 to 20.
 * @example
 * ```ts
 * import { taggingReport } from "./tagging.ts";
 * import { formatTagging } from "./tagging.ts";
 * import assert from "node:assert/strict";
 * const text = formatTagging(taggingReport([["B-PER", "O"]], [["B-PER", "O"]]));
 * assert.match(text, /PER       1\.00      1\.00      1\.00         1/);
 * ```
 */
export function formatTagging(report: TaggingReport, options: { digits?: number } = {}): string {
  const { digits = 2 } = options;
  checkWhole("digits", digits, 0, 20);
  const width = Math.max(
    "weighted avg".length,
    digits,
    ...report.perType.map(({ type }) => [...type].length),
  );
  const line = (name: string, cells: string[]) =>
    `${" ".repeat(width - [...name].length)}${name} ${cells.map((cell) => ` ${cell.padStart(9)}`).join("")}`;
  const scores = (name: string, { precision, recall, f1, support }: EntityScores) =>
    line(name, [...[precision, recall, f1].map((value) => fixed(value, digits)), String(support)]);
  return [
    line("", ["precision", "recall", "f1-score", "support"]),
    "",
    ...report.perType.map((type) => scores(type.type, type)),
    "",
    ...AVERAGES.map((average) => scores(`${average} avg`, report[average])),
    "",
  ].join("\n");
}
