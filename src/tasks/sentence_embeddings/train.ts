/**
 * Sentence embeddings as they are trained: pooling, length 1, and a loss over the pairs of a batch.
 *
 * @module
 */
import { UserError } from "../../base/errors.ts";
import { isObject } from "../../base/json.ts";
import { DataError } from "../../data/errors.ts";
import type { Builder } from "../../graph/builder.ts";
import { type HostTensor, hostTensor } from "../../graph/dtype.ts";
import type { Node } from "../../graph/node.ts";
import type { TrainedTask } from "../training.ts";
import type { EmbeddingHead, PairTarget } from "./schema.ts";

/** What cosines are multiplied by before they are compared: the inverse of the temperature 0.05. */
const SCALE = 20;

/**
 * The training side of the task. Pairs without scores learn to find each other: of all second texts of the batch a first
 * text's own shall be the nearest, and the other way around (multiple negatives ranking, symmetric). Pairs with scores learn
 * their order (CoSENT): a pair with a higher score shall have a higher cosine. That needs no scale, where a squared error
 * would want each score turned into the cosine that it stands for, and it is what Spearman's correlation measures.
 *
 * Source: Henderson et al., "Efficient Natural Language Response Suggestion for Smart Reply" (2017); Su, "CoSENT" (2022).
 */
export const trainSentenceEmbeddings: TrainedTask<EmbeddingHead, PairTarget, PairTarget> = {
  reads: () => "tokens",
  headOf(rows, source, base) {
    const scored = rows.filter(({ target }) => target.score !== undefined).length;
    if (rows.length === 0) throw new DataError(`${source}: no pairs of texts`);
    if (scored !== 0 && scored !== rows.length) {
      throw new DataError(
        `${source}: ${scored} of ${rows.length} pairs have a score; either all of them must have one, or none`,
      );
    }
    const { pooling = "mean", normalize = true } = base ?? {};
    return { pooling, normalize, learntFrom: scored > 0 ? "scores" : "pairs" };
  },
  key: ({ score }) => String(score ?? ""),
  encodeTarget(target, _encodings, { learntFrom }) {
    if (learntFrom !== "scores" || target.score !== undefined) return target;
    throw new DataError(
      "pairs without scores cannot be learnt from as if they had some: leave learntFrom out",
    );
  },
  padTargets: (targets, { rows }, { learntFrom }) => ({
    feeds: feedsOf(targets, rows, learntFrom),
    weight: targets.length,
  }),
  attach(b, { body: { hidden }, mask }, { pooling, normalize }) {
    const pooled = pooling === "cls" ? firstToken(b, hidden) : meanOfTokens(b, hidden, mask); // [B, H]
    return { last_hidden_state: hidden, sentence_embedding: normalize ? unitRows(b, pooled) : pooled };
  },
  objective(b, { sentence_embedding: vectors }, { normalize, learntFrom }, { labelSmoothing = 0 }) {
    if (labelSmoothing > 0) {
      throw new UserError("Cannot smooth labels of sentence embeddings: there are none");
    }
    const weights = b.input("weights", "f32", ["batch"]);
    const unit = normalize ? vectors : unitRows(b, vectors);
    const width = vectors.shape[1];
    const pairs = b.reshape(unit, ["batch", 2, width]); // [B, 2, H]
    const [first, second] = [0, 1].map((k) => b.reshape(b.slice(pairs, 1, k, 1), ["batch", width])); // [B, H]
    const loss = b.named(
      "loss",
      () =>
        learntFrom === "scores"
          ? orderLoss(b, b.sum(b.mul(first, second), [1]), {
            scores: b.input("scores", "f32", ["batch"]),
            weights,
          })
          : findingLoss(b, first, second, weights),
    );
    return { loss, weight: b.sum(weights) };
  },
  describeHead: ({ pooling, normalize, learntFrom }) =>
    [
      `${pooling} pooling`,
      ...(normalize ? ["length 1"] : []),
      ...(learntFrom ? [`learnt from ${learntFrom === "pairs" ? "pairs" : "pairs with scores"}`] : []),
    ].join(", "),
  configJson: ({ className }) => ({ architectures: [`${className}Model`] }),
  headFiles: [
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
  ],
  headOfConfig: (_json, files) =>
    files["modules.json"] === undefined ? { pooling: "mean", normalize: true } : headOfModules(files),
  files: ({ hiddenSize }, { pooling, normalize }, { maxTokens }) => ({
    "modules.json": modulesOf({ normalize }),
    "1_Pooling/config.json": {
      word_embedding_dimension: hiddenSize,
      pooling_mode_cls_token: pooling === "cls",
      pooling_mode_mean_tokens: pooling === "mean",
      pooling_mode_max_tokens: false,
      pooling_mode_mean_sqrt_len_tokens: false,
    },
    "sentence_bert_config.json": { max_seq_length: maxTokens, do_lower_case: false },
  }),
};

/**
 * `weights` f32 `[rows]`, 0 for a row that fills the batch up, and what the loss compares: `scores` f32, or groups of equal
 * texts i32.
 */
function feedsOf(
  targets: readonly PairTarget[],
  rows: number,
  learntFrom: EmbeddingHead["learntFrom"],
): Record<string, HostTensor> {
  const weights = hostTensor("f32", [rows], new Float32Array(rows).fill(1, 0, targets.length));
  if (learntFrom === "scores") {
    const scores = new Float32Array(rows);
    scores.set(targets.map(({ score }) => score!));
    return { weights, scores: hostTensor("f32", [rows], scores) };
  }
  const groups = (k: 0 | 1) =>
    hostTensor("i32", [rows], groupsOf(targets.map(({ texts }) => texts[k]), rows));
  return { weights, firsts: groups(0), seconds: groups(1) };
}

