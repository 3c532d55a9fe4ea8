/**
 * The items of a JSON list, one after the other: the file may be larger than memory.
 *
 * @module
 */
import { firstLine } from "../../base/text.ts";
import { DataError } from "../errors.ts";

/** An item of a list, and the line on which it begins. */
export interface JsonItem {
  readonly value: unknown;
  /** Counts from 1. */
  readonly line: number;
}

/** Values are nested no deeper: whoever walks them may recurse. */
const MAX_DEPTH = 100;
/** An item has no more characters. */
const MAX_ITEM_LENGTH = 64 * 1024 * 1024;

/**
 * The items of a text that holds one JSON list.
 *
 * @throws {DataError} naming the line where it is not JSON, nested too deep, too long or cut off.
 */
export async function* jsonItems(texts: AsyncIterable<string>, name: string): AsyncGenerator<JsonItem> {
  const scanner = createScanner(name);
  for await (const text of texts) yield* scanner.push(text);
  scanner.end();
}

/** @throws {DataError} when a JSON text is nested deeper than 100 values. */
export function checkDepth(text: string, where: string): void {
  let depth = 0, inString = false;
  // Most texts have fewer brackets than would be too many, wherever they stand.
  if (text.split(/[[{]/, MAX_DEPTH + 2).length <= MAX_DEPTH + 1) return;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > MAX_DEPTH) throw tooDeep(where);
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
  }
}

const [QUOTE, BACKSLASH, COMMA, LF] = [34, 92, 44, 10];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

function createScanner(name: string): { push(text: string): Generator<JsonItem>; end(): void } {
  let depth = 0; // 0: before or behind the list; 1: between its items
  let isDone = false, inString = false, isEscaped = false;
  let item = ""; // what is there of an item whose end has not come
  let line = 1, itemLine = 1;
  let hasComma = false, hasBegun = false;
  const parse = (text: string): JsonItem => {
    try {
      return { value: JSON.parse(text), line: itemLine };
    } catch (error) {
      throw new DataError(`${name} line ${itemLine}: not JSON: ${firstLine(error)}`);
    }
  };
  return {
    *push(text) {
      let start = 0;
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        if (code === LF) line++;
        if (inString) {
          if (isEscaped) isEscaped = false;
          else if (code === BACKSLASH) isEscaped = true;
          else if (code === QUOTE) inString = false;
          continue;
        }
        if (code <= 32) continue;
        if (isDone) throw new DataError(`${name} line ${line}: more text behind the end of the list`);
        if (depth === 0) {
          if (code !== OPEN_LIST) throw new DataError(`${name} line ${line}: a list was expected`);
          depth = 1;
          start = i + 1;
          continue;
        }
        const closes = code === CLOSE_LIST || code === CLOSE_OBJECT;
        if (depth === 1 && (code === COMMA || code === CLOSE_LIST)) {
          const whole = item + text.slice(start, i);
          item = "";
          start = i + 1;
          if (!hasBegun) itemLine = line;
          if (hasBegun || hasComma || code === COMMA) yield parse(whole);
          hasBegun = false;
          hasComma = code === COMMA;
          if (code === CLOSE_LIST) {
            depth = 0;
            isDone = true;
          }
          continue;
        }
        if (!hasBegun) itemLine = line;
        hasBegun = true;
        if (code === QUOTE) inString = true;
        else if (code === OPEN_LIST || code === OPEN_OBJECT) {
          if (++depth > MAX_DEPTH) throw tooDeep(`${name} line ${line}`);
        } else if (closes && depth > 1) depth--;
      }
      if (depth > 0) item += text.slice(start);
      if (item.length > MAX_ITEM_LENGTH) {
        throw new DataError(`${name} line ${itemLine}: an item of more than ${MAX_ITEM_LENGTH} characters`);
      }
    },
    end() {
      if (!isDone) {
        throw new DataError(`${name} line ${line}: the list has no end: the file is cut off; copy it again`);
      }
    },
  };
}

function tooDeep(where: string): DataError {
  return new DataError(`${where}: nested deeper than ${MAX_DEPTH} values`);
}
