import assert from "node:assert/strict";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { readRows } from "../../../src/lifecycle/rows.ts";
import type { ReadOptions } from "../../../src/data/reading/options.ts";
import { describeSource } from "../../../src/data/records.ts";
import { servedTasks } from "../../../src/tasks/served.ts";
import { isDataError, withFile } from "../files.ts";

const ROWS: [string, string][] = Array.from(
  { length: 30 },
  (
    _,
    i,
  ) => [i % 2 ? `the screen is dark, ${i} times` : `an invoice for ${i} euros`, i % 2 ? "tech" : "billing"],
);
const encode = (text: string) => new TextEncoder().encode(text);
const table = (delimiter: string, header = ["text", "label"]) =>
  [header, ...ROWS].map((cells) =>
    cells.map((cell) => cell.includes(delimiter) ? `"${cell}"` : cell).join(delimiter) + "\n"
  ).join("");
const json = ROWS.map(([text, label]) => ({ text, label }));

/** Rows as a classifier is trained on them, and what was guessed about the file, which is called F. */
async function read(path: string, options: ReadOptions & { text?: string; label?: string } = {}) {
  const { text, label, ...reading } = options;
  const guesses: string[] = [];
  const rows = await readRows(path, servedTasks["text-classification"], {
    columns: { text, label },
    reading: { ...reading, onGuess: (line) => guesses.push(line.replaceAll(path, "F")) },
  });
  return { rows: rows.map(({ queries: [query], target }) => [query, target]), guesses };
}

function utf16(text: string, { bigEndian = false, mark = true } = {}): Uint8Array {
  const units = (mark ? "\ufeff" : "") + text;
  const view = new DataView(new ArrayBuffer(2 * units.length));
  for (let i = 0; i < units.length; i++) view.setUint16(2 * i, units.charCodeAt(i), !bigEndian);
  return new Uint8Array(view.buffer);
}

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

const COLUMNS = "(--text-column, --label-column)";
const NO_HEADER = 'F: column "1" is read as the text, column "2" is read as the label ' + COLUMNS;
const LINES = json.map((row) => JSON.stringify(row) + "\n").join("");

