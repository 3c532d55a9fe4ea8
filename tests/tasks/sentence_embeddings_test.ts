import assert from "node:assert/strict";
import { createRandomStream } from "../../src/base/random.ts";
import { bertConfig } from "../../models/bert.ts";
import { DataError } from "../../src/data/errors.ts";
import { gradients } from "../../src/graph/autodiff.ts";
import { type HostTensor, hostTensor } from "../../src/graph/graph.ts";
import { product } from "../../src/graph/shape.ts";
import { readQueries } from "../../src/lifecycle/queries.ts";
import { readRows } from "../../src/lifecycle/rows.ts";
import { collate } from "../../src/tasks/collate.ts";
import { OutputError } from "../../src/tasks/errors.ts";
import { forwardGraph, type ModelSpec, trainableModel } from "../../src/tasks/model.ts";
import type { EmbeddingHead, PairTarget } from "../../src/tasks/sentence_embeddings/schema.ts";
import { sentenceEmbeddings as task } from "../../src/tasks/sentence_embeddings/serve.ts";
import { trainSentenceEmbeddings as trained } from "../../src/tasks/sentence_embeddings/train.ts";
import { servedTask } from "../../src/tasks/served.ts";
import { judgingOf, type TextEncoding } from "../../src/tasks/task.ts";
import { runOnce } from "../nn/run.ts";

const golden: {
  vectors: number[];
  scores: number[];
  pairs: { loss: number; gradient: number[] };
  ranked: { loss: number; gradient: number[] };
} = JSON.parse(Deno.readTextFileSync(new URL("../golden/embeddings/losses.json", import.meta.url)));

const [PAIRS, WIDTH] = [5, 6];
const head: EmbeddingHead = { pooling: "mean", normalize: true };

const distinct: PairTarget[] = golden.scores.map((score, i) => ({
  texts: [`first ${i}`, `second ${i}`],
  score,
}));

/** The loss of the golden vectors and its gradient, both texts of a pair behind each other; rows beyond the targets fill up. */
async function lossOf(
  learntFrom: EmbeddingHead["learntFrom"],
  targets: readonly PairTarget[],
  rows = targets.length,
) {
  const own = { ...head, normalize: false, learntFrom };
  const data = new Float32Array(rows * 2 * WIDTH).fill(0.5);
  for (let pair = 0; pair < targets.length; pair++) {
    for (const k of [0, 1]) {
      const start = (k * PAIRS + pair) * WIDTH;
      data.set(golden.vectors.slice(start, start + WIDTH), (pair * 2 + k) * WIDTH);
    }
  }
  const { feeds, weight } = trained.padTargets(targets, { rows, sequence: 1 }, own);
  const { loss, gradient, weight: sum } = await runOnce((b) => {
    const vectors = b.input("vectors", "f32", [product([2, "batch"]), WIDTH]);
    const objective = trained.objective(b, { sentence_embedding: vectors }, own, {});
    const [partial] = gradients(b, objective.loss, [vectors]);
    b.output("loss", objective.loss);
    b.output("weight", objective.weight);
    b.output("gradient", partial);
  }, { feeds: { ...feeds, vectors: hostTensor("f32", [rows * 2, WIDTH], data) }, bindings: { batch: rows } });
  assert.deepEqual([weight, sum.data[0]], [targets.length, targets.length]);
  return { loss: Number(loss.data[0]), gradient: [...gradient.data as Float32Array] };
}

function assertNear(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  assert.equal(found.length, wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    assert.ok(Math.abs(found[i] - wanted[i]) <= tolerance, `${i}: ${found[i]} is not ${wanted[i]}`);
  }
}

/** The golden gradient `[2, pairs, width]` in the order of a batch, `[pairs, 2, width]`. */
const inBatch = (values: readonly number[]) =>
  Array.from(
    { length: PAIRS * 2 },
    (_, i) => values.slice(((i % 2) * PAIRS + (i >> 1)) * WIDTH, ((i % 2) * PAIRS + (i >> 1) + 1) * WIDTH),
  ).flat();

Deno.test("both losses and their gradients are sentence-transformers'", async () => {
  for (const [learntFrom, wanted] of [["pairs", golden.pairs], ["scores", golden.ranked]] as const) {
    const { loss, gradient } = await lossOf(learntFrom, distinct);
    assertNear([loss], [wanted.loss], 1e-4);
    assertNear(gradient, inBatch(wanted.gradient), 1e-4);
  }
});

