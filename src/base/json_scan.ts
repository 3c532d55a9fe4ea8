/**
 * What `JSON.parse` does not say of a text: how deep it is nested, and whether an object has a key twice.
 *
 * @module
 */
import { show } from "./text.ts";

/** The deepest that JSON from elsewhere may be nested; Rust's serde_json stops at the same depth. */
export const MAX_JSON_DEPTH = 128;

/** What {@linkcode jsonProblem} looks for besides its default depth. */
export interface JsonLimits {
  /** Of objects and lists in each other; {@linkcode MAX_JSON_DEPTH} unless given. */
  readonly depth?: number;
  /** Objects, lists, and what stands in them. */
  readonly values?: number;
  /** Whether an object may not have a key twice. */
  readonly distinctKeys?: boolean;
}

/**
 * The first problem of a JSON text that `JSON.parse` would accept: objects and lists in each other that are deeper than `depth`,
 * which code that walks them would not survive; more values than `values`, which take many times the text's memory; and, where
 * `distinctKeys` is asked for, a key that its object has twice, of which one reader takes the first and another the last. Texts
 * that are no JSON are not found here.
 *
 * @returns such as `has the key "w" twice`; undefined where there is nothing wrong.
 * @example
 * ```ts
 * import { jsonProblem } from "./json_scan.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(jsonProblem('{"a": {"a": 1}}', { distinctKeys: true }), undefined);
 * assert.equal(jsonProblem('{"a": 1, "\\u0061": 2}', { distinctKeys: true }), 'has the key "a" twice');
 * assert.equal(jsonProblem("[[[1]]]", { depth: 2 }), "is nested deeper than 2");
 * ```
 */
export function jsonProblem(
  json: string,
  { depth = MAX_JSON_DEPTH, values = Infinity, distinctKeys = false }: JsonLimits = {},
): string | undefined {
  // The keys of each object that is open, and nothing for a list.
  const open: (Set<string> | undefined)[] = [];
  let count = 0;
  for (let at = 0; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case OPENING_BRACE:
      case OPENING_BRACKET:
        if (open.length === depth) return `is nested deeper than ${depth}`;
        if (++count > values) return `holds over ${values} values`;
        open.push(distinctKeys && json.charCodeAt(at) === OPENING_BRACE ? new Set() : undefined);
        break;
      case CLOSING_BRACE:
      case CLOSING_BRACKET:
        open.pop();
        break;
      case COMMA:
        if (++count > values) return `holds over ${values} values`;
        break;
      case QUOTE: {
        const end = endOfString(json, at);
        const keys = open.at(-1);
        if (keys !== undefined && isKey(json, end)) {
          const key = keyIn(json.slice(at, end));
          if (keys.has(key)) return `has the key ${show(key)} twice`;
          keys.add(key);
        }
        at = end - 1;
      }
    }
  }
  return undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Where a string ends that begins at `start`: behind its closing quote, or at the end of the text. */
function endOfString(json: string, start: number): number {
  for (let from = start + 1;;) {
    const end = json.indexOf('"', from);
    if (end < 0) return json.length;
    let escapes = 0;
    while (json.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return end + 1;
    from = end + 1;
  }
}

function isKey(json: string, end: number): boolean {
  while (end < json.length && json.charCodeAt(end) <= 0x20) end++;
  return json.charCodeAt(end) === COLON;
}

/** A key as it is read: escapes are other ways to write the same. */
function keyIn(literal: string): string {
  try {
    return literal.includes("\\") ? String(JSON.parse(literal)) : literal.slice(1, -1);
  } catch {
    return literal; // no JSON, which the parser says
  }
}
