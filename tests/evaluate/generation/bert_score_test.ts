import assert from "node:assert/strict";
import { evaluateAll } from "../../../src/statistics/decomposed.ts";
import { EvaluationError } from "../../../src/statistics/errors.ts";
import {
  bertScore,
  type BertScoreOptions,
  bertScoreRows,
  type EncodedText,
  idfWeights,
  parseBaselines,
} from "../../../src/evaluate/generation/bert_score.ts";

const CLS = 1, SEP = 2;
const specialIds = [CLS, SEP];

/** A text whose tokens' embeddings depend on the token and its neighbours, 8 numbers each. */
function text(...tokens: number[]): EncodedText {
  const ids = [CLS, ...tokens, SEP];
  const embeddings = Float32Array.from(
    ids.flatMap((id, t) =>
      Array.from(
        { length: 8 },
        (_, k) => Math.sin(id * (k + 2)) + 0.3 * Math.cos((ids[t - 1] ?? 0) * (k + 1)),
      )
    ),
  );
  return { ids, embeddings };
}

const near = (actual: number, expected: number, what = "score") =>
  assert.ok(Math.abs(actual - expected) <= 1e-6, `${what}: got ${actual}, wanted ${expected}`);

/** The definition, word for word, in double precision. */
function plain(p: EncodedText, r: EncodedText, weigh: (id: number) => number): [number, number, number] {
  const row = (text: EncodedText, t: number) => Array.from(text.embeddings.subarray(t * 8, t * 8 + 8));
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, k) => sum + x * b[k], 0);
  const cosine = (a: number[], b: number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const side = (from: EncodedText, to: EncodedText) => {
    let sum = 0, total = 0;
    Array.from(from.ids).forEach((id, t) => {
      const all = Array.from(to.ids, (_, u) => cosine(row(from, t), row(to, u)));
      sum += weigh(id) * Math.max(...all);
      total += weigh(id);
    });
    return total === 0 ? 0 : sum / total;
  };
  const precision = side(p, r), recall = side(r, p);
  return [precision, recall, 2 * precision * recall / (precision + recall)];
}

const candidates = [text(5, 6, 7), text(9), text(3, 4, 5, 6, 7, 8, 9, 10), text(20, 21), text(5, 5, 5, 5)];
const references = [text(6, 5, 7, 8), text(9, 10, 11), text(3, 4), text(22), text(5, 6, 7, 5, 5, 9, 30)];

Deno.test("scores are the definition's, for texts of every length", () => {
  const { rows } = bertScoreRows(candidates, references, { specialIds });
  candidates.forEach((candidate, i) =>
    plain(candidate, references[i], (id) => specialIds.includes(id) ? 0 : 1)
      .forEach((score, k) => near(rows[i * 3 + k], score, `row ${i}, ${k}`))
  );
});

Deno.test("weights by inverse document frequency are the definition's, over references counted as often as they come", () => {
  const idf = idfWeights(references.map((reference) => reference.ids));
  near(idf.weights.get(5)!, Math.log(6 / 3), "in two of five");
  assert.equal(idf.weights.get(CLS), 0);
  near(idf.unseen, Math.log(6));
  const { rows } = bertScoreRows(candidates, references, { specialIds, idf });
  candidates.forEach((candidate, i) =>
    plain(candidate, references[i], (id) => idf.weights.get(id) ?? idf.unseen)
      .forEach((score, k) => near(rows[i * 3 + k], score, `row ${i}, ${k}`))
  );
});

Deno.test("precision of one text is recall of the other, and F1 does not change when they change places", () => {
  const one = bertScore(candidates, references, { specialIds });
  const other = bertScore(references, candidates, { specialIds });
  near(one.precision, other.recall);
  near(one.f1, other.f1);
  const reversed = bertScore(candidates.toReversed(), references.toReversed(), { specialIds });
  near(reversed.f1, one.f1);
});

Deno.test("a text has 1 against itself, and scores never exceed 1", () => {
  for (const value of Object.values(bertScore(candidates, candidates, { specialIds }))) near(value, 1);
  const { rows } = bertScoreRows(candidates, references, { specialIds });
  assert.ok(rows.every((score) => score >= -1 && score <= 1 + 1e-6));
});

Deno.test("of several references each score's best counts, even from different references", () => {
  const both = bertScoreRows([text(5, 6)], [[text(5), text(5, 6, 7, 8, 9, 10, 11)]], { specialIds }).rows;
  const alone = [text(5), text(5, 6, 7, 8, 9, 10, 11)].map((r) =>
    bertScoreRows([text(5, 6)], [r], { specialIds }).rows
  );
  both.forEach((score, k) => assert.equal(score, Math.max(alone[0][k], alone[1][k])));
});

Deno.test("an empty text scores 0, before it is rescaled", () => {
  assert.deepEqual(bertScore([text()], [text(5)], { specialIds }), { precision: 0, recall: 0, f1: 0 });
  assert.deepEqual(bertScore([text(5)], [text()], { specialIds }), { precision: 0, recall: 0, f1: 0 });
  const baseline = { precision: 0.5, recall: 0.5, f1: 0.5 };
  assert.equal(bertScore([text()], [text(5)], { specialIds, baseline }).f1, -1);
});

