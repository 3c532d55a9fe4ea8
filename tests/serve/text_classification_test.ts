import assert from "node:assert/strict";
import {
  collate,
  observationOf,
  probabilitiesOf,
  rank,
  rowsOf,
} from "../../src/serve/text_classification.ts";

Deno.test("a batch is padded to its longest text, with the padding masked", () => {
  const batch = collate([{ ids: [2, 9, 3], typeIds: [0, 0, 1] }, { ids: [2], typeIds: [0] }], 7);
  assert.equal(batch.batch, 2);
  assert.equal(batch.sequence, 3);
  assert.deepEqual([...batch.inputIds], [2n, 9n, 3n, 2n, 7n, 7n]);
  assert.deepEqual([...batch.attentionMask], [1n, 1n, 1n, 1n, 0n, 0n]);
  assert.deepEqual([...batch.tokenTypeIds], [0n, 0n, 1n, 0n, 0n, 0n]);
});

Deno.test("logits come apart into rows", () => {
  const rows = rowsOf({ data: new Float32Array([1, 2, 3, 4, 5, 6]), classes: 3, inferenceMs: 0 });
  assert.deepEqual(rows.map((row) => [...row]), [[1, 2, 3], [4, 5, 6]]);
});

Deno.test("probabilities sum to one, whatever the logits' size; one logit is a sigmoid", () => {
  const p = probabilitiesOf([1e4, -1e4, 1e4]);
  assert.deepEqual([...p], [0.5, 0, 0.5]);
  assert.ok(Math.abs(probabilitiesOf([2])[0] - 0.8807970779778823) < 1e-15);
});

Deno.test("labels are ranked by score, equal scores in label order", () => {
  assert.deepEqual(rank([0.2, 0.6, 0.2], ["a", "b", "c"]).map((p) => p.label), ["b", "a", "c"]);
});

Deno.test("a pair is observed as one text", () => {
  const observation = observationOf(["ab", "\u{1f600}"], { ids: [2, 1, 3], unknownCount: 1, fullLength: 9 }, [
    0.5,
    0.5,
  ]);
  assert.deepEqual(observation, {
    characters: 3,
    tokenIds: [2, 1, 3],
    unknownTokens: 1,
    tokens: 9,
    probabilities: [0.5, 0.5],
  });
});
