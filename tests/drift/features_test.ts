import assert from "node:assert/strict";
import {
  BaselineBuilder,
  classFeatures,
  DriftMonitor,
  embeddingFeatures,
  entityFeatures,
  type Feature,
  labelSetFeatures,
  lengths,
  numberFeatures,
  parseBaseline,
  textFeatures,
  type WindowReport,
} from "../../src/drift/mod.ts";
import { createHashedRandom } from "../../src/base/random.ts";

/** A monitor whose baseline is 600 observations of a source, and went through its file. */
function monitorOf<O>(features: readonly Feature<O>[], source: () => O, windowSize = 100): DriftMonitor<O> {
  const builder = new BaselineBuilder(features);
  for (let i = 0; i < 600; i++) builder.observe(source());
  const monitor = new DriftMonitor(features, parseBaseline(JSON.parse(JSON.stringify(builder.build()))), {
    windowSize,
  });
  assert.deepEqual(monitor.notes, []);
  return monitor;
}

function named<O>(features: readonly Feature<O>[], name: string): Feature<O> {
  return features.find((feature) => feature.name === name)!;
}

/** The names of the features in alarm after three windows. */
function alarmsAfter<O>(monitor: DriftMonitor<O>, source: () => O): readonly string[] {
  let windows = 0;
  for (let i = 0; windows < 3; i++) if (monitor.observe(source(), i)) windows++;
  return monitor.snapshot().alarmFeatures;
}

const normalOf = (random: () => number) => () =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

Deno.test("a text without tokens has no unknown ones, and counts are never negative", () => {
  const [characters, tokens, unknownRate] = ["characters", "tokens", "unknownRate"].map((name) =>
    named(textFeatures(), name)
  );
  const empty = { characters: 0, tokenIds: [], unknownTokens: 0 };
  assert.deepEqual([characters.read(empty), tokens.read(empty), unknownRate.read(empty)], [0, 0, 0]);
  assert.equal(characters.read({ ...empty, characters: -1 }), null);
  assert.equal(tokens.read({ ...empty, tokens: NaN }), null);
  assert.equal(unknownRate.read({ ...empty, tokenIds: [1, 2, 3], unknownTokens: 1 }), 0.333333);
});

Deno.test("tokens are drawn by what they spell, where that is known", () => {
  const tokens = named(
    textFeatures({ tokenText: (id) => id === 7 ? "ciao" : undefined }),
    "tokenDistribution",
  );
  assert.ok(tokens.kind === "bag");
  assert.deepEqual([tokens.label?.(7), tokens.label?.(8)], ["ciao", "token 8"]);
});

Deno.test("the predicted class is the first of the most probable, and nothing without a prediction", () => {
  const [predicted, confidence] = ["predictedClass", "confidence"].map((name) =>
    named(classFeatures(["a", "b", "c"]), name)
  );
  const read = (
    probabilities: number[],
  ) => [predicted.read({ probabilities }), confidence.read({ probabilities })];
  assert.deepEqual(read([0.2, 0.4, 0.4]), ["b", 0.4]);
  assert.deepEqual(read([0, 0, 1.0000001]), ["c", 1]);
  assert.deepEqual(read([]), [undefined, undefined]);
  for (const bad of [[0.5, 0.5], [NaN, 0, 1], [-0.1, 0.1, 1]]) assert.deepEqual(read(bad), [null, null]);
});

Deno.test("a predicted number that moves raises the alarm, one that stays does not", () => {
  const normal = normalOf(createHashedRandom(1));
  const monitor = monitorOf(
    numberFeatures({ title: "Price", unit: "euros" }),
    () => ({ predicted: 3 + normal() }),
  );
  assert.deepEqual(alarmsAfter(monitor, () => ({ predicted: 3 + normal() })), []);
  const [view] = monitor.snapshot().open.features;
  assert.deepEqual([view.title, view.unit, view.kind], ["Price", "euros", "numeric"]);
  assert.ok(view.reference.labels.includes("2 to 3") || view.reference.labels.includes("2.5 to 3"));
  assert.deepEqual(alarmsAfter(monitor, () => ({ predicted: 4 + normal() })), ["predictedNumber"]);
});

Deno.test("sets of labels are watched for the share of each label and for how many there are", () => {
  const random = createHashedRandom(2);
  const labels = (shares: Record<string, number>) => () => ({
    labels: Object.keys(shares).filter((label) => random() < shares[label]),
  });
  const usual = { sport: 0.3, politics: 0.3, money: 0.1 };
  const monitor = monitorOf(labelSetFeatures(), labels(usual), 200);
  assert.deepEqual(alarmsAfter(monitor, labels(usual)), []);
  const { labels: drawn } = monitor.snapshot().open.features[0].reference;
  assert.deepEqual(new Set(drawn), new Set(["sport", "politics", "money", "(no label)", "rare labels"]));
  assert.deepEqual(alarmsAfter(monitor, labels({ sport: 0.1, politics: 0.3, money: 0.4 })), [
    "predictedLabels",
  ]);
  assert.deepEqual(alarmsAfter(monitor, labels({ sport: 0.9, politics: 0.9, money: 0.9 })), [
    "predictedLabels",
    "labelCount",
  ]);
});

