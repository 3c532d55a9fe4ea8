import assert from "node:assert/strict";
import { readRows } from "../../../src/lifecycle/rows.ts";
import { servedTasks, type TaskName } from "../../../src/tasks/served.ts";
import { isDataError, withFile } from "../files.ts";

const read = (
  path: string,
  task: TaskName = "text-classification",
  columns: { text?: string; label?: string } = {},
) => readRows(path, servedTasks[task], { columns });

const NESTED =
  '{"doc": {"text": "one"}, "label": {"name": "a"}}\n{"doc": {"text": "two"}, "label": {"name": "b"}}\n';

Deno.test("fields of nested objects are columns by their path, and who names the object is told so", () =>
  withFile("nested.jsonl", NESTED, async (path) => {
    const rows = await read(path, "text-classification", { text: "doc.text", label: "label.name" });
    assert.deepEqual(rows.map(({ queries: [query], target }) => [query, target]), [["one", "a"], [
      "two",
      "b",
    ]]);
    await assert.rejects(
      read(path, "text-classification", { text: "doc" }),
      isDataError(
        /column "doc" is .* an object with the fields "text": .* by its path, such as --text-column "doc\.text"/,
      ),
    );
    await assert.rejects(
      read(path, "text-classification", { text: "doc.text" }),
      isDataError(/column "label" is .* --label-column "label\.name"/),
    );
  }));

Deno.test("a column that has a point in its name is itself", () =>
  withFile("flat.jsonl", '{"doc.text": "flat", "doc": {"text": "deep"}, "label": "a"}\n', async (path) => {
    assert.deepEqual((await read(path, "text-classification", { text: "doc.text" }))[0].queries, ["flat"]);
  }));

for (
  const [written, message] of [
    ["3,5", /is "3,5"; a number was expected\. Write numbers with a point before the decimals, such as 3\.5/],
    ["1.234,50", /Write numbers with a point before the decimals, and nothing between thousands/],
    ["many", /is "many"; a number was expected$/],
  ] as const
) {
  Deno.test(`a number as German has it is named as that: ${written}`, () =>
    withFile("numbers.csv", `text;score\none;${written}\n`, async (path) => {
      await assert.rejects(read(path, "text-regression"), isDataError(message));
    }));
}

Deno.test("a carriage return alone within a file of other line ends is named as what it is", () =>
  withFile("mixed.csv", "text,label\r\none,a\r\ntwo,b\rthree,a\r\nfour,b\r\n", async (path) => {
    await assert.rejects(
      read(path),
      isDataError(/line 3: 3 cells.* a carriage return \(CR\) without a line feed/),
    );
  }));
