/**
 * Which metrics a task is measured by, and why each is there.
 *
 * @module
 */
import type { Task } from "../report.ts";

/** A metric of a task, and why it is there. */
export interface Chosen {
  /** As the family names it; one that ends in `*` is every metric that begins so. */
  readonly name: string;
  /** One sentence for the reader. */
  readonly why: string;
  /** Whether it is one to look at first. */
  readonly primary?: boolean;
}

/** A family of metrics of a task. */
export interface Choice {
  /** By which `weir score` calls it. */
  readonly family: string;
  /** Settings, by name. */
  readonly options?: Readonly<Record<string, string>>;
  /** Left out where rows have no references, or no column `source`. */
  readonly needs?: "references" | "source";
  /** The task's metrics, in its order. */
  readonly metrics: readonly Chosen[];
}

/** What a task is measured by. */
export interface Strategy {
  /** What the model does, in a few words. */
  readonly about: string;
  /** The metric that finds the worst rows and that slices are tested in. */
  readonly rowMetric: string;
  /** Families, in the order of the report. */
  readonly choices: readonly Choice[];
}

/** A family's metrics with their reasons, in the order to be shown; `primary` are those to look at first. */
function choice(
  family: string,
  primary: readonly string[],
  reasons: Readonly<Record<string, string>>,
  more: Pick<Choice, "options" | "needs"> = {},
): Choice {
  const metrics = Object.entries(reasons).map(([name, why]): Chosen => ({
    name,
    ...(primary.includes(name) && { primary: true }),
    why,
  }));
  return { family, ...more, metrics };
}

