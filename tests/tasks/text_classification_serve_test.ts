import assert from "node:assert/strict";
import { OutputError } from "../../src/tasks/errors.ts";
import { probabilitiesOf, rank, textClassification } from "../../src/tasks/text_classification/serve.ts";
import type { TextEncoding } from "../../src/tasks/task.ts";

const head = { labels: ["ham", "spam"] };
const encoding: TextEncoding = {
  ids: [2, 1, 3],
  typeIds: [0, 0, 0],
  tokens: ["[CLS]", "[UNK]", "[SEP]"],
  fullLength: 9,
  isFullLengthExact: true,
  unknownCount: 1,
};

function logits(...values: number[]) {
  return { logits: { shape: [values.length], data: new Float32Array(values) } };
}

Deno.test("probabilities sum to one, whatever the logits' size; one logit is a sigmoid", () => {
  const p = probabilitiesOf([1e4, -1e4, 1e4]);
  assert.deepEqual([...p], [0.5, 0, 0.5]);
  assert.ok(Math.abs(probabilitiesOf([2])[0] - 0.8807970779778823) < 1e-15);
});

Deno.test("labels are ranked by score, equal scores in label order", () => {
  assert.deepEqual(rank([0.2, 0.6, 0.2], ["a", "b", "c"]).map((p) => p.label), ["b", "a", "c"]);
});

Deno.test("an answer is as asked for: so many labels, probabilities, sigmoids or logits", () => {
  const decode = (parameters = {}) =>
    textClassification.decode(logits(1, 2), { query: "a", encoding, head }, parameters);
  assert.deepEqual(decode({ function_to_apply: "none" }), [{ label: "spam", score: 2 }, {
    label: "ham",
    score: 1,
  }]);
  assert.deepEqual(decode({ top_k: 1, function_to_apply: "sigmoid" }), [{
    label: "spam",
    score: 1 / (1 + Math.exp(-2)),
  }]);
  assert.equal(decode({ top_k: null, function_to_apply: null }).length, 2);
  assert.equal(textClassification.outcome!(decode()), "spam");
  assert.equal(textClassification.parameters.safeParse({ top_k: 0 }).success, false);
});

Deno.test("outputs that are no answer are refused: not finite, of another size, of another name", () => {
  const decode = (outputs: Parameters<typeof textClassification.decode>[0]) =>
    assert.throws(() => textClassification.decode(outputs, { query: "a", encoding, head }), OutputError);
  decode(logits(NaN, 1));
  decode(logits(1, 2, 3));
  decode({ scores: logits(1, 2).logits });
});

Deno.test("a pair is observed as one text, with probabilities where the model was asked", () => {
  const pair = ["ab", "\u{1f600}"] as const;
  const seen = { text: "ab\n\u{1f600}", characters: 3, tokenIds: [2, 1, 3], unknownTokens: 1, tokens: 9 };
  assert.deepEqual(textClassification.observe(pair, encoding, logits(0, 0), head), {
    ...seen,
    probabilities: new Float64Array([0.5, 0.5]),
  });
  assert.deepEqual(textClassification.observe(pair, encoding, undefined, head), {
    ...seen,
    probabilities: [],
  });
});
