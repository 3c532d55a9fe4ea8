/**
 * Reading the records of a data set, of whatever kind it is.
 *
 * @module
 */
import { show } from "../base/text.ts";
import { conllOf } from "./conll.ts";
import { csvRecordsOf } from "./csv.ts";
import { DataError } from "./errors.ts";
import type { DataRecord, PlacedRecord } from "./example.ts";
import { jsonLinesOf } from "./jsonl.ts";
import { linesOf } from "./lines.ts";
import { arrowRecords } from "./reading/arrow.ts";
import { type ByteSource, openBytes } from "./reading/bytes.ts";
import { type ClassNames, withClassNames } from "./reading/class_names.ts";
import { keepThreads } from "./reading/decoder.ts";
import { decodeText } from "./reading/encoding.ts";
import { planFolder, type TextFile } from "./reading/folder.ts";
import { findFormat } from "./reading/format.ts";
import { classNamesOfFolder } from "./reading/hub.ts";
import { jsonItems } from "./reading/json_items.ts";
import { itemsOfObject } from "./reading/json_object.ts";
import type { Format, ReadOptions, SourceDescription } from "./reading/options.ts";
import { parquetRecords } from "./reading/parquet.ts";
import { readSpam } from "./spam.ts";

/** What is found out about a source while it is read. */
type Facts = { -readonly [K in keyof SourceDescription]?: SourceDescription[K] };
type Told = ReadOptions & { readonly onFacts: (facts: Facts) => void };

/**
 * The records of a file, of a folder, of standard input (`-`), or of `spam`, the mails of SpamAssassin's corpus. What is not
 * said in the options is found out from the content: `docs/data.md` says what is read.
 *
 * @throws {DataError} naming the file and line that cannot be read, or is no record; also when there are no records.
 *
 * @example
 * ```ts
 * import { readRecords } from "./records.ts";
 * import assert from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile({ suffix: ".csv" });
 * await Deno.writeTextFile(path, "subject;label\nwin now;spam\n");
 * const guesses: string[] = [];
 * const records = readRecords(path, { onGuess: (line) => guesses.push(line) });
 * const [{ record, where }] = await Array.fromAsync(records);
 * assert.deepEqual(record, { subject: "win now", label: "spam" });
 * assert.equal(where, `${path} line 2`);
 * assert.deepEqual(guesses, [`${path}: read with delimiter ";" (--delimiter)`]);
 * await Deno.remove(path);
 * ```
 */
export async function* readRecords(source: string, options: ReadOptions = {}): AsyncGenerator<PlacedRecord> {
  yield* recordsOf(source, { ...options, onFacts: () => {} });
}

/**
 * What a source is, as far as its first record shows it, with everything that was guessed.
 *
 * @throws {DataError} when it cannot be read; see {@linkcode readRecords}.
 *
 * @example
 * ```ts
 * import { describeSource } from "./records.ts";
 * import assert from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile({ suffix: ".csv" });
 * await Deno.writeTextFile(path, "text|label\nwin now|spam\n");
 * const { format, delimiter, columns } = await describeSource(path);
 * assert.deepEqual({ format, delimiter, columns }, { format: "csv", delimiter: "|", columns: ["text", "label"] });
 * await Deno.remove(path);
 * ```
 */
export async function describeSource(source: string, options: ReadOptions = {}): Promise<SourceDescription> {
  let facts: Facts = {};
  const guesses: string[] = [];
  const records = recordsOf(source, {
    ...options,
    onGuess(line) {
      guesses.push(line);
      options.onGuess?.(line);
    },
    onFacts: (more) => facts = { ...facts, ...more },
  });
  for await (const { record } of records) {
    const { name = source, format = "csv", compression = null } = facts;
    return { ...facts, name, format, compression, columns: Object.keys(record), guesses };
  }
  throw new DataError(`${source}: no examples`);
}

async function* recordsOf(source: string, options: Told): AsyncGenerator<PlacedRecord> {
  let count = 0, format: SourceDescription["format"] = "csv";
  const onFacts = (facts: Facts) => {
    format = facts.format ?? format;
    options.onFacts(facts);
  };
  const paths = (options.columns ?? []).filter((name) => name.includes("."));
  for await (const { record, where } of allRecords(source, { ...options, onFacts })) {
    count++;
    yield { record: withPaths(record, paths), where };
  }
  if (count === 0) throw new DataError(`${source}: no examples; ${expected[format]}`);
}

