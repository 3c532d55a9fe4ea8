/**
 * Reading tagged sentences in columns: a token a line, a blank line behind each sentence.
 *
 * @module
 */
import { DataError } from "./errors.ts";
import type { PlacedRecord } from "./example.ts";
import { type Line, readLines } from "./lines.ts";

/**
 * The sentences of a file as records with `tokens` and `tags`: the first and the last column of its lines, which tabs or
 * white space divide. Lines that begin with `-DOCSTART-`, as CoNLL-2003's documents do, hold no token.
 *
 * Source: Tjong Kim Sang and De Meulder, "Introduction to the CoNLL-2003 Shared Task" (2003).
 *
 * @throws {DataError} naming the file and the line that has a token and no tag; also when the file cannot be read.
 *
 * @example
 * ```ts
 * import { readConll } from "./conll.ts";
 * import assert from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile({ suffix: ".conll" });
 * await Deno.writeTextFile(path, "Angela NNP B-PER\nMerkel NNP I-PER\n\nHello UH O\n");
 * const [{ record, where }] = await Array.fromAsync(readConll(path));
 * assert.deepEqual(record, { tokens: ["Angela", "Merkel"], tags: ["B-PER", "I-PER"] });
 * assert.equal(where, `${path} line 1`);
 * await Deno.remove(path);
 * ```
 */
export async function* readConll(path: string): AsyncGenerator<PlacedRecord> {
  yield* conllOf(readLines(path), path);
}

/** The sentences of lines. */
export async function* conllOf(lines: AsyncIterable<Line>, path: string): AsyncGenerator<PlacedRecord> {
  let tokens: string[] = [];
  let tags: string[] = [];
  let first = 0;
  for await (const { number, text } of lines) {
    if (text.trim() === "" || text.startsWith("-DOCSTART-")) {
      if (tokens.length > 0) yield { record: { tokens, tags }, where: `${path} line ${first}` };
      [tokens, tags] = [[], []];
      continue;
    }
    const columns = text.includes("\t") ? text.split("\t") : text.trim().split(/\s+/);
    const [token, tag] = [columns[0], columns.at(-1)!.trim()];
    if (columns.length < 2 || tag === "") {
      throw new DataError(
        `${path} line ${number}: a token and its tag were expected, with a tab or a space between`,
      );
    }
    if (tokens.length === 0) first = number;
    tokens.push(token);
    tags.push(tag);
  }
  if (tokens.length > 0) yield { record: { tokens, tags }, where: `${path} line ${first}` };
}
