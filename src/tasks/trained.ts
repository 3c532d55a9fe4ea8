/**
 * The tasks there are, as they are trained.
 *
 * @module
 */
import { trainSentenceEmbeddings } from "./sentence_embeddings/train.ts";
import type { TaskName } from "./served.ts";
import { trainTextClassification } from "./text_classification/train.ts";
import type { AnyTrainedTask } from "./training.ts";

/** The training side of every task: one that is missing does not compile. */
export const trainedTasks: { readonly [N in TaskName]: AnyTrainedTask } = {
  "text-classification": trainTextClassification as AnyTrainedTask,
  "sentence-embeddings": trainSentenceEmbeddings as AnyTrainedTask,
};
