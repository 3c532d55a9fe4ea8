/**
 * Cleaning steps as people write them and bundles store them, such as `strip-html` and `min-words=3`.
 *
 * @module
 */
import { show } from "../../base/text.ts";
import { DataError } from "../errors.ts";
import { stepLimits } from "./limits.ts";
import { type RowStepKind, type RowStepName, rowSteps } from "./row_steps.ts";
import { type TextStepKind, type TextStepName, textSteps } from "./text_steps.ts";

/** A step, as it was written and as it works. */
export type CleaningStep =
  | { readonly kind: "text"; readonly step: string; readonly apply: ReturnType<TextStepKind["make"]> }
  | {
    readonly kind: "rows";
    readonly step: string;
    readonly needsLabels: boolean;
    readonly apply: ReturnType<RowStepKind["make"]>;
    readonly rename?: (label: string) => string;
  };

/**
 * Reads steps, each `name` or `name=value`; the order is that in which they are applied.
 *
 * @throws {DataError} for a step that there is not, with all that there are; for a value that the step does not take; for more
 *   steps, or longer ones, than the limits.
 *
 * @example
 * ```ts
 * import { parseSteps } from "./steps.ts";
 * import assert from "node:assert/strict";
 *
 * const steps = parseSteps(["strip-html", "min-words=3"]);
 * assert.deepEqual(steps.map(({ kind }) => kind), ["text", "rows"]);
 * assert.throws(() => parseSteps(["strip-hmtl"]), /no cleaning step "strip-hmtl".* strip-html/);
 * ```
 */
export function parseSteps(steps: readonly string[]): CleaningStep[] {
  if (steps.length > stepLimits.steps) {
    throw new DataError(
      `${steps.length} cleaning steps were given, and at most ${stepLimits.steps} are applied`,
    );
  }
  return steps.map(parseStep);
}

function parseStep(step: string): CleaningStep {
  if (step.length > stepLimits.characters) {
    throw new DataError(
      `the cleaning step ${
        show(step)
      } has ${step.length} characters; at most ${stepLimits.characters} are read`,
    );
  }
  const equals = step.indexOf("=");
  const name = equals < 0 ? step : step.slice(0, equals);
  const value = equals < 0 ? undefined : step.slice(equals + 1);
  if (Object.hasOwn(textSteps, name)) {
    return { kind: "text", step, apply: textSteps[name as TextStepName].make(value) };
  }
  if (Object.hasOwn(rowSteps, name)) {
    const { needsLabels, make, rename } = rowSteps[name as RowStepName];
    return { kind: "rows", step, needsLabels, apply: make(value), ...(rename && { rename: rename(value) }) };
  }
  throw new DataError(
    `there is no cleaning step ${show(name)}; of texts there are ${
      Object.keys(textSteps).join(", ")
    }, and of rows ${Object.keys(rowSteps).join(", ")}`,
  );
}

/**
 * The steps of one argument: commas divide them, where the name of a step follows; other commas belong to the value.
 *
 * @example
 * ```ts
 * import { dividedSteps } from "./steps.ts";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(dividedSteps("replace=X{2,}=> ,collapse-space,cut=500"), ["replace=X{2,}=> ", "collapse-space", "cut=500"]);
 * ```
 */
export function dividedSteps(argument: string): string[] {
  const steps: string[] = [];
  for (const part of argument.split(",")) {
    const name = part.split("=", 1)[0];
    const isStep = Object.hasOwn(textSteps, name) || Object.hasOwn(rowSteps, name);
    // What is no step after one without a value is a mistake, which is named when the steps are read.
    if (isStep || !steps.at(-1)?.includes("=")) steps.push(part);
    else steps.push(`${steps.pop()},${part}`);
  }
  return steps;
}
