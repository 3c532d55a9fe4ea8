/**
 * The tasks there are, as they are trained.
 *
 * @module
 */
import { trainMultiLabelClassification } from "./multi_label_classification/train.ts";
import { trainSentenceEmbeddings } from "./sentence_embeddings/train.ts";
import type { TaskName } from "./served.ts";
import { trainTextClassification } from "./text_classification/train.ts";
import { trainTextRegression } from "./text_regression/train.ts";
import { trainTokenClassification } from "./token_classification/train.ts";
import type { AnyTrainedTask } from "./training.ts";

/** The training side of every task: one that is missing does not compile. */
export const trainedTasks: { readonly [N in TaskName]: AnyTrainedTask } = {
  "text-classification": trainTextClassification as AnyTrainedTask,
  "multi-label-classification": trainMultiLabelClassification as AnyTrainedTask,
  "text-regression": trainTextRegression as AnyTrainedTask,
  "token-classification": trainTokenClassification as AnyTrainedTask,
  "sentence-embeddings": trainSentenceEmbeddings as AnyTrainedTask,
};
