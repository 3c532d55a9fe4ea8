/**
 * Families that read labels, sets of labels, and tags.
 *
 * @module
 */
import { listLabels } from "../../base/labels.ts";
import { ratio } from "../classification/counts.ts";
import { type Decomposed, sumRows } from "../../statistics/decomposed.ts";
import { labelCells, multilabelRows } from "../classification/multilabel.ts";
import { cohenKappa } from "../../statistics/kappa.ts";
import { type TaggingOptions, taggingRows } from "../tagging/tagging.ts";
import { PREFIXES } from "../tagging/tagging_schemes.ts";
import { classSections } from "./class_sections.ts";
import { classifierRows, classMetricLabels, scoreClasses } from "./classes.ts";
import type { Family } from "./family.ts";
import type { OptionValues } from "./options.ts";
import { labelPairs, labelSetPairs, labelsIn, type Pair, tagPairs } from "./pairs.ts";
import { infoOf, type Scored } from "./scored.ts";
import { fail, type Numbers } from "../../statistics/checks.ts";

/** Classification, several labels a row, entities, and agreement. */
export const labelFamilies = {
  classification: {
    about: "accuracy, balanced accuracy, precision, recall, F1, Matthews' correlation; " +
      "with `scores` also AUC, log loss, Brier, calibration",
    reads: "a label (and a column `scores`); a label",
    options: {
      labels: { about: "in the order of the classes; default: all that occur, sorted", kind: "list" },
      positive: { about: "of two labels, the one that is looked for; default the second", kind: "text" },
    },
    primary: ["macroF1", "accuracy"],
    score(pairs, options) {
      const rows = classifierRows(pairs, options);
      return { ...scoreClasses(rows), sections: classSections(rows) };
    },
  },
  "multi-label": {
    about: "precision, recall and F1 of sets of labels, subset accuracy, Hamming loss",
    reads: "labels, as a list or with commas between; the same",
    options: { labels: { about: "default: all that occur, sorted", kind: "list" } },
    notes(pairs) {
      const { predictions, references } = labelSetPairs(pairs);
      const both = references.filter((labels, i) => labels.length + predictions[i].length === 0).length;
      const rare = references.every((labels) => labels.length === 0);
      return [
        ...rare
          ? ["No row truly has a label: precision, recall and F1 have nothing to find and count as 0."]
          : [],
        ...both > 0
          ? [
            `Rows that have no label and were given none, which is right: ${both}. In samples F1, precision and recall they ` +
            "count as 0, as in scikit-learn.",
          ]
          : [],
      ];
    },
    primary: ["microF1", "macroF1"],
    score(pairs, options) {
      const given = options.labels as string[] | undefined;
      const { predictions, references } = labelSetPairs(pairs, given);
      const labels = labelsIn([...predictions, ...references].flat(), given);
      return scoreLabelSets(labelCells(references, labels), labelCells(predictions, labels), labels);
    },
  },
  tagging: {
    about: "precision, recall and F1 of whole entities, as seqeval",
    reads: "tags such as B-PER, as a list or with spaces between; the same",
    options: {
      mode: { about: "default lenient, as conlleval", kind: "text", choices: ["lenient", "strict"] },
      scheme: { about: "of strict mode; default IOB2", kind: "text", choices: Object.keys(PREFIXES) },
      suffix: { about: "tags such as PER-B", kind: "flag" },
    },
    notes: tagNotes,
    primary: ["f1"],
    score(pairs, options) {
      const { predictions, references } = tagPairs(pairs);
      return scoreTags(references, predictions, options as TaggingOptions);
    },
  },
  kappa: {
    about: "Cohen's kappa: agreement beyond chance",
    reads: "a rating; a rating",
    options: {
      weights: { about: "of a scale's distances", kind: "text", choices: ["none", "linear", "quadratic"] },
      categories: { about: "the scale in its order", kind: "list" },
    },
    primary: ["kappa"],
    score(pairs, options) {
      const { predictions, references } = labelPairs(pairs);
      const { weights, categories } = options as { weights?: "linear"; categories?: string[] };
      const { kappa, verbal, observed } = cohenKappa(references, predictions, { weights, categories });
      if (!Number.isFinite(kappa.value)) {
        fail("Cannot compute kappa: both sides use one and the same category throughout");
      }
      return {
        closed: ({ confidence }) => ({
          kappa: cohenKappa(references, predictions, { weights, categories, confidence }).kappa,
        }),
        info: infoOf({ kappa: { label: "Cohen's kappa" } }),
        signature: `weights:${weights ?? "none"}|weir`,
        notes: [`Agreement is ${verbal} (Landis and Koch 1977); ${(100 * observed).toFixed(1)}% agree.`],
      };
    },
  },
} satisfies Record<string, Family>;

