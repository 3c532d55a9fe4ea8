import assert from "node:assert/strict";
import { readLabel, readText } from "../../src/data/example.ts";
import { readRecords } from "../../src/data/records.ts";
import { isDataError, withFile } from "./files.ts";

/** Reads texts and labels as a task of texts does. */
const read = (path: string, { text = "text", label = "label" } = {}) =>
  Array.fromAsync(readRecords(path), ({ record, where }) => ({
    text: readText(record, where, text),
    label: readLabel(record, where, label),
  }));

Deno.test("examples come in the file's order, whatever the line ends, the byte-order mark and blank lines", async () => {
  const content =
    '\ufeff{"text":"one","label":"a"}\r\n\n{"text":"zwei ü\\n","label":1}\n  \n{"text":"","label":true}';
  await withFile("mails.jsonl", content, async (path) => {
    assert.deepEqual(await read(path), [
      { text: "one", label: "a" },
      { text: "zwei ü\n", label: "1" },
      { text: "", label: "true" },
    ]);
  });
});

Deno.test("columns can be named", async () => {
  await withFile("mails.jsonl", '{"body":"x","kind":"a","key":7}\n', async (path) => {
    assert.deepEqual(await read(path, { text: "body", label: "kind" }), [{ text: "x", label: "a" }]);
  });
});

const GOOD = '{"text":"x","label":"a"}\n';
const BAD: [string, string | Uint8Array, RegExp, object?][] = [
  ["a broken line", GOOD.repeat(16) + '{"text": \n', /mails\.jsonl line 17: not JSON: /],
  ["a line that is a number", GOOD + "1\n", /mails\.jsonl line 2: a JSON object was expected/],
  ["a line that is an empty list", GOOD + "[]\n", /mails\.jsonl line 2: a JSON object was expected/],
  ["a missing text", GOOD + '{"txt":"x","label":"a"}\n', /line 2: no column "text"; found "txt", "label"/],
  ["a missing label", GOOD + '{"text":"x"}\n', /line 2: no column "label"; found "text"/],
  [
    "a text that is a number",
    '{"text":5,"label":"a"}\n',
    /line 1: column "text" is 5; a string was expected/,
  ],
  [
    "a label that is null",
    '{"text":"x","label":null}\n',
    /line 1: column "label" is null; a label was expected/,
  ],
  ["no line at all", "", /mails\.jsonl: no examples/],
  ["only blank lines", "\n \n", /mails\.jsonl: no examples/],
  ["a name from an object's prototype", '{"text":"x"}', /no column "constructor"/, {
    label: "constructor",
  }],
];

Deno.test.each(BAD)("an error names the file and the line: $0", async (_, content, message, columns = {}) => {
  await withFile("mails.jsonl", content, async (path) => {
    await assert.rejects(read(path, columns), isDataError(message));
  });
});

Deno.test("invalid UTF-8 is an error that says the line", async () => {
  const good = new TextEncoder().encode(GOOD.repeat(2) + '{"text":"ü","label":"a"}\n');
  await withFile(
    "mails.jsonl",
    new Uint8Array([...good, ...new TextEncoder().encode('{"text":"'), 0xff, 0x22, 0x7d]),
    async (path) => {
      await assert.rejects(read(path), isDataError(/mails\.jsonl line 4: not valid UTF-8/));
    },
  );
});

Deno.test("a missing file and a folder are one line each", async () => {
  await assert.rejects(read("/nowhere/mails.jsonl"), isDataError(/^\/nowhere\/mails\.jsonl: no such file$/));
  const folder = await Deno.makeTempDir({ suffix: ".jsonl" });
  await assert.rejects(read(folder), isDataError(/holds nothing to read: a folder has data files/));
  await Deno.remove(folder);
});

Deno.test("lines longer than the read buffer and characters on its edge survive", async () => {
  const texts = Array.from({ length: 40 }, (_, i) => "é€😀".repeat(3000 + i * 7));
  const content = texts.map((text) => JSON.stringify({ text, label: "a" })).join("\n");
  await withFile("long.jsonl", content, async (path) => {
    assert.deepEqual((await read(path)).map(({ text }) => text), texts);
  });
});

Deno.test("reading can stop early and leaves no file open", async () => {
  await withFile("mails.jsonl", GOOD.repeat(100_000), async (path) => {
    for await (const { record } of readRecords(path)) {
      assert.equal(record.text, "x");
      break;
    }
  });
});
