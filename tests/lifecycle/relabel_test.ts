import assert from "node:assert/strict";
import { readRows } from "../../src/lifecycle/rows.ts";
import { servedTasks } from "../../src/tasks/served.ts";
import { withFile } from "../data/files.ts";

const FILE = "text,label\none,Tech\ntwo,tech\nthree,Tech\nfour,money\n";
const task = servedTasks["text-classification"];
const step = (step: string) => ({ step, rowsBefore: 4, rowsAfter: 4 });

Deno.test("labels of raw rows are read as the training of a model merged them, and that is told", () =>
  withFile("rows.csv", FILE, async (path) => {
    const told: string[] = [];
    const rows = await readRows(path, task, {
      head: { labels: ["money", "tech"] },
      rowSteps: [step("min-words=1"), step("merge-labels=Tech=tech")],
      reading: { onGuess: (line) => told.push(line) },
    });
    assert.deepEqual(rows.map(({ target }) => target), ["tech", "tech", "tech", "money"]);
    assert.deepEqual(told, [
      `${path}: labels are read as the training of the model merged them: "Tech" as "tech" (2 rows)`,
    ]);
  }));

Deno.test("what was merged into the rest is the rest, and a label that no step explains is refused by its line", () =>
  withFile("rows.csv", FILE, async (path) => {
    const head = { labels: ["other", "tech"] };
    const rows = await readRows(path, task, { head, rowSteps: [step("merge-rest=1")] });
    assert.deepEqual(rows.map(({ target }) => target), ["other", "tech", "other", "other"]);
    await assert.rejects(
      readRows(path, task, { head, rowSteps: [step("merge-labels=Tech=tech")] }),
      /rows\.csv line 5: unknown label "money"/,
    );
  }));
