import assert from "node:assert/strict";
import {
  type Baseline,
  BaselineBuilder,
  DriftError,
  DriftMonitor,
  parseBaseline,
} from "../../src/drift/mod.ts";
import { LABELS, simulateTexts, USUAL, VOCABULARY } from "./simulate.ts";

function build(texts: number, options: { topTokens?: number; seed?: number } = {}): Baseline {
  const text = simulateTexts(1);
  const builder = new BaselineBuilder({ labels: LABELS, vocabSize: VOCABULARY, ...options });
  for (let i = 0; i < texts; i++) builder.observe(text(USUAL));
  return builder.build();
}
const good = { characters: 5, tokenIds: [1, 2], unknownTokens: 0, probabilities: [0.5, 0.5] };
const small = () => new BaselineBuilder({ labels: LABELS, vocabSize: 10 });

Deno.test("a baseline survives being written and read", () => {
  const baseline = build(300);
  const read = parseBaseline(JSON.parse(JSON.stringify(baseline)));
  assert.deepEqual(read, baseline);
  assert.equal(new DriftMonitor(read).snapshot().baseline.texts, 300);
});

Deno.test("the same texts and seed give the same baseline", () => {
  assert.deepEqual(build(60), build(60));
});

Deno.test("a baseline of many texts stays small, and counts them all", () => {
  const baseline = build(3000);
  assert.equal(baseline.texts, 3000);
  assert.equal(baseline.predictedClass?.counts.reduce((sum, count) => sum + count), 3000);
  assert.equal(baseline.numeric.characters?.values.length, 2000);
  assert.equal(baseline.tokenDistribution.ids.length, 512);
  assert.ok(JSON.stringify(baseline).length < 100_000);
});

Deno.test("the kept sample is drawn from all texts alike", () => {
  const builder = small();
  for (let i = 0; i < 8000; i++) builder.observe({ ...good, characters: i });
  const values = builder.build().numeric.characters!.values;
  const quarters = [0, 0, 0, 0];
  for (const value of values) quarters[Math.floor(value / 2000)]++;
  for (const count of quarters) assert.ok(Math.abs(count - 500) < 80, `${quarters}`);
});

Deno.test("texts without predictions make a baseline of the text alone", () => {
  const builder = small();
  for (let i = 0; i < 30; i++) builder.observe({ ...good, probabilities: [] });
  const baseline = builder.build();
  assert.equal(baseline.predictedClass, undefined);
  assert.equal(baseline.numeric.confidence, undefined);
  const monitor = new DriftMonitor(parseBaseline(baseline), { windowSize: 30 });
  for (let i = 0; i < 30; i++) monitor.observe(good, i);
  const names = monitor.snapshot().latest?.features.map((feature) => feature.name);
  assert.deepEqual(names, ["characters", "tokens", "unknownRate", "tokenDistribution"]);
});

Deno.test("the builder refuses what makes no sense, and says which text", () => {
  const builder = small();
  builder.observe(good);
  assert.throws(
    () => builder.observe({ ...good, characters: NaN }),
    /characters of text 2 of the drift baseline/,
  );
  assert.throws(
    () => builder.observe({ ...good, tokenIds: [1, 10] }),
    /Token 1 of text 2 .* has id 10.* 0 to 9/,
  );
  assert.throws(() => builder.observe({ ...good, tokenIds: [-1] }), DriftError);
  assert.throws(
    () => builder.observe({ ...good, probabilities: [1] }),
    /must be 2 numbers from 0 to 1, got \[1\]/,
  );
  assert.throws(() => builder.observe({ ...good, probabilities: [NaN, 1] }), DriftError);
  assert.throws(() => builder.build(), /from 1 texts: at least 20 are needed/);
  assert.throws(() => new BaselineBuilder({ labels: [], vocabSize: 10 }), /labels, got none/);
  assert.throws(() => new BaselineBuilder({ labels: LABELS, vocabSize: 0 }), /vocabSize/);
});

Deno.test.each(
  [
    ["no object", () => 5, /the baseline is 5, wanted an object/],
    ["another format", (b) => ({ ...b, format: "weir-baseline/2" }), /format is "weir-baseline\/2"/],
    [
      "labels that are no strings",
      (b) => ({ ...b, labels: ["ham", 3] }),
      /labels\[1\] is 3, wanted a string/,
    ],
    ["too many labels", (b) => ({ ...b, labels: Array(10_001).fill("x") }), /labels is "10001 long"/],
    ["a vocabulary beyond memory", (b) => ({ ...b, vocabSize: 1e12 }), /vocabSize is 1000000000000/],
    ["an id outside the vocabulary", (b) => ({ ...b, vocabSize: 3 }), /tokenDistribution.ids\[\d\] is/],
    [
      "class counts for other labels",
      (b) => ({ ...b, labels: ["one"] }),
      /predictedClass.counts is "2 long", wanted 1/,
    ],
    ["no features", (b) => ({ ...b, numeric: null }), /numeric is null, wanted an object/],
    ["values out of order", (b) => {
      b.numeric.characters!.values.reverse();
      return b;
    }, /numeric.characters.values\[\d+\] is/],
    ["a value that is no number", (b) => {
      b.numeric.tokens!.values[3] = null as unknown as number;
      return b;
    }, /numeric.tokens.values\[3\] is null, wanted a number/],
    ["an edge twice", (b) => {
      b.numeric.tokens!.edges = [1, 1];
      return b;
    }, /numeric.tokens.edges\[1\] is 1, wanted more than 1/],
    ["token counts of another length", (b) => {
      b.tokenDistribution.counts.pop();
      return b;
    }, /tokenDistribution.counts/],
    ["no noise", (b) => {
      b.tokenDistribution.noise = [];
      return b;
    }, /tokenDistribution.noise is "0 long"/],
  ] as [string, (baseline: Baseline) => unknown, RegExp][],
)("a baseline file with $0 is refused by the field's name", (_, spoil, message) => {
  const builder = small();
  for (let i = 0; i < 40; i++) builder.observe({ ...good, characters: i, tokenIds: [i % 9, 3, 4] });
  assert.throws(() => parseBaseline(spoil(structuredClone(builder.build()))), (error) => {
    assert.ok(error instanceof DriftError && error.userFacing);
    assert.match(error.message, message);
    return true;
  });
});
