/**
 * Reading files with one JSON value a line.
 *
 * @module
 */
import { firstLine } from "../base/text.ts";
import { DataError } from "./errors.ts";
import { type Line, readLines } from "./lines.ts";
import type { TextOptions } from "./reading/encoding.ts";
import { checkDepth } from "./reading/json_items.ts";

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
 * @throws {DataError} for the first line that cannot be decoded or is not JSON: with the file and the line. Also if the file
 *   cannot be read.
 */
export async function* readJsonLines(path: string, options: TextOptions = {}): AsyncGenerator<JsonLine> {
  yield* jsonLinesOf(readLines(path, options), path);
}

/** The values of lines. */
export async function* jsonLinesOf(lines: AsyncIterable<Line>, name: string): AsyncGenerator<JsonLine> {
  for await (const { number, text } of lines) {
    if (text.trim() === "") continue;
    const where = `${name} line ${number}`;
    checkDepth(text, where);
    try {
      yield { value: JSON.parse(text), where };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new DataError(`${where}: not JSON: ${firstLine(error)}${hint(text)}`);
    }
  }
}

/** What is the matter with a line that is no JSON, where that can be told. */
function hint(line: string): string {
  if (/^\s*\{.*'\s*:/.test(line) && !line.includes('"')) return "; JSON wants double quotes, not single ones";
  if (/[:[,]\s*(NaN|-?Infinity|None|True|False)\b/.test(line)) {
    return "; NaN, Infinity, None, True and False are Python's: write null, true or false";
  }
  if (/,\s*$/.test(line)) {
    return "; a line ends in a comma: is it a list over several lines? Then give --format json";
  }
  if (/^\s*\{\s*$/.test(line)) {
    return "; an object goes over several lines: give --format json, which reads such objects and lists of them";
  }
  if (/^\s*\[\s*$/.test(line)) return "; a value goes over several lines: give --format json";
  return "";
}