/** Rows without entities, and tags that are read otherwise than they were meant. */
function tagNotes(pairs: readonly Pair[], { suffix = false, mode = "lenient" }: OptionValues): string[] {
  const { predictions, references } = tagPairs(pairs);
  const tags = new Set([...references, ...predictions].flat());
  const form = suffix ? /^(O|.+-[BIESLU])$/su : /^(O|[BIESLU]-.+)$/su;
  const strange = [...tags].filter((tag) => !form.test(tag)), named = listLabels(strange, { most: 5 });
  const turned = suffix ? /^[BIESLU]-/u : /-[BIESLU]$/u;
  const setting = suffix ? "without --option tagging.suffix" : "with --option tagging.suffix=true";
  const helps = strange.some((tag) => turned.test(tag))
    ? `; tags with the type on the other side are read ${setting}`
    : "; write O, or B-, I-, E-, S-, L- or U- before the type";
  const has = (list: readonly string[][]) => list.some((tags) => tags.some((tag) => tag !== "O"));
  return [
    ...strange.length > 0
      ? [`Tags that have no such form are read letter by letter, as seqeval does: ${named}${helps}.`]
      : [],
    ...!has(references)
      ? [
        "No row truly has an entity: precision, recall and F1 have nothing to find and count as 0; look at token accuracy.",
      ]
      : [],
    ...mode === "strict" && [...tags].some((tag) => tag.startsWith("I-")) &&
        ![...tags].some((tag) => tag.startsWith("B-"))
      ? [
        "No tag begins with B-, so strict IOB2 finds no entity; give --option tagging.scheme=IOB1, or the lenient mode.",
      ]
      : [],
  ];
}

/** The metrics of sets of labels, as cells of 0 and 1: [n, labels]. */
export function scoreLabelSets(
  references: Numbers,
  predictions: Numbers,
  labels: readonly string[],
): Scored & { rows: Decomposed } {
  return { rows: multilabelRows(references, predictions, { labels }), info: infoOf(classMetricLabels) };
}

/** The metrics of tags, by sentence. */
export function scoreTags(
  references: readonly (readonly string[])[],
  predictions: readonly (readonly string[])[],
  options: TaggingOptions,
): Scored & { rows: Decomposed } {
  const { mode = "lenient", scheme } = options;
  const settings = { ...options, ...(mode === "strict" && { scheme: scheme ?? "IOB2" }) };
  const rows = taggingRows(references, predictions, settings);
  const types = rows.names.filter((name) => name.startsWith("f1.")).map((name) => name.slice("f1.".length));
  const sums = sumRows(rows);
  return {
    rows: withTypes(rows, types),
    supports: new Map(types.map((type, t) => [type, sums[3 * t]])),
    classesTitle: "Entity types",
    info: (name) => ({ label: entityLabel(name), better: "higher" }),
    signature: `mode:${mode}|scheme:${scheme ?? "any"}|weir`,
  };
}

/** The same with precision and recall of each type: a row's statistics are true, predicted and right entities of each type. */
function withTypes(rows: Decomposed, types: readonly string[]): Decomposed {
  const own = rows.names.length;
  return {
    ...rows,
    names: [...rows.names, ...types.flatMap((type) => [`precision.${type}`, `recall.${type}`])],
    evaluate(sums, n, out) {
      rows.evaluate(sums, n, out.subarray(0, own));
      for (let t = 0, at = own; t < types.length; t++) {
        out[at++] = ratio(sums[3 * t + 2], sums[3 * t + 1]);
        out[at++] = ratio(sums[3 * t + 2], sums[3 * t]);
      }
    },
  };
}

function entityLabel(name: string): string {
  const [part, type] = name.split(/\.(.*)/s);
  if (type !== undefined) return `${part === "f1" ? "F1" : part} of ${type}`;
  const plain = name === "f1" ? "F1" : name;
  return plain.replace("accuracy", "token accuracy")
    .replace(
      /^(macro|weighted)(.*)$/,
      (_, average, what) => `${average} ${what === "F1" ? what : what.toLowerCase()}`,
    );
}
