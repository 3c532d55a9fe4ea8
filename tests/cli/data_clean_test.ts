import assert from "node:assert/strict";
import { join } from "node:path";
import { readRecords } from "../../src/data/records.ts";
import { writeRecords } from "../../src/data/clean/write.ts";
import { withFolder } from "../folder.ts";
import { weir, writeJsonl } from "./cli.ts";

const complaints = [
  ...Array.from(
    { length: 6 },
    (_, i) => ({ id: i, text: `<p>Card ${i}, XXXX "charged"\ntwice</p>`, label: "card" }),
  ),
  ...Array.from({ length: 3 }, (_, i) => ({ id: 10 + i, text: `Loan ${i}; XX/XX`, label: "loan" })),
  { id: 20, text: "<br>", label: "loan" },
  { id: 21, text: "coins are gone", label: "crypto" },
];
const steps = [
  "--clean",
  "strip-html,replace=X{2,}(/X{2,})*=>,collapse-space",
  "--clean",
  "drop-empty,merge-rest=2",
];

Deno.test("weir data clean writes the rows with all their columns, in every kind of file, and they read again", async () => {
  await withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "complaints.jsonl"), complaints);
    for (const kind of ["jsonl", "csv", "tsv"]) {
      const out = join(folder, `out.${kind}`);
      const { code, stdout, stderr } = await weir("data", "clean", data, ...steps, "--out", out);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^strip-html changed 7 of 11 rows\n/);
      assert.match(
        stdout,
        /label +before +after\ncard +6 █+ +6 █+\nloan +4 █+ +3 █+\ncrypto +1 \S+ +0\nother +0 +1 /,
      );
      assert.match(stdout, new RegExp(`10 of 11 rows in .*out\\.${kind}\n$`));
      const records = (await Array.fromAsync(readRecords(out))).map(({ record }) => record);
      assert.equal(records.length, 10);
      assert.deepEqual(
        { ...records[0], id: String(records[0].id) },
        { id: "0", text: 'Card 0, "charged" twice', label: "card" },
      );
      assert.deepEqual(records.at(-1)!.label, "other");
    }
  });
});

Deno.test("what happened is told as JSON and as a page, whatever the labels hold", async () => {
  await withFolder(async (folder) => {
    const rows = ["<script>alert(1)</script>", "a & b", "loan"].flatMap((kind) =>
      [1, 2, 3].map((i) => ({ body: `row ${i} of it`, kind }))
    );
    const data = await writeJsonl(join(folder, "rows.jsonl"), rows);
    const [page, file] = [join(folder, "r.html"), join(folder, "r.json")];
    const args = [
      "data",
      "clean",
      data,
      "--text-column",
      "body",
      "--label-column",
      "kind",
      "--clean",
      "sample=6",
    ];
    const { stdout } = await weir(...args, "--json", "--report", page, "--report", file);
    const report = JSON.parse(stdout);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(file)), report);
    assert.deepEqual([report.rowsBefore, report.rowsAfter, report.labels.length], [9, 6, 3]);
    assert.deepEqual(report.steps, [{ step: "sample=6", rowsBefore: 9, rowsAfter: 6, changed: 0 }]);
    const html = await Deno.readTextFile(page);
    assert.doesNotMatch(html, /<script/);
    assert.match(html, /&#60;script&#62;/);
    assert.match(html, /<svg class="bar".*3 before, 2 after/s);
    const { stdout: text } = await weir(...args);
    assert.ok(!text.includes("\u001b"), "no escapes reach the terminal");
  });
});

Deno.test("what cannot be done is said before a file is written", async () => {
  await withFolder(async (folder) => {
    const data = await writeJsonl(join(folder, "rows.jsonl"), [{ text: "a b" }, { text: "c d" }]);
    const out = join(folder, "out.jsonl");
    const cases: [string[], RegExp][] = [
      [[], /give --clean: the steps to apply/],
      [["--clean", "drop-empty", "--out", data], /is the file that is read: write to another/],
      [
        ["--clean", "drop-empty", "--out", join(folder, "out.xlsx")],
        /Rows are written as \.jsonl, \.csv, \.tsv/,
      ],
      [["--clean", "keep-labels=2", "--out", out], /"keep-labels=2" needs rows with one label each/],
      [["--clean", "drop-empty", "--text-column", "body", "--out", out], /no column "body"/],
      [["--clean", "drop-empty", "--label-column", "kind", "--out", out], /no column "kind"/],
      [["--clean", "drop-empty", "--out", join(data, "there.jsonl")], /rows\.jsonl is a file, not a folder/],
      [["--clean", "drop-empty", "--report", join(folder, "r.txt")], /written as \.html or \.json/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await weir("data", "clean", data, ...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["rows.jsonl"]);
  });
});

Deno.test("CSV that is written holds what CSV can: line ends, quotes, spaces, one empty column", async () => {
  await withFolder(async (folder) => {
    const texts = [" led", "trail ", 'qu"ote', "li\nne", "c,d", "t\tb", "", "plain", "é👍"];
    for (const kind of ["csv", "tsv", "jsonl"]) {
      const path = join(folder, `rows.${kind}`);
      await Deno.writeFile(path, ReadableStream.from(writeRecords(path, texts.map((text) => ({ text })))));
      const read = (await Array.fromAsync(readRecords(path))).map(({ record }) => record.text);
      assert.deepEqual(read, texts, kind);
    }
  });
});

Deno.test("a blank label is told of with its line where a step needs labels, and --skip-blank leaves its row out", () =>
  withFolder(async (folder) => {
    const data = join(folder, "rows.csv");
    await Deno.writeTextFile(data, 'text,label\none,a\ntwo,b\nthree," "\nfour,a\n');
    const args = ["data", "clean", data, "--clean", "min-label-rows=1"];
    const refused = await weir(...args);
    assert.equal(refused.code, 2);
    assert.match(
      refused.stderr,
      /rows\.csv line 4: column "label" is blank; a label was expected: fill it in, .*--skip-blank/,
    );
    const { code, stdout, stderr } = await weir(...args, "--skip-blank");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /1 row with a blank text or label left out, the first: .*rows\.csv line 4/);
    assert.match(stdout, /3 of 4 rows/);
  }));
