/**
 * Runs and relevance judgements in the form of TREC, as ranked lists.
 *
 * @module
 */
import { compareCodePoints } from "../../base/text.ts";
import type { RankedList } from "./ranking.ts";
import { fail, refuse } from "../../statistics/checks.ts";

/** Numbers by query and document: scores of a run, or relevances that were judged (qrels). */
export type TrecTable = ReadonlyMap<string, TrecRow> | Readonly<Record<string, TrecRow>>;

/** Numbers by document. */
export type TrecRow = ReadonlyMap<string, number> | Readonly<Record<string, number>>;

/** A run as ranked lists. */
export interface RunLists {
  /** Queries that are scored, in the order of the judgements. */
  readonly queries: string[];
  /** Their lists, for `ranking`. */
  readonly lists: RankedList[];
  /** Queries that were judged, but are not in the run. */
  readonly missing: string[];
  /** Queries of the run that were not judged: they cannot be scored. */
  readonly unjudged: string[];
}

/**
 * A run and its judgements as ranked lists. The rules are trec_eval's: results are ordered by score, those tied by
 * descending id; what was not judged, or judged below 0, is irrelevant. Scores are compared as doubles (trec_eval
 * before version 10 and pytrec_eval round them to 32 bits first).
 *
 * @param run Score of each retrieved document, by query.
 * @param qrels Relevance of each judged document, by query.
 * @param options `missing`: a judged query that is not in the run is left out ("skip", as trec_eval does by default) or scores
 * 0 ("zero", trec_eval -c).
 * @throws {EvaluationError} When the two have no query in common, or a number is not finite.
 * @example
 * ```ts
 * import { ranking } from "./ranking.ts";
 * import { listsOfRun } from "./ranking_trec.ts";
 * import assert from "node:assert/strict";
 * const { lists } = listsOfRun({ q1: { d1: 0.2, d2: 0.9 } }, { q1: { d1: 1, d3: 1 } });
 * assert.equal(ranking(lists).mrr, 0.5);
 * assert.equal(ranking(lists)["recall@10"], 0.5);
 * ```
 */
export function listsOfRun(
  run: TrecTable,
  qrels: TrecTable,
  options: { missing?: "skip" | "zero" } = {},
): RunLists {
  const { missing: onMissing = "skip" } = options;
  const runs = new Map(entries<TrecRow>(run).map(([query, scores]) => [query, entries(scores)]));
  const judgements = entries<TrecRow>(qrels);
  const judgedQueries = new Set(judgements.map(([query]) => query));
  const found: RunLists = {
    queries: [],
    lists: [],
    missing: [],
    unjudged: [...runs.keys()].filter((query) => !judgedQueries.has(query)),
  };
  for (const [query, judged] of judgements) {
    const results = runs.get(query);
    if (!results) found.missing.push(query);
    if (!results && onMissing === "skip") continue;
    const relevance = new Map(
      entries(judged).map(([id, value]) => {
        checkFinite(value, `the relevance of "${id}" for query "${query}"`);
        return [id, Math.max(0, value)];
      }),
    );
    for (const [id, score] of results ?? []) checkFinite(score, `the score of "${id}" for query "${query}"`);
    const sorted = [...results ?? []].sort((a, b) => b[1] - a[1] || compareCodePoints(b[0], a[0]));
    found.queries.push(query);
    found.lists.push({
      relevance: sorted.map(([id]) => relevance.get(id) ?? 0),
      judged: [...relevance.values()],
    });
  }
  if (found.lists.length === 0) {
    const queries = `none of its ${runs.size} queries is among the ${judgements.length} that were judged`;
    fail(`Cannot score the run: ${queries}`);
  }
  return found;
}

/**
 * A run in TREC's format, a result a line: query, "Q0", document, rank, score, name of the run. The rank is not read.
 *
 * @throws {EvaluationError} When a line is malformed or a document comes twice for a query.
 * @example
 * ```ts
 * import { parseQrels, parseRun } from "./ranking_trec.ts";
 * import assert from "node:assert/strict";
 * assert.equal(parseRun("q1 Q0 d7 1 12.5 bm25\n").get("q1")?.get("d7"), 12.5);
 * assert.equal(parseQrels("q1 0 d7 2\nq1 0 d9 0\n").get("q1")?.get("d7"), 2);
 * ```
 */
export function parseRun(text: string): Map<string, Map<string, number>> {
  return parseLines(text, {
    what: "run",
    fields: ["query", "Q0", "document", "rank", "score", "name"],
    value: 4,
  });
}

/**
 * Judgements in TREC's format (qrels), one a line: query, iteration (not read), document, relevance.
 *
 * @throws {EvaluationError} When a line is malformed or a document comes twice for a query.
 */
export function parseQrels(text: string): Map<string, Map<string, number>> {
  return parseLines(text, {
    what: "qrels",
    fields: ["query", "iteration", "document", "relevance"],
    value: 3,
  });
}

function parseLines(
  text: string,
  format: { what: string; fields: string[]; value: number },
): Map<string, Map<string, number>> {
  const table = new Map<string, Map<string, number>>();
  text.split("\n").forEach((line, number) => {
    if (line.trim() === "") return;
    const fields = line.trim().split(/\s+/);
    const value = Number(fields[format.value]);
    const where = `line ${number + 1} of the ${format.what}`;
    if (fields.length !== format.fields.length || !Number.isFinite(value)) {
      refuse(where, line, format.fields.join(" "));
    }
    const [query, , document] = fields;
    const documents = table.get(query) ?? new Map<string, number>();
    if (documents.has(document)) {
      fail(`Cannot read ${where}: document "${document}" comes twice for query "${query}"`);
    }
    table.set(query, documents.set(document, value));
  });
  return table;
}

function entries<T>(table: ReadonlyMap<string, T> | Readonly<Record<string, T>>): [string, T][] {
  return table instanceof Map ? [...table] : Object.entries(table as Record<string, T>);
}

function checkFinite(value: number, what: string): void {
  if (!Number.isFinite(value)) refuse(what, value, "a finite number");
}
