/**
 * The readers of data sets, for the fuzzer.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { readRows } from "../../src/cli/evaluation/rows.ts";
import { textCleaner } from "../../src/data/clean/clean.ts";
import { dividedSteps } from "../../src/data/clean/steps.ts";
import { textSteps } from "../../src/data/clean/text_steps.ts";
import { classNamesOfFolder } from "../../src/data/reading/hub.ts";
import { keepThreads } from "../../src/data/reading/decoder.ts";
import type { ReadOptions } from "../../src/data/reading/options.ts";
import { readRecords } from "../../src/data/records.ts";
import { bytesOf, golden, inFile, jsonBytes, type Parser, textOf } from "./parser.ts";

/** Some of what is read is decoded in a thread, which waits for the next case. */
const records = (name: string, options: ReadOptions = {}) =>
  inFile(name, async (path) => {
    decoders ??= keepThreads();
    let size = 0;
    for await (const { record } of readRecords(path, options)) size += Object.keys(record).length;
    return size;
  });
let decoders: ReturnType<typeof keepThreads> | undefined;

/** Ends the threads that wait for more cases. */
export async function endDecoders(): Promise<void> {
  await decoders?.close();
  decoders = undefined;
}

const rows = 'text,label\r\n"a, ""b""\nc",ham\r\nplain,spam\r\n';
const lines = '{"text":"win now","label":"spam"}\n\n{"text":"see you","label":"ham","n":1.5}\n';
const packed = (text: string) => new Uint8Array(gzipSync(text));
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const utf16 = (text: string) => new Uint8Array(Uint16Array.from(text, (unit) => unit.charCodeAt(0)).buffer);
const table = (delimiter: string) =>
  bytesOf([["text", "label"], ["a", "ham"], ["b", "spam"]].map((cells) => cells.join(delimiter)).join("\n"));

/** A text in each dialect that is told by its content. */
const dialects = () => [
  bytesOf(rows),
  bytesOf("text,label\na,b\n"),
  ...["\t", ";", "|", "^", "::"].map(table),
  bytesOf("sep=;\r\ntext;label\r\na;b\r\n"),
  bytesOf("'text','label'\n'it''s','ham'\n'no','spam'\n"),
  bytesOf('text,label\n"a \\"b\\" c",ham\n"d",spam\n'),
  bytesOf('text\tlabel\n"no" he said\tham\nyes"\tspam\n'),
  bytesOf("text,label\ra,ham\rb,spam\r"),
  bytesOf("a text without a header,ham\nanother one,spam\n"),
  bytesOf("text\tlabel\nstring\tdiscrete\nmeta\tclass\na\tham\nb\tspam\n"),
  latin1("text,label\ncaf\xe9,ham\nna\xefve,spam\n"),
  utf16("\ufefftext,label\na,ham\nb,spam\n"),
  bytesOf("\ufefftext , label\n a , ham\n b , spam,\n,\n"),
];

/** Texts that patterns of files are tried on. */
const CLEANED = [
  "Win now, <b>a@b.example</b>!",
  "a".repeat(3000),
  " ".repeat(3000),
  "\u0301ไทย 中文 İß \u{1f600}\0\ud800",
];

