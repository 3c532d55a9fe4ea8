import assert from "node:assert/strict";
import { alignment, nearest, similarities, uniformity } from "../../../src/evaluate/ranking/vectors.ts";
import { matrix } from "./vectors_golden.ts";

const golden: { spheres: [number, number, number, [number, number, number, number]][] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/evaluate/embeddings.json", import.meta.url)),
);

Deno.test("alignment and uniformity equal the paper's torch code", () => {
  assert.ok(golden.spheres.length >= 500);
  for (const [seed, n, width, [alpha, aligned, t, uniform]] of golden.spheres) {
    const a = matrix(3 * seed, n, width), b = matrix(3 * seed + 1, n, width);
    assert.ok(Math.abs(alignment(a, b, { alpha }) - aligned) <= 1e-9);
    assert.ok(Math.abs(uniformity(a, { t }) - uniform) <= 1e-9);
    assert.ok(alignment(a, a) === 0 && uniform <= 0);
  }
});

Deno.test("neighbours are those that sorting every similarity gives, however many are asked for", () => {
  const corpus = matrix(7, 400, 3), queries = matrix(8, 5, 3);
  for (const similarity of ["cosine", "dot", "euclidean", "manhattan"] as const) {
    for (const k of [1, 5, 127, 128, 400, 1000]) {
      const { indices, scores, k: kept } = nearest(queries, corpus, { k, similarity });
      assert.equal(kept, Math.min(k, 400));
      for (let query = 0; query < 5; query++) {
        const row = { data: queries.data.slice(query * 3, query * 3 + 3), width: 3 };
        const repeated = { data: Float32Array.from({ length: 1200 }, (_, i) => row.data[i % 3]), width: 3 };
        const all = similarities(repeated, corpus, { similarity });
        const wanted = Array.from(all, (_, i) => i).sort((i, j) => all[j] - all[i] || i - j).slice(0, kept);
        assert.deepEqual([...indices.subarray(query * kept, (query + 1) * kept)], wanted);
        assert.deepEqual([...scores.subarray(query * kept, (query + 1) * kept)], wanted.map((i) => all[i]));
      }
    }
  }
});

Deno.test("similarities are symmetric, cosines do not depend on lengths and stay within [-1, 1]", () => {
  const a = matrix(1, 200, 7), b = matrix(2, 200, 7);
  for (const similarity of ["cosine", "dot", "euclidean", "manhattan"] as const) {
    assert.deepEqual(similarities(a, b, { similarity }), similarities(b, a, { similarity }));
  }
  const longer = { data: a.data.map((value) => value * 4), width: 7 };
  assert.deepEqual(similarities(longer, b), similarities(a, b));
  for (const value of [...similarities(a, b), ...similarities(a, longer)]) {
    assert.ok(value >= -1 && value <= 1);
  }
  for (const value of similarities(a, longer)) assert.ok(value > 1 - 1e-12);
});
