import assert from "node:assert/strict";
import { mlpConfig } from "../../models/mlp.ts";
import { batchesOf } from "../../src/lifecycle/fit.ts";
import type { Prepared, PreparedRow } from "../../src/lifecycle/prepare.ts";

const spec = {
  task: "text-classification",
  config: mlpConfig({ vocabSize: 30, embeddingSize: 8, hiddenSize: 8 }),
  head: { labels: ["a", "b"] },
} as const;

function rowsOf(count: number, length: number): PreparedRow[] {
  const ids = new Array(length).fill(7);
  const encoding = { ids, typeIds: ids.map(() => 0) } as unknown as PreparedRow["encodings"][number];
  return Array.from(
    { length: count },
    (_, i) => ({ row: { queries: [""], target: "" }, encodings: [encoding], target: i % 2 }),
  );
}

function shapes(train: PreparedRow[], rows: PreparedRow[], batchSize: number, maxTokens: number): number[][] {
  const data = { parts: { train, validation: [], test: [] }, maxTokens, tokenizer: { padId: 0 } };
  const batches = batchesOf(spec, data as unknown as Prepared, rows, { batchSize });
  return [...batches].map(({ feeds }) => feeds.input_ids.shape as number[]);
}

Deno.test("a batch is no larger than the data, and no longer than its texts need, whatever the options allow", () => {
  const rows = rowsOf(92, 10);
  assert.deepEqual(shapes(rows, rows, 1024, 128), [[92, 32]]);
  assert.deepEqual(shapes(rows, rows, 32, 8192), [[32, 32], [32, 32], [32, 32]]);
  assert.deepEqual(shapes(rows, rowsOf(3, 40), 32, 8192), [[3, 64]], "held-out rows may be longer");
});
