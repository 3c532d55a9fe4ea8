import assert from "node:assert/strict";
import { readRows } from "../../../src/lifecycle/rows.ts";
import { servedTasks } from "../../../src/tasks/served.ts";
import { withFile } from "../files.ts";

Deno.test("the sep line of a spreadsheet is no row, however few lines are to be left out", async () => {
  await withFile("sheet.csv", "sep=;\r\ntext;label\r\none;a\r\ntwo, or three;b\r\n", async (path) => {
    for (const skipLines of [undefined, 0, 1]) {
      const rows = await readRows(path, servedTasks["text-classification"], { reading: { skipLines } });
      assert.deepEqual(rows.map(({ record }) => record.text), ["one", "two, or three"], `${skipLines}`);
    }
  });
});
