/**
 * Families that read texts.
 *
 * @module
 */
import { type Decomposed, means } from "../../statistics/decomposed.ts";
import { bleu, bleuRows } from "../generation/bleu.ts";
import { BLEU_TOKENIZERS } from "../generation/bleu_tokenizers.ts";
import { chrf, chrfRows } from "../generation/chrf.ts";
import { distinct, novelNgramRows, repetitionRows } from "../generation/diversity.ts";
import { lengthRatioRows, lengthStatistics } from "../generation/lengths.ts";
import { meteorRows } from "../generation/meteor.ts";
import { porterStem } from "../generation/porter.ts";
import { questionAnsweringRows } from "../generation/question_answering.ts";
import { type RougeOptions, rougeRows, type RougeType } from "../generation/rouge.ts";
import { selfBleuRows } from "../generation/self_bleu.ts";
import { ter, terRows } from "../generation/ter.ts";
import { words } from "../generation/words.ts";
import type { Better, HistogramSection } from "../report.ts";
import type { Family } from "./family.ts";
import type { OptionRule, OptionValues } from "./options.ts";
import { type Pair, predictedTexts, referenceTexts } from "./pairs.ts";
import { infoOf, type Scored, withoutIntervals } from "./scored.ts";
import {
  answerNotes,
  bleuNotes,
  chrfNotes,
  emptyNotes,
  meteorNotes,
  ngramNotes,
  rougeNotes,
  terNotes,
} from "./text_notes.ts";
import { fail } from "../../statistics/checks.ts";

const lowercase: OptionRule = { about: "without regard to case", kind: "flag" };
const order = { order: { about: "longest n-grams; default 4", kind: "number" } } as const;
const texts = "a text; one reference or a list";
const text = "a text";