/** A record with the columns that are called by their path, such as `doc.text`, where it has none of that very name. */
function withPaths(record: DataRecord, paths: readonly string[]): DataRecord {
  const found = paths.flatMap((path) => {
    if (Object.hasOwn(record, path)) return [];
    let value: unknown = record;
    for (const name of path.split(".")) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return [];
      value = (value as DataRecord)[name];
    }
    return [[path, value]];
  });
  return found.length === 0 ? record : { ...record, ...Object.fromEntries(found) };
}

async function* allRecords(source: string, options: Told): AsyncGenerator<PlacedRecord> {
  if (source === "spam") {
    options.onFacts({ name: "spam", format: "spam", compression: null });
    for (const [i, mail] of readSpam().entries()) yield { record: { ...mail }, where: `spam mail ${i + 1}` };
    return;
  }
  if (await isFolder(source)) yield* folderRecords(source, options);
  else yield* fileRecords(source, options);
}

async function* fileRecords(source: string, options: Told): AsyncGenerator<PlacedRecord> {
  const bytes = await openBytes(source);
  try {
    yield* recordsOfBytes(bytes, options);
  } finally {
    await bytes.close();
  }
}

async function isFolder(source: string): Promise<boolean> {
  try {
    return source !== "-" && (await Deno.stat(source)).isDirectory;
  } catch {
    return false; // Opening it says what is wrong.
  }
}

/** The records of a folder's files, one file after the other. */
async function* folderRecords(folder: string, options: Told): AsyncGenerator<PlacedRecord> {
  const plan = await planFolder(folder, options);
  const { splits, split } = plan;
  for (const guess of plan.guesses) options.onGuess?.(guess);
  const all = "texts" in plan ? plan.texts.map(({ path }) => path) : plan.files;
  options.onFacts({ name: folder, format: plan.format, splits, split, files: all.slice(0, 1000) });
  if ("texts" in plan) return yield* textRecords(plan.texts, options);
  const classes = await classNamesOfFolder(folder);
  const told = new Set<string>();
  const tellOnce = (line: string) => {
    // Files of one data set are alike: what is said of one holds for all.
    const what = all.reduce((text, path) => text.replace(path, ""), line);
    if (!told.has(what)) options.onGuess?.(line);
    told.add(what);
  };
  if (classes.size > 0) tellClasses(folder, options)(classes);
  const threads = keepThreads();
  try {
    for (const file of plan.files) {
      const own = {
        ...options,
        format: plan.format,
        onGuess: tellOnce,
        onFacts: withoutName(options.onFacts),
      };
      for await (const { record, where } of fileRecords(file, own)) {
        yield { record: withClassNames(record, classes), where };
      }
    }
  } finally {
    await threads.close();
  }
}

/** A folder is called by its own name, whatever its files are called. */
function withoutName(onFacts: Told["onFacts"]): Told["onFacts"] {
  return ({ name: _, ...facts }) => onFacts(facts);
}

/** A text has no more characters. */
const MAX_TEXT_LENGTH = 16 * 2 ** 20;

async function* textRecords(texts: readonly TextFile[], options: Told): AsyncGenerator<PlacedRecord> {
  let others = 0, first = "";
  for (const { path, file, label } of texts) {
    const source = await openBytes(path);
    try {
      let text = "";
      const onEncoding = (_: string, line: string) => others++ === 0 && (first = line);
      for await (const part of decodeText(source, { encoding: options.encoding, onEncoding })) {
        text += part;
        if (text.length > MAX_TEXT_LENGTH) {
          throw new DataError(`${path}: a text of more than ${MAX_TEXT_LENGTH} characters`);
        }
      }
      yield { record: label === undefined ? { text, file } : { text, label, file }, where: path };
    } finally {
      await source.close();
    }
  }
  if (others > 0) options.onGuess?.(others === 1 ? first : `${first}; so are ${others - 1} more`);
}

/** The records of one source of bytes. */
async function* recordsOfBytes(source: ByteSource, options: Told): AsyncGenerator<PlacedRecord> {
  const { name, compression } = source;
  const { format, guess } = options.format === undefined
    ? findFormat(source)
    : { format: options.format, guess: undefined };
  if (guess !== undefined) options.onGuess?.(guess);
  options.onFacts({ name, format, compression });
  yield* readers[format](source, options);
}

type Reader = (source: ByteSource, options: Told) => AsyncGenerator<PlacedRecord>;