Deno.test("rows that fill a batch up are no negatives, do not count and get no gradient", async () => {
  for (const learntFrom of ["pairs", "scores"] as const) {
    const [alone, filled] = [
      await lossOf(learntFrom, distinct),
      await lossOf(learntFrom, distinct, PAIRS + 3),
    ];
    assertNear([filled.loss], [alone.loss], 1e-5);
    assertNear(filled.gradient.slice(0, PAIRS * 2 * WIDTH), alone.gradient, 1e-5);
    assert.ok(filled.gradient.slice(PAIRS * 2 * WIDTH).every((value) => value === 0));
  }
});

Deno.test("a text that belongs to an equal text is no negative: two such pairs do not see each other", async () => {
  const [, , ...rest] = distinct;
  const twins = distinct.slice(0, 2).map(({ texts: [, second] }): PairTarget => ({
    texts: ["the same", second],
  }));
  const { loss } = await lossOf("pairs", twins);
  assertNear([loss], [0], 1e-6);
  assert.ok((await lossOf("pairs", [...twins, ...rest])).loss < (await lossOf("pairs", distinct)).loss);
});

Deno.test("a text's vector is the mean over its tokens or its first token, of length 1 where asked", async () => {
  const config = bertConfig({
    vocabSize: 20,
    hiddenSize: 8,
    layers: 1,
    intermediateSize: 16,
    maxPositions: 8,
  });
  const feeds = {
    input_ids: hostTensor("i32", [2, 4], [2, 7, 3, 0, 2, 9, 8, 3]),
    attention_mask: hostTensor("i32", [2, 4], [1, 1, 1, 0, 1, 1, 1, 1]),
    token_type_ids: hostTensor("i32", [2, 4], new Array(8).fill(0)),
  };
  const run = (own: EmbeddingHead) => {
    const graph = forwardGraph({ task: "sentence-embeddings", config, head: own });
    assert.deepEqual(graph.outputs.sentence_embedding.shape, ["batch", 8]);
    assert.deepEqual(graph.outputs.last_hidden_state.shape, ["batch", "sequence", 8]);
    return runOnce(graph, { feeds, bindings: { batch: 2, sequence: 4 } });
  };
  const rows = ({ data }: HostTensor, width: number) =>
    [0, 1].map((r) => [...data as Float32Array].slice(r * width, (r + 1) * width));
  const mean = await run({ pooling: "mean", normalize: false });
  const tokens = rows(mean.last_hidden_state, 32);
  const wanted = [3, 4].map((length, r) =>
    Array.from({ length: 8 }, (_, k) => {
      let sum = 0;
      for (let t = 0; t < length; t++) sum += tokens[r][t * 8 + k];
      return sum / length;
    })
  );
  rows(mean.sentence_embedding, 8).forEach((row, r) => assertNear(row, wanted[r], 1e-6));
  const cls = await run({ pooling: "cls", normalize: false });
  rows(cls.sentence_embedding, 8).forEach((row, r) => assertNear(row, tokens[r].slice(0, 8), 1e-6));
  const unit = await run({ pooling: "mean", normalize: true });
  rows(unit.sentence_embedding, 8).forEach((row, r) =>
    assertNear(row, wanted[r].map((x) => x / Math.hypot(...wanted[r])), 1e-6)
  );
});

Deno.test("in training and evaluation a model gives what the task reads, and not the hidden states of every token", () => {
  const config = bertConfig({
    vocabSize: 20,
    hiddenSize: 8,
    layers: 1,
    intermediateSize: 16,
    maxPositions: 8,
  });
  const spec: ModelSpec = { task: "sentence-embeddings", config, head };
  const { outputs } = trainableModel(spec).forward({ training: false });
  assert.deepEqual(Object.keys(outputs), ["sentence_embedding"]);
  assert.deepEqual(outputs.sentence_embedding.shape, ["2*batch", 8]);
});

Deno.test("a pair's texts are fed behind each other, and equal texts as one group", () => {
  const texts = [["a", "x"], ["b", "y"], ["a", "z"]] as const;
  const rows = texts.map((texts) => ({
    encodings: texts.map(() => ({ ids: [2, 3], typeIds: [0, 0] })),
    target: { texts },
  }));
  const batch = collate(rows, {
    batchSize: 4,
    bucketLengths: [4],
    targets: (of, size) => trained.padTargets(of, size, head),
  }).at(0);
  assert.deepEqual(batch.feeds.input_ids.shape, [8, 4]);
  assert.deepEqual([...batch.feeds.firsts.data], [0, 1, 0, -1]);
  assert.deepEqual([...batch.feeds.seconds.data], [0, 1, 2, -1]);
  assert.deepEqual([...batch.feeds.weights.data], [1, 1, 1, 0]);
});

