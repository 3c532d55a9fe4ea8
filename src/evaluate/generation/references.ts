/**
 * References of generated texts, as all metrics of them take them.
 *
 * @module
 */
import { checkLengths, fail, refuse } from "../../statistics/checks.ts";

/**
 * The references of each row: one text, or several, of which some may be missing (null). An empty text is a
 * reference, a missing one is not. (sacrebleu's own interface has one list a translator instead.)
 */
export type References = readonly (string | readonly (string | null | undefined)[])[];

/**
 * The references of each row as lists without the missing ones, at least `least` (default 1) of them.
 *
 * @throws {EvaluationError} When there are no rows, the lengths differ, a text is none, or a row has too few references.
 */
export function referenceLists(
  predictions: readonly string[],
  references: References,
  { least = 1 }: { least?: number } = {},
): string[][] {
  checkLengths(references.length, predictions.length);
  return references.map((given, row) => {
    if (typeof predictions[row] !== "string") {
      refuse(`the prediction of row ${row}`, predictions[row], "a text");
    }
    const texts = (Array.isArray(given) ? given : [given]).filter((text) =>
      text !== null && text !== undefined
    );
    if (texts.length < least) fail(`Cannot evaluate: row ${row} has no reference`);
    for (const text of texts) {
      if (typeof text !== "string") refuse(`a reference of row ${row}`, text, "a text");
    }
    return texts;
  });
}