/** ROUGE, BLEU, chrF, TER, METEOR, SQuAD's exact match and F1, and what says how varied and how long texts are. */
export const textFamilies = {
  rouge: {
    about: "overlap of n-grams and of the longest common subsequence: ROUGE-1, 2, L and Lsum",
    reads: texts,
    options: {
      types: { about: "such as rouge1,rouge2,rougeL,rougeLsum", kind: "list" },
      stemmer: { about: "words by their Porter stems (English)", kind: "flag" },
      tokenizer: {
        about: "rouge-score's own (a-z and 0-9), or any script's words",
        kind: "text",
        choices: ["default", "unicode"],
      },
      manyReferences: { about: "of several references", kind: "text", choices: ["best", "average"] },
    },
    notes: rougeNotes,
    primary: ["rougeL.f1"],
    score(pairs, options) {
      const { types, ...rest } = options;
      const settings = { ...rest, ...(types ? { types: types as RougeType[] } : {}) } as RougeOptions;
      return {
        rows: rougeRows(predictedTexts(pairs), referenceTexts(pairs), settings),
        info: (name) => ({ label: rougeLabel(name), better: "higher" }),
        signature: [
          `stemmer:${options.stemmer ? "yes" : "no"}|tok:${options.tokenizer ?? "default"}`,
          `refs:${options.manyReferences ?? "best"}|weir`,
        ].join("|"),
      };
    },
  },
  bleu: {
    about: "n-gram precision with a penalty for brevity, 0 to 100, as sacrebleu",
    reads: texts,
    options: {
      tokenizer: { about: "default 13a", kind: "text", choices: BLEU_TOKENIZERS },
      smoothing: { about: "default exp", kind: "text", choices: ["exp", "floor", "add-k", "none"] },
      smoothingValue: { about: "of floor and add-k", kind: "number" },
      maxOrder: { about: "longest n-grams; default 4", kind: "number" },
      effectiveOrder: { about: "leave out orders that a text is too short for", kind: "flag" },
      lowercase,
    },
    notes: bleuNotes,
    primary: ["bleu"],
    score: sacrebleu(bleuRows, bleu, () => ({ bleu: { label: "BLEU" } })),
  },
  chrf: {
    about: "F-score of character n-grams (and with wordOrder=2 of words: chrF++), 0 to 100, as sacrebleu",
    reads: texts,
    options: {
      charOrder: { about: "default 6", kind: "number" },
      wordOrder: { about: "default 0; 2 is chrF++", kind: "number" },
      beta: { about: "weight of recall; default 2", kind: "number" },
      whitespace: { about: "count white space", kind: "flag" },
      lowercase,
    },
    notes: chrfNotes,
    primary: ["chrf"],
    score: sacrebleu(chrfRows, chrf, ({ wordOrder = 0 }) => ({
      chrf: { label: "chrF" + "+".repeat(Math.min(3, Number(wordOrder))) },
    })),
  },
  ter: {
    about: "edits (with shifts) per reference word, 0 is perfect, as sacrebleu",
    reads: texts,
    options: {
      normalized: { about: "set punctuation apart", kind: "flag" },
      noPunct: { about: "without punctuation", kind: "flag" },
      asianSupport: { about: "CJK characters stand apart", kind: "flag" },
      caseSensitive: { about: "tell upper from lower case", kind: "flag" },
    },
    notes: terNotes,
    primary: ["ter"],
    score: sacrebleu(terRows, ter, () => ({ ter: { label: "TER", better: "lower" } })),
  },
  meteor: {
    about: "alignment of words by form and stem, as nltk",
    reads: texts,
    options: {
      alpha: { about: "weight of precision; default 0.9", kind: "number" },
      beta: { about: "shape of the penalty; default 3", kind: "number" },
      gamma: { about: "weight of the penalty; default 0.5", kind: "number" },
    },
    notes: meteorNotes,
    primary: ["meteor"],
    score: scoreMeteor,
  },
  "question-answering": {
    about: "exact match and F1 over words after SQuAD's normalisation",
    reads: "an answer; one accepted answer or a list, empty where there is none",
    options: {
      version: {
        about: "SQuAD's; 2.0 has questions without an answer",
        kind: "text",
        choices: ["1.1", "2.0"],
      },
    },
    notes: answerNotes,
    primary: ["exactMatch", "f1"],
    score: (pairs, options) => ({
      rows: questionAnsweringRows(predictedTexts(pairs), referenceTexts(pairs), options),
      info: infoOf({
        "exactMatch": { label: "exact match" },
        "f1": { label: "F1" },
        "hasAnswer.exactMatch": { label: "exact match, answerable" },
        "hasAnswer.f1": { label: "F1, answerable" },
        "noAnswer.exactMatch": { label: "exact match, unanswerable" },
        "noAnswer.f1": { label: "F1, unanswerable" },
      }),
      signature: `squad:${options.version ?? "1.1"}|weir`,
    }),
  },
  "length-ratio": {
    about: "words of predictions per word of the reference that is nearest in length",
    reads: texts,
    options: {},
    notes: emptyNotes,
    primary: ["lengthRatio"],
    score: (pairs) => ({
      rows: lengthRatioRows(predictedTexts(pairs), referenceTexts(pairs)),
      info: infoOf({ lengthRatio: { label: "length ratio" } }, "neither"),
    }),
  },
  novelty: {
    about: "share of n-grams that the source does not have; low: copied",
    reads: "a text; the source stands in a column `source`",
    alone: true,
    options: order,
    notes: ngramNotes,
    primary: ["novel2"],
    score: (pairs, options) => ({
      rows: novelNgramRows(predictedTexts(pairs), pairs.map(sourceOf), options),
      info: gramInfo("novel", "neither"),
    }),
  },
  distinct: {
    about: "different n-grams as a share of all: how varied texts are together",
    reads: text,
    alone: true,
    options: order,
    notes: ngramNotes,
    primary: ["distinct2"],
    score(pairs, options) {
      const predictions = predictedTexts(pairs);
      // Drawing a text twice makes any set less distinct, so resampling would be off: the value alone is given.
      const values = Object.entries(distinct(predictions, options)), n = predictions.length;
      return {
        closed: ({ confidence }) => withoutIntervals(values, { n, confidence }),
        info: gramInfo("distinct", "higher"),
        notes: [
          "Distinct n-grams shrink with every text that is added: compare sets of equal size alone; they have no interval.",
        ],
      };
    },
  },
  repetition: {
    about: "share of a text's n-grams that it had before",
    reads: text,
    alone: true,
    options: order,
    notes: ngramNotes,
    primary: ["rep4"],
    score: (pairs, options) => ({
      rows: repetitionRows(predictedTexts(pairs), options),
      info: gramInfo("repeated", "lower"),
    }),
  },
  "self-bleu": {
    about: "BLEU of each text against all others, 0 to 1: high where texts are alike",
    reads: text,
    alone: true,
    options: order,
    notes: ngramNotes,
    primary: ["selfBleu"],
    score: (pairs, options) => ({
      rows: selfBleuRows(predictedTexts(pairs), options),
      info: infoOf({ selfBleu: { label: "self-BLEU" } }, "lower"),
    }),
  },
  length: {
    about: "words and characters of a text",
    reads: text,
    alone: true,
    options: {},
    primary: ["words"],
    score(pairs) {
      const predictions = predictedTexts(pairs);
      const lengths = predictions.flatMap((prediction) => [words(prediction).length, [...prediction].length]);
      const rows = means(["words", "characters"], lengths);
      return {
        rows,
        info: (name) => ({ label: `mean length in ${name}`, better: "neither", unit: name }),
        sections: [lengthHistogram(rows, lengthStatistics(predictions).words.max)],
      };
    },
  },
} satisfies Record<string, Family>;

