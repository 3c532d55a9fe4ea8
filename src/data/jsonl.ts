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
  for await (const { number, text } of readLines(path)) {
    if (text.trim() === "") continue;
    const where = `${path} line ${number}`;
    let record: unknown;
    try {
      record = JSON.parse(text);
    } catch (error) {
      throw new DataError(`${where}: not JSON: ${(error as Error).message.split("\n", 1)[0]}`);
    }
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      throw new DataError(`${where}: a JSON object was expected, such as {"text": "...", "label": "..."}`);
    }
    isEmpty = false;
    yield toExample(record as Record<string, unknown>, where, columns);
  }
  if (isEmpty) throw new DataError(`${path}: no examples; it holds no line of JSON`);
}
