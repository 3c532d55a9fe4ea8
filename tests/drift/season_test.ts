import assert from "node:assert/strict";
import { createHashedRandom } from "../../src/base/random.ts";
import {
  BaselineBuilder,
  DriftMonitor,
  type Feature,
  parseBaseline,
  type Season,
} from "../../src/drift/mod.ts";

/** A class and a number of a shop, by the hour: more parcels at night, longer texts at noon. */
interface Order {
  readonly kind: string;
  readonly length: number;
}

const features: readonly Feature<Order>[] = [{
  name: "kind",
  kind: "categorical",
  title: "Kind",
  unit: "orders",
  meaning: "Other things are ordered.",
  read: ({ kind }) => kind,
}, {
  name: "length",
  kind: "numeric",
  title: "Length",
  unit: "words",
  meaning: "Orders are longer or shorter.",
  scale: { edges: () => [10, 20], labels: () => ["≤ 10", "10–20", "> 20"] },
  read: ({ length }) => length,
}];

const hour = 3_600_000;
const perHour = 40;

function* orders(seed: number, days: number, shift = 0): Generator<{ order: Order; atMs: number }> {
  const random = createHashedRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (let i = 0; i < days * 24 * perHour; i++) {
    const atMs = i * hour / perHour, wave = Math.sin(2 * Math.PI * atMs / (24 * hour));
    const kind = random() < 0.5 + 0.3 * wave + shift ? "parcel" : "letter";
    yield { order: { kind, length: 15 - 3 * wave + 4 * normal() }, atMs };
  }
}

function monitorOf(season: Season | undefined): DriftMonitor<Order> {
  const builder = new BaselineBuilder(features, { season });
  for (const { order, atMs } of orders(1, 14)) builder.observe(order, atMs);
  const baseline = parseBaseline(JSON.parse(JSON.stringify(builder.build()))); // as it lies in a file
  return new DriftMonitor(features, baseline, { windowSize: 200 });
}

function watch(monitor: DriftMonitor<Order>, source: Iterable<{ order: Order; atMs: number }>): number {
  let alarms = 0;
  for (const { order, atMs } of source) {
    if (monitor.observe(order, atMs)?.alarm) alarms++;
  }
  return alarms;
}

Deno.test("day and night are no drift for a reference by the hour, and what is unlike its hour is found", () => {
  const monitor = monitorOf("hour-of-day");
  assert.equal(watch(monitor, orders(2, 20)), 0);
  const { latest } = monitor.snapshot();
  assert.ok(
    latest!.features.every(({ designEffect }) => designEffect < 1.5),
    "a known wave is no dependence",
  );
  // The same share of parcels in all, but at other hours: only a reference by the hour can tell.
  const moved = [...orders(3, 4)].map(({ order, atMs }) => ({ order, atMs: atMs + 12 * hour }));
  assert.ok(watch(monitorOf("hour-of-day"), moved) > 0);
  // A shift on top of the waves, and its end.
  assert.ok(watch(monitor, orders(4, 10, 0.08)) > 20);
  const { change } = monitor.snapshot().latest!.features.find(({ name }) => name === "kind")!;
  assert.match(change!.text, /^"(parcel|letter)": \d+% in the reference, \d+% now$/);
  watch(monitor, orders(5, 10));
  assert.deepEqual(monitor.snapshot().alarmFeatures, []);
});

Deno.test("without the hour the same waves are an alarm on the first days", () => {
  assert.ok(watch(monitorOf(undefined), orders(2, 20)) > 0);
});

Deno.test("a reference by season needs times, and its file is checked", () => {
  const builder = new BaselineBuilder(features, { season: "day-of-week" });
  assert.throws(
    () => builder.observe({ kind: "letter", length: 1 }),
    /Observation 1 of the drift baseline has no time, which a season needs/,
  );
  for (const { order, atMs } of orders(1, 8)) builder.observe(order, atMs);
  const file = JSON.parse(JSON.stringify(builder.build()));
  assert.equal(parseBaseline(file).features[0].seasons!.n.length, 7);
  const spoiled: [RegExp, (seasons: Record<string, unknown[]> & { of: unknown }) => void][] = [
    [/kind\.seasons\.of is "month", wanted one of hour-of-day/, (seasons) => seasons.of = "month"],
    [/kind\.seasons\.n is "6 long", wanted 7/, (seasons) => seasons.n.pop()],
    [/kind\.seasons\.counts is "6 long"/, (seasons) => seasons.counts.pop()],
    [/kind\.seasons\.counts\[2\] is "1 long"/, (seasons) => seasons.counts[2] = [1]],
  ];
  for (const [message, spoil] of spoiled) {
    const copy = structuredClone(file);
    spoil(copy.features[0].seasons);
    assert.throws(() => parseBaseline(copy), message);
  }
});
