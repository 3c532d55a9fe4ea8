/**
 * What the drift monitor is shown of a text, the same for every task that reads texts.
 *
 * @module
 */
import { codePoints } from "../base/code_points.ts";
import type { TextObservation } from "../drift/observation.ts";
import type { TextEncoding, TextQuery } from "./task.ts";

/** An observation of a query; `probabilities` is empty where the task has none, or the model was not asked. */
export function observeText(
  query: TextQuery,
  encoding: Pick<TextEncoding, "ids" | "unknownCount" | "fullLength">,
  probabilities: ArrayLike<number>,
): TextObservation {
  return {
    characters: charactersOf(query),
    tokenIds: encoding.ids,
    unknownTokens: encoding.unknownCount,
    tokens: encoding.fullLength,
    probabilities,
  };
}

/** The length of a query in code points; a pair counts as one text. */
export function charactersOf(query: TextQuery): number {
  return typeof query === "string" ? codePoints(query) : codePoints(query[0]) + codePoints(query[1]);
}
