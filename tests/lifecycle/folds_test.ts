import assert from "node:assert/strict";
import { join } from "node:path";
import { createInterpBackend } from "../../src/backend/interp/interp.ts";
import { DataError } from "../../src/data/errors.ts";
import { LifecycleError } from "../../src/lifecycle/errors.ts";
import { prepareFolds } from "../../src/lifecycle/folds.ts";
import { trainingDefaults } from "../../src/lifecycle/options.ts";
import type { LoadedRow } from "../../src/lifecycle/rows.ts";
import { type LifeOptions, trainAndRegister } from "../../src/lifecycle/train.ts";
import { openStore } from "../../src/store/sqlite.ts";
import { sentenceEmbeddings } from "../../src/tasks/sentence_embeddings/serve.ts";
import { listRuns } from "../../src/track/runs.ts";
import { withFolder } from "../folder.ts";

const word = (n: number) => String(n).replace(/\d/g, (digit) => "abcdefghij"[Number(digit)]);
const textOf = (i: number) => Array.from({ length: 9 }, (_, k) => `w${word(9 * i + k)}`).join(" ");

function row(text: string, target: unknown, author = text): LoadedRow {
  return { queries: [text], target, record: { text, label: target, author } };
}

/** Rows of two labels whose texts have nothing in common, ten of each author. */
const rows = Array.from({ length: 120 }, (_, i) => row(textOf(i), i % 3 ? "ham" : "spam", `a${i % 12}`));

function foldsOf(
  all: readonly LoadedRow[],
  folds: number,
  options: Partial<Parameters<typeof prepareFolds>[1]> = {},
) {
  const output = { progress() {}, draw() {}, terminal: false };
  const made = prepareFolds(all, {
    ...{
      task: "text-classification",
      source: "dir/mails.csv",
      seed: 1,
      vocabSize: 300,
      maxTokens: 16,
      output,
    },
    ...options,
    folds,
  });
  return { ...made, folds: Array.from({ length: folds }, (_, k) => made.prepare(k, output)) };
}

const textsIn = (part: readonly { readonly row: { readonly queries: readonly unknown[] } }[]) =>
  part.map(({ row }) => row.queries[0] as string);

Deno.test("every row is held out by one fold, in the shares of its label, and trained on or choosing in all others", () => {
  const { folds, whole, origin, trainRows } = foldsOf(rows, 4);
  assert.deepEqual(
    folds.flatMap(({ parts }) => textsIn(parts.test)).sort(),
    rows.map(({ queries: [text] }) => text).sort(),
  );
  for (const [k, { parts: { train, validation, test } }] of folds.entries()) {
    assert.equal(train.length, trainRows[k]);
    assert.equal(new Set([...textsIn(train), ...textsIn(validation), ...textsIn(test)]).size, 120);
    assert.deepEqual([test.length, test.filter(({ row }) => row.target === "spam").length], [30, 10]);
    assert.ok(validation.length >= 4 && validation.length <= 6, `${validation.length} choose the epoch`);
  }
  assert.deepEqual([whole.parts.train.length, whole.parts.validation.length, whole.parts.test.length], [
    114,
    6,
    0,
  ]);
  assert.equal(origin, "all 120 rows of mails.csv in 4 folds, near-duplicates kept on one side");
});

Deno.test("the tokenizer of a fold is made of its own training part", () => {
  const { folds } = foldsOf([...rows, row("ж ж ж ж ж ж", "ham")], 3);
  const unknown = folds.map(({ parts }) =>
    parts.test.flatMap(({ encodings }) => encodings).reduce((sum, { unknownCount }) => sum + unknownCount, 0)
  );
  const holding = folds.findIndex(({ parts }) => textsIn(parts.test).includes("ж ж ж ж ж ж"));
  assert.deepEqual(unknown, folds.map((_, k) => k === holding ? 6 : 0));
});

Deno.test("groups and near-duplicates are in one fold", () => {
  const again = Array.from(
    { length: 8 },
    (_, i) => row(`${textOf(300)} ${textOf(301)} ${word(i)}more`, "ham", `b${i}`),
  );
  const { folds } = foldsOf([...rows, ...again], 3, { division: { group: "author" } });
  const authors = folds.map(({ parts }) =>
    new Set(parts.test.map(({ row }) => (row as LoadedRow).record.author))
  );
  assert.equal(
    authors.reduce((sum, { size }) => sum + size, 0),
    new Set(authors.flatMap((of) => [...of])).size,
  );
  const holding = folds.filter(({ parts }) =>
    textsIn(parts.test).some((text) => text.startsWith(textOf(300)))
  );
  assert.equal(holding.length, 1);
});

Deno.test("labels with too few rows for the folds are named together; with as many as folds they are held out once each", () => {
  const rare = [row(textOf(800), "one"), row(textOf(801), "two"), row(textOf(802), "two")];
  assert.throws(
    () => foldsOf([...rows, ...rare], 3),
    (error) =>
      error instanceof DataError &&
      /2 labels, "one" \(1\), "two" \(2\), have too few texts.* at least 3 are needed, one for each of 3 folds: give fewer --folds, merge such labels \(--clean merge-labels=A=B\)/
        .test(error.message),
  );
  const { folds } = foldsOf([...rows, ...rare.slice(1)], 2);
  for (const { parts } of folds) {
    assert.equal(parts.test.filter(({ row }) => row.target === "two").length, 1);
    assert.equal(
      parts.train.filter(({ row }) => row.target === "two").length,
      1,
      "the other one is trained on",
    );
  }
});

