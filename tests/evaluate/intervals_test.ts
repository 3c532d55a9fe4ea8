import assert from "node:assert/strict";
import { EvaluationError } from "../../src/evaluate/errors.ts";
import { wilsonInterval } from "../../src/evaluate/intervals.ts";

Deno.test("a proportion's interval refuses counts and levels that make no sense", () => {
  for (
    const [successes, n, confidence] of [[1, 0, .95], [3, 2, .95], [-1, 2, .95], [NaN, 2, .95], [1, 2, 1]]
  ) {
    assert.throws(() => wilsonInterval(successes, n, { confidence }), EvaluationError);
  }
});
