import { isObject } from "../base/json.ts";
import { DataError } from "./errors.ts";
import { type ExampleColumns, type TextExample, toExample } from "./example.ts";
import { readLines } from "./lines.ts";

/**
 * Reads examples from a file with one JSON object per line. Blank lines are skipped.
 *
 * @throws {DataError} for the first line that is not UTF-8, not a JSON object, or has not the columns wanted: with the file and the line. Also if
 * the file cannot be read, or holds no examples.
 *
 * @example
 * ```ts
 * import { readJsonl } from "./jsonl.ts";
 * import assert from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile({ suffix: ".jsonl" });
 * await Deno.writeTextFile(path, '{"subject": "win now", "label": "spam"}\n');
 * const examples = await Array.fromAsync(readJsonl(path, { textColumn: "subject" }));
 * assert.deepEqual(examples, [{ text: "win now", label: "spam" }]);
 * await Deno.remove(path);
 * ```
 */
export async function* readJsonl(path: string, columns: ExampleColumns = {}): AsyncGenerator<TextExample> {
  let isEmpty = true;
  for await (const { value, where } of readJsonLines(path)) {
    if (!isObject(value)) {
      throw new DataError(`${where}: a JSON object was expected, such as {"text": "...", "label": "..."}`);
    }
    isEmpty = false;
    yield toExample(value, where, columns);
  }
  if (isEmpty) throw new DataError(`${path}: no examples; it holds no line of JSON`);
}

/** A JSON value of a file, and what errors call the place it stands at. */
export interface JsonLine {
  /** any JSON value */
  value: unknown;
  /** such as `mails.jsonl line 17` */
  where: string;
}

/**
 * Reads the values of a file with one JSON value per line. Blank lines are skipped.
 *
 * @throws {DataError} for the first line that is not UTF-8 or not JSON: with the file and the line. Also if the file cannot be read.
 */
export async function* readJsonLines(path: string): AsyncGenerator<JsonLine> {
  for await (const { number, text } of readLines(path)) {
    if (text.trim() === "") continue;
    const where = `${path} line ${number}`;
    try {
      yield { value: JSON.parse(text), where };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new DataError(`${where}: not JSON: ${error.message.split("\n", 1)[0]}`);
    }
  }
}
