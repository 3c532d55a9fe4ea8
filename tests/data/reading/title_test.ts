import assert from "node:assert/strict";
import { readCsvRecords } from "../../../src/data/csv.ts";
import type { ReadOptions } from "../../../src/data/reading/options.ts";
import { withFile } from "../files.ts";

const ROWS = "the screen is dark,tech\nan invoice,billing\n";

/** The records of a file that is called F, and what was guessed about it. */
function read(content: string, options: ReadOptions & { name?: string } = {}) {
  const { name = "export.csv", ...reading } = options;
  return withFile(name, content, async (path) => {
    const guesses: string[] = [];
    const records = await Array.fromAsync(
      readCsvRecords(path, { ...reading, onGuess: (line) => guesses.push(line.replaceAll(path, "F")) }),
    );
    return {
      records: records.map(({ record }) => Object.values(record).slice(0, 2).join()),
      columns: Object.keys(records[0].record),
      lines: records.map(({ where }) => Number(where.split(" ").at(-1))),
      guesses,
    };
  });
}

const TITLED: [string, string, string, number][] = [
  ["a title and an empty line", "Export of 2026-01-03\n\ntext,label\n", "lines 1 to 2", 4],
  ["a title alone", "Export of tickets\ntext,label\n", "line 1", 3],
  ["cells of a spreadsheet", "Export of tickets,\n,\nText,Label\n", "lines 1 to 2", 4],
  ["a title with a quote", 'Export "of tickets\n\ntext,label\n', "lines 1 to 2", 4],
  ["names that nobody knows", "Export of tickets\n\nwords,queue\n", "lines 1 to 2", 4],
  ["a comma in the title", "Export, 3 January 2026\n\ntext,label\n", "lines 1 to 2", 4],
  ["CR LF", "Export of tickets\r\n\r\ntext,label\r\n", "lines 1 to 2", 4],
];

for (const [what, head, lines, first] of TITLED) {
  Deno.test(`lines above a header are left out, and said: ${what}`, async () => {
    const found = await read(head + ROWS);
    assert.deepEqual(found.records, ["the screen is dark,tech", "an invoice,billing"]);
    assert.deepEqual(found.lines, [first, first + 1]);
    assert.equal(found.columns.length, 2);
    assert.match(
      found.guesses.join("\n"),
      new RegExp(`^F: read with ${lines} above the header left out, "Export.*\\(--skip-lines 0 to read`),
    );
  });
}

Deno.test("a title above other delimiters: they are found below it", async () => {
  const { records, guesses } = await read(
    "Export of tickets;\n;\ntext;label\n" + ROWS.replaceAll(",", ";"),
  );
  assert.deepEqual(records, ["the screen is dark,tech", "an invoice,billing"]);
  assert.deepEqual(guesses, [
    'F: read with lines 1 to 2 above the header left out, "Export of tickets" (--skip-lines 0 to read them), ' +
    'delimiter ";" (--delimiter)',
  ]);
});

Deno.test("--skip-lines says how many lines are above the first row", async () => {
  const some = await read("text,label\nold,names\nwords,queue\n" + ROWS, { skipLines: 2 });
  assert.deepEqual([some.columns, some.lines, some.guesses], [["words", "queue"], [4, 5], []]);
  const none = await read("Export,\n,\ntext,label\n" + ROWS, { skipLines: 0, header: false });
  assert.equal(none.records[0], "Export,");
});

const PLAIN: [string, string][] = [
  ["a header first", "text,label\nshort,\n" + ROWS],
  ["rows without a header, of which one is half empty", "only,\n" + ROWS + "text one,tech\n"],
  ["two columns that nobody knows", "words,queue\n" + ROWS],
];

for (const [what, content] of PLAIN) {
  Deno.test(`nothing is left out of a table that begins at once: ${what}`, async () => {
    const { guesses } = await read(content);
    assert.doesNotMatch(guesses.join("\n"), /above the header/);
  });
}

for (
  const [what, head, first, options] of [
    ["cells of a spreadsheet", ",,\r\ntext,label\r\n", 3, {}],
    ["cells in quotes", '"",""\n\n,\nwords,queue\n', 5, {}],
    ["white space", " \t\ntext,label\n", 3, {}],
    ["below lines that are counted off", "Export\nof tickets\n,\ntext,label\n", 5, { skipLines: 2 }],
    ["between cells of a kind", "##\ntext#label\n", 3, { delimiter: "#" }],
  ] as const
) {
  Deno.test(`rows of empty cells above a header are no header: ${what}`, async () => {
    const { delimiter = "," } = options as { delimiter?: string };
    const found = await read(head + ROWS.replaceAll(",", delimiter), options);
    assert.deepEqual(found.records, ["the screen is dark,tech", "an invoice,billing"]);
    assert.deepEqual(found.lines, [first, first + 1]);
    assert.deepEqual(found.guesses.filter((line) => /header/.test(line)), []);
  });
}