/** Names, contents and guesses of files that all have the same rows. */
const SAME: [string, string | Uint8Array, string[]][] = [
  ["comma.csv", table(","), []],
  [
    "quoted.csv",
    [["text", "label"], ...ROWS].map((cells) => cells.map((cell) => `"${cell}"`).join(",")).join("\r\n"),
    [],
  ],
  ["semicolon.csv", table(";"), ['F: read with delimiter ";" (--delimiter)']],
  ["pipe.csv", table("|"), ['F: read with delimiter "|" (--delimiter)']],
  ["tab.csv", table("\t"), ["F: read with delimiter tab (--delimiter)"]],
  ["caret.csv", table("^"), ['F: read with delimiter "^" (--delimiter)']],
  ["colons.csv", table("::"), ['F: read with delimiter "::" (--delimiter)']],
  ["tab.tsv", table("\t"), []],
  ["comma.tsv", table(","), ['F: read with delimiter "," (--delimiter)']],
  ["sep.csv", "sep=;\r\n" + table(";"), ['F: read with delimiter ";" (--delimiter)']],
  ["cr.csv", table(",").replaceAll("\n", "\r"), []],
  ["crlf.csv", table(",").replaceAll("\n", "\r\n"), []],
  ["mark.csv", "\ufeff" + table(","), []],
  ["utf16le.csv", utf16(table(",")), ["F: read as UTF-16LE (--encoding)"]],
  ["utf16be.csv", utf16(table(","), { bigEndian: true }), ["F: read as UTF-16BE (--encoding)"]],
  ["utf16le_unmarked.csv", utf16(table(","), { mark: false }), ["F: read as UTF-16LE (--encoding)"]],
  ["utf16be_unmarked.jsonl", utf16(LINES, { bigEndian: true, mark: false }), [
    "F: read as UTF-16BE (--encoding)",
  ]],
  ["utf16_cr.tsv", utf16(table("\t").replaceAll("\n", "\r")), ["F: read as UTF-16LE (--encoding)"]],
  ["trailing.csv", table(",").replace(/(?<!label)\n/g, ",\n"), []],
  ["trailing_all.csv", table(",").replaceAll("\n", ",,\n"), []],
  ["empty_rows.csv", table(",") + ",\n,\n", ["F: 2 rows of empty cells left out"]],
  [
    "spaces.csv",
    table(",").replace("text,label", "text, label").replace(/,(tech|billing)/g, ", $1"),
    ["F: read with white space around cells left out, as around the names"],
  ],
  [
    "case.csv",
    table(",", ["Text", "LABEL"]),
    [`F: column "Text" is read as the text, column "LABEL" is read as the label ${COLUMNS}`],
  ],
  [
    "names.csv",
    table(",", ["Review", "Sentiment"]),
    [`F: column "Review" is read as the text, column "Sentiment" is read as the label ${COLUMNS}`],
  ],
  ["headless.csv", table(",").slice("text,label\n".length), ["F: read with no header (--header)", NO_HEADER]],
  [
    "labels_first.txt",
    ROWS.map(([text, label]) => `${label}\t${text}\n`).join(""),
    [
      "F: read with delimiter tab (--delimiter), no header (--header)",
      'F: column "2" is read as the text, column "1" is read as the label ' + COLUMNS,
    ],
  ],
  [
    "single_quotes.csv",
    [["text", "label"], ...ROWS].map((cells) => cells.map((cell) => `'${cell}'`).join(",")).join("\n"),
    [
      "F: read with single quotes around cells (--quote)",
    ],
  ],
  ["lines.jsonl", LINES, []],
  ["lines_cr.ndjson", LINES.replaceAll("\n", "\r"), []],
  ["list.json", JSON.stringify(json), []],
  ["pretty.json", JSON.stringify(json, null, 2), []],
  ["list.jsonl", JSON.stringify(json), ["F: read as JSON, since that is what it holds (--format)"]],
  ["lines.json", LINES, ["F: read as JSON lines, since that is what it holds (--format)"]],
  ["lines.csv", LINES, ["F: read as JSON lines, since that is what it holds (--format)"]],
  ["comma.jsonl", table(","), [
    "F: read as delimited text, since it holds no JSON (--format)",
    'F: read with delimiter "," (--delimiter)',
  ]],
  ["unnamed_comma", table(","), []],
  ["unnamed", LINES, ["F: read as JSON lines (--format)"]],
  ["object.json", JSON.stringify({ version: 2, data: json }), ['F: the list "data" is read']],
  [
    "splits.json",
    JSON.stringify({ train: json, test: json.slice(0, 2) }),
    ['F: the list "train" is read; "test" left out (--read-split)'],
  ],
  [
    "columns.json",
    JSON.stringify({ text: ROWS.map(([text]) => text), label: ROWS.map(([, label]) => label) }),
    ["F: read as columns, each with the values of all rows"],
  ],
  ["split.json", JSON.stringify({ columns: ["text", "label"], index: [0], data: ROWS }), []],
  ["cells.json", JSON.stringify(ROWS), [NO_HEADER]],
  [
    "fasttext.txt",
    ROWS.map(([text, label]) => `__label__${label} ${text}\n`).join(""),
    ["F: read as fastText's lines, with __label__ before each label (--format)"],
  ],
  ["comma.csv.gz", gzipSync(table(",")), []],
  [
    "members.csv.gz",
    new Uint8Array([...gzipSync(table(",").slice(0, 99)), ...gzipSync(table(",").slice(99))]),
    [],
  ],
  ["lines.jsonl.zst", zstdCompressSync(LINES), []],
  [
    "frames.csv.zst",
    new Uint8Array([...zstdCompressSync(table(",").slice(0, 99)), ...zstdCompressSync(table(",").slice(99))]),
    [],
  ],
  ["packed.csv", gzipSync(table(",")), []],
  [
    "orange.tab",
    "body\tkind\nstring\td\nmeta\tclass\n" + table("\t").slice("text\tlabel\n".length),
    [
      "F: read as Orange's table, with three rows of header",
      'F: column "body" is read as the text (--text-column)',
    ],
  ],
];

