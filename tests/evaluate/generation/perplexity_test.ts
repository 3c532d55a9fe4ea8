import assert from "node:assert/strict";
import { evaluateAll, selectRows } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import {
  perplexity,
  perplexityRows,
  slidingWindows,
  tokenLogLikelihoods,
  utf8Length,
} from "../../../src/evaluate/generation/perplexity.ts";

const read = (name: string) =>
  JSON.parse(Deno.readTextFileSync(new URL(`../../golden/evaluate/${name}`, import.meta.url)));
const references: string[] = read("texts.json").map((row: { references: string[] }) => row.references[0]);
type Way = [
  windows: [begin: number, end: number, scoredFrom: number][],
  guide: number | null,
  mean: number | null,
];
const golden: {
  ways: [maxLength: number, stride: number][];
  texts: { length: number; logLikelihoods: number[]; ways: Way[] }[];
  logits: [logits: number[], targets: number[], expected: number[]][];
  corpus: { perplexity: number; bitsPerByte: number };
} = read("perplexity.json");

/** The way that the texts' log-likelihoods belong to. */
const KEPT = 1;

const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: got ${actual}, wanted ${expected}`);

Deno.test("windows, and the tokens that count in each, are those of the guide's loop", () => {
  assert.ok(golden.texts.length >= 500);
  for (const { length, ways } of golden.texts) {
    golden.ways.forEach(([maxLength, stride], w) => {
      const found = slidingWindows(length, { maxLength, stride });
      assert.deepEqual(found.map(({ begin, end, scoredFrom }) => [begin, end, scoredFrom]), ways[w][0]);
    });
  }
});

Deno.test("the mean of every text equals that of the model's masked labels; the guide's figure follows from the windows", () => {
  const [maxLength, stride] = golden.ways[KEPT];
  for (const { length, logLikelihoods, ways } of golden.texts) {
    const [, guide, mean] = ways[KEPT];
    if (mean === null) {
      assert.equal(logLikelihoods.length, 0);
      continue;
    }
    near(perplexity([{ logLikelihoods }]).nll, mean, `mean of ${length} tokens`);
    let at = 0, sum = 0, weight = 0;
    for (const { end, scoredFrom } of slidingWindows(length, { maxLength, stride })) {
      const own = logLikelihoods.slice(at, at += end - scoredFrom);
      // The guide takes one token off every window; only in the first is one without a score.
      const counted = scoredFrom === 1 ? own.length : own.length - 1;
      if (counted > 0) sum -= own.reduce((a, b) => a + b, 0) / own.length * counted;
      weight += Math.max(counted, 0);
    }
    assert.equal(at, logLikelihoods.length);
    if (guide !== null) near(sum / weight, guide, "guide");
  }
});

Deno.test("over a corpus tokens count alike, and bits per byte use the whole texts' bytes", () => {
  const texts = golden.texts.map(({ logLikelihoods }, i) => ({
    logLikelihoods,
    bytes: utf8Length(references[i]),
  }));
  const rows = perplexityRows(texts.filter(({ bytes }) => bytes > 0));
  const { perplexity: value, nll, bitsPerToken, bitsPerByte } = evaluateAll(rows);
  assert.ok(Math.abs(value / golden.corpus.perplexity - 1) < 1e-9);
  near(bitsPerByte, golden.corpus.bitsPerByte, "bits per byte");
  near(Math.log2(value), bitsPerToken, "bits per token");
  near(Math.log(value), nll, "nats");
  const reversed = evaluateAll(selectRows(rows, Array.from({ length: rows.n }, (_, i) => rows.n - 1 - i)));
  near(reversed.nll, nll, "reversed");
  assert.deepEqual(Object.keys(perplexity([{ logLikelihoods: [-1] }])), [
    "perplexity",
    "nll",
    "bitsPerToken",
  ]);
});

Deno.test("log-likelihoods equal torch's log_softmax, whatever the size of the logits", () => {
  assert.ok(golden.logits.length >= 500);
  golden.logits.forEach(([logits, targets, expected], i) => {
    const found = tokenLogLikelihoods(logits, targets);
    expected.forEach((value, t) => near(found[t], value, `case ${i}, token ${t}`));
  });
  assert.deepEqual([...tokenLogLikelihoods(Float32Array.of(0, -Infinity), [0])], [0]);
  assert.equal(tokenLogLikelihoods([], []).length, 0);
});

Deno.test("a model that is certain has perplexity 1, a uniform one as many as there are tokens", () => {
  assert.equal(perplexity([{ logLikelihoods: [0, 0] }]).perplexity, 1);
  const uniform = tokenLogLikelihoods(new Float32Array(5 * 37), [0, 1, 2, 3, 36]);
  near(perplexity([{ logLikelihoods: uniform }]).perplexity, 37, "uniform");
});

Deno.test("every token but the first is scored once, in the first window that holds it", () => {
  for (let length = 0; length < 40; length++) {
    for (const maxLength of [2, 3, 7, 40]) {
      for (let stride = 1; stride < maxLength; stride++) {
        const scored = slidingWindows(length, { maxLength, stride }).flatMap(({ end, scoredFrom }) =>
          Array.from({ length: end - scoredFrom }, (_, i) => scoredFrom + i)
        );
        assert.deepEqual(scored, Array.from({ length: Math.max(length - 1, 0) }, (_, i) => i + 1));
      }
    }
  }
});

Deno.test("bytes are those of UTF-8", () => {
  const encoder = new TextEncoder();
  for (
    const text of [
      ...references,
      "\u007f\u0080\u07ff\u0800\uffff\u{10000}",
      "\ud800",
      "a\udc00\ud83d",
      "👩‍👩‍👧‍👦",
    ]
  ) {
    assert.equal(utf8Length(text), encoder.encode(text).length, JSON.stringify(text));
  }
});

const one = { logLikelihoods: [-1] };
Deno.test.each([
  ["no texts", () => perplexity([]), /there are no scored tokens/],
  ["no tokens", () => perplexity([{ logLikelihoods: [] }]), /there are no scored tokens/],
  ["NaN", () => perplexity([one, { logLikelihoods: [-1, NaN] }]), /log-likelihood 1 of row 1 is NaN/],
  ["an impossible token", () => perplexity([{ logLikelihoods: [-Infinity] }]), /0 of row 0 is -Infinity/],
  ["a probability above 1", () => perplexity([{ logLikelihoods: [0.5] }]), /is 0.5, wanted a finite number/],
  ["bytes of some", () => perplexity([one, { ...one, bytes: 3 }]), /bytes of row 0 is undefined/],
  [
    "tokens of no bytes",
    () => perplexity([{ ...one, bytes: 0 }]),
    /bytes of row 0 is 0, wanted .* above 0 where tokens were scored/,
  ],
  ["maxLength 1", () => slidingWindows(5, { maxLength: 1 }), /maxLength must be .* at least 2, got 1/],
  ["stride 0", () => slidingWindows(5, { maxLength: 4, stride: 0 }), /stride must be .* from 1 to 4, got 0/],
  ["stride 5", () => slidingWindows(5, { maxLength: 4, stride: 5 }), /stride must be .* from 1 to 4, got 5/],
  [
    "length NaN",
    () => slidingWindows(NaN, { maxLength: 4 }),
    /length of a text must be a whole number .*, got NaN/,
  ],
  ["odd logits", () => tokenLogLikelihoods([1, 2, 3], [0, 1]), /Cannot split 3 logits into 2 rows/],
  ["logits of nothing", () => tokenLogLikelihoods([1], []), /Cannot split 1 logits into 0 rows/],
  ["a target outside", () => tokenLogLikelihoods([1, 2], [2]), /target 0 is 2, wanted a token from 0 to 1/],
  ["a NaN logit", () => tokenLogLikelihoods([1, NaN], [0]), /logit 1 of row 0 is NaN/],
  ["no finite logit", () => tokenLogLikelihoods([-Infinity], [0]), /Row 0 has no finite logit/],
] as [string, () => unknown, RegExp][])("$0 is refused with one clear line", (_, run, message) => {
  assert.throws(run, (error) => error instanceof EvaluationError && message.test(error.message));
});
