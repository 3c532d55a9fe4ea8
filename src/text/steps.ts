/**
 * Counting what a search through a vocabulary costs.
 *
 * @module
 */
import { TokenizerError } from "./errors.ts";
import type { Work } from "./piece.ts";

/** Takes steps off what a text may cost. @throws {TokenizerError} when none are left */
export function chargeSteps(work: Work, steps: number): void {
  work.steps -= steps;
  if (work.steps >= 0) return;
  throw new TokenizerError(
    "Cannot tokenize the text: the search through the vocabulary takes too many steps; it has tokens of senseless length",
  );
}