Deno.test("entities are watched for their types and for how many a text has, texts without any included", () => {
  const random = createHashedRandom(3);
  const entities = (mean: number, person: number) => () => ({
    entityTypes: Array.from(
      { length: Math.floor(random() * 2 * mean) },
      () => random() < person ? "PER" : "ORG",
    ),
  });
  const monitor = monitorOf(entityFeatures(), entities(2, 0.5), 200);
  assert.deepEqual(alarmsAfter(monitor, entities(2, 0.5)), []);
  assert.deepEqual(alarmsAfter(monitor, entities(2, 0.9)), ["entityTypes"]);
  assert.deepEqual(alarmsAfter(monitor, entities(6, 0.9)), ["entityTypes", "entityCount"]);
  // No entity at all: texts that have one of a type are fewer, too.
  assert.deepEqual(alarmsAfter(monitor, () => ({ entityTypes: [] })), ["entityTypes", "entityCount"]);
});

Deno.test("embeddings that move to other regions raise the alarm, and those that stay do so as rarely as p-values say", () => {
  const random = createHashedRandom(4), normal = normalOf(random);
  const topics = Array.from({ length: 8 }, () => Array.from({ length: 48 }, normal));
  const about = (topics: number[][]) => () => {
    const topic = topics[Math.floor(random() * topics.length)];
    return { embedding: Float32Array.from(topic, (value) => value + 0.7 * normal()) };
  };
  const features = embeddingFeatures();
  let rare = 0, windows = 0;
  for (let seed = 0; seed < 4; seed++) {
    const monitor = monitorOf(features, about(topics));
    for (let i = 0; i < 3000; i++) {
      const [embedding] = monitor.observe(about(topics)(), i)?.features ?? [];
      if (embedding === undefined) continue;
      windows++;
      if (embedding.pValue < 0.1) rare++;
    }
    assert.equal(monitor.snapshot().alarm, false);
    assert.ok(alarmsAfter(monitor, about(topics.slice(0, 5))).includes("embedding"));
  }
  assert.equal(windows, 120); // 12 expected, 5 standard deviations are 16; windows of one baseline share its luck
  assert.ok(rare >= 1 && rare <= 28, `p < .1 in ${rare} of ${windows} windows`);
});

Deno.test("a vector of another length or with NaN is left out and counted", () => {
  const random = createHashedRandom(5);
  const monitor = monitorOf(embeddingFeatures(), () => ({ embedding: [random(), random()] }));
  monitor.observe({ embedding: [1, 2, 3] }, 0);
  monitor.observe({ embedding: [1, NaN] }, 0);
  monitor.observe({}, 0);
  const { open } = monitor.snapshot();
  assert.deepEqual([open.n, open.invalid], [3, 2]);
});

Deno.test("categories that were not listed are collected from the reference, and new ones share a bin", () => {
  const country: Feature<{ country: string }> = {
    name: "country",
    kind: "categorical",
    title: "Country",
    unit: "requests",
    meaning: "Another market.",
    threshold: 0.2,
    read: ({ country }) => country,
  };
  let i = 0;
  const monitor = monitorOf([country], () => ({ country: ["at", "at", "ch", "de"][i++ % 4] }));
  const [view] = monitor.snapshot().open.features;
  assert.deepEqual(view.reference, {
    labels: ["at", "ch", "de", "all others"],
    shares: [0.5, 0.25, 0.25, 0],
  });
  let report: WindowReport | undefined;
  for (let i = 0; i < 100; i++) report = monitor.observe({ country: i % 2 ? "at" : "fr" }, i);
  const [feature] = report!.features;
  assert.deepEqual(feature.current.shares, [0.5, 0, 0, 0.5]);
  assert.ok(feature.drifted && feature.effect.threshold > 0.2);
  const { reference: _, ...rest } = monitor.snapshot().open.features[0];
  assert.equal(rest.meaning, "Another market.");
});

Deno.test("a threshold of the policy replaces that of the feature", () => {
  const words: Feature<{ words: number }> = {
    name: "words",
    kind: "numeric",
    title: "Words",
    unit: "words",
    meaning: "Other texts.",
    threshold: 0.01,
    scale: lengths,
    read: ({ words }) => words,
  };
  const builder = new BaselineBuilder([words]);
  for (let i = 0; i < 2000; i++) builder.observe({ words: i % 100 });
  const baseline = builder.build();
  const given: Record<string, number>[] = [{}, { words: 0.5 }];
  const effects = given.map((thresholds) => {
    const monitor = new DriftMonitor([words], baseline, { windowSize: 200, policy: { thresholds } });
    for (let i = 0; i < 200; i++) monitor.observe({ words: 30 + i % 100 }, i);
    return monitor.snapshot().latest!.features[0];
  });
  assert.deepEqual(effects.map((feature) => feature.drifted), [true, false]);
  assert.ok(Math.abs(effects[1].effect.threshold - effects[0].effect.threshold - 0.49) < 1e-9);
  assert.throws(
    () => new DriftMonitor([words], baseline, { policy: { thresholds: { words: 3 } } }),
    /threshold of words is 3, wanted a number between 0 and 1/,
  );
});
