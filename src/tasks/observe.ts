/**
 * What the drift monitor is shown of a text, the same for every task that reads texts.
 *
 * @module
 */
import { countCodePoints } from "../base/text.ts";
import type { ObservedText } from "../drift/features/text.ts";
import type { TextEncoding, TextQuery } from "./task.ts";
import { textOf } from "./text_input.ts";

/** What is observed of a query; a task adds what it observes of the answer. */
export function observeText(
  query: TextQuery,
  encoding: Pick<TextEncoding, "ids" | "unknownCount" | "fullLength">,
): ObservedText {
  return {
    text: textOf(query),
    characters: charactersOf(query),
    tokenIds: encoding.ids,
    unknownTokens: encoding.unknownCount,
    tokens: encoding.fullLength,
  };
}

/** The length of a query in code points; a pair counts as one text. */
export function charactersOf(query: TextQuery): number {
  return typeof query === "string"
    ? countCodePoints(query)
    : countCodePoints(query[0]) + countCodePoints(query[1]);
}
