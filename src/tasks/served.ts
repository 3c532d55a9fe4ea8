/**
 * The tasks there are, as they are served.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import { show } from "../base/text.ts";
import { multiLabelClassification } from "./multi_label_classification/serve.ts";
import { sentenceEmbeddings } from "./sentence_embeddings/serve.ts";
import type { AnyServedTask } from "./task.ts";
import { textClassification } from "./text_classification/serve.ts";
import { textRegression } from "./text_regression/serve.ts";
import { tokenClassification } from "./token_classification/serve.ts";

/** Every task, by name: a folder here and a line. */
export const servedTasks = {
  "text-classification": textClassification as AnyServedTask,
  "multi-label-classification": multiLabelClassification as AnyServedTask,
  "text-regression": textRegression as AnyServedTask,
  "token-classification": tokenClassification as AnyServedTask,
  "sentence-embeddings": sentenceEmbeddings as AnyServedTask,
} as const satisfies Record<string, AnyServedTask>;

/** The name of a task. */
export type TaskName = keyof typeof servedTasks;

/** The same as a list. */
export const TASK_NAMES = Object.keys(servedTasks) as readonly TaskName[];

/**
 * A task by its name.
 *
 * @throws {UserError} listing the tasks there are.
 */
export function servedTask(name: string): AnyServedTask {
  if (Object.hasOwn(servedTasks, name)) return servedTasks[name as TaskName];
  throw new UserError(
    `There is no task ${show(name)}; there are ${TASK_NAMES.join(", ")}`,
  );
}
