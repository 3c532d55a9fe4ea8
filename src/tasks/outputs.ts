/**
 * Reading a model's outputs for one query, checked.
 *
 * @module
 */
import { OutputError } from "./errors.ts";
import type { RowOutput, RowOutputs } from "./task.ts";

/**
 * An output by name, if it has the wanted size of the last dimension and holds finite numbers alone: NaN must not count as the
 * first class.
 *
 * @throws {OutputError} naming the output and what is wrong with it.
 */
export function finiteOutput(outputs: RowOutputs, name: string, width: number): RowOutput {
  const output = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
  if (!output) {
    throw new OutputError(
      `the model has no output "${name}"; it has ${Object.keys(outputs).join(", ") || "none"}`,
    );
  }
  if (output.shape.at(-1) !== width) {
    throw new OutputError(
      `the model gives ${output.shape.at(-1)} values in "${name}" where ${width} were expected`,
    );
  }
  for (const value of output.data) {
    if (!Number.isFinite(value)) {
      throw new OutputError(`the model gave a score in "${name}" that is not a finite number`);
    }
  }
  return output;
}

/**
 * Decisions by name, if all are there.
 *
 * @throws {OutputError} where one is below 0, which stands for outputs that are not finite.
 */
export function madeDecisions(decided: RowOutputs, name: string): Float32Array {
  const { data } = decided[name];
  if (data.every((value) => value >= 0)) return data;
  throw new OutputError(`the model gave a score in "logits" that is not a finite number`);
}
