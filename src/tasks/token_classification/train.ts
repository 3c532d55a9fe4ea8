/**
 * Token classification as it is trained: a linear layer over every token, and cross-entropy of each word's first one.
 *
 * @module
 */
import { isOfClass, labelMaps, labelsOfConfig } from "../../../models/config.ts";
import { listLabels, sortLabels } from "../../base/labels.ts";
import { DataError } from "../../data/errors.ts";
import { hostTensor } from "../../graph/dtype.ts";
import { dropout, linear } from "../../nn/layers.ts";
import { bestClass } from "../../nn/decisions.ts";
import { softmaxCrossEntropy } from "../../nn/losses.ts";
import { madeDecisions } from "../outputs.ts";
import type { LabelsHead } from "../text_classification/schema.ts";
import { inOrderOf } from "../text_classification/train.ts";
import type { TrainedTask } from "../training.ts";
import { balancedWeights } from "../weights.ts";
import { splitTag, type Tagged } from "./schema.ts";
import { entitiesOfTags } from "./serve.ts";

/** The label of a token that the loss leaves out, as in Hugging Face's data. */
const IGNORED = -100;

/** The training side of the task; a target is fed as the label of each token of the encoding. */
export const trainTokenClassification: TrainedTask<LabelsHead, Tagged, Int32Array> = {
  reads: () => "tokens",
  tokenizer: { lowercase: false },
  headOf(rows, source, base) {
    const tags = new Set(rows.flatMap(({ target }) => target.tags));
    const types = sortLabels([...tags].filter((tag) => tag !== "O").map((tag) => splitTag(tag).type));
    if (types.length === 0) {
      throw new DataError(`${source}: no token is in an entity; there is nothing to learn`);
    }
    return { labels: inOrderOf(base, ["O", ...types.flatMap((type) => [`B-${type}`, `I-${type}`])]) };
  },
  stratum: ({ tags }) => [...new Set(tags.filter((tag) => tag !== "O").map((tag) => splitTag(tag).type))],
  key: ({ tags }) => tags.join(" "),
  encodeTarget({ tokens, tags }, [{ ids, words = [] }], { labels }) {
    const targets = new Int32Array(ids.length).fill(IGNORED); // [S]
    const index = new Map(labels.map((label, i) => [label, i]));
    let [t, previous] = [0, -1];
    for (const { start, token } of words) {
      while (t < tokens.length && tokens[t].end <= start) t++;
      if (t === tokens.length || tokens[t].start > start) continue; // a word between two tokens has no tag
      // Of a token of several words only the first can begin an entity.
      const tag = previous === t ? tags[t].replace(/^B-/, "I-") : tags[t];
      previous = t;
      if (token >= 0) targets[token] = index.get(tag)!;
    }
    return targets;
  },
  padTargets(targets, { rows, sequence }, _head, { classWeights } = {}) {
    const labels = new Int32Array(rows * sequence).fill(IGNORED);
    targets.forEach((target, row) => labels.set(target, row * sequence));
    const weights = Float32Array.from(labels, (label) => label === IGNORED ? 0 : classWeights?.[label] ?? 1); // [B, S]
    return {
      feeds: {
        labels: hostTensor("i32", [rows, sequence], labels),
        ...(classWeights && { weights: hostTensor("f32", [rows, sequence], weights) }),
      },
      weight: weights.reduce((sum, weight) => sum + weight, 0),
    };
  },
  weighting: {
    labels: ({ labels }) => labels,
    balanced: (targets, { labels }) => balancedWeights(labelled(targets), labels.length),
  },
  attach(b, { config, body }, { labels }) {
    const hidden = dropout(b, body.hidden, body.dropout); // [B, S, H]
    const { init } = body;
    return {
      logits: linear(b, hidden, { name: "classifier", in: config.hiddenSize, out: labels.length, init }),
    }; // [B, S, L]
  },
  objective(b, { logits }, _head, { labelSmoothing, classWeights }) {
    const labels = b.input("labels", "i32", ["batch", "sequence"]);
    const weights = classWeights
      ? b.input("weights", "f32", ["batch", "sequence"])
      : b.where(b.equal(labels, IGNORED), 0, b.broadcast(b.scalar(1), labels.shape));
    const loss = softmaxCrossEntropy(b, logits, {
      labels,
      ignoreIndex: IGNORED,
      labelSmoothing,
      ...(classWeights && { weights, classWeights }),
    });
    return { loss, weight: b.sum(weights) };
  },
  decisions: {
    attach: (b, { logits }) => ({ tag: bestClass(b, logits) }), // [B, S]
    answer: (decided, of) => entitiesOfTags(madeDecisions(decided, "tag"), of),
  },
  describeHead: ({ labels }) =>
    `entities of the types ${
      listLabels([...new Set(labels.filter((tag) => tag !== "O").map((tag) => splitTag(tag).type))], {
        plain: true,
      })
    }`,
  configJson: (architecture, { labels }) => ({
    architectures: [`${architecture.className}ForTokenClassification`],
    ...labelMaps(labels),
  }),
  headOfConfig: (json) =>
    isOfClass(json, "ForTokenClassification") ? { labels: labelsOfConfig(json) } : undefined,
};

/** The labels of the tokens that have one. */
function* labelled(targets: readonly Int32Array[]): Generator<number> {
  for (const target of targets) for (const label of target) if (label !== IGNORED) yield label;
}
