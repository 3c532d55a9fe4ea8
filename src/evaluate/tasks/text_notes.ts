/**
 * What a reader has to know of texts before believing a metric of them: which of them it cannot read, and what helps. The figures
 * stay those of the reference implementations, which give such texts 0 without a word.
 *
 * @module
 */
import { plural } from "../../base/format.ts";
import { tokenizeForBleu } from "../generation/bleu_tokenizers.ts";
import { normalizeAnswer } from "../generation/question_answering.ts";
import type { OptionValues } from "./options.ts";
import { type Pair, predictedTexts, referenceTexts } from "./pairs.ts";

/** The notes of a family that reads texts. */
export type TextNotes = (pairs: readonly Pair[], options: OptionValues) => string[];

/** How much of the letters and digits may be of another kind before a reader is told; and how many rows. */
const SHARE = 0.1;

/** Empty predictions and references. */
export const emptyNotes: TextNotes = (pairs: readonly Pair[]): string[] => {
  const isEmpty = (text: unknown) => typeof text === "string" && text.trim() === "";
  const predictions = pairs.filter(({ prediction }) => isEmpty(prediction)).length;
  const references = pairs.filter(({ reference }) => [reference].flat().some(isEmpty)).length;
  return [
    ...predictions > 0
      ? [`Empty predictions: ${plural(predictions, "row")}; nothing in them can match.`]
      : [],
    ...references > 0
      ? [
        `Empty references: ${
          plural(references, "row")
        }; nothing can match them, not even an empty prediction.`,
      ]
      : [],
  ];
};

/** ROUGE: scripts that rouge-score's tokenizer drops, texts that are shorter than the n-grams. */
export const rougeNotes: TextNotes = (
  pairs: readonly Pair[],
  { tokenizer = "default", types }: OptionValues,
): string[] => {
  const notes = emptyNotes(pairs, {});
  if (tokenizer === "default") {
    const { share, all } = shareOf(pairs, /[a-z0-9]/gi);
    if (all > 0 && share < 1 - SHARE) {
      notes.push(
        `ROUGE reads the letters a to z and digits alone, as rouge-score does: ${
          percent(1 - share)
        } of the letters and digits here are others and were dropped, so that even equal texts may score 0; ` +
          "give --option rouge.tokenizer=unicode.",
      );
    }
  }
  const wantsBigrams = !types || (types as readonly string[]).includes("rouge2");
  const single = pairs.filter(({ prediction }) => /^\s*\S+\s*$/u.test(String(prediction))).length;
  if (wantsBigrams && single > 0 && single > SHARE * pairs.length) {
    notes.push(`ROUGE-2 is 0 of texts of one word, which have no pairs of words: ${plural(single, "row")}.`);
  }
  return notes;
};

/** BLEU: texts without n-grams of the longest order, scripts without spaces. */
export const bleuNotes: TextNotes = (pairs: readonly Pair[], options: OptionValues): string[] => {
  const { maxOrder = 4, tokenizer = "13a", effectiveOrder = false } = options;
  const notes = emptyNotes(pairs, {}), order = Number(maxOrder);
  const lengths = predictedTexts(pairs).map((text) => tokenizeForBleu(text, tokenizer as "13a").length);
  const short = lengths.filter((length) => length < order).length;
  if (short === pairs.length && Math.max(...lengths) > 0) {
    notes.push(
      `No prediction has ${order} tokens, and BLEU multiplies the precisions of 1 to ${order} tokens in a row: it is 0 even of ` +
        `equal texts; give --option bleu.maxOrder=${Math.max(1, ...lengths)}${
          effectiveOrder ? "" : " or, for single sentences, bleu.effectiveOrder=true"
        }.`,
    );
  } else if (short > pairs.length / 2) {
    notes.push(`Predictions of fewer than ${order} tokens, which lower BLEU: ${short} of ${pairs.length}.`);
  }
  return [
    ...notes,
    ...["zh", "char"].includes(String(tokenizer))
      ? []
      : spacelessNotes("BLEU", pairs, "--option bleu.tokenizer=zh (Chinese) or bleu.tokenizer=char"),
  ];
};

/** chrF counts characters, of which empty texts have none. */
export const chrfNotes: TextNotes = (pairs: readonly Pair[], { wordOrder = 0 }: OptionValues): string[] => [
  ...emptyNotes(pairs, {}),
  ...Number(wordOrder) > 0 ? spacelessNotes("chrF's words", pairs, "--option chrf.wordOrder=0") : [],
];