/** A metric of sacrebleu's; its signature depends on no more than a row of each number of references. */
function sacrebleu<Options>(
  rowsOf: (predictions: string[], references: string[][], options: Options) => Decomposed,
  whole: (predictions: string[], references: string[][], options: Options) => { signature: string },
  table: (options: OptionValues) => Parameters<typeof infoOf>[0],
): Family["score"] {
  return (pairs, options) => {
    const predictions = predictedTexts(pairs), references = referenceTexts(pairs);
    const other = references.findIndex((list) => list.length !== references[0].length);
    const pick = <T>(list: T[]) => (other < 0 ? [0] : [0, other]).map((i) => list[i]);
    return {
      rows: rowsOf(predictions, references, options as Options),
      info: infoOf(table(options)),
      signature: whole(pick(predictions), pick(references), options as Options).signature,
    };
  };
}

function gramInfo(what: string, better: Better): Scored["info"] {
  return (name) => ({ label: `${what} ${name.replace(/\D/g, "")}-grams`, better });
}

/** METEOR, with synonyms where there is a WordNet to look them up in. */
export function scoreMeteor(
  pairs: readonly Pair[],
  options: OptionValues,
  synonyms?: (word: string) => Iterable<string>,
): Scored {
  const settings = { ...options, stem: porterStem, ...(synonyms && { synonyms }) };
  return {
    rows: meteorRows(predictedTexts(pairs), referenceTexts(pairs), settings),
    info: infoOf({ meteor: { label: "METEOR" } }),
    signature: `matching:exact+stem${synonyms ? "+synonym" : ""}|weir`,
    ...(!synonyms && { notes: ["METEOR matched words by form and stem, without synonyms."] }),
  };
}

function rougeLabel(name: string): string {
  const [type, part] = name.split(".");
  const shown = type.replace("rouge", "ROUGE-");
  return part === "f1" ? shown : `${shown} ${part}`;
}

function sourceOf({ record }: Pair, row: number): string {
  if (typeof record.source === "string") return record.source;
  fail(`Row ${row + 1} has no column "source" with what the prediction was made from`);
}

const BINS = 20;

function lengthHistogram({ rows, n, width }: Decomposed, longest: number): HistogramSection {
  const size = Math.max(1, Math.ceil((longest + 1) / BINS));
  const counts = new Array<number>(BINS).fill(0);
  for (let i = 0; i < n; i++) counts[Math.min(BINS - 1, Math.floor(rows[i * width] / size))]++;
  return {
    kind: "histogram",
    title: "Lengths of predictions",
    xLabel: "words",
    edges: Array.from({ length: BINS + 1 }, (_, b) => b * size),
    groups: [{ label: "predictions", counts }],
  };
}
