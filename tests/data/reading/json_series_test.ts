import assert from "node:assert/strict";
import { dataCheckText } from "../../../src/report/data_check_text.ts";
import { dataCheckPage } from "../../../src/report/data_check.ts";
import { checkData } from "../../../src/lifecycle/check.ts";
import { trainingDefaults } from "../../../src/lifecycle/options.ts";
import { readRecords } from "../../../src/data/records.ts";
import { isDataError, withFile } from "../files.ts";

const ROWS = [{ text: 'a "quoted" } text', label: "a" }, { text: "another\n{", label: "b" }, {
  text: "x",
  label: "a",
}];
const PRETTY = ROWS.map((row) => JSON.stringify(row, null, 2) + "\n").join("");

for (const name of ["rows.jsonl", "rows.json", "rows.txt"]) {
  Deno.test(`objects over several lines, one after another, are read as rows: ${name}`, () =>
    withFile(name, PRETTY, async (path) => {
      const told: string[] = [];
      const records = await Array.fromAsync(readRecords(path, { onGuess: (line) => told.push(line) }));
      assert.deepEqual(records.map(({ record }) => record), ROWS);
      assert.deepEqual(
        records.map(({ where }) => where.replace(/, item.*/, "")),
        [1, 5, 9].map((n) => `${path} line ${n}`),
      );
      assert.match(told.join("\n"), /objects one after another, a row each/);
    }));
}

Deno.test("of objects one after another the line of one that is no JSON is named", () =>
  withFile("rows.json", PRETTY + "{\n  text: 1\n}\n", async (path) => {
    await assert.rejects(
      Array.fromAsync(readRecords(path)),
      isDataError(/rows\.json line 13: it is not JSON/),
    );
  }));

Deno.test("a list of rows within objects is read, by its path; a record with lists within it is a record", async () => {
  const inner = { meta: { version: 1 }, data: { count: 3, items: ROWS } };
  const read = (value: unknown, split?: string) =>
    withFile("rows.json", JSON.stringify(value), async (path) => {
      const told: string[] = [];
      const records = await Array.fromAsync(readRecords(path, { split, onGuess: (line) => told.push(line) }));
      return { rows: records.map(({ record }) => record), told: told.join("\n") };
    });
  const found = await read(inner);
  assert.deepEqual(found.rows, ROWS);
  assert.match(found.told, /the list "data\.items" is read$/);
  const two = { a: { train: ROWS.slice(0, 1), test: ROWS.slice(1) } };
  assert.deepEqual((await read(two, "a.test")).rows, ROWS.slice(1));
  await assert.rejects(
    read(two),
    isDataError(/several lists could be meant: "a\.train", "a\.test"; name one/),
  );
  const record = { text: "a", label: "b", seen: { by: [{ name: "c" }] } };
  assert.deepEqual((await read(record)).rows.length, 1);
});

Deno.test("where no row can be read, the check has no table of zeros", () =>
  withFile("rows.csv", "words,queue\none,a\ntwo,b\n", async (path) => {
    const check = await checkData({ ...trainingDefaults, task: "text-classification", source: path });
    assert.equal(check.rows, 0);
    assert.doesNotMatch(dataCheckText(check), /length in|repeats:/);
    assert.doesNotMatch(dataCheckPage(check), /<h2>Lengths<\/h2>/);
  }));
