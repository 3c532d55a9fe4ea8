/**
 * The rows in a JSON object: in the one list that it holds, or in the columns that it is; or in many, one after another.
 *
 * @module
 */
import { isObject, parseJson } from "../../base/json.ts";
import { show } from "../../base/text.ts";
import { DataError } from "../errors.ts";
import { checkDepth } from "./json_items.ts";

/** An object is read whole: it has no more characters. */
const MAX_LENGTH = 256 * 1024 * 1024;

/** An item, as those of a list; what line it is on is known of objects one after another. */
interface Item {
  readonly value: unknown;
  readonly line?: number;
}

/**
 * The rows of an object that holds one list of them (`{"data": [...]}`, `{"data": {"items": [...]}}`), one for each split
 * (`{"train": [...]}`), or columns, as pandas writes a table (`{"text": {"0": ...}}`, `{"text": [...]}`,
 * `{"columns": [...], "data": [...]}`). Objects one after another over several lines, as jq writes them, are a row each.
 *
 * @throws {DataError} where it holds none of these.
 */
export async function* itemsOfObject(
  texts: AsyncIterable<string>,
  { name, split, onGuess }: {
    readonly name: string;
    readonly split?: string;
    readonly onGuess?: (line: string) => void;
  },
): AsyncGenerator<Item> {
  const parts: string[] = [];
  let length = 0;
  for await (const text of texts) {
    parts.push(text);
    length += text.length;
    if (length > MAX_LENGTH) {
      throw new DataError(
        `${name}: one JSON value of more than ${MAX_LENGTH} characters; save it as JSON lines, one record a line`,
      );
    }
  }
  const text = parts.join("");
  checkDepth(text, name);
  const first = endOfObject(text, 0);
  if (/^\s*\{/.test(text.slice(first, first + 1000))) {
    onGuess?.(`${name}: read as JSON objects one after another, a row each`);
    yield* objectsIn(text, name);
    return;
  }
  const value = parseJson(text, (problem) => new DataError(`${name}: ${problem}`));
  if (!isObject(value)) {
    throw new DataError(`${name}: a list of records was expected, and ${show(value)} was found`);
  }
  for (const item of rowsIn(value, { name, split, onGuess })) yield { value: item };
}

/** The objects of a text, one after another, each with the line on which it begins. */
function* objectsIn(text: string, name: string): Generator<Item> {
  let line = 1;
  for (let from = 0; from < text.length;) {
    const end = endOfObject(text, from);
    const part = text.slice(from, end);
    line += linesIn(/^\s*/.exec(part)![0]);
    if (part.trim() !== "") {
      yield {
        value: parseJson(part.trim(), (problem) => new DataError(`${name} line ${line}: ${problem}`)),
        line,
      };
    }
    line += linesIn(part.trimStart());
    from = end;
  }
}

function linesIn(text: string): number {
  return text.split("\n").length - 1;
}

/** The place behind the object that begins at `from`, or the end of the text. */
function endOfObject(text: string, from: number): number {
  let depth = 0, inString = false;
  for (let i = from; i < text.length; i++) {
    const character = text[i];
    if (inString) {
      if (character === "\\") i++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return i + 1;
  }
  return text.length;
}

function rowsIn(
  value: Record<string, unknown>,
  { name, split, onGuess }: {
    readonly name: string;
    readonly split?: string;
    readonly onGuess?: (line: string) => void;
  },
): readonly unknown[] {
  const { columns, data } = value;
  if (Array.isArray(columns) && Array.isArray(data) && data.every(Array.isArray)) {
    return data.map((cells) => Object.fromEntries(columns.map((column, i) => [String(column), cells[i]])));
  }
  const lists = listsIn(value);
  const chosen = lists.length === 1 && split === undefined
    ? lists[0]
    : lists.find(([key]) => key === (split ?? "train"));
  if (chosen) {
    const others = lists.filter((list) => list !== chosen).map(([key]) => show(key));
    const rest = others.length > 0 ? `; ${others.join(", ")} left out (--read-split)` : "";
    onGuess?.(`${name}: the list ${show(chosen[0])} is read${rest}`);
    return chosen[1];
  }
  if (lists.length > 1) {
    throw new DataError(
      `${name}: several lists could be meant: ${
        lists.slice(0, 10).map(([key]) => show(key)).join(", ")
      }; name one with --read-split`,
    );
  }
  const tables = Object.values(value);
  if (tables.length > 0 && tables.every((column) => isObject(column) || Array.isArray(column))) {
    const keys = Object.keys(tables[0] as object);
    const isTable = tables.every((column) => Object.keys(column as object).length === keys.length);
    if (
      isTable && keys.length > 0 &&
      keys.every((key) => tables.every((column) => Object.hasOwn(column as object, key)))
    ) {
      onGuess?.(`${name}: read as columns, each with the values of all rows`);
      return keys.map((key) =>
        Object.fromEntries(
          Object.entries(value).map(([column, values]) => [column, (values as Record<string, unknown>)[key]]),
        )
      );
    }
  }
  return [value];
}

/** Objects within objects that a list of rows is looked for in. */
const MAX_LEVELS = 4;

/**
 * The lists of objects in an object, by their names. Where it has none and no text, which a record by itself has, those in
 * objects within it are meant, as services answer: `data.items`.
 */
function listsIn(value: Record<string, unknown>, path = "", levels = MAX_LEVELS): [string, unknown[]][] {
  const entries = Object.entries(value);
  const lists = entries.flatMap(([key, list]): [string, unknown[]][] =>
    Array.isArray(list) && list.length > 0 && list.every((item) => isObject(item)) ? [[path + key, list]] : []
  );
  if (lists.length > 0 || levels === 1 || Object.hasOwn(value, "text")) return lists;
  return entries.flatMap(([key, inner]) =>
    isObject(inner) ? listsIn(inner, `${path}${key}.`, levels - 1) : []
  );
}