const readers: Readonly<Record<Format, Reader>> = {
  csv: (source, options) =>
    csvRecordsOf(source, {
      ...options,
      onFacts({ encoding, dialect: { delimiter, quote, header } }) {
        options.onFacts({ encoding, delimiter, quote: quote ?? "none", header });
      },
    }),
  async *jsonl(source, options) {
    const asRecord = recordMaker();
    for await (const { value, where } of jsonLinesOf(linesOf(source, textOf(source, options)), source.name)) {
      yield { record: asRecord(value, where), where };
    }
  },
  json: jsonRecords,
  parquet: (source, options) => parquetRecords(source, { onClasses: tellClasses(source.name, options) }),
  arrow: (source, options) => arrowRecords(source, { onClasses: tellClasses(source.name, options) }),
  conll: (source, options) => conllOf(linesOf(source, textOf(source, options)), source.name),
  async *fasttext(source, options) {
    for await (const { number, text } of linesOf(source, textOf(source, options))) {
      const [, labels, rest] = /^((?:__label__\S+\s+)*(?:__label__\S+)?)(.*)$/s.exec(text.trim())!;
      const names = labels.split(/\s+/).filter((label) => label !== "").map((label) => label.slice(9));
      const where = `${source.name} line ${number}`;
      if (text.trim() === "") continue;
      if (names.length === 0) {
        throw new DataError(`${where}: __label__ and a label's name were expected first`);
      }
      yield { record: { text: rest.trim(), label: names.length === 1 ? names[0] : names }, where };
    }
  },
  async *lines(source, options) {
    for await (const { number, text } of linesOf(source, textOf(source, options))) {
      if (text.trim() !== "") yield { record: { text }, where: `${source.name} line ${number}` };
    }
  },
};

/** Tells which integers are read as names. */
function tellClasses(name: string, { onGuess }: ReadOptions): (classes: ClassNames) => void {
  return (classes) =>
    classes.forEach((names, column) =>
      onGuess?.(
        `${name}: integers of column ${show(column)} are read as the names that the file has for them: ${
          names.slice(0, 5).map((label) => show(label)).join(", ")
        }${names.length > 5 ? ", ..." : ""}`,
      )
    );
}

/** The text of a source, with its encoding told. */
function textOf(source: ByteSource, { encoding, onGuess, onFacts }: Told): AsyncGenerator<string> {
  onFacts({ encoding: encoding ?? "utf-8" });
  return decodeText(source, {
    encoding,
    onEncoding(found, line) {
      onFacts({ encoding: found });
      onGuess?.(line);
    },
  });
}

/** The items of a list; or those of the one list in an object. */
async function* jsonRecords(source: ByteSource, options: Told): AsyncGenerator<PlacedRecord> {
  const { name } = source;
  const isList = new TextDecoder().decode(source.head.filter((byte) => byte !== 0)).replace(
    /^\W*?(?=[[{])/,
    "",
  ).startsWith("[");
  const items = isList
    ? jsonItems(textOf(source, options), name)
    : itemsOfObject(textOf(source, options), { name, split: options.split, onGuess: options.onGuess });
  const asRecord = recordMaker();
  let i = 0;
  for await (const { value, line } of items) {
    const where = line === undefined ? `${name} item ${++i}` : `${name} line ${line}, item ${++i}`;
    yield { record: asRecord(value, where), where };
  }
}

/** Makes records of one source's values: an object as it is; of a list the cells, by their numbers, where all rows are lists. */
function recordMaker(): (value: unknown, where: string) => DataRecord {
  let ofLists: boolean | undefined;
  return (value, where) => {
    if (typeof value === "object" && value !== null) {
      const isList = Array.isArray(value);
      ofLists ??= isList;
      if (isList === ofLists) {
        if (!isList) return value as DataRecord;
        if (value.length > 0) return Object.fromEntries(value.map((cell, i) => [String(i + 1), cell]));
      }
    }
    throw new DataError(
      `${where}: ${
        ofLists
          ? 'a list was expected, such as ["...", "..."]'
          : 'a JSON object was expected, such as {"text": "...", "label": "..."}'
      }, and ${show(value)} was found`,
    );
  };
}

const expected: Readonly<Record<SourceDescription["format"], string>> = {
  csv: "a row with the columns' names and at least one more were expected",
  jsonl: "it holds no line of JSON",
  json: "its list is empty",
  parquet: "it has no rows",
  arrow: "it has no rows",
  conll: "lines with a token and its tag were expected",
  fasttext: "lines such as __label__spam win now were expected",
  lines: "lines of text were expected",
  folder: "a folder of texts has a folder for each label, with .txt files in it",
  spam: "its package is not whole",
};