const encoding: TextEncoding = {
  ids: [2, 3],
  typeIds: [0, 0],
  tokens: ["[CLS]", "[SEP]"],
  fullLength: 2,
  isFullLengthExact: true,
  unknownCount: 0,
};
const outputs = (...values: number[]) => ({
  sentence_embedding: { shape: [values.length], data: Float32Array.from(values) },
});

Deno.test("an answer is the vector as asked for: cut, of length 1, or as the model makes it", () => {
  const decode = (parameters: Record<string, unknown>, own = head) =>
    task.decode(outputs(3, 4, 0, 12), { query: "a", encoding, head: own }, parameters);
  assert.deepEqual(decode({}), [3, 4, 0, 12]);
  assert.deepEqual(decode({ normalize: true }), [3 / 13, 4 / 13, 0, 12 / 13]);
  assert.deepEqual(decode({ dimensions: 2 }), [0.6, 0.8]);
  assert.deepEqual(decode({ dimensions: 2, normalize: false }), [3, 4]);
  assert.deepEqual(decode({ dimensions: 2 }, { ...head, normalize: false }), [3, 4]);
  assert.deepEqual(decode({ dimensions: 9 }), [3, 4, 0, 12]);
  assert.equal(
    task.describe([0.6, 0.8, 0, 0, 0]),
    "[0.6000, 0.8000, 0.0000, 0.0000, ...] 5 numbers, length 1.0000",
  );
  assert.throws(() => task.decode(outputs(NaN, 1), { query: "a", encoding, head }), OutputError);
  assert.throws(
    () => task.decode(outputs(0, 0), { query: "a", encoding, head }, { normalize: true }),
    /no direction/,
  );
  assert.equal(task.parameters.safeParse({ dimensions: 0 }).success, false);
  assert.deepEqual([...task.observe("ab", encoding, outputs(3, 4), head).embedding as Float32Array], [3, 4]);
  assert.equal(task.observe("ab", encoding, undefined, head).embedding, undefined);
});

