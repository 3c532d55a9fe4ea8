import assert from "node:assert/strict";
import { readCsvRecords } from "../../src/data/csv.ts";
import { readLabel, readText } from "../../src/data/example.ts";
import { readRecords } from "../../src/data/records.ts";
import { isDataError, withFile } from "./files.ts";

/** Reads texts and labels as a task of texts does. */
const read = (path: string) =>
  Array.fromAsync(readRecords(path), ({ record, where }) => ({
    text: readText(record, where, "text"),
    label: readLabel(record, where, "label"),
  }));

Deno.test("quoted fields hold delimiters, quotes and line ends", async () => {
  const content = '\ufefflabel,text\r\na,"one, ""two""\nthree"\r\n\r\nb,ü\r\n';
  await withFile("mails.csv", content, async (path) => {
    assert.deepEqual(await read(path), [{ text: 'one, "two"\nthree', label: "a" }, {
      text: "ü",
      label: "b",
    }]);
  });
});

Deno.test("a .tsv file is split at tabs, another delimiter can be given", async () => {
  await withFile("mails.tsv", "text\tlabel\nx, y\ta\n", async (path) => {
    assert.deepEqual(await read(path), [{ text: "x, y", label: "a" }]);
  });
  await withFile("mails.csv", "text;label\nx, y;a\n", async (path) => {
    const [{ record }] = await Array.fromAsync(readCsvRecords(path, { delimiter: ";" }));
    assert.deepEqual(record, { text: "x, y", label: "a" });
  });
  await withFile("mails.csv", "text::label\nx, y::a\n", async (path) => {
    const [{ record }] = await Array.fromAsync(readCsvRecords(path, { delimiter: "::" }));
    assert.deepEqual(record, { text: "x, y", label: "a" });
  });
});

const BAD: [string, string, RegExp][] = [
  [
    "a row too short",
    "text,label\nx,a\nonly\n",
    /mails\.csv line 3: 1 cell, and the header has 2; a cell is missing/,
  ],
  [
    "a row too long",
    "text,label\nx,a\nx, y,a\n",
    /mails\.csv line 3: 3 cells, and the header has 2; put a text that has "," /,
  ],
  [
    "a quote never closed, where it opens",
    'text,label\nx,a\n"open,a\n' + "y,b\n".repeat(60),
    /mails\.csv line 3: a quote opens here and is never closed: close it, or give --quote none/,
  ],
  [
    "a quote that only a later line's quote would close",
    'text,label\n"x",a\n"open,a\n' + "y,b\n".repeat(60) + '"z",b\n',
    /mails\.csv line 3: a quote opens here and is never closed/,
  ],
  ["a missing column", "body,label\nx,a\n", /mails\.csv line 2: no column "text"; found "body", "label"/],
  ["two columns of one name", "text,label,text\nx,a,y\n", /mails\.csv line 1: two columns are called "text"/],
  ["an empty label", "text,label\nx,\n", /line 2: column "label" is empty; a label was expected/],
  ["only the names", "text,label\n", /mails\.csv: no examples/],
  ["only the names, and rows of nothing", "text,label\n,\n , \n", /mails\.csv: no examples/],
  ["nothing", "", /mails\.csv: no examples: it is empty/],
];

Deno.test.each(BAD)("an error names the file and the line: $0", async (_, content, message) => {
  await withFile("mails.csv", content, async (path) => {
    await assert.rejects(read(path), isDataError(message));
  });
});

Deno.test("invalid UTF-8 is an error that says the line", async () => {
  const bytes = new Uint8Array([
    ...new TextEncoder().encode("text,label\nü,a\ny"),
    0xe9,
    ...new TextEncoder().encode(",a\n"),
  ]);
  await withFile("mails.csv", bytes, async (path) => {
    await assert.rejects(read(path), isDataError(/mails\.csv line 3: not valid UTF-8 \(byte 0xE9\)/));
  });
});

Deno.test("a missing file is one line", async () => {
  await assert.rejects(read("/nowhere/mails.csv"), isDataError(/^\/nowhere\/mails\.csv: no such file$/));
});

Deno.test("reading can stop early and leaves no file open", async () => {
  await withFile("mails.csv", "text,label\n" + "x,a\n".repeat(100_000), async (path) => {
    for await (const { record } of readRecords(path)) {
      assert.equal(record.label, "a");
      break;
    }
  });
});
