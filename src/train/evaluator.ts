/**
 * Predictions of a classifier over batches, and how good they are.
 *
 * @module
 */
import type { Backend, Program, Tensors } from "../backend/interface.ts";
import type { Batch } from "../data/collate.ts";
import {
  type ClassificationReport,
  classificationReport,
} from "../evaluate/classification/classification.ts";
import type { ClassifierBuilder } from "../nn/classifier.ts";
import { bucketPrograms } from "./programs.ts";
import { buildEvaluationGraph } from "./step.ts";

/** What a classifier says of examples, in the order of the batches' `indices` where those are a list's places. */
export interface Predictions {
  /** The list's place of each row below. */
  readonly indices: Int32Array;
  /** The true class of each row. */
  readonly references: Int32Array;
  /** The class of the highest probability. */
  readonly predictions: Int32Array;
  /** Softmax of the logits, `[n, C]` row-major. */
  readonly probabilities: Float32Array;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
}

/** One evaluation: the loss and the report, without intervals unless resamples were asked for. */
export interface Evaluation {
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Accuracy, precision, recall, F1 and the confusion matrix. */
  readonly report: ClassificationReport;
}

/** Runs a classifier's forward pass on a backend. */
export interface Evaluator {
  /** Sets parameters, by name; not needed where states are shared with a training program. */
  load(parameters: Tensors): Promise<void>;
  /** Predictions for every row that has weight; `undefined` when the signal was aborted on the way. */
  predict(batches: Iterable<Batch>, options?: { signal?: AbortSignal }): Promise<Predictions | undefined>;
  /** Frees the compiled programs. */
  dispose(): Promise<void>;
}

/**
 * An evaluator of a model without training it.
 *
 * @example
 * ```ts
 * import { createInterpBackend } from "../backend/interp/interp.ts";
 * import { collate } from "../data/collate.ts";
 * import { buildClassifier } from "../../models/index.ts";
 * import { mlpConfig } from "../../models/mlp.ts";
 * import { createEvaluator } from "./evaluator.ts";
 * import assert from "node:assert/strict";
 *
 * const config = mlpConfig({ vocabSize: 20, labels: ["ham", "spam"] });
 * const evaluator = createEvaluator(createInterpBackend(), (b, inputs) => buildClassifier(b, config, inputs));
 * const batches = collate([{ ids: [2, 7, 3], label: 0 }], { batchSize: 1, bucketLengths: [4] });
 * const predictions = await evaluator.predict(batches);
 * assert.deepEqual([...predictions!.probabilities], [0.5, 0.5]); // its parameters are 0
 * ```
 */
export function createEvaluator(
  backend: Backend,
  build: ClassifierBuilder,
  options: { share?: Program } = {},
): Evaluator {
  const programs = bucketPrograms(backend, buildEvaluationGraph(build), {
    label: "evaluate",
    share: options.share,
  });
  let waiting: Tensors = {};
  return {
    load(parameters) {
      waiting = { ...waiting, ...parameters };
      return Promise.resolve();
    },
    async predict(batches, { signal } = {}) {
      const rows: Rows = { indices: [], references: [], predictions: [], probabilities: [], loss: 0 };
      for (const batch of batches) {
        if (signal?.aborted) return undefined;
        const program = await programs.get(batch);
        if (Object.keys(waiting).length > 0) await program.write(waiting);
        waiting = {};
        const { logits } = await program.run(programs.feeds(batch));
        collect(rows, batch, logits.data as Float32Array);
      }
      return {
        indices: Int32Array.from(rows.indices),
        references: Int32Array.from(rows.references),
        predictions: Int32Array.from(rows.predictions),
        probabilities: Float32Array.from(rows.probabilities),
        loss: rows.loss / Math.max(rows.indices.length, 1),
      };
    },
    dispose: () => programs.dispose(),
  };
}

/** The metrics of predictions; with `resamples`, each with its bootstrap interval. */
export function score(
  predictions: Predictions,
  options: { labels: readonly string[]; resamples?: number },
): Evaluation {
  const report = classificationReport(predictions.references, predictions.predictions, {
    labels: [...options.labels],
    resamples: options.resamples ?? 0,
  });
  return { loss: predictions.loss, report };
}

interface Rows {
  indices: number[];
  references: number[];
  predictions: number[];
  probabilities: number[];
  loss: number;
}

function collect(rows: Rows, batch: Batch, logits: Float32Array): void {
  const classes = logits.length / batch.batch;
  for (let row = 0; row < batch.batch; row++) {
    if (batch.weights[row] === 0) continue;
    const values = logits.subarray(row * classes, (row + 1) * classes); // [C]
    const highest = values.reduce((max, v) => Math.max(max, v), -Infinity);
    const powers = Array.from(values, (v) => Math.exp(v - highest));
    const total = powers.reduce((sum, v) => sum + v, 0);
    rows.indices.push(batch.indices[row]);
    rows.references.push(batch.labels[row]);
    rows.predictions.push(Math.max(values.indexOf(highest), 0));
    for (const power of powers) rows.probabilities.push(power / total);
    rows.loss += Math.log(total) + highest - values[batch.labels[row]];
  }
}
