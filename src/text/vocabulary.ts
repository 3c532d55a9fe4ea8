/**
 * Reading the vocabulary of a model.
 *
 * @module
 */
import { isObject } from "../base/json.ts";
import { fail, fieldOf, type Part, show } from "./parts.ts";

const MAX_VOCABULARY = 2_000_000;

/** What `isId` accepts, in words. */
export const ID_WANTED = `a whole number from 0 to ${MAX_VOCABULARY - 1} was expected`;

/** Whether a value can be a token's id. */
export function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < MAX_VOCABULARY;
}

/** The vocabulary of a part as a map. @throws {TokenizerError} if it is not one */
export function readVocabulary(part: Part): Map<string, number> {
  const vocab = fieldOf(part, "vocab");
  if (!isObject(vocab)) fail(`${part.path}.vocab is ${show(vocab)}; an object of token to id was expected`);
  const entries = Object.entries(vocab);
  checkSize(`${part.path}.vocab`, entries.length, MAX_VOCABULARY);
  if (entries.length === 0) fail(`${part.path}.vocab is empty`);
  const ids = new Set<number>();
  for (const [token, id] of entries) {
    if (!isId(id)) fail(`the id of ${show(token)} in ${part.path}.vocab is ${show(id)}; ${ID_WANTED}`);
    if (!token.isWellFormed()) fail(`the token ${show(token)} in ${part.path}.vocab has a lone surrogate`);
    ids.add(id);
  }
  if (ids.size !== entries.length) fail(`${part.path}.vocab gives one id to two tokens`);
  return new Map(entries as [string, number][]);
}

/** The scored vocabulary of a Unigram model; a token's place is its id. */
export function readScores(part: Part): [token: string, score: number][] {
  const vocab = fieldOf(part, "vocab");
  if (!Array.isArray(vocab)) {
    fail(`${part.path}.vocab is ${show(vocab)}; a list of [token, score] was expected`);
  }
  checkSize(`${part.path}.vocab`, vocab.length, MAX_VOCABULARY);
  if (vocab.length === 0) fail(`${part.path}.vocab is empty`);
  return vocab.map((entry: unknown, id) => {
    if (
      !Array.isArray(entry) || typeof entry[0] !== "string" || typeof entry[1] !== "number" ||
      !Number.isFinite(entry[1])
    ) {
      fail(`entry ${id} of ${part.path}.vocab is ${show(entry)}; [token, score] was expected`);
    }
    if (!entry[0].isWellFormed()) {
      fail(`the token ${show(entry[0])} in ${part.path}.vocab has a lone surrogate`);
    }
    return [entry[0], entry[1]];
  });
}

/** @throws {TokenizerError} if something is larger than what is loaded. */
export function checkSize(name: string, size: number, limit: number): void {
  if (size > limit) fail(`${name} has ${size} entries; at most ${limit} are loaded`);
}
