/**
 * Reading files with one JSON value a line.
 *
 * @module
 */
import { firstLine } from "../base/text.ts";
import { DataError } from "./errors.ts";
import { readLines } from "./lines.ts";

/** A JSON value of a file, and what errors call the place it is from. */
export interface JsonLine {
  /** Any JSON value. */
  readonly value: unknown;
  /** Such as `mails.jsonl line 17`. */
  readonly where: string;
}

/**
 * Reads the values of a file with one JSON value per line. Blank lines are skipped.
 *
 * @throws {DataError} for the first line that is not UTF-8 or not JSON: with the file and the line. Also if the file cannot
 *   be read.
 */
export async function* readJsonLines(path: string): AsyncGenerator<JsonLine> {
  for await (const { number, text } of readLines(path)) {
    if (text.trim() === "") continue;
    const where = `${path} line ${number}`;
    try {
      yield { value: JSON.parse(text), where };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new DataError(`${where}: not JSON: ${firstLine(error)}`);
    }
  }
}
