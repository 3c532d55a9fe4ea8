/**
 * Answering a file of records: a row out for each row in, in their order, a few at a time.
 *
 * @module
 */
import { extname } from "node:path";
import { countCodePoints, show } from "../../base/text.ts";
import type { ReadOptions } from "../../data/reading/options.ts";
import { type PlacedQueries, streamQueries } from "../../lifecycle/queries.ts";
import type { PredictService } from "../../serve/service.ts";
import type { Columns } from "../../tasks/task.ts";
import { textOf } from "../../tasks/text_input.ts";
import { CLIENT_BATCH } from "../model.ts";
import { InputError, type Output, writeText } from "../output.ts";
import { type Format, FORMATS, lineMaker } from "./table.ts";

/** How a file is answered. */
export interface FileOptions {
  readonly columns: Partial<Columns>;
  /** How the file is read. */
  readonly reading?: ReadOptions;
  /** Where the rows go; standard output unless given. */
  readonly out?: string;
  /** Default: what the name of `out` says, else JSON lines. */
  readonly format?: Format;
  /** Stands before the names of the columns that are added. */
  readonly prefix?: string;
  /** Leave texts that spreadsheets would run as they are. */
  readonly plainText?: boolean;
  readonly output: Output;
}

/** Rows in memory at a time. */
const CHUNK = 8 * CLIENT_BATCH;
const PROGRESS_EVERY = 10_000;

/** The format that a file's name asks for; `undefined` where it names none. */
export function formatOf(path: string): Format | undefined {
  const extension = extname(path).toLowerCase().slice(1);
  return FORMATS.find((format) => format === extension) ?? (extension === "ndjson" ? "jsonl" : undefined);
}

/**
 * Writes each record with the model's answer: its columns, then `prediction` and, of a classifier, the probability of every label
 * (in JSON lines as `scores`, in CSV as a column `score.LABEL` each).
 *
 * A file is written beside its place and moved there when it is whole.
 *
 * @returns How many rows there were.
 * @throws {InputError} naming the row whose text is too long, or whose columns have an added one's name.
 */
export async function answerFile(
  service: PredictService,
  source: string,
  options: FileOptions,
): Promise<number> {
  const { out, output, plainText } = options;
  const format = options.format ?? (out === undefined ? undefined : formatOf(out)) ?? "jsonl";
  const lineOf = lineMaker(format, { plainText });
  const file = out === undefined ? undefined : await openOut(out);
  let count = 0;
  try {
    for await (const chunk of chunks(streamQueries(source, service.task, options))) {
      const rows = await answerChunk(service, chunk, { ...options, format });
      const text = rows.map((row, i) => lineOf(row, chunk[i].where)).join("");
      writeText(file?.stream ?? Deno.stdout, text);
      const before = Math.floor(count / PROGRESS_EVERY);
      count += chunk.length;
      if (Math.floor(count / PROGRESS_EVERY) > before) output.progress(`${count} rows`);
    }
    await file?.finish();
  } catch (error) {
    await file?.abandon();
    throw error;
  }
  return count;
}

async function openOut(path: string) {
  const part = `${path}.part`;
  let stream: Deno.FsFile;
  try {
    stream = await Deno.open(part, { create: true, truncate: true, write: true });
  } catch (error) {
    throw new InputError(`Cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
  return {
    stream,
    async finish() {
      stream.close();
      await Deno.rename(part, path);
    },
    async abandon() {
      try {
        stream.close();
      } catch {
        // It was closed before what failed.
      }
      await Deno.remove(part).catch(() => {});
    },
  };
}

async function* chunks(rows: AsyncIterable<PlacedQueries>): AsyncGenerator<PlacedQueries[]> {
  let chunk: PlacedQueries[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

async function answerChunk(
  service: PredictService,
  chunk: readonly PlacedQueries[],
  options: FileOptions & { readonly format: Format },
): Promise<Record<string, unknown>[]> {
  const { maxCharacters } = service.info();
  for (const { queries, where } of chunk) {
    const long = queries.find((query) => countCodePoints(textOf(query)) > maxCharacters);
    if (long === undefined) continue;
    const characters = countCodePoints(textOf(long));
    throw new InputError(
      `${where}: the text has ${characters} characters, and the model takes at most ${maxCharacters}: cut or split it`,
    );
  }
  const queries = chunk.flatMap((row) => row.queries), answers: unknown[] = [];
  for (let start = 0; start < queries.length; start += CLIENT_BATCH) {
    answers.push(...await service.predict(queries.slice(start, start + CLIENT_BATCH)));
  }
  let at = 0;
  return chunk.map(({ record, queries, where }) => {
    const own = answers.slice(at, at += queries.length);
    const added = addedColumns(service, own, options);
    const taken = Object.keys(added).find((name) => Object.hasOwn(record, name));
    if (taken === undefined) return { ...record, ...added };
    throw new InputError(
      `${where}: there is a column ${
        show(taken)
      } already: give --prefix, which stands before the names of new columns`,
    );
  });
}

/** What is added to a row: the answer in short and, where it scores labels, each one's score. */
function addedColumns(
  { task, info }: PredictService,
  answers: readonly unknown[],
  { format, prefix = "" }: { readonly format: Format; readonly prefix?: string },
): Record<string, unknown> {
  const labels = info().manifest.head.labels as readonly string[] | undefined;
  const prediction = answers.length === 1 ? answers[0] : answers;
  if (!labels || !isScored(prediction)) return { [`${prefix}prediction`]: prediction };
  const byLabel = new Map(prediction.map(({ label, score }) => [label, score]));
  const scores = labels.map((label) => [label, byLabel.get(label)] as const);
  // A head of one number, such as a regression's, has no label to choose.
  if (labels.length === 1 && !task.outcome) return { [`${prefix}prediction`]: scores[0][1] };
  const best = task.outcome?.(prediction) ?? task.pair([], [prediction], ALONE).prediction;
  return {
    [`${prefix}prediction`]: format === "csv" && Array.isArray(best) ? best.join("|") : best,
    ...format === "csv"
      ? Object.fromEntries(scores.map(([label, score]) => [`${prefix}score.${label}`, score]))
      : { [`${prefix}scores`]: Object.fromEntries(scores) },
  };
}

const ALONE = { row: 0, targets: [[]], answers: [[]] };

function isScored(answer: unknown): answer is { label: string; score: number }[] {
  return Array.isArray(answer) && answer.length > 0 &&
    answer.every((one) => typeof one?.label === "string" && typeof one?.score === "number");
}
