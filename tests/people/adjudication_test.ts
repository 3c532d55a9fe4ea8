import assert from "node:assert/strict";
import { dawidSkene, type Label, majorityVote } from "../../src/people/adjudication.ts";
import { createRandom } from "../../src/base/random.ts";
import { close, readGolden, readRatings } from "./golden.ts";

const golden = readGolden<{ dawidSkene: [number, string[], number[][]][] }>("agreement").dawidSkene;
const item = (i: number) => `item ${`${i}`.padStart(3, "0")}`;

Deno.test("Dawid and Skene's posteriors equal numpy's after as many rounds", () => {
  golden.forEach(([size, rows, posterior], c) => {
    const labels: Label[] = rows.flatMap((row, r) =>
      readRatings(row).flatMap((label, i) =>
        label === null ? [] : [{ item: item(i), annotator: `${r}`, label }]
      )
    );
    const found = dawidSkene(labels, {
      labels: Array.from({ length: size }, (_, k) => k),
      iterations: 50,
      tolerance: 0,
    });
    found.items.forEach((own, i) =>
      own.posterior.forEach((p, t) => close(p, posterior[i][t], `case ${c}, item ${i}`))
    );
  });
});

Deno.test("with one good annotator and three poor ones, Dawid and Skene beat the majority", () => {
  const random = createRandom(13);
  const truth = Array.from({ length: 400 }, () => random() < 0.5 ? "yes" : "no");
  const skills = [0.97, 0.6, 0.6, 0.6];
  const labels = truth.flatMap((label, i) =>
    skills.map((skill, r): Label => (
      { item: item(i), annotator: `${r}`, label: random() < skill ? label : label === "yes" ? "no" : "yes" }
    ))
  );
  const right = (found: readonly { label: unknown }[]) =>
    found.filter(({ label }, i) => label === truth[i]).length;
  const model = dawidSkene(labels);
  assert.ok(right(model.items) > right(majorityVote(labels)) + 20);
  const accuracies = model.annotators.map(({ accuracy }) => accuracy);
  assert.ok(accuracies[0] > 0.8 && accuracies.slice(1).every((accuracy) => accuracy < 0.8), `${accuracies}`);
  for (const { posterior } of model.items) close(posterior.reduce((sum, p) => sum + p), 1, "posterior");
});

Deno.test("a majority is named with its share, a tie with its candidates", () => {
  const labels = [["1", "a", 2], ["1", "b", 2], ["1", "c", 3], ["0", "a", 1], ["0", "b", 3]].map(
    ([item, annotator, label]) => ({ item, annotator, label }) as Label,
  );
  assert.deepEqual(majorityVote(labels), [
    { item: "0", label: undefined, share: 0.5, votes: 2, candidates: [1, 3] },
    { item: "1", label: 2, share: 2 / 3, votes: 3, candidates: [2] },
  ]);
  assert.throws(() => majorityVote([]), /there are none/);
  assert.throws(() => majorityVote([labels[0], labels[0]]), /"a" labelled item "1" twice/);
  assert.throws(() => dawidSkene(labels, { labels: [1, 2] }), /Label 3 \(item "1"\) is 3/);
  assert.throws(() => dawidSkene(labels, { smoothing: 0 }), /smoothing must/);
});
