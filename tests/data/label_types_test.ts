import assert from "node:assert/strict";
import { trainingDefaults } from "../../src/lifecycle/options.ts";
import { checkData } from "../../src/lifecycle/check.ts";
import { readRows } from "../../src/lifecycle/rows.ts";
import { servedTasks } from "../../src/tasks/served.ts";
import { withFile } from "./files.ts";

const lines = (labels: readonly unknown[]) =>
  labels.map((label, i) => JSON.stringify({ text: `text number ${i}`, label }) + "\n").join("");

Deno.test("labels of different JSON types that are read as one are told of by a check and by reading", async () => {
  await withFile("labels.jsonl", lines([1, 1, "1", true, "true", "two", "two"]), async (path) => {
    const told: string[] = [];
    await readRows(path, servedTasks["text-classification"], {
      reading: { onGuess: (line) => told.push(line) },
    });
    const says =
      'labels of different types are read as one class: "1" is a number in 2 rows and a text in 1 row; ' +
      '"true" is a boolean in 1 row and a text in 1 row';
    assert.deepEqual(told, [`${path}: ${says}`]);
    const { findings } = await checkData({ ...trainingDefaults, task: "text-classification", source: path });
    assert.equal(findings.find(({ kind }) => kind === "labels-mixed-types")?.what, says);
  });
});

Deno.test("labels of one type, and different ones of several, are nothing to tell", async () => {
  for (const labels of [[1, 2, 1], ["1", "2"], [1, "two"]]) {
    await withFile("labels.jsonl", lines(labels), async (path) => {
      const told: string[] = [];
      await readRows(path, servedTasks["text-classification"], {
        reading: { onGuess: (line) => told.push(line) },
      });
      assert.deepEqual(told, []);
    });
  }
});

Deno.test("labels of several types in lists are told of, too", async () => {
  await withFile("labels.jsonl", lines([[1, "a"], ["1"], ["a"]]), async (path) => {
    const told: string[] = [];
    await readRows(path, servedTasks["multi-label-classification"], {
      reading: { onGuess: (line) => told.push(line) },
    });
    assert.match(told.join(), /"1" is a number in 1 row and a text in 1 row/);
  });
});
