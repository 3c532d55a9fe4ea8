/**
 * What is done to queries before a tokenizer reads them: the one place for training, evaluation, serving and drift.
 *
 * @module
 */
import { textCleaner } from "../data/clean/clean.ts";
import { DataError } from "../data/errors.ts";
import type { AnyServedTask, TextQuery } from "./task.ts";

/**
 * The function that a bundle's cleaning steps make of a query; of a pair each text is cleaned by itself. Without steps it is the
 * identity.
 *
 * @param steps As a manifest has them in `cleaning`.
 * @throws {DataError} for a step that there is not, and for steps of a task whose answers point into the text. The function
 *   throws it for a text that a step cannot be applied to within the limits.
 *
 * @example
 * ```ts
 * import { queryCleaner } from "./clean_query.ts";
 * import { servedTasks } from "./served.ts";
 * import assert from "node:assert/strict";
 *
 * const clean = queryCleaner(servedTasks["text-classification"], ["strip-html", "lowercase"]);
 * assert.equal(clean("<b>WIN</b>"), "win");
 * assert.deepEqual(clean(["<i>A</i>", "B"]), ["a", "b"]);
 * assert.throws(() => queryCleaner(servedTasks["token-classification"], ["lowercase"]), /say where in the text/);
 * ```
 */
export function queryCleaner(
  task: Pick<AnyServedTask, "title" | "pointsIntoText">,
  steps: readonly string[] = [],
): (query: TextQuery) => TextQuery {
  if (steps.length === 0) return (query) => query;
  checkCleanable(task, steps);
  const clean = textCleaner(steps);
  return (query) => typeof query === "string" ? clean(query) : [clean(query[0]), clean(query[1])];
}

/** @throws {DataError} for steps that change texts where answers say where in the text something stands. */
export function checkCleanable(
  { title, pointsIntoText }: Pick<AnyServedTask, "title" | "pointsIntoText">,
  steps: readonly string[],
): void {
  if (!pointsIntoText || steps.length === 0) return;
  throw new DataError(
    `answers of ${title} say where in the text a word stands, and ${
      steps.join(", ")
    } would move it: clean such a file, and its tags, before`,
  );
}