Deno.test.each(SAME)(
  "the same rows in another shape, with what was guessed: $0",
  async (name, content, guesses) => {
    await withFile(name, content, async (path) => {
      assert.deepEqual(await read(path), { rows: ROWS, guesses });
    });
  },
);

Deno.test("quotes within text are kept, wherever they stand", async () => {
  const cases: [string, string, string[]][] = [
    ["a.csv", 'he said "no" today', []],
    ["b.csv", '"no" he said, "never"', []],
    ["c.tsv", '"no" he said', ["F: read with quotes as part of the text (--quote)"]],
    ["d.tsv", 'a screen of 5"', []],
    ["e.csv", "'tis", []],
  ];
  for (const [name, text, expected] of cases) {
    const delimiter = name.endsWith("tsv") ? "\t" : ",";
    const cell = name === "b.csv" ? '"""no"" he said, ""never"""' : text;
    const content = `text${delimiter}label\n` + `${cell}${delimiter}a\nhello${delimiter}b\n`.repeat(20);
    await withFile(name, content, async (path) => {
      const { rows, guesses } = await read(path);
      assert.deepEqual([rows[0], rows.at(-1), guesses], [[text, "a"], ["hello", "b"], expected]);
    });
  }
  const mixed = 'text,label\n"hello, you",a\n"hello" world,b\n' + "x,a\n".repeat(9);
  await withFile("mixed.csv", mixed, async (path) => {
    assert.deepEqual((await read(path)).rows.slice(0, 2), [["hello, you", "a"], ['"hello" world', "b"]]);
  });
  await withFile("backslash.csv", 'text,label\n"she said \\"hi, you\\"",a\n"x",b\n', async (path) => {
    const { rows, guesses } = await read(path);
    assert.deepEqual(rows, [['she said "hi, you"', "a"], ["x", "b"]]);
    assert.deepEqual(guesses, ["F: read with quotes within quotes after a backslash"]);
  });
});

Deno.test("bytes that are not UTF-8 are windows-1252 where they may be, also far into the file", async () => {
  const line = (line: number, byte: string) =>
    `F: read as windows-1252 (Latin-1 is a part of it), since byte 0x${byte} in line ${line} is not UTF-8 (--encoding)`;
  await withFile("latin1.csv", latin1("text,label\ncaf\xe9,a\nth\xe9,b\n"), async (path) => {
    assert.deepEqual(await read(path), { rows: [["café", "a"], ["thé", "b"]], guesses: [line(2, "E9")] });
    assert.deepEqual((await read(path, { encoding: "iso-8859-7" })).rows[0], ["cafι", "a"]);
    await assert.rejects(
      read(path, { encoding: "utf-8" }),
      isDataError(/latin1\.csv line 2: not valid UTF-8/),
    );
    await assert.rejects(
      read(path, { encoding: "klingon" }),
      isDataError(/no encoding is called "klingon"; known are utf-8/),
    );
  });
  const late = "text,label\n" + "hello world,a\n".repeat(50_000) + "\x93quoted\x94 \x80 5,b\n";
  await withFile("late.csv", latin1(late), async (path) => {
    const { rows, guesses } = await read(path);
    assert.deepEqual([rows.length, rows.at(-1), guesses], [50_001, ["“quoted” € 5", "b"], [
      line(50_002, "93"),
    ]]);
  });
  await withFile("end.txt", latin1("a\tx y z\nb\tx y z\na\tx y\nb\tcaf\xe9"), async (path) => {
    assert.deepEqual((await read(path)).rows.at(-1), ["café", "b"]);
  });
  const russian = latin1("text,label\n" + "\xef\xf0\xe8\xe2\xe5\xf2 \xec\xe8\xf0,a\n".repeat(9));
  await withFile("russian.csv", russian, async (path) => {
    await assert.rejects(
      read(path),
      isDataError(/line 2: not valid UTF-8 .* name its encoding, such as --encoding/),
    );
    assert.deepEqual((await read(path, { encoding: "windows-1251" })).rows[0], ["привет мир", "a"]);
  });
  const chinese = "text,label\n" + "乳周侸坥墹丅一,甲\n壨單丅孍廇,乙\n".repeat(9);
  for (const bigEndian of [false, true]) {
    await withFile("chinese.csv", utf16(chinese, { mark: false, bigEndian }), async (path) => {
      assert.deepEqual((await read(path)).rows[0], ["乳周侸坥墹丅一", "甲"]);
    });
  }
});