/** Which metrics a task is measured by, and why. */
export const strategies: Readonly<Record<Task, Strategy>> = {
  "text-classification": {
    about: "one label a text",
    rowMetric: "accuracy",
    choices: [choice("classification", ["macroF1", "accuracy"], {
      macroF1: "Every class counts alike: a rare class that is missed cannot hide behind a common one.",
      accuracy:
        "The share of rows that are right, as users meet it; high by itself where one class is most of the data.",
      balancedAccuracy:
        "Accuracy as if classes were equally common: a guess of the commonest one scores 1 / classes.",
      matthewsCorrelation:
        "One figure of the whole confusion matrix; 0 is chance, whatever the classes' shares.",
      weightedF1: "F1 by the classes' shares, to compare with other reports.",
      rocAuc: "How well scores order rows, whatever the threshold.",
      averagePrecision: "The same for the class that is looked for, where it is rare.",
      logLoss: "Punishes confident mistakes: for scores that decisions are made with.",
      brier: "Mean squared error of the probabilities: calibration and sharpness in one.",
      expectedCalibrationError: "How far the stated confidence is from the share that is right.",
    })],
  },
  "multi-label-classification": {
    about: "any number of labels a text",
    rowMetric: "hammingLoss",
    choices: [choice("multi-label", ["microF1", "macroF1"], {
      microF1: "Over all decisions: common labels weigh more.",
      macroF1: "Over labels: rare ones weigh as much.",
      samplesF1: "Over rows: what one text's labels are worth.",
      subsetAccuracy: "Rows whose labels are all right and none too many.",
      hammingLoss: "The share of single decisions that are wrong.",
    })],
  },
  "token-classification": {
    about: "a tag a token, such as names in a text",
    rowMetric: "f1",
    choices: [choice("tagging", ["f1"], {
      f1: "Of whole entities, type and both ends right: what a reader of the entities gets.",
      precision: "How many of the entities that were found are ones.",
      recall: "How many of the entities there are were found.",
      macroF1: "Every type counts alike.",
      accuracy: "Of single tokens; high by itself, since most tokens are outside of entities.",
    })],
  },
  "question-answering": {
    about: "a short answer from a text",
    rowMetric: "f1",
    choices: [choice("question-answering", ["f1", "exactMatch"], {
      f1: "Shared words with the best accepted answer: near misses count in part.",
      exactMatch: "The answer as it stands, but for case, articles and punctuation.",
      "hasAnswer.*": "Questions that have an answer.",
      "noAnswer.*": "Questions that have none, where saying nothing is right.",
    })],
  },
  "summarization": {
    about: "a shorter text that says the same",
    rowMetric: "rougeL.f1",
    choices: [
      choice("rouge", ["rougeL.f1", "rouge2.f1"], {
        "rougeL.f1": "The longest common subsequence: same words in the same order.",
        "rouge1.f1": "Shared words: whether the content is there.",
        "rouge2.f1": "Shared word pairs: is it worded alike? Follows people's judgement best of the n-grams.",
        "rougeLsum.f1": "ROUGE-L by sentences, one a line: for summaries of several.",
      }, { options: { stemmer: "true" } }),
      choice("length-ratio", [], { lengthRatio: "ROUGE's recall grows with length: read it beside this." }),
      choice("novelty", [], { novel2: "Word pairs that the source does not have: 0 is copied." }, {
        needs: "source",
      }),
      choice("repetition", [], { rep3: "Loops, which ROUGE hardly punishes." }),
    ],
  },
  "translation": {
    about: "a text in another language",
    rowMetric: "chrf",
    choices: [
      choice("chrf", ["chrf"], {
        chrf:
          "Characters, so endings and compounds count in part; follows people better than BLEU, in any script.",
      }),
      choice("bleu", ["bleu"], { bleu: "What others report; of the whole set, not a mean of sentences." }),
      choice("ter", [], { ter: "Edits per word that a translator would have to make." }),
      choice("length-ratio", [], {
        lengthRatio: "Below 1 something is left out, above it something is made up.",
      }),
    ],
  },
  "text-generation": {
    about: "free text",
    rowMetric: "rep4",
    choices: [
      choice("repetition", ["rep4"], { rep4: "Loops: what small models fail by first." }),
      choice("distinct", ["distinct2"], {
        distinct2: "Variety over all texts; low: the model says the same everywhere.",
      }),
      choice("self-bleu", [], { selfBleu: "How alike the texts are to each other." }),
      choice("length", [], { words: "Whether texts end, and when." }),
      choice("rouge", [], {
        "rougeL.f1": "Beside references, where there are any: one wording of many that are good.",
      }, { needs: "references" }),
    ],
  },
  "language-modeling": {
    about: "probabilities of the next token",
    rowMetric: "nll",
    choices: [choice("perplexity", ["perplexity", "bitsPerByte"], {
      perplexity: "Over tokens: compares models of one tokenizer alone.",
      bitsPerByte: "Over bytes: compares models of any tokenizer.",
      bitsPerToken: "The same as perplexity, as a code length.",
    })],
  },
  "regression": {
    about: "a number",
    rowMetric: "mae",
    choices: [choice("regression", ["mae", "r2"], {
      mae: "How far off a prediction is, in the number's own unit.",
      rmse: "Large errors weigh more.",
      medianAbsoluteError: "Half of the rows are nearer than this, whatever the outliers.",
      r2: "The share of the variance that is explained; 0 is no better than the mean.",
      spearman: "Whether the order is right.",
    })],
  },
  "ranking": {
    about: "results in an order",
    rowMetric: "ndcg@10",
    choices: [choice("ranking", ["ndcg@10", "mrr"], {
      "ndcg@10": "Graded relevance, with places further down worth less.",
      mrr: "How soon the first good result comes.",
      "hitRate@1": "How often the first result is a good one.",
      "recall@10": "How much of what is relevant stands on the first page.",
      "precision@10": "How much of the first page is relevant.",
      map: "Precision at every relevant result.",
    })],
  },
  "sentence-similarity": {
    about: "how alike two texts are",
    rowMetric: "pearson",
    choices: [choice("similarity", ["spearman"], {
      spearman: "Whether pairs are ordered as people order them; scales need not be alike.",
      pearson: "The same in proportion.",
    })],
  },
};

/** All tasks. */
export const tasks: readonly Task[] = Object.keys(strategies) as Task[];
