import type { Task } from "../report.ts";
import type { FamilyName } from "./families.ts";

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
  readonly family: FamilyName;
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
  /** The metric that rows are told apart by where they went worst, and slices are tested in. */
  readonly rowMetric: string;
  /** Families, in the order of the report. */
  readonly choices: readonly Choice[];
}

/** Which metrics a task is measured by, and why. */
export const strategies: Readonly<Record<Task, Strategy>> = {
  "text-classification": {
    about: "one label a text",
    rowMetric: "accuracy",
    choices: [{
      family: "classification",
      metrics: [
        {
          name: "macroF1",
          primary: true,
          why: "Every class counts alike: a rare class that is missed cannot hide behind a common one.",
        },
        {
          name: "accuracy",
          primary: true,
          why:
            "The share of rows that are right, as users meet it; high by itself where one class is most of the data.",
        },
        {
          name: "balancedAccuracy",
          why: "Accuracy as if classes were equally common: a guess of the commonest one scores 1 / classes.",
        },
        {
          name: "matthewsCorrelation",
          why: "One figure of the whole confusion matrix; 0 is chance, whatever the classes' shares.",
        },
        { name: "weightedF1", why: "F1 by the classes' shares, to compare with other reports." },
        { name: "rocAuc", why: "How well scores order rows, whatever the threshold." },
        { name: "averagePrecision", why: "The same for the class that is looked for, where it is rare." },
        { name: "logLoss", why: "Punishes confident mistakes: for scores that decisions are made with." },
        { name: "brier", why: "Mean squared error of the probabilities: calibration and sharpness in one." },
        {
          name: "expectedCalibrationError",
          why: "How far the stated confidence is from the share that is right.",
        },
      ],
    }],
  },
  "multi-label-classification": {
    about: "any number of labels a text",
    rowMetric: "hammingLoss",
    choices: [{
      family: "multi-label",
      metrics: [
        { name: "microF1", primary: true, why: "Over all decisions: common labels weigh more." },
        { name: "macroF1", primary: true, why: "Over labels: rare ones weigh as much." },
        { name: "samplesF1", why: "Over rows: what one text's labels are worth." },
        { name: "subsetAccuracy", why: "Rows whose labels are all right and none too many." },
        { name: "hammingLoss", why: "The share of single decisions that are wrong." },
      ],
    }],
  },
  "token-classification": {
    about: "a tag a token, such as names in a text",
    rowMetric: "f1",
    choices: [{
      family: "tagging",
      metrics: [
        {
          name: "f1",
          primary: true,
          why: "Of whole entities, type and both ends right: what a reader of the entities gets.",
        },
        { name: "precision", why: "How many of the entities that were found are ones." },
        { name: "recall", why: "How many of the entities there are were found." },
        { name: "macroF1", why: "Every type counts alike." },
        {
          name: "accuracy",
          why: "Of single tokens; high by itself, since most tokens are outside of entities.",
        },
      ],
    }],
  },
  "question-answering": {
    about: "a short answer from a text",
    rowMetric: "f1",
    choices: [{
      family: "question-answering",
      metrics: [
        {
          name: "f1",
          primary: true,
          why: "Shared words with the best accepted answer: near misses count in part.",
        },
        {
          name: "exactMatch",
          primary: true,
          why: "The answer as it stands, but for case, articles and punctuation.",
        },
        { name: "hasAnswer.*", why: "Questions that have an answer." },
        { name: "noAnswer.*", why: "Questions that have none, where saying nothing is right." },
      ],
    }],
  },
  "summarization": {
    about: "a shorter text that says the same",
    rowMetric: "rougeL.f1",
    choices: [
      {
        family: "rouge",
        options: { stemmer: "true" },
        metrics: [
          {
            name: "rougeL.f1",
            primary: true,
            why: "The longest common subsequence: same words in the same order.",
          },
          { name: "rouge1.f1", why: "Shared words: whether the content is there." },
          {
            name: "rouge2.f1",
            primary: true,
            why: "Shared word pairs: is it said alike? Follows people's judgement best of the n-grams.",
          },
          { name: "rougeLsum.f1", why: "ROUGE-L by sentences, one a line: for summaries of several." },
        ],
      },
      {
        family: "length-ratio",
        metrics: [{ name: "lengthRatio", why: "ROUGE's recall grows with length: read it beside this." }],
      },
      {
        family: "novelty",
        needs: "source",
        metrics: [{ name: "novel2", why: "Word pairs that the source does not have: 0 is copied." }],
      },
      { family: "repetition", metrics: [{ name: "rep3", why: "Loops, which ROUGE hardly punishes." }] },
    ],
  },
  "translation": {
    about: "a text in another language",
    rowMetric: "chrf",
    choices: [
      {
        family: "chrf",
        metrics: [{
          name: "chrf",
          primary: true,
          why:
            "Characters, so endings and compounds count in part; follows people better than BLEU, in any script.",
        }],
      },
      {
        family: "bleu",
        metrics: [{
          name: "bleu",
          primary: true,
          why: "What others report; of the whole set, not a mean of sentences.",
        }],
      },
      {
        family: "ter",
        metrics: [{ name: "ter", why: "Edits per word that a translator would have to make." }],
      },
      {
        family: "length-ratio",
        metrics: [{
          name: "lengthRatio",
          why: "Below 1 something is left out, above it something is made up.",
        }],
      },
    ],
  },
  "text-generation": {
    about: "free text",
    rowMetric: "rep4",
    choices: [
      {
        family: "repetition",
        metrics: [{ name: "rep4", primary: true, why: "Loops: what small models fail by first." }],
      },
      {
        family: "distinct",
        metrics: [{
          name: "distinct2",
          primary: true,
          why: "Variety over all texts; low: the model says the same everywhere.",
        }],
      },
      { family: "self-bleu", metrics: [{ name: "selfBleu", why: "How alike the texts are to each other." }] },
      { family: "length", metrics: [{ name: "words", why: "Whether texts end, and when." }] },
      {
        family: "rouge",
        needs: "references",
        metrics: [{
          name: "rougeL.f1",
          why: "Beside references, where there are any: one wording of many that are good.",
        }],
      },
    ],
  },
  "language-modeling": {
    about: "probabilities of the next token",
    rowMetric: "nll",
    choices: [{
      family: "perplexity",
      metrics: [
        { name: "perplexity", primary: true, why: "Over tokens: compares models of one tokenizer alone." },
        { name: "bitsPerByte", primary: true, why: "Over bytes: compares models of any tokenizer." },
        { name: "bitsPerToken", why: "The same as perplexity, as a code length." },
      ],
    }],
  },
  "regression": {
    about: "a number",
    rowMetric: "mae",
    choices: [{
      family: "regression",
      metrics: [
        { name: "mae", primary: true, why: "How far off a prediction is, in the number's own unit." },
        { name: "rmse", why: "Large errors weigh more." },
        { name: "medianAbsoluteError", why: "Half of the rows are nearer than this, whatever the outliers." },
        {
          name: "r2",
          primary: true,
          why: "The share of the variance that is explained; 0 is no better than the mean.",
        },
        { name: "spearman", why: "Whether the order is right." },
      ],
    }],
  },
  "ranking": {
    about: "results in an order",
    rowMetric: "ndcg@10",
    choices: [{
      family: "ranking",
      metrics: [
        { name: "ndcg@10", primary: true, why: "Graded relevance, with places further down worth less." },
        { name: "mrr", primary: true, why: "How soon the first good result comes." },
        { name: "recall@10", why: "How much of what is relevant stands on the first page." },
        { name: "precision@10", why: "How much of the first page is relevant." },
        { name: "map", why: "Precision at every relevant result." },
      ],
    }],
  },
  "sentence-similarity": {
    about: "how alike two texts are",
    rowMetric: "pearson",
    choices: [{
      family: "similarity",
      metrics: [
        {
          name: "spearman",
          primary: true,
          why: "Whether pairs are ordered as people order them; scales need not be alike.",
        },
        { name: "pearson", why: "The same in proportion." },
      ],
    }],
  },
};

/** All tasks. */
export const tasks: readonly Task[] = Object.keys(strategies) as Task[];
