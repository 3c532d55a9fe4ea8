import assert from "node:assert/strict";
import { padTokens } from "../../src/text/pad.ts";

const texts = [{ ids: [2, 9, 3], typeIds: [0, 0, 1] }, { ids: [2], typeIds: [0] }];

Deno.test("a batch is padded to its longest text, with the padding masked", () => {
  const { input_ids, attention_mask, token_type_ids } = padTokens(texts, { padId: 7 });
  assert.deepEqual(input_ids.shape, [2, 3]);
  assert.deepEqual([...input_ids.data], [2, 9, 3, 2, 7, 7]);
  assert.deepEqual([...attention_mask.data], [1, 1, 1, 1, 0, 0]);
  assert.deepEqual([...token_type_ids.data], [0, 0, 1, 0, 0, 0]);
});

Deno.test("a row that fills a batch up attends to one token, so that its softmax is finite", () => {
  const { input_ids, attention_mask } = padTokens(texts, { padId: 7, rows: 3, sequence: 4 });
  assert.deepEqual(input_ids.shape, [3, 4]);
  assert.deepEqual([...input_ids.data.subarray(8)], [7, 7, 7, 7]);
  assert.deepEqual([...attention_mask.data.subarray(8)], [1, 0, 0, 0]);
});
