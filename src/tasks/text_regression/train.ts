/**
 * Text regression as it is trained: a linear layer of one row over the pooled vector, and squared error.
 *
 * Weights begin small and learn in small steps, so numbers in the thousands would take them forever. Training therefore counts
 * in standard deviations from the mean, and both are folded into the layer's weight and bias afterwards: the model that is kept
 * gives the data's own numbers by itself.
 *
 * @module
 */
import { labelMaps, labelsOfConfig } from "../../../models/config.ts";
import { UserError } from "../../base/errors.ts";
import { DataError } from "../../data/errors.ts";
import { type HostTensor, hostTensor } from "../../graph/dtype.ts";
import { continueFrom } from "../../graph/graph.ts";
import type { Node } from "../../graph/node.ts";
import { squaredError } from "../../nn/losses.ts";
import { trainTextClassification } from "../text_classification/train.ts";
import type { Rescaling, TrainedTask } from "../training.ts";
import type { NumberHead } from "./schema.ts";

/** Its square is still an f32. */
const largestNumber = 1e18;

/** The training side of the task; a target is fed as it is. */
export const trainTextRegression: TrainedTask<NumberHead, number, number> = {
  reads: () => "pooled",
  headOf: () => ({ labels: ["score"], mean: 0, deviation: 1 }),
  measured(head, training, source) {
    const far = training.find((target) => Math.abs(target) > largestNumber);
    if (far !== undefined) {
      throw new DataError(
        `${source}: a row has the number ${far}; numbers to train on are between -${largestNumber} and ${largestNumber}`,
      );
    }
    const mean = training.reduce((sum, target) => sum + target, 0) / training.length;
    const deviation = Math.sqrt(
      training.reduce((sum, target) => sum + (target - mean) ** 2, 0) / training.length,
    );
    if (training.every((target) => target === training[0]) || !(deviation > 0)) {
      throw new DataError(
        `${source}: every row to train on has the number ${training[0]}; numbers that differ are needed`,
      );
    }
    return { ...head, mean, deviation };
  },
  key: String,
  encodeTarget: (target) => target,
  padTargets(targets, { rows }) {
    const numbers = new Float32Array(rows); // [B]
    numbers.set(targets);
    const weights = new Float32Array(rows).fill(1, 0, targets.length); // [B]
    return {
      feeds: { labels: hostTensor("f32", [rows], numbers), weights: hostTensor("f32", [rows], weights) },
      weight: targets.length,
    };
  },
  attach: trainTextClassification.attach,
  objective(b, { logits }, { deviation }, { labelSmoothing = 0 }) {
    if (labelSmoothing > 0) {
      throw new UserError(
        "Cannot smooth labels of text-regression: it has numbers; leave label smoothing at 0",
      );
    }
    const labels = b.input("labels", "f32", ["batch"]);
    const weights = b.input("weights", "f32", ["batch"]);
    const standard = (node: Node) => b.div(node, deviation);
    const predictions = standard(b.reshape(logits, ["batch"])); // [B]
    return {
      loss: squaredError(b, predictions, { targets: standard(labels), weights }),
      weight: b.sum(weights),
    };
  },
  rescaling: ({ sequenceClassifier: name }, { mean, deviation }) => standardised(name, { mean, deviation }),
  describeHead: ({ mean, deviation }) =>
    `numbers of mean ${mean.toPrecision(4)} and standard deviation ${deviation.toPrecision(4)}`,
  configJson: (architecture, { labels }) => ({
    architectures: [`${architecture.className}ForSequenceClassification`],
    problem_type: "regression",
    ...labelMaps(labels),
  }),
  headOfConfig(json) {
    const [label, ...others] = labelsOfConfig(json);
    return others.length > 0 ? undefined : { labels: [label], mean: 0, deviation: 1 };
  },
};

/** A layer of one row that is trained in standard deviations from the mean. */
function standardised(layer: string, { mean, deviation }: Pick<NumberHead, "mean" | "deviation">): Rescaling {
  const map = (
    of: Readonly<Record<string, HostTensor>>,
    [weight, bias]: readonly ((value: number) => number)[],
  ) =>
    Object.fromEntries(
      Object.entries(of).map(([name, tensor]) => {
        const change = name === `${layer}.weight` ? weight : name === `${layer}.bias` ? bias : undefined;
        return [
          name,
          change
            ? hostTensor("f32", tensor.shape, Float32Array.from(tensor.data as Float32Array, change))
            : tensor,
        ];
      }),
    );
  return {
    pass(graph) {
      const b = continueFrom({ ...graph, outputs: {} });
      b.output("logits", b.add(b.mul(graph.outputs.logits, deviation), mean)); // [B, 1]
      return b.graph();
    },
    fold: (trained) => map(trained, [(value) => value * deviation, (value) => value * deviation + mean]),
    unfold: (plain) => map(plain, [(value) => value / deviation, (value) => (value - mean) / deviation]),
  };
}