Deno.test("pairs are judged by whether they find each other; of equal first texts each second one is right", () => {
  const targets: PairTarget[] = [{ texts: ["a", "x"] }, { texts: ["b", "y"] }, { texts: ["a", "z"] }];
  const answers = [[[1, 0], [0.9, 0.1]], [[0, 1], [1, 0.1]], [[1, 0], [0.5, 0.5]]];
  assert.equal(judgingOf(servedTask(task.name), targets).evaluation, "ranking");
  const { metrics } = task.judge(targets, answers, { head });
  // y lies nearest to a and z nearest to b; x, the first right one, is second for a, and y third for b.
  assert.deepEqual([metrics["hitRate@1"].value, metrics["mrr@10"].value], [0, (1 / 2 + 1 / 3 + 1 / 2) / 3]);
  assert.deepEqual(task.pair(targets[0], answers[0], { row: 0, targets, answers }), {
    prediction: [2, 1, 3],
    reference: [1, 3],
  });
  assert.match(
    task.judge(targets, answers, { head, resamples: 100 }).text(),
    /^3 pairs\nhitRate@1 {3}0\.0000 {2}\(/,
  );
});

Deno.test("all rows are looked for at once, and each finds what comparing it with every other would", () => {
  const random = createRandomStream(5);
  const vector = () => Array.from({ length: 8 }, () => random.integer(5) - 1.5); // many are equally near
  const targets = Array.from({ length: 150 }, (_, i): PairTarget => ({ texts: [`a${i % 140}`, `b${i}`] }));
  const plain = targets.map(() => [vector(), vector()]);
  let reads = 0;
  const answers = plain.map((row) => new Proxy(row, { get: (of, key) => (reads++, Reflect.get(of, key)) }));
  const unit = (v: number[]) => v.map((x) => x / Math.hypot(...v));
  for (const [row, target] of targets.entries()) {
    const { prediction, reference } = task.pair(target, answers[row], { row, targets, answers });
    const near = plain.map(([, second]) => {
      const [x, y] = [unit(plain[row][0]), unit(second)];
      return x.reduce((sum, value, k) => sum + value * y[k], 0);
    });
    const found = (prediction as number[]).map((number) => near[number - 1]);
    const wanted = near.toSorted((a, b) => b - a).slice(0, 100);
    assert.ok(found.every((value, k) => Math.abs(value - wanted[k]) < 1e-12), `row ${row}`);
    assert.equal(new Set(prediction as number[]).size, 100);
    const same = targets.flatMap(({ texts }, i) => texts[0] === target.texts[0] ? [i + 1] : []);
    assert.deepEqual(reference, same);
  }
  assert.ok(reads < 20 * targets.length, `${reads} reads of ${targets.length} rows`);
});

Deno.test("pairs with scores are judged by the correlation of cosines with them", () => {
  const targets: PairTarget[] = [5, 3, 0].map((score) => ({ texts: ["a", "b"], score }));
  const answers = [[[1, 0], [1, 0]], [[1, 0], [1, 1]], [[1, 0], [0, 1]]];
  assert.equal(judgingOf(servedTask(task.name), targets).bestBy.metric, "spearman");
  assert.equal(task.judge(targets, answers, { head }).metrics.spearman.value, 1);
  assert.deepEqual(task.pair(targets[2], answers[2], { row: 2, targets, answers }), {
    prediction: 0,
    reference: 0,
  });
});

Deno.test("rows have two texts and a score, or none; traffic may come with one text", async () => {
  const file = await Deno.makeTempFile({ suffix: ".jsonl" });
  const write = (...records: object[]) =>
    Deno.writeTextFile(file, records.map((r) => `${JSON.stringify(r)}\n`).join(""));
  const served = servedTask(task.name);
  await write({ text: "a", pair: "b", score: "2.5" }, { text: "c", pair: "d" });
  const rows = await readRows(file, served);
  assert.deepEqual(rows.map(({ target }) => (target as PairTarget).score), [2.5, undefined]);
  assert.deepEqual(rows[0].queries, ["a", "b"]);
  assert.throws(() => trained.headOf(rows as never, "mails"), DataError);
  assert.deepEqual(trained.headOf(rows.slice(1) as never, "mails"), { ...head, learntFrom: "pairs" });
  assert.equal(
    trained.headOf(rows.slice(0, 1) as never, "mails", { pooling: "cls", normalize: false }).pooling,
    "cls",
  );
  const scored = { ...head, learntFrom: "scores" } as const;
  assert.throws(() => trained.encodeTarget({ texts: ["c", "d"] }, [], scored), /pairs without scores/);
  await assert.rejects(readRows(file, served, { columns: { label: "stars" } }), /no column "stars"/);
  await assert.rejects(
    readRows(file, served, { columns: { pair: "text" } }),
    /column "text" cannot be two things at once/,
  );
  await write({ text: "a", pair: "b" }, { text: "c" });
  assert.deepEqual(await readQueries(file, served), ["a", "b", "c"]);
  await assert.rejects(readRows(file, served), /line 2: no column "pair"; found "text"/);
  await Deno.remove(file);
});

Deno.test("a folder of sentence-transformers says how it pools; what is not built here is refused by name", () => {
  const files = trained.files!(bertConfig({ vocabSize: 9 }), { pooling: "cls", normalize: true }, {
    maxTokens: 64,
  });
  assert.deepEqual(trained.headOfConfig!({}, files), { pooling: "cls", normalize: true });
  assert.deepEqual(files["sentence_bert_config.json"], { max_seq_length: 64, do_lower_case: false });
  const plain = trained.files!(bertConfig({ vocabSize: 9 }), { pooling: "mean", normalize: false }, {
    maxTokens: 64,
  });
  assert.deepEqual(trained.headOfConfig!({}, plain), { pooling: "mean", normalize: false });
  assert.deepEqual(trained.headOfConfig!({}, {}), head);
  const modules = [...files["modules.json"] as object[], { type: "sentence_transformers.models.Dense" }];
  assert.throws(
    () => trained.headOfConfig!({}, { ...files, "modules.json": modules }),
    /modules are Transformer, Pooling, Normalize, Dense;/,
  );
  const pooling = { pooling_mode_mean_tokens: true, pooling_mode_max_tokens: true };
  assert.throws(
    () => trained.headOfConfig!({}, { ...files, "1_Pooling/config.json": pooling }),
    /pools by pooling_mode_mean_tokens and/,
  );
});