Deno.test("options say otherwise than what would be guessed", async () => {
  await withFile("data.bin", "1;a|b\n2;c|d\n", async (path) => {
    const options = { format: "csv", delimiter: "|", header: false, text: "1", label: "2" } as const;
    assert.deepEqual((await read(path, options)).rows, [["1;a", "b"], ["2;c", "d"]]);
  });
  await withFile("quotes.csv", 'text,label\n"x,a\ny,b\n', async (path) => {
    assert.deepEqual((await read(path, { quote: "none" })).rows, [['"x', "a"], ["y", "b"]]);
  });
  await withFile("twice.csv", "text,label\ntext,label\n", async (path) => {
    const { rows } = await read(path, { header: false, text: "1", label: "2" });
    assert.deepEqual(rows, [["text", "label"], ["text", "label"]]);
  });
});

Deno.test("columns of one name matter where they are wanted", async () => {
  await withFile("twice.csv", "text,label,note,note\nx,a,1,2\n", async (path) => {
    assert.deepEqual((await read(path)).rows, [["x", "a"]]);
  });
  await withFile("twice.csv", "text,label, Label\nx,a,1\n", async (path) => {
    assert.deepEqual((await read(path)).rows, [["x", "a"]]);
  });
  await withFile("twice.csv", "text,label,label\nx,a,b\n", async (path) => {
    await assert.rejects(
      read(path),
      isDataError(/line 1: two columns are called "label"; name each otherwise/),
    );
  });
  await withFile("two.csv", "review,message,label\nx,y,a\n", async (path) => {
    await assert.rejects(
      read(path),
      isDataError(
        /no column "text"; found "review", "message", "label"; name the right one with --text-column/,
      ),
    );
    assert.deepEqual((await read(path, { text: "Message" })).rows, [["y", "a"]]);
  });
});

