// Answering files of rows, with a service that answers by rule: what is written, in which order, and how it is quoted.
import assert from "node:assert/strict";
import { join } from "node:path";
import { answerFile } from "../../src/cli/prediction/file.ts";
import { lineMaker } from "../../src/cli/prediction/table.ts";
import { readCsvRecords } from "../../src/data/csv.ts";
import type { PredictService } from "../../src/serve/service.ts";
import { servedTasks, type TaskName } from "../../src/tasks/served.ts";
import { withFolder } from "../folder.ts";

const labels = ["0", "1", "2"];

/** A service whose answer to a text is made by a function; it counts the queries of each call. */
function stub(name: TaskName, answer: (text: string) => unknown, head: object = { labels }) {
  const calls: number[] = [];
  const service = {
    task: servedTasks[name],
    info: () => ({ maxCharacters: 1000, manifest: { head } }),
    predict(queries: string[]) {
      calls.push(queries.length);
      return Promise.resolve(queries.map(answer));
    },
  } as unknown as PredictService;
  return { service, calls };
}

const output = { json: false, terminal: false, progress: () => {}, draw: () => {}, result: () => {} };
/** The label is the text's length modulo 3, ranked first. */
const ranked = (text: string) => {
  const best = String(text.length % 3);
  return [best, ...labels.filter((label) => label !== best)].map((label, i) => ({
    label,
    score: i === 0 ? 0.5 : 0.25,
  }));
};

async function answered(
  source: string,
  content: string,
  out: string,
  { service } = stub("text-classification", ranked),
  more: { prefix?: string } = {},
): Promise<string> {
  let text = "";
  await withFolder(async (folder) => {
    const [from, to] = [join(folder, source), join(folder, out)];
    await Deno.writeTextFile(from, content);
    await answerFile(service, from, { columns: {}, out: to, output, ...more });
    text = await Deno.readTextFile(to);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [source, out].sort());
  });
  return text;
}

Deno.test("each row keeps its columns and gets the label with every label's probability, in the order of the labels", async () => {
  const rows = '{"id":7,"text":"ab","tags":["x"]}\n{"id":8,"text":"abc","tags":[]}\n';
  const lines = (await answered("in.jsonl", rows, "out.jsonl")).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert.deepEqual(lines[0], {
    ...{ id: 7, text: "ab", tags: ["x"] },
    ...{ prediction: "2", scores: { "0": 0.25, "1": 0.25, "2": 0.5 } },
  });
  assert.equal(
    await answered("in.jsonl", rows, "out.csv"),
    'id,text,tags,prediction,score.0,score.1,score.2\r\n7,ab,"[""x""]",2,0.25,0.25,0.5\r\n8,abc,[],0,0.5,0.25,0.25\r\n',
  );
});

Deno.test("thousands of rows come out in their order, asked for a few at a time", async () => {
  const made = stub("text-classification", ranked);
  const rows = Array.from({ length: 2000 }, (_, i) => `${i},${"x".repeat(i % 7 + 1)}\n`).join("");
  const out = await answered("in.csv", `id,text\n${rows}`, "out.csv", made);
  const lines = out.trim().split("\r\n").slice(1);
  assert.deepEqual(
    lines.map((line) => line.split(",")[0]),
    Array.from({ length: 2000 }, (_, i) => String(i)),
  );
  assert.ok(lines.every((line) => line.split(",")[2] === String(line.split(",")[1].length % 3)));
  assert.ok(Math.max(...made.calls) <= 32);
});

Deno.test("several labels are a list, a number is a number, entities and vectors stand as they are answered", async () => {
  const several = stub(
    "multi-label-classification",
    () => [{ label: "2", score: 0.9 }, { label: "0", score: 0.6 }, {
      label: "1",
      score: 0.1,
    }],
  );
  const row = '{"text":"a"}\n';
  assert.deepEqual(JSON.parse(await answered("in.jsonl", row, "out.jsonl", several)).prediction, ["2", "0"]);
  assert.match(await answered("in.jsonl", row, "out.csv", several), /^a,2\|0,0\.6,0\.1,0\.9\r$/m);
  const number = stub("text-regression", () => [{ label: "stars", score: 3.5 }], { labels: ["stars"] });
  assert.deepEqual(JSON.parse(await answered("in.jsonl", row, "out.jsonl", number)), {
    text: "a",
    prediction: 3.5,
  });
  const vector = stub("sentence-embeddings", () => [0.5, 1], {});
  assert.deepEqual(JSON.parse(await answered("in.jsonl", row, "out.jsonl", vector)).prediction, [0.5, 1]);
});

Deno.test("a column that is there already, a text that is too long and rows that differ are named by their line", async () => {
  const taken = '{"text":"a","prediction":"old"}\n';
  await assert.rejects(
    answered("in.jsonl", taken, "out.jsonl"),
    /line 1: there is a column "prediction" already: give --prefix/,
  );
  const made = stub("text-classification", ranked);
  const both = JSON.parse(await answered("in.jsonl", taken, "out.jsonl", made, { prefix: "new_" }));
  assert.deepEqual([both.prediction, both.new_prediction], ["old", "1"]);
  const long = `{"text":"a"}\n{"text":"${"x".repeat(1001)}"}\n`;
  await assert.rejects(answered("in.jsonl", long, "out.jsonl"), /line 2: the text has 1001 characters/);
  const other = '{"text":"a"}\n{"text":"b","id":1}\n';
  await assert.rejects(
    answered("in.jsonl", other, "out.csv"),
    /line 2: column "id" is not among .* --format jsonl/,
  );
});

Deno.test("a run that fails leaves no file, and what was there before stays", async () => {
  await withFolder(async (folder) => {
    const [from, to] = [join(folder, "in.jsonl"), join(folder, "out.jsonl")];
    await Deno.writeTextFile(to, "before");
    await Deno.writeTextFile(from, '{"text":"a"}\n{"txt":"b"}\n');
    const { service } = stub("text-classification", ranked);
    await assert.rejects(
      answerFile(service, from, { columns: {}, out: to, output }),
      /column "text" is null/,
    );
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["in.jsonl", "out.jsonl"]);
    assert.equal(await Deno.readTextFile(to), "before");
  });
});

Deno.test("a spreadsheet runs nothing of the file, numbers stay numbers, and other programs may have texts as they are", async () => {
  const texts = ["=HYPERLINK(1)", "+1-2", "-x", "@SUM(A1)", "\tx", "-5", "+1.5e3", "plain", 'a,"b"\nc'];
  const line = lineMaker("csv");
  const file = texts.map((text, i) => line({ text, n: -i }, "x")).join("");
  await withFolder(async (folder) => {
    const path = join(folder, "x.csv");
    await Deno.writeTextFile(path, file);
    const read: unknown[] = [];
    for await (const { record } of readCsvRecords(path)) read.push(record.text);
    assert.deepEqual(read, [
      "'=HYPERLINK(1)",
      "'+1-2",
      "'-x",
      "'@SUM(A1)",
      "'\tx",
      "-5",
      "+1.5e3",
      "plain",
      'a,"b"\nc',
    ]);
  });
  assert.equal(lineMaker("csv", { plainText: true })({ text: "=1" }, "x"), "text\r\n=1\r\n");
});
