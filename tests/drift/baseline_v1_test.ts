/**
 * Bundles that exist: `baseline_v1.json` and `reports_v1.json` were written by the code that had one format and six features
 * by name (150 texts of `simulateTexts(7)`, predictions on the last 60, 60 tokens with bins of their own).
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  BaselineBuilder,
  type DriftError,
  DriftMonitor,
  type NamedReference,
  parseBaseline,
} from "../../src/drift/mod.ts";
import { featuresOf, simulateTexts, USUAL, VOCABULARY } from "./simulate.ts";

const golden = new URL("../golden/drift/", import.meta.url);
// deno-lint-ignore no-explicit-any -- files of a format that has no types any more
const read = (name: string): any => JSON.parse(Deno.readTextFileSync(new URL(name, golden)));

interface OldHistogram {
  readonly tokenIds?: unknown;
}

interface OldFeature {
  readonly name: string;
  readonly reference: OldHistogram;
  readonly current: OldHistogram;
}

/** What was called `tokenIds` is called `items`. */
function renamed({ reference, current, ...feature }: OldFeature): unknown {
  const rename = ({ tokenIds, ...rest }: OldHistogram) => tokenIds ? { ...rest, items: tokenIds } : rest;
  return { ...feature, reference: rename(reference), current: rename(current) };
}

/** As JSON has it. The incomplete gamma function behind p-values is another one now: they agree to 1e-12 of their value. */
function plain(feature: unknown): unknown {
  const text = JSON.stringify(
    feature,
    (key, value) => /pValue/i.test(key) && typeof value === "number" ? Number(value.toPrecision(12)) : value,
  );
  return JSON.parse(text);
}

Deno.test("a baseline of the first format gives the reports that it gave", () => {
  const features = featuresOf();
  const monitor = new DriftMonitor(features, parseBaseline(read("baseline_v1.json")), { windowSize: 60 });
  assert.deepEqual(monitor.notes, []);
  const text = simulateTexts(8);
  for (const wanted of read("reports_v1.json")) {
    for (let i = 0; i < 60; i++) {
      const foreign = wanted.index >= 2;
      const length = foreign ? 400 : USUAL.length;
      monitor.observe(text({ ...USUAL, foreign, length }), wanted.index * 60 + i);
    }
    const { features: got, ...window } = monitor.snapshot().latest!;
    const { features: old, ...oldWindow } = wanted;
    // Alarms come from evidence now, which that format says less of.
    assert.deepEqual({ ...window, alarm: undefined }, { ...oldWindow, alarm: undefined });
    assert.equal(got.length, old.length);
    for (const feature of got) {
      const before = old.find(({ name }: OldFeature) => name === feature.name);
      const { evidence: _, designEffect: __, notice: ___, change: ____, ...same } = feature;
      const wanted = { ...renamed(before) as object, alarm: same.alarm };
      assert.deepEqual(plain(same), plain(wanted), `window ${window.index}, ${feature.name}`);
    }
  }
});

Deno.test("the same texts and seed give the reference that they gave in the first format", () => {
  const text = simulateTexts(7);
  const builder = new BaselineBuilder(featuresOf(VOCABULARY, 60));
  for (let i = 0; i < 150; i++) {
    const seen = text(USUAL);
    builder.observe(i < 90 ? { ...seen, probabilities: [] } : seen);
  }
  const byName = (features: readonly { name: string }[]) =>
    features.toSorted((a, b) => a.name < b.name ? -1 : 1);
  const old = parseBaseline(read("baseline_v1.json"));
  const known = builder.build().features.map((feature) => {
    const { ranks: _, having: __, missing: ___, ...before } = feature as
      & NamedReference
      & Record<string, unknown>;
    return before as NamedReference;
  });
  assert.deepEqual(byName(known), byName(old.features));
});

Deno.test.each(
  [
    ["labels that are no strings", (b) => b.labels[1] = 3, /labels\[1\] is 3, wanted a string/],
    ["too many labels", (b) => b.labels = Array(10_001).fill("x"), /labels is "10001 long"/],
    ["a vocabulary beyond memory", (b) => b.vocabSize = 1e12, /vocabSize is 1000000000000/],
    ["an id outside the vocabulary", (b) => b.vocabSize = 3, /tokenDistribution.ids\[\d\] is/],
    [
      "class counts for other labels",
      (b) => b.labels = ["one"],
      /predictedClass.counts is "2 long", wanted 1/,
    ],
    ["no features", (b) => b.numeric = null, /numeric is null, wanted an object/],
    [
      "values out of order",
      (b) => b.numeric.characters.values.reverse(),
      /numeric.characters.values\[\d+\] is/,
    ],
    [
      "a value that is no number",
      (b) => b.numeric.tokens.values[3] = null,
      /numeric.tokens.values\[3\] is null, wanted a number/,
    ],
    [
      "an edge twice",
      (b) => b.numeric.tokens.edges = [1, 1],
      /numeric.tokens.edges\[1\] is 1, wanted more than 1/,
    ],
    ["token counts of another length", (b) => b.tokenDistribution.counts.pop(), /tokenDistribution.counts/],
    ["no noise", (b) => b.tokenDistribution.noise = [], /tokenDistribution.noise is "0 long"/],
    // deno-lint-ignore no-explicit-any -- see above
  ] as [string, (baseline: any) => unknown, RegExp][],
)("a file of the first format with $0 is refused by the field's name", (_, spoil, message) => {
  const baseline = read("baseline_v1.json");
  spoil(baseline);
  assert.throws(() => parseBaseline(baseline), (error: DriftError) => {
    assert.match(error.message, message);
    return error.userFacing;
  });
});