Deno.test("where all tokens of a text weigh nothing its score is 0, not NaN", () => {
  const idf = idfWeights([text(5).ids]);
  const { precision, recall, f1 } = bertScore([text(5)], [text(5)], { specialIds, idf });
  assert.deepEqual([precision, recall, f1], [0, 0, 0]);
});

Deno.test("rescaling puts the baseline at 0 and leaves 1 where it is", () => {
  const raw = bertScore(candidates, references, { specialIds });
  const baseline = { precision: raw.precision, recall: 0.2, f1: 0.3 };
  const scaled = bertScore(candidates, references, { specialIds, baseline });
  near(scaled.precision, 0);
  near(scaled.recall, (raw.recall - 0.2) / 0.8);
  near(bertScore(candidates, candidates, { specialIds, baseline }).f1, 1);
});

Deno.test("baselines are read by layer", () => {
  assert.deepEqual(parseBaselines("LAYER,P,R,F\r\n0,0.1,0.2,0.3\n1,-0.5,0.25,0\n"), [
    { precision: 0.1, recall: 0.2, f1: 0.3 },
    { precision: -0.5, recall: 0.25, f1: 0 },
  ]);
});

const score = (p: EncodedText, r: EncodedText, options: Partial<BertScoreOptions> = {}) => () =>
  bertScore([p], [r], { specialIds, ...options });
const spoiled = (value: number): EncodedText => {
  const { ids, embeddings } = text(5);
  embeddings[9] = value;
  return { ids, embeddings };
};
Deno.test.each([
  ["differing lengths", () => bertScore([text(5)], [], { specialIds }), /1 candidates with 0 references/],
  ["no rows", () => bertScore([], [], { specialIds }), /there are no rows/],
  ["no reference", () => bertScore([text(5)], [[]], { specialIds }), /row 0 has no reference/],
  ["NaN", score(text(5), spoiled(NaN)), /length of token 1 in row 0 is .*, wanted a finite embedding/],
  [
    "infinity",
    score(spoiled(-Infinity), text(5)),
    /length of token 1 in row 0 is .*, wanted a finite embedding/,
  ],
  [
    "missing numbers",
    score({ ids: [1, 2, 3], embeddings: new Float32Array(8) }, text(5)),
    /3 tokens and 8 numbers/,
  ],
  ["no tokens", score({ ids: [], embeddings: new Float32Array() }, text(5)), /0 tokens and 0 numbers/],
  [
    "other sizes",
    score({ ids: [1, 5, 2], embeddings: new Float32Array(12).fill(1) }, text(5)),
    /size of the embeddings of row 0 is 8, wanted 4/,
  ],
  [
    "a baseline of 1",
    score(text(5), text(5), { baseline: { precision: 0, recall: 1, f1: 0 } }),
    /below 1, got 1/,
  ],
  [
    "a weight below 0",
    score(text(5), text(5), { idf: { weights: new Map([[5, -1]]), unseen: 1 } }),
    /weight of token 5 is -1/,
  ],
  ["no references to weigh by", () => idfWeights([]), /there are no references/],
  [
    "a baseline file without its header",
    () => parseBaselines("0,1,2,3"),
    /line 1 of the baselines is "0,1,2,3"/,
  ],
  [
    "a baseline file with a gap",
    () => parseBaselines("LAYER,P,R,F\n0,0,0,0\n2,0,0,0"),
    /line 3 of the baselines is "2,0,0,0", wanted layer 1/,
  ],
  [
    "a baseline that is no number",
    () => parseBaselines("LAYER,P,R,F\n0,,0,0"),
    /line 2 of the baselines is "0,,0,0"/,
  ],
] as [string, () => unknown, RegExp][])("$0 is refused with one clear line", (_, run, message) => {
  assert.throws(run, (error) => {
    assert.ok(error instanceof EvaluationError);
    assert.match(error.message, message);
    return true;
  });
});

Deno.test("the metrics are means over rows", () => {
  const rows = bertScoreRows(candidates, references, { specialIds });
  const found = evaluateAll(rows);
  ["precision", "recall", "f1"].forEach((name, k) => {
    const all = candidates.map((_, i) => rows.rows[i * 3 + k]);
    near(found[name], all.reduce((a, b) => a + b, 0) / all.length, name);
  });
});

Deno.test("lengths of embeddings do not count, even where squares leave single precision", () => {
  const { rows } = bertScoreRows(candidates, references, { specialIds });
  for (const factor of [1e-25, 1e25]) {
    const [scaled, wanted] = [candidates, references].map((texts) =>
      texts.map(({ ids, embeddings }) => ({
        ids,
        embeddings: embeddings.map((value, k) => k % 16 < 8 ? value * factor : value), // every other token
      }))
    );
    bertScoreRows(scaled, wanted, { specialIds }).rows.forEach((score, k) => near(score, rows[k]));
  }
});

Deno.test("an embedding of zeros is like nothing", () => {
  const nothing: EncodedText = { ids: [CLS, 7, SEP], embeddings: new Float32Array(24) };
  assert.deepEqual([...bertScoreRows([nothing], [text(5)], { specialIds }).rows], [0, 0, 0]);
});