Deno.test("numbers and sets of labels are divided, too", () => {
  const numbers = rows.map(({ queries: [text] }, i) => row(text as string, i / 7));
  assert.deepEqual(
    foldsOf(numbers, 5, { task: "text-regression" }).folds.map(({ parts }) => parts.test.length),
    [24, 24, 24, 24, 24],
  );
  const sets = rows.map(({ queries: [text] }, i) => row(text as string, i % 2 ? ["a"] : ["a", "b"]));
  for (const { parts } of foldsOf(sets, 3, { task: "multi-label-classification" }).folds) {
    assert.ok(Math.abs(parts.test.length - 40) <= 1);
  }
});

Deno.test("vectors of several models are judged together, each text looked for among those of its model", () => {
  // Of two models: the second one's space is the first one's turned around, so that its own rows would find the first one's.
  const answers = [
    [[[1, 0], [0.9, 0.1]], [[0, 1], [0.1, 0.9]]],
    [[[0.9, 0.2], [0, 1]], [[0.1, 0.8], [1, 0]]],
  ];
  const targets = answers.flat().map((_, i) => ({ texts: [`q${i}`, `a${i}`] as const }));
  const judge = (of: readonly (readonly (readonly number[])[])[]) =>
    sentenceEmbeddings.judge(targets as never, of as never, { head: {} as never }).metrics["mrr@10"].value;
  // Within models: right at once for both rows of the first, second of two for both of the second.
  assert.equal(judge(sentenceEmbeddings.pooled!(answers)), (1 + 1 + 1 / 2 + 1 / 2) / 4);
  assert.ok(judge(answers.flat()) < 0.75);
});

/** A cross-validation of a second; `hear` is told all that it says. */
function run(home: string, hear: (line: string) => void = () => {}): LifeOptions {
  return {
    ...trainingDefaults,
    ...{ modelType: "mlp", vocabSize: 100, maxTokens: 16, hiddenSize: 8, epochs: 1, division: { folds: 2 } },
    ...{ name: "toy", source: "a test", bump: "minor", aliases: [], resume: false, home },
    backend: createInterpBackend(),
    output: { terminal: false, progress: hear, draw: hear },
  };
}

Deno.test("a signal that comes while a fold is trained is seen on a backend that computes in this thread", () =>
  withFolder(async (home) => {
    const stop = new AbortController();
    const lines: string[] = [];
    const hear = (line: string) => {
      lines.push(line);
      if (line.includes("epoch 1/300  train")) setTimeout(() => stop.abort());
    };
    await assert.rejects(trainAndRegister(rows, { ...run(home, hear), epochs: 300, signal: stop.signal }), {
      name: "InterruptedError",
      message: /^stopped in fold 1 of 2/,
    });
    assert.ok(
      lines.some((line) => line.includes("interrupted at step")),
      "before the fold's training was done",
    );
  }));

Deno.test("a cross-validation that is stopped, in a fold or in the last training, leaves nothing and says so", () =>
  withFolder(async (home) => {
    for (
      const [at, message] of [
        [
          /^fold 1 of 2: accuracy/,
          /^stopped in fold 2 of 2: a cross-validation keeps nothing until .*begin anew$/,
        ],
        [
          /^2 folds are scored/,
          /^stopped in the training on all rows: a cross-validation keeps nothing until/,
        ],
      ] as const
    ) {
      const stop = new AbortController();
      const hear = (line: string) => at.test(line) && stop.abort();
      await assert.rejects(trainAndRegister(rows, { ...run(home, hear), signal: stop.signal }), {
        name: "InterruptedError",
        message,
      });
      assert.deepEqual([...Deno.readDirSync(join(home, "checkpoints"))], []);
    }
    const store = openStore(join(home, "weir.db"));
    try {
      assert.deepEqual((await listRuns(store)).map(({ status }) => status), ["KILLED", "KILLED"]);
    } finally {
      await store.close();
    }
  }));

Deno.test("a cross-validation leaves the checkpoint of another training of the name as it is", () =>
  withFolder(async (home) => {
    const stop = new AbortController();
    const hear = (line: string) => /^epoch 1\//m.test(line) && stop.abort();
    const other = { ...run(home, hear), division: {}, epochs: 3 };
    await assert.rejects(trainAndRegister(rows, { ...other, signal: stop.signal }), {
      name: "InterruptedError",
    });
    const { version, evaluation } = await trainAndRegister(rows, run(home));
    assert.deepEqual([version, evaluation.method], ["1.0.0", "cross-validation"]);
    const resumed = await trainAndRegister(rows, { ...other, resume: true });
    assert.deepEqual([resumed.version, resumed.evaluation.method], ["1.1.0", "held-out"]);
    for (const asked of [{ resume: true }, { keepCheckpoints: { by: "best", count: 1 } }] as const) {
      await assert.rejects(trainAndRegister(rows, { ...run(home), ...asked }), LifecycleError);
    }
  }));