/** Numbers for texts: equal ones for equal texts. */
function groupsOf(texts: readonly string[], rows: number): Int32Array<ArrayBuffer> {
  const numbers = new Map<string, number>();
  const groups = new Int32Array(rows).fill(-1);
  texts.forEach((text, row) => {
    if (!numbers.has(text)) numbers.set(text, numbers.size);
    groups[row] = numbers.get(text)!;
  });
  return groups;
}

/** `[B, S, H]` to `[B, H]`. */
function firstToken(b: Builder, hidden: Node): Node {
  return b.reshape(b.slice(hidden, 1, 0, 1), [hidden.shape[0], hidden.shape[2]]);
}

/** The mean over the tokens that are no padding: `[B, S, H]` to `[B, H]`. */
function meanOfTokens(b: Builder, hidden: Node, mask: Node): Node {
  const weights = b.reshape(b.cast(mask, "f32"), [...mask.shape, 1]); // [B, S, 1]
  return b.div(b.sum(b.mul(hidden, weights), [1]), b.maximum(b.sum(weights, [1]), 1e-9));
}

/** Rows brought to length 1. The square's floor keeps the gradient of a row of zeros finite. */
function unitRows(b: Builder, x: Node): Node {
  return b.div(x, b.sqrt(b.maximum(b.sum(b.square(x), [1], { keepDims: true }), 1e-24)));
}

/**
 * Cross-entropy of finding each other among the batch, in both directions. Rows that fill the batch up are not found, and
 * texts that belong to an equal text are no wrong answers. Scores are cosines times `SCALE`, so that exp stays finite.
 */
function findingLoss(b: Builder, first: Node, second: Node, weights: Node): Node {
  const [firsts, seconds] = ["firsts", "seconds"].map((name) => b.input(name, "i32", ["batch"]));
  const [row, column] = [0, 1].map((axis) => b.iota(["batch", "batch"], axis));
  const same = (groups: Node) => b.equal(b.reshape(groups, ["batch", 1]), b.reshape(groups, [1, "batch"])); // [B, B]
  const real = b.less(0, b.reshape(weights, [1, "batch"])); // [1, B]
  const counts = (x: Node) => b.where(same(firsts), 0, b.where(same(seconds), 0, b.where(real, x, 0)));
  const own = b.mul(b.sum(b.mul(first, second), [1]), SCALE); // [B]
  const direction = (from: Node, to: Node): Node => {
    const likelihoods = b.exp(b.mul(b.matmul(from, to, { transB: true }), SCALE)); // [B, B]
    return b.log(b.sum(b.where(b.equal(row, column), likelihoods, counts(likelihoods)), [1])); // [B]
  };
  const losses = b.sub(b.mul(b.add(direction(first, second), direction(second, first)), 0.5), own);
  return b.div(b.sum(b.mul(losses, weights)), b.maximum(b.sum(weights), 1e-12));
}

/** `log(1 + sum of exp(scale * (cos_j - cos_i)))` over the pairs i and j where i has the higher score. */
function orderLoss(b: Builder, cosines: Node, { scores, weights }: { scores: Node; weights: Node }): Node {
  const column = (x: Node) => b.reshape(x, ["batch", 1]), row = (x: Node) => b.reshape(x, [1, "batch"]);
  const higher = b.cast(b.less(row(scores), column(scores)), "f32"); // [B, B]
  const counts = b.mul(higher, b.mul(column(weights), row(weights)));
  const excess = b.mul(b.sub(row(cosines), column(cosines)), SCALE); // at most 2 * SCALE: exp stays finite
  return b.log(b.add(b.sum(b.mul(b.exp(excess), counts)), 1));
}

/** `modules.json` of sentence-transformers. */
function modulesOf({ normalize }: { normalize: boolean }): object {
  const names = ["Transformer", "Pooling", ...(normalize ? ["Normalize"] : [])];
  return names.map((name, idx) => ({
    idx,
    name: String(idx),
    path: idx === 0 ? "" : `${idx}_${name}`,
    type: `sentence_transformers.models.${name}`,
  }));
}

/**
 * The head that a folder of sentence-transformers describes.
 *
 * @throws {UserError} naming what of it is not built here.
 */
function headOfModules(files: Readonly<Record<string, unknown>>): EmbeddingHead {
  const refuse = (problem: string) =>
    new UserError(`Cannot read the sentence-transformers model: ${problem}`);
  const modules = files["modules.json"];
  if (!Array.isArray(modules)) throw refuse("modules.json holds no list");
  const names = modules.map((module) => String(isObject(module) ? module.type : module).split(".").at(-1)!);
  const [transformer, pooler, ...rest] = names;
  if (transformer !== "Transformer" || pooler !== "Pooling" || rest.some((name) => name !== "Normalize")) {
    throw refuse(`its modules are ${names.join(", ")}; Transformer, Pooling and Normalize are built here`);
  }
  const pooling = files["1_Pooling/config.json"];
  if (!isObject(pooling)) throw refuse("1_Pooling/config.json is not there");
  const modes = Object.keys(pooling).filter((key) =>
    key.startsWith("pooling_mode_") && pooling[key] === true
  );
  if (modes.length === 0 && typeof pooling.pooling_mode === "string") modes.push(pooling.pooling_mode);
  const known: Readonly<Record<string, "mean" | "cls">> = {
    pooling_mode_mean_tokens: "mean",
    pooling_mode_cls_token: "cls",
    mean: "mean",
    cls: "cls",
  };
  if (modes.length !== 1 || !Object.hasOwn(known, modes[0])) {
    throw refuse(
      `it pools by ${
        modes.join(" and ") || "nothing"
      }; the mean over tokens or the first token are built here`,
    );
  }
  return { pooling: known[modes[0]], normalize: rest.length > 0 };
}
