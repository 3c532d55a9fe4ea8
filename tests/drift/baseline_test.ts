import assert from "node:assert/strict";
import {
  type Baseline,
  BaselineBuilder,
  classFeatures,
  DriftError,
  DriftMonitor,
  type NamedReference,
  parseBaseline,
  textFeatures,
} from "../../src/drift/mod.ts";
import { featuresOf, simulateTexts, USUAL } from "./simulate.ts";

function build(texts: number): Baseline {
  const text = simulateTexts(1);
  const builder = new BaselineBuilder(featuresOf());
  for (let i = 0; i < texts; i++) builder.observe(text(USUAL));
  return builder.build();
}
const good = { characters: 5, tokenIds: [1, 2], unknownTokens: 0, probabilities: [0.5, 0.5] };
const small = () => new BaselineBuilder(featuresOf(10));

/** The reference of a feature that is known to be of a kind. */
function reference<K extends NamedReference["kind"]>(baseline: Baseline, name: string, kind: K) {
  const found = baseline.features.find((feature) => feature.name === name);
  assert.equal(found?.kind, kind);
  return found as Extract<NamedReference, { kind: K }>;
}

Deno.test("a baseline survives being written and read", () => {
  const baseline = build(300);
  const read = parseBaseline(JSON.parse(JSON.stringify(baseline)));
  assert.deepEqual(read, baseline);
  assert.equal(new DriftMonitor(featuresOf(), read).snapshot().baseline.observations, 300);
});

Deno.test("the same texts and seed give the same baseline", () => {
  assert.deepEqual(build(60), build(60));
});

Deno.test("a baseline of many texts stays small, and counts them all", () => {
  const baseline = build(3000);
  assert.equal(baseline.observations, 3000);
  const { counts } = reference(baseline, "predictedClass", "categorical");
  assert.equal(counts.reduce((sum, count) => sum + count), 3000);
  assert.equal(reference(baseline, "characters", "numeric").values.length, 2000);
  assert.equal(reference(baseline, "tokenDistribution", "bag").items.length, 512);
  assert.ok(JSON.stringify(baseline).length < 100_000);
});

Deno.test("the kept sample is drawn from all texts alike", () => {
  const builder = small();
  for (let i = 0; i < 8000; i++) builder.observe({ ...good, characters: i });
  const values = reference(builder.build(), "characters", "numeric").values;
  const quarters = [0, 0, 0, 0];
  for (const value of values) quarters[Math.floor(value / 2000)]++;
  for (const count of quarters) assert.ok(Math.abs(count - 500) < 80, `${quarters}`);
});

Deno.test("texts without predictions make a baseline of the text alone", () => {
  const builder = small();
  for (let i = 0; i < 30; i++) builder.observe({ ...good, probabilities: [] });
  const baseline = builder.build();
  const monitor = new DriftMonitor(featuresOf(), parseBaseline(baseline), { windowSize: 30 });
  assert.match(
    monitor.notes.join("\n"),
    /"predictedClass" is not watched .* no reference.*\n"confidence" is not/,
  );
  for (let i = 0; i < 30; i++) monitor.observe(good, i);
  const names = monitor.snapshot().latest?.features.map((feature) => feature.name);
  assert.deepEqual(names, ["characters", "tokens", "unknownRate", "tokenDistribution"]);
});

Deno.test("the builder refuses what it cannot use, and says which observation", () => {
  const builder = small();
  builder.observe(good);
  assert.throws(
    () => builder.observe({ ...good, characters: NaN }),
    /characters of observation 2 of the drift baseline/,
  );
  assert.throws(
    () => builder.observe({ ...good, tokenIds: [1, 10] }),
    /tokenDistribution of observation 2 .* item 1 is 10.* 0 to 9/,
  );
  assert.throws(() => builder.observe({ ...good, tokenIds: [-1] }), DriftError);
  assert.throws(
    () => builder.observe({ ...good, probabilities: [1] }),
    /predictedClass of observation 2 .*"probabilities":\[1\]/,
  );
  assert.throws(() => builder.observe({ ...good, probabilities: [NaN, 1] }), DriftError);
  assert.throws(() => builder.build(), /from 1 observations: at least 20 are needed/);
  assert.throws(() => classFeatures([]), /labels, got none/);
  assert.throws(() => textFeatures({ vocabSize: 0 }), /vocabSize/);
  assert.throws(() => new BaselineBuilder([...featuresOf(), ...textFeatures()]), /are called "characters"/);
});