const REFUSED: [string, string | Uint8Array, RegExp][] = [
  [
    "workbook.xlsx",
    "PK\x03\x04 and so on",
    /is a zip archive, or a workbook such as \.xlsx: .*save the sheet as CSV$/,
  ],
  ["workbook.csv", "PK\x03\x04 and so on", /is a zip archive, or a workbook/],
  ["list.csv.bz2", "BZh91AY&SY", /is compressed by bzip2, which is not read; unpack it with bunzip2 first$/],
  [
    "cut.csv.gz",
    gzipSync(table(",")).subarray(0, 90),
    /its gzip data are broken or cut off .*download the file again$/,
  ],
  ["cut.csv.zst", zstdCompressSync(table(",")).subarray(0, 90), /its zstd data are broken or cut off/],
  ["image.csv", new Uint8Array(5000).map((_, i) => i * i % 251), /is not text, and of no kind that is read/],
  ["brotli.csv", brotliCompressSync(table(",").repeat(50)), /is not text|not valid UTF-8/],
  [
    "utf32.csv",
    new Uint8Array([0xff, 0xfe, 0, 0, 65, 0, 0, 0]),
    /is UTF-32, which is not read; save the file as UTF-8/,
  ],
  [
    "pickle.json",
    new Uint8Array([0x80, 4, 0x95, 1, 2]),
    /is a Python pickle, which can run code and is not read/,
  ],
  [
    "pointer.parquet",
    "version https://git-lfs.github.com/spec/v1\n",
    /is a Git LFS pointer, not the file itself: run git lfs pull/,
  ],
  [
    "python.jsonl",
    "{'text': 'x', 'label': 'a'}\n",
    /line 1: not JSON: .*; JSON wants double quotes, not single ones$/,
  ],
  ["nan.jsonl", '{"text": "x", "label": NaN}\n', /line 1: not JSON: .*NaN, .* are Python's: write null/],
  ["cut.json", '[{"text": "x"},\n{"te', /line 2: the list has no end: the file is cut off; copy it again/],
  ["broken.json", '[{"text": "x"},\n{"te" "x"}]', /line 2: not JSON/],
  ["deep.jsonl", `{"text": ${"[".repeat(5000)}${"]".repeat(5000)}}`, /line 1: nested deeper than 100 values/],
  ["deep.json", "[".repeat(100_000), /nested deeper than 100 values/],
  [
    "two.json",
    JSON.stringify({ a: json, b: json }),
    /several lists could be meant: "a", "b"; name one with --read-split/,
  ],
  ["wide.csv", ",".repeat(100_000) + "\n", /line 1: has more than 16384 cells/],
  [
    "nul.csv",
    "text,label\nx,a\0\n",
    /line 2: column "label" holds the label "a\\u0000", which has control characters; remove them/,
  ],
  [
    "escape.csv",
    "text,label\nx,\x1b[31mred\n",
    /column "label" holds the label "\\u001b\[31mred", which has control characters/,
  ],
  [
    "c1.csv",
    "text,label\nx,\u009b31mred\n",
    /column "label" holds the label "\[U\+009B\]31mred", which has control/,
  ],
  ["blank.csv", "text,label\nx,  \n", /line 2: column "label" is blank; a label was expected/],
];

Deno.test.each(REFUSED)("is refused with what to do: $0", async (name, content, message) => {
  await withFile(name, typeof content === "string" ? encode(content) : content, async (path) => {
    await assert.rejects(read(path), isDataError(message));
  });
});

Deno.test("a source is described with everything that was guessed", async () => {
  await withFile("tickets.csv.gz", gzipSync(latin1("Text;Label\ncaf\xe9;a\n")), async (path) => {
    const { name, guesses, ...facts } = await describeSource(path);
    assert.equal(name, path);
    assert.deepEqual(facts, {
      ...{
        format: "csv",
        compression: "gzip",
        encoding: "windows-1252",
        delimiter: ";",
        quote: '"',
        header: true,
      },
      columns: ["Text", "Label"],
    });
    assert.equal(guesses.length, 2);
  });
});

Deno.test(
  "a pipe with a name is refused instead of waited for",
  { ignore: Deno.build.os === "windows" },
  async () => {
    const folder = await Deno.makeTempDir();
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe.csv`] }).output();
    await assert.rejects(
      read(`${folder}/pipe.csv`),
      isDataError(/is neither a file nor a folder; pipe it in and give -/),
    );
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test("a bomb of one line ends at the line's limit", async () => {
  const bomb = gzipSync(new Uint8Array(80 * 2 ** 20).fill(97));
  for (
    const [name, message] of [["a.csv.gz", /a row of more than/], ["a.jsonl.gz", /longer than/]] as const
  ) {
    await withFile(name, bomb, async (path) => {
      await assert.rejects(
        read(path, { format: name === "a.csv.gz" ? "csv" : "jsonl" }),
        isDataError(message),
      );
    });
  }
});
