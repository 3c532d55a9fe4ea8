import assert from "node:assert/strict";
import { ServeError } from "../../src/serve/errors.ts";
import { lastEvent } from "../../src/serve/executor.ts";
import { createOneShot, splitRows } from "../../src/serve/one_shot.ts";
import type { RunRequest } from "../../src/serve/protocol.ts";
import type { ModelSession } from "../../src/serve/session.ts";
import type { TextEncoding } from "../../src/tasks/task.ts";

function encodingOf(ids: number[]): TextEncoding {
  return {
    ids,
    typeIds: ids.map(() => 0),
    tokens: ids.map(String),
    fullLength: ids.length,
    isFullLengthExact: true,
    unknownCount: 0,
  };
}

/** A model whose `tags` are ten times each id, and -1 for padding, and whose `logits` are the sum of a text's ids. */
function taggerSession(requests: RunRequest[]): ModelSession {
  return {
    run(request) {
      requests.push(request);
      const { input_ids, attention_mask } = request.feeds;
      const [rows, sequence] = input_ids.shape;
      const tags = Float32Array.from(input_ids.data, (id, i) => attention_mask.data[i] === 1 ? id * 10 : -1);
      const logits = new Float32Array(rows);
      input_ids.data.forEach((id, i) => logits[Math.floor(i / sequence)] += attention_mask.data[i] * id);
      return Promise.resolve({
        outputs: {
          tags: { shape: [rows, sequence, 1], data: tags },
          logits: { shape: [rows, 1], data: logits },
        },
        inferenceMs: 1,
      });
    },
    facts: { inputNames: [], outputNames: [], loadMs: 0, warmUpRuns: 0 },
    restarts: 0,
    close() {},
  };
}

Deno.test("each text gets its own row, and of an output for every token as many as it has tokens", async () => {
  const requests: RunRequest[] = [];
  const reports: unknown[] = [];
  const executor = createOneShot({
    sessions: [taggerSession(requests)],
    outputs: [{ name: "tags", perToken: true }, { name: "logits", perToken: false }],
    padId: 9,
    maxBatchTokens: 100,
    maxQueue: 10,
    onBatch: (report) => reports.push(report),
  });
  const results = await lastEvent(executor.submit([[2, 7, 8, 3], [2, 3]].map(encodingOf)));
  assert.deepEqual(results.map(({ result }) => result.outputs), [
    {
      tags: { shape: [4, 1], data: new Float32Array([20, 70, 80, 30]) },
      logits: { shape: [1], data: new Float32Array([20]) },
    },
    {
      tags: { shape: [2, 1], data: new Float32Array([20, 30]) },
      logits: { shape: [1], data: new Float32Array([5]) },
    },
  ]);
  assert.deepEqual(requests.map(({ outputs }) => outputs), [["tags", "logits"]]);
  assert.deepEqual(reports, [{ items: 2, tokens: 6, paddedTokens: 8, inferenceMs: 1 }]);
  await executor.close();
});

Deno.test("rows that filled a batch up are dropped, and outputs with too few of them are refused", () => {
  const logits = { shape: [3, 2], data: new Float32Array([1, 2, 3, 4, 5, 6]) };
  const wanted = [{ name: "logits", perToken: false }];
  assert.deepEqual(splitRows({ logits }, [5, 5], wanted).map(({ logits }) => [...logits.data]), [[1, 2], [
    3,
    4,
  ]]);
  const refused = (lengths: number[], perToken: boolean, message: RegExp) =>
    assert.throws(() => splitRows({ logits }, lengths, [{ name: "logits", perToken }]), (error) => {
      assert.ok(error instanceof ServeError && error.kind === "backend");
      assert.match(error.message, message);
      return true;
    });
  refused([1, 1, 1, 1], false, /output "logits" is \[3, 2\] for 4 texts\./);
  refused([1, 3, 2], true, /output "logits" is \[3, 2\] for 3 texts of at most 3 tokens/);
});
