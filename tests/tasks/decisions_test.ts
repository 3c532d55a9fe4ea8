import assert from "node:assert/strict";
import { bertConfig } from "../../models/bert.ts";
import { createRandom } from "../../src/base/random.ts";
import type { DataRecord } from "../../src/data/example.ts";
import type { HostTensor } from "../../src/graph/dtype.ts";
import { batchesOf, judge } from "../../src/lifecycle/fit.ts";
import type { Prepared, PreparedRow } from "../../src/lifecycle/prepare.ts";
import { initialStates } from "../../src/nn/init.ts";
import { OutputError } from "../../src/tasks/errors.ts";
import { forwardGraph, type ModelSpec, trainableModel } from "../../src/tasks/model.ts";
import { servedTasks, TASK_NAMES, type TaskName } from "../../src/tasks/served.ts";
import { judgingOf } from "../../src/tasks/task.ts";
import { trainedTasks } from "../../src/tasks/trained.ts";
import { createEvaluator } from "../../src/train/evaluator.ts";
import { loadTokenizer } from "../../src/text/tokenizer.ts";
import { candidates, testOn } from "../backend/available.ts";

const golden = new URL("../golden/text/tokenizer.json", import.meta.url);
const tokenizer = loadTokenizer(Deno.readTextFileSync(golden));
const words = "win free money now please see the report of Monday from Anna in Berlin".split(" ");

/** Rows of random words of each task's form. */
function recordsOf(task: TaskName, count: number): DataRecord[] {
  const random = createRandom(5);
  const draw = <T>(list: readonly T[]) => list[Math.floor(list.length * random())];
  return Array.from({ length: count }, (_, i) => {
    const tokens = Array.from({ length: 3 + Math.floor(9 * random()) }, () => draw(words));
    const text = `${tokens.join(" ")} ${i}`;
    const of: Record<TaskName, DataRecord> = {
      "text-classification": { text, label: draw(["a", "b", "c"]) },
      "multi-label-classification": {
        text,
        labels: Array.from({ length: 20 }, (_, k) => `label ${k}`).filter(() => random() < 0.4),
      },
      "text-regression": { text, score: random() },
      "token-classification": { tokens, tags: tokens.map(() => draw(["O", "O", "B-PER", "I-PER", "B-LOC"])) },
      "sentence-embeddings": { text, pair: `${draw(words)} ${text}`, score: random() },
    };
    return of[task];
  });
}

/** A model with random weights, and rows as it is fed. */
function modelOf(task: TaskName) {
  const [served, trained] = [servedTasks[task], trainedTasks[task]];
  const columns = task === "sentence-embeddings" ? { ...served.columns, pair: "pair" } : served.columns;
  const rows = recordsOf(task, 37).map((record) => ({
    queries: served.queries(record, "row", columns),
    target: served.target(record, "row", columns),
  }));
  const drawn = trained.headOf(rows, "rows");
  const head = trained.measured?.(drawn, rows.map(({ target }) => target), "rows") ?? drawn;
  const prepared = rows.map((row): PreparedRow => {
    const encodings = row.queries.map((query) => served.encode(tokenizer, query, { maxTokens: 32 }));
    return { row, encodings, target: trained.encodeTarget(row.target, encodings, head) };
  });
  const config = bertConfig({ vocabSize: tokenizer.vocabSize, layers: 1, hiddenSize: 16, heads: 2 });
  const spec: ModelSpec = { task, config, head };
  const weights = initialStates(forwardGraph(spec), 3);
  // Large ones, so that rows are decided otherwise than by chance.
  for (const [name, { data }] of Object.entries(weights)) {
    if (/classifier\.(weight|bias)$/.test(name)) (data as Float32Array).forEach((x, i) => data[i] = 40 * x);
  }
  const data = { parts: { train: prepared, validation: [], test: [] }, maxTokens: 32, tokenizer };
  const batches = batchesOf(spec, data as unknown as Prepared, prepared, { batchSize: 8 });
  return { spec, rows: prepared, weights, batches };
}

for (const candidate of candidates.filter(({ device }) => device !== "wasm")) {
  for (const task of TASK_NAMES) {
    testOn(
      candidate,
      `${task} is judged alike by what the device decides and by the outputs`,
      async (backend) => {
        const { spec, rows, weights, batches } = modelOf(task);
        const [all, decided] = await Promise.all((["outputs", "decisions"] as const).map(async (reads) => {
          const evaluator = createEvaluator(backend, trainableModel(spec), { reads });
          await evaluator.load(weights);
          const evaluated = (await evaluator.run(batches))!;
          await evaluator.dispose();
          return { evaluated, scores: judge(spec, rows, evaluated, { reads }) };
        }));
        const { headline } = judgingOf(servedTasks[task], rows.map(({ row }) => row.target));
        for (const name of headline) {
          assert.equal(decided.scores.metrics[name].value, all.scores.metrics[name].value, name);
        }
        assert.deepEqual(decided.scores.metrics, all.scores.metrics);
        assert.ok(Math.abs(decided.evaluated.loss / all.evaluated.loss - 1) < 1e-6);
        assert.deepEqual(decided.evaluated.rows, all.evaluated.rows);
      },
    );
  }

  testOn(candidate, "a model that gives NaN is not scored by its decisions either", async (backend) => {
    for (const task of TASK_NAMES.filter((name) => trainedTasks[name].decisions)) {
      const { spec, rows, weights, batches } = modelOf(task);
      const broken: Record<string, HostTensor> = { ...weights };
      broken["classifier.bias"].data[0] = NaN;
      const evaluator = createEvaluator(backend, trainableModel(spec), { reads: "decisions" });
      await evaluator.load(broken);
      const evaluated = (await evaluator.run(batches))!;
      assert.throws(() => judge(spec, rows, evaluated, { reads: "decisions" }), OutputError);
      await evaluator.dispose();
    }
  });
}
