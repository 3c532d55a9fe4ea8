/**
 * The reference that live traffic is compared with, made in training.
 *
 * @module
 */
import { type Baseline, BaselineBuilder, DriftError } from "../drift/mod.ts";
import type { ModelSpec } from "../tasks/model.ts";
import { servedTasks } from "../tasks/served.ts";
import type { Evaluated } from "../train/evaluator.ts";
import { answersOf } from "./fit.ts";
import type { Prepared } from "./prepare.ts";

/** The titles of the task's drift features that a baseline has no reference of. */
export function unwatchedIn(
  baseline: Baseline,
  spec: ModelSpec,
  { tokenizer }: Pick<Prepared, "tokenizer">,
): string[] {
  const known = new Set(baseline.features.map(({ name }) => name));
  return servedTasks[spec.task].features({ head: spec.head, vocabSize: tokenizer.vocabSize })
    .filter(({ name }) => !known.has(name)).map(({ title }) => title);
}

/**
 * A baseline of the inputs of the training part and the predictions for the validation part: on texts that it was trained on, a
 * model is more confident than on any other, and its tokenizer knows all their words. `undefined` where there are too few.
 */
export function baselineOf(
  spec: ModelSpec,
  data: Pick<Prepared, "tokenizer" | "parts">,
  validation: Evaluated,
): Baseline | undefined {
  const task = servedTasks[spec.task];
  const { head } = spec;
  const builder = new BaselineBuilder(task.features({ head, vocabSize: data.tokenizer.vocabSize }));
  for (const { row, encodings } of data.parts.train) {
    encodings.forEach((encoding, q) =>
      builder.observe(withoutUnknown(task.observe(row.queries[q], encoding, undefined, head)))
    );
  }
  for (const { row, outputs } of answersOf(spec, data.parts.validation, validation)) {
    row.encodings.forEach((encoding, q) =>
      builder.observe(task.observe(row.row.queries[q], encoding, outputs[q], head))
    );
  }
  try {
    return builder.build();
  } catch (error) {
    if (error instanceof DriftError) return undefined;
    throw error;
  }
}

/** What is observed of a text that the tokenizer was trained on. */
function withoutUnknown<O>(observation: O): O {
  return { ...observation, unknownTokens: undefined };
}
