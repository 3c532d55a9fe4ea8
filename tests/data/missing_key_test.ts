import assert from "node:assert/strict";
import { readRows } from "../../src/lifecycle/rows.ts";
import { servedTasks } from "../../src/tasks/served.ts";
import { withFile } from "./files.ts";

const task = servedTasks["text-classification"];

Deno.test("a key that some rows of JSON lines lack is null there: named with its line, and left out with the blank ones", async () => {
  for (const at of [0, 3, 300]) {
    const lines = Array.from(
      { length: 301 },
      (_, i) => JSON.stringify(i === at ? { text: "one more" } : { text: `text ${i}`, label: "a" }) + "\n",
    ).join("");
    await withFile("some.jsonl", lines, async (path) => {
      await assert.rejects(
        readRows(path, task),
        new RegExp(`line ${at + 1}: column "label" is null; a label was expected`),
      );
      const left: string[] = [];
      const rows = await readRows(path, task, { onBlank: ({ message }) => left.push(message) });
      assert.deepEqual([rows.length, left.length], [300, 1]);
    });
  }
});

Deno.test("a key that every row lacks is a column that is not there", async () => {
  await withFile("none.jsonl", '{"text":"a"}\n{"text":"b"}\n', async (path) => {
    await assert.rejects(
      readRows(path, task, { onBlank: () => {} }),
      /no column "label"; found "text"; name the right one with --label-column/,
    );
  });
});
