/**
 * The evaluation of a held-out part after an epoch, in the three ways there have been: every batch's logits read before the next
 * batch is run; all batches queued, and all logits read at the end; the same with what the device decides in place of the logits.
 * `deno run -A bench/evaluation.ts [--device webgpu|native|wasm] [--json FILE] [--rows 1180] [--sequence 128]
 * [--tasks text-classification,token-classification] [--tiny] [model ...]`, models as in `gpu_cases.json`, each as a classifier
 * of two labels and as a tagger of nine.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { openBackend, pickDevice } from "../src/cli/device.ts";
import { batchesOf, judge } from "../src/lifecycle/fit.ts";
import type { Prepared, PreparedRow } from "../src/lifecycle/prepare.ts";
import { forwardGraph, type ModelSpec, trainableModel } from "../src/tasks/model.ts";
import { servedTasks } from "../src/tasks/served.ts";
import { trainedTasks } from "../src/tasks/trained.ts";
import { createEvaluator, type Evaluated, type TextOutputs } from "../src/train/evaluator.ts";
import { buildEvaluationGraph } from "../src/train/step.ts";
import { bucketPrograms } from "../src/train/programs.ts";
import { benchConfig } from "./bert.ts";
import { quickStates, Recorder, timeWindows, type Timing, tiny } from "./measure.ts";

const { values, positionals } = parseArgs({
  options: {
    device: { type: "string", default: "webgpu" },
    json: { type: "string" },
    rows: { type: "string", default: "1180" },
    sequence: { type: "string", default: "128" },
    tasks: { type: "string", default: "text-classification,token-classification" },
    tiny: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const models = positionals.length > 0 ? positionals : ["2/128", "6/384"];
const [rowCount, sequence] = values.tiny ? [40, 16] : [Number(values.rows), Number(values.sequence)];
const timing: Timing = values.tiny ? tiny : { windows: 5, windowMs: 1, warmMs: 300, steps: [1, 1] };
const device = (await pickDevice(values.device as "webgpu")).device;
const backend = await openBackend(device);
const recorder = new Recorder(values.json);
recorder.machine(backend.description);

const labels = {
  "text-classification": ["ham", "spam"],
  "token-classification": [
    "O",
    ..."LOC MISC ORG PER".split(" ").flatMap((type) => [`B-${type}`, `I-${type}`]),
  ],
};
for (const model of models) {
  for (const task of values.tasks.split(",")) await compare(model, task as keyof typeof labels);
}
await backend.dispose();

async function compare(name: string, task: keyof typeof labels): Promise<void> {
  const small = { vocabSize: 100, layers: 1, hiddenSize: 32, heads: 1, intermediateSize: 64 };
  const spec: ModelSpec = {
    task,
    config: benchConfig(name, values.tiny ? small : {}),
    head: { labels: labels[task] },
  };
  const rows = rowsOf(task);
  const data = {
    parts: { train: rows },
    maxTokens: sequence,
    tokenizer: { padId: 0 },
  } as unknown as Prepared;
  const batches = batchesOf(spec, data, rows, { batchSize: 32 });
  const model = trainableModel(spec);
  const states = quickStates(forwardGraph(spec));
  const record = { side: "weir", part: "evaluation", name: `${name} ${task}`, batch: rowCount, sequence };
  const programs = bucketPrograms(backend, buildEvaluationGraph(model), { label: "evaluate" });
  const evaluators = (["outputs", "decisions"] as const).map((reads) => ({
    reads,
    evaluator: createEvaluator(backend, model, { reads }),
  }));
  const found: string[] = [];
  const score = (evaluated: Evaluated, reads: "outputs" | "decisions") => {
    const { metrics } = judge(spec, rows, evaluated, { reads });
    const { headline } = servedTasks[task];
    return headline.map((metric) => metrics[metric].value.toFixed(6)).join(", ");
  };
  const measure = (variant: string, evaluate: () => Promise<string>) =>
    recorder.try({ ...record, variant }, async () => {
      const times = await timeWindows(async (count) => {
        for (let i = 0; i < count; i++) found.push(await evaluate());
      }, timing);
      return { ...times, note: found.at(-1) };
    });

  let isLoaded = false;
  await measure("each batch read", async () => {
    const results: [Int32Array, Record<string, { shape: readonly number[]; data: Float32Array }>][] = [];
    for (const batch of batches) {
      const program = await programs.get(batch.bindings);
      if (!isLoaded) await program.write(states);
      isLoaded = true;
      const { loss: _, weight: __, ...outputs } = await program.run(programs.feeds(batch));
      results.push([batch.rows, outputs as never]);
    }
    return score(evaluatedOf(results), "outputs");
  });
  for (const { reads, evaluator } of evaluators) {
    await evaluator.load(states);
    const variant = reads === "outputs" ? "read at the end" : "decided, read at the end";
    await measure(variant, async () => score((await evaluator.run(batches))!, reads));
  }
  if (new Set(found).size > 1) recorder.add({ ...record, variant: "all", error: "the ways differ" });
  await programs.dispose();
  for (const { evaluator } of evaluators) await evaluator.dispose();
}

/** What batches gave, cut into the outputs of texts. */
function evaluatedOf(
  results: readonly [Int32Array, Record<string, { shape: readonly number[]; data: Float32Array }>][],
): Evaluated {
  const indices: number[] = [];
  const outputs: TextOutputs[][] = [];
  for (const [rows, tensors] of results) {
    rows.forEach((index, row) => {
      if (index < 0) return;
      indices.push(index);
      outputs.push([
        Object.fromEntries(
          Object.entries(tensors).map(([name, { shape, data }]) => {
            const size = data.length / rows.length;
            return [name, { shape: shape.slice(1), data: data.slice(row * size, (row + 1) * size) }];
          }),
        ),
      ]);
    });
  }
  return { rows: Int32Array.from(indices), outputs, loss: NaN };
}

/** Rows without a text: every token is a word. */
function rowsOf(task: keyof typeof labels): PreparedRow[] {
  const text = Array.from({ length: sequence - 2 }, () => "word").join(" ");
  const spans = Array.from(
    { length: sequence - 2 },
    (_, k) => ({ start: 5 * k, end: 5 * k + 4, token: k + 1 }),
  );
  const all = labels[task];
  const head = { labels: all };
  return Array.from({ length: rowCount }, (_, i) => {
    const ids = Int32Array.from(
      { length: sequence },
      (_, k) => 5 + (Math.imul(k + 7 * i, 2654435761) >>> 0) % 90,
    );
    const encodings = [{ ids, typeIds: ids.map(() => 0), words: spans }];
    const target = task === "text-classification"
      ? all[i % all.length]
      : { text, tokens: spans, tags: spans.map((_, k) => all[(i + k) % 3 === 0 ? 1 + 2 * (k % 4) : 0]) };
    return {
      row: { queries: [text], target },
      encodings: encodings as unknown as PreparedRow["encodings"],
      target: trainedTasks[task].encodeTarget(target, encodings as never, head),
    };
  });
}