/** TER: texts without spaces are one word, references without words. */
export const terNotes: TextNotes = (
  pairs: readonly Pair[],
  { asianSupport = false, normalized = false }: OptionValues,
): string[] => {
  const empty = referenceTexts(pairs).filter((list) => list.some((text) => text.trim() === "")).length;
  return [
    ...empty > 0
      ? [`Empty references: ${plural(empty, "row")}; edits against them count, and their length is 0.`]
      : [],
    ...asianSupport && normalized ? [] : spacelessNotes(
      "TER",
      pairs,
      "--option ter.normalized=true and ter.asianSupport=true (CJK alone), or chrF",
    ),
  ];
};

/** METEOR: the stems are English, a perfect match of one word is half a point. */
export const meteorNotes: TextNotes = (pairs: readonly Pair[]): string[] => {
  const { share, all } = shareOf(pairs, /[a-z0-9]/gi);
  const single =
    pairs.filter(({ prediction, reference }) =>
      /^\s*\S+\s*$/u.test(String(prediction)) && [reference].flat().includes(prediction)
    ).length;
  return [
    ...emptyNotes(pairs, {}),
    ...all > 0 && share < 1 - SHARE
      ? ["METEOR's stems and synonyms are English: of these texts it compares the forms of words alone."]
      : [],
    ...single > 0
      ? [
        `METEOR gives equal texts of one word 0.5, for its penalty counts one run of matches a word: ${
          plural(single, "row")
        }.`,
      ]
      : [],
  ];
};

/** SQuAD's F1: answers of which the normalisation leaves nothing, scripts without spaces. */
export const answerNotes: TextNotes = (
  pairs: readonly Pair[],
  { version = "1.1" }: OptionValues,
): string[] => {
  const nothing =
    referenceTexts(pairs).filter((list) =>
      list.length > 0 && list.every((text) => normalizeAnswer(text) === "")
    ).length;
  return [
    ...version === "1.1" && nothing > 0
      ? [
        `Without articles and punctuation nothing is left of ${
          plural(nothing, "reference")
        }: F1 is 0 there even of equal answers, and exact match is not; for questions without an answer give ` +
        "--option question-answering.version=2.0.",
      ]
      : [],
    ...spacelessNotes("F1", pairs, "exact match, or a metric of characters such as chrf"),
  ];
};

/** Distinct, repeated and new n-grams: texts that are too short to have any. */
export const ngramNotes: TextNotes = (pairs: readonly Pair[], { order = 4 }: OptionValues): string[] => {
  const least = pairs.reduce((most, { prediction }) => Math.max(most, String(prediction).trim().length), 0);
  const short =
    pairs.filter(({ prediction }) =>
      String(prediction).trim().split(/\s+/).length < Number(order) && !SPACELESS.test(String(prediction))
    ).length;
  if (least === 0) return ["All predictions are empty: there are no n-grams, and every share is 0."];
  if (short <= pairs.length / 2) return [];
  return [
    `Predictions of fewer than ${order} words: ${short} of ${pairs.length}; they have no ${order}-grams, which counts as 0.`,
  ];
};

const SPACELESS = new RegExp(
  String
    .raw`[[\p{L}\p{N}]&&[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}` +
    String.raw`\p{Script=Khmer}\p{Script=Myanmar}]]`,
  "v",
);

/** Words that are found at spaces, in scripts that have none between words. */
function spacelessNotes(metric: string, pairs: readonly Pair[], helps: string): string[] {
  const { share, all } = shareOf(pairs, new RegExp(SPACELESS.source, "gv"));
  if (all === 0 || share < SHARE) return [];
  return [
    `${metric} finds words at spaces, and ${
      percent(share)
    } of the letters and digits here are of scripts that write none ` +
    `between words: whole sentences are compared as one word; use ${helps}.`,
  ];
}

/** The share of the letters and digits of all texts that a pattern finds. */
function shareOf(pairs: readonly Pair[], pattern: RegExp): { share: number; all: number } {
  let found = 0, all = 0;
  for (const { prediction, reference } of pairs) {
    for (const text of [prediction, reference].flat()) {
      if (typeof text !== "string") continue;
      all += text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
      found += text.match(pattern)?.length ?? 0;
    }
  }
  return { share: all === 0 ? 0 : found / all, all };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`;
}