Deno.test.each(
  [
    ["another format", (b) => b.format = "weir-baseline/3", /format is "weir-baseline\/3"/],
    ["no features", (b) => b.features = null, /features is null, wanted a list/],
    ["a feature twice", (b) => b.features[1] = b.features[0], /features\[1\].name is "characters"/],
    ["values out of order", (b) => of(b, "characters").values.reverse(), /characters.values\[\d+\] is/],
    [
      "a value that is no number",
      (b) => of(b, "tokens").values[3] = null,
      /tokens.values\[3\] is null, wanted a number/,
    ],
    ["an edge twice", (b) => of(b, "tokens").edges = [1, 1], /tokens.edges\[1\] is 1, wanted more than 1/],
    [
      "a category that is no string",
      (b) => of(b, "predictedClass").categories[1] = 3,
      /predictedClass.categories\[1\] is 3, wanted a string/,
    ],
    [
      "counts of other categories",
      (b) => of(b, "predictedClass").counts.pop(),
      /predictedClass.counts is "1 long", wanted 2/,
    ],
    [
      "a category count of nothing",
      (b) => of(b, "predictedClass").counts = [0, 0],
      /predictedClass.counts is "all 0"/,
    ],
    [
      "an item that is neither id nor name",
      (b) => of(b, "tokenDistribution").items[0] = -1,
      /tokenDistribution.items\[0\] is -1/,
    ],
    [
      "an item twice",
      (b) => of(b, "tokenDistribution").items[0] = 4,
      /tokenDistribution.items is "a list with/,
    ],
    [
      "item counts of another length",
      (b) => of(b, "tokenDistribution").counts.pop(),
      /tokenDistribution.counts/,
    ],
    ["no noise", (b) => of(b, "tokenDistribution").noise = [], /tokenDistribution.noise is "0 long"/],
    // deno-lint-ignore no-explicit-any -- spoiled on purpose
  ] as [string, (baseline: any) => unknown, RegExp][],
)("a baseline file with $0 is refused by the field's name", (_, spoil, message) => {
  const builder = small();
  for (let i = 0; i < 40; i++) builder.observe({ ...good, characters: i, tokenIds: [i % 9, 3, 4] });
  const baseline = structuredClone(builder.build());
  spoil(baseline);
  assert.throws(() => parseBaseline(baseline), (error) => {
    assert.ok(error instanceof DriftError && error.userFacing);
    assert.match(error.message, message);
    return true;
  });
});

// deno-lint-ignore no-explicit-any -- spoiled on purpose
function of(baseline: any, name: string): any {
  return baseline.features.find((feature: { name: string }) => feature.name === name);
}

Deno.test("what is no baseline at all is refused", () => {
  assert.throws(() => parseBaseline(5), /the baseline is 5, wanted an object/);
});

Deno.test("a feature that only the code or only the baseline knows is named once and skipped", () => {
  const builder = small();
  for (let i = 0; i < 40; i++) builder.observe(good);
  const { features, ...rest } = builder.build();
  const file = {
    ...rest,
    features: [
      ...features.filter((feature) => feature.name !== "confidence"),
      { name: "sentiment", kind: "numeric", values: [1, 2], edges: [1], displayEdges: [1] },
      { name: "picture", kind: "tensor", of: "a later version" },
    ],
  };
  const known = featuresOf().map((feature) =>
    feature.name === "tokens" ? { ...feature, kind: "vector" as const, read: () => [1] } : feature
  );
  const monitor = new DriftMonitor(known as ReturnType<typeof featuresOf>, parseBaseline(file), {
    windowSize: 30,
  });
  assert.deepEqual(monitor.notes, [
    '"tokens" is not watched for drift: it is vector, and the baseline\'s is numeric',
    '"confidence" is not watched for drift: the baseline has no reference of it',
    '"sentiment" is not watched for drift: the baseline has it, and this version does not know it',
    '"picture" is not watched for drift: the baseline has it, and this version does not know it',
  ]);
  for (let i = 0; i < 30; i++) monitor.observe(good, i);
  const { latest, notes } = monitor.snapshot();
  assert.deepEqual(notes, monitor.notes);
  assert.deepEqual(latest?.features.map((feature) => feature.name), [
    "characters",
    "unknownRate",
    "tokenDistribution",
    "predictedClass",
  ]);
});
