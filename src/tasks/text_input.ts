/**
 * What every task of texts does alike: reading queries from records, and encoding them.
 *
 * @module
 */
import { type DataRecord, readText } from "../data/example.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { Columns, EncodeQueryOptions, TextEncoding, TextQuery } from "./task.ts";

/** The text of a record, or the pair where there is a column for a second one. */
export function queryOf(record: DataRecord, where: string, columns: Columns): TextQuery {
  const text = readText(record, where, columns.text);
  return columns.pair === undefined ? text : [text, readText(record, where, columns.pair)];
}

/** A query's ids: the text, or both texts of a pair behind each other. */
export function encodeText(
  tokenizer: Tokenizer,
  query: TextQuery,
  options: EncodeQueryOptions,
): TextEncoding {
  const [text, pair] = typeof query === "string" ? [query, undefined] : query;
  return tokenizer.encode(text, { ...options, pair });
}

/** The texts of a query: one, or both of a pair. */
export function textsOf(query: TextQuery): readonly string[] {
  return typeof query === "string" ? [query] : query;
}

/** The text of a query, for what looks at texts alone: both texts of a pair with a line break between. */
export function textOf(query: TextQuery): string {
  return textsOf(query).join("\n");
}