/** By what is read. */
export const dataParsers: Readonly<Record<string, Parser>> = {
  csv: { seeds: dialects, run: records("case.csv") },
  tsv: { seeds: () => [bytesOf(rows.replaceAll(",", "\t")), ...dialects()], run: records("case.tsv") },
  "text that says nothing of itself": {
    seeds: () => [
      ...dialects(),
      bytesOf(lines),
      bytesOf("__label__ham __label__x see you\n__label__spam win now\n"),
      bytesOf("one text\nanother text\n"),
      golden("reading/rows.csv.gz"),
    ],
    run: records("case"),
  },
  jsonl: { seeds: () => [bytesOf(lines), bytesOf('["a","b"]\n["c","d"]\n')], run: records("case.jsonl") },
  json: {
    seeds: () => [
      jsonBytes([{ text: "a", label: "b" }, { text: "c", label: 1 }]),
      jsonBytes({ data: [{ text: "a", label: "b" }], version: 1 }),
      jsonBytes({ train: [{ text: "a" }], test: [{ text: "b" }] }),
      jsonBytes({ text: { 0: "a", 1: "b" }, label: { 0: "x", 1: "y" } }),
      jsonBytes({ columns: ["text", "label"], data: [["a", "b"]] }),
      jsonBytes([["a", "b"], ["c", "d"]]),
    ],
    run: records("case.json"),
  },
  parquet: {
    seeds: () =>
      ["plain", "zstd", "gzip", "brotli", "lz4", "delta", "all"].map((name) =>
        golden(`reading/${name}.parquet`)
      ),
    run: records("case.parquet"),
    // A thread that hangs is ended after 4 s.
    limitMs: 8000,
  },
  arrow: {
    seeds: () =>
      ["stream.arrow", "lz4.feather", "zstd.feather", "all.feather"].map((name) => golden(`reading/${name}`)),
    run: records("case.arrow"),
    limitMs: 8000,
  },
  gz: {
    seeds: () => [
      golden("reading/rows.csv.gz"),
      packed(rows),
      packed(`text,label\n${"x".repeat(1_000_000)},ham\n`),
    ],
    run: records("case.csv.gz"),
    // A thousand bytes may come of one.
    limitMs: 10_000,
  },
  zst: { seeds: () => [golden("reading/rows.csv.zst")], run: records("case.csv.zst"), limitMs: 10_000 },
  conll: {
    seeds: () => [bytesOf("-DOCSTART- O\n\nAngela NNP B-PER\nMerkel NNP I-PER\n\nHi\tO\n")],
    run: records("case.conll"),
  },
  fasttext: {
    seeds: () => [bytesOf("__label__ham __label__x see you\n__label__spam win now\n")],
    run: records("case.txt", { format: "fasttext" }),
  },
  "a text a line": {
    seeds: () => [bytesOf("one\r\ntwo\n\nthree"), utf16("\ufeffone\ntwo\n"), latin1("caf\xe9\n")],
    run: records("case.txt", { format: "lines" }),
  },
  "a card's classes": {
    seeds: () => [
      bytesOf(
        "---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n" +
          "          '0': billing\n          '1': tech\n---\n# Tickets\n",
      ),
    ],
    run: inFile("README.md", async (_, folder) => (await classNamesOfFolder(folder)).size),
  },
  "dataset_info.json": {
    seeds: () => [
      jsonBytes({
        features: { label: { names: ["neg", "pos"], _type: "ClassLabel" }, text: { _type: "Value" } },
      }),
    ],
    run: inFile("dataset_info.json", async (_, folder) => (await classNamesOfFolder(folder)).size),
  },
  "cleaning steps": {
    seeds: () => Object.values(textSteps).map(({ example }) => bytesOf(`${example.step},collapse-space`)),
    run(bytes) {
      const clean = textCleaner(dividedSteps(textOf(bytes)));
      return CLEANED.reduce((size, text) => size + clean(text).length, 0);
    },
  },
  "texts that are cleaned": {
    seeds: () => Object.values(textSteps).map(({ example }) => bytesOf(example.text)),
    run(bytes) {
      const text = textOf(bytes);
      // Each by itself, so that none shortens what the next gets.
      return Math.max(
        ...Object.values(textSteps).map(({ example }) => textCleaner([example.step])(text).length),
      );
    },
  },
  "evaluation rows": {
    seeds: () => [bytesOf(lines), bytesOf('"a"\n["b","c"]\n1.5\n')],
    run: inFile("rows.jsonl", async (path) => (await readRows(path)).length),
  },
  "evaluation texts": {
    seeds: () => [bytesOf("a text\nanother\n")],
    run: inFile("rows.txt", async (path) => textOf(bytesOf((await readRows(path)).join(""))).length),
  },
};
