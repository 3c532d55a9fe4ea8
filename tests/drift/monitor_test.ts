import assert from "node:assert/strict";
import { shiftedMessages } from "../../src/data/shifted.ts";
import { readSpam } from "../../src/data/spam.ts";
import { BaselineBuilder, DriftError, DriftMonitor, textFeatures } from "../../src/drift/mod.ts";
import type { Baseline, MonitorOptions, WindowReport } from "../../src/drift/mod.ts";
import { createHashedRandom } from "../../src/base/random.ts";
import {
  featuresOf,
  LABELS,
  type Observed,
  simulateTexts,
  type Traffic,
  USUAL,
  VOCABULARY,
} from "./simulate.ts";

const built = new Map<number, Baseline>();

function simulatedBaseline(seed: number): Baseline {
  const known = built.get(seed);
  if (known !== undefined) return known;
  const text = simulateTexts(seed);
  const builder = new BaselineBuilder(featuresOf());
  for (let i = 0; i < 1000; i++) builder.observe(text(USUAL));
  const baseline = builder.build();
  built.set(seed, baseline);
  return baseline;
}

function createMonitor(baseline: Baseline, options?: MonitorOptions): DriftMonitor<Observed> {
  return new DriftMonitor(featuresOf(), baseline, options);
}

function closedWindows(monitor: DriftMonitor<Observed>, texts: Iterable<Observed>): WindowReport[] {
  const reports: WindowReport[] = [];
  let atMs = 0;
  for (const text of texts) {
    const report = monitor.observe(text, atMs++);
    if (report !== undefined) reports.push(report);
  }
  return reports;
}

function traffic(seed: number, count: number, kind: Partial<Traffic> = {}): Observed[] {
  const text = simulateTexts(seed);
  return Array.from({ length: count }, () => text({ ...USUAL, ...kind }));
}

Deno.test("without drift at most 1 window in 100 is found drifted, and none raises an alarm", () => {
  let windows = 0, drifted = 0, alarms = 0;
  for (let seed = 0; seed < 5; seed++) {
    const monitor = createMonitor(simulatedBaseline(seed), { windowSize: 120 });
    for (const report of closedWindows(monitor, traffic(100 + seed, 100 * 120))) {
      windows++;
      if (report.features.some((feature) => feature.drifted)) drifted++;
      if (report.alarm) alarms++;
    }
  }
  assert.equal(windows, 500);
  assert.ok(drifted <= 5, `${drifted} of ${windows} windows found drifted`);
  assert.equal(alarms, 0);
});

Deno.test("without drift the p-value of each feature is as rare as it says, or rarer", () => {
  const rare = new Map<string, number>();
  let windows = 0;
  for (let seed = 0; seed < 4; seed++) {
    const monitor = createMonitor(simulatedBaseline(seed), { windowSize: 80 });
    for (const report of closedWindows(monitor, traffic(200 + seed, 60 * 80))) {
      windows++;
      for (const { name, pValue } of report.features) {
        if (pValue < 0.1) rare.set(name, (rare.get(name) ?? 0) + 1);
      }
    }
  }
  // 240 windows: 24 expected, 5 standard deviations are 23; windows of one baseline share its luck
  for (const [name, count] of rare) {
    assert.ok(count <= 47, `${name}: p < .1 in ${count} of ${windows} windows`);
  }
  assert.ok((rare.get("tokenDistribution") ?? 0) >= 5, "the token test must find what is there, too");
});

Deno.test.each(
  [
    ["another language", { foreign: true }, "tokenDistribution"],
    ["another language", { foreign: true }, "unknownRate"],
    ["much longer texts", { length: 500 }, "characters"],
    ["much longer texts", { length: 500 }, "tokens"],
    ["70% spam instead of 30%", { spamShare: 0.7 }, "predictedClass"],
  ] as [string, Partial<Traffic>, string][],
)("$0 raises the alarm for $2 in the first or second window, from windows of 100 on", (_, kind, name) => {
  const baseline = simulatedBaseline(1);
  for (const windowSize of [100, 200]) {
    for (let seed = 0; seed < 5; seed++) {
      const monitor = createMonitor(baseline, { windowSize });
      assert.ok(closedWindows(monitor, traffic(seed, 2 * windowSize)).every((report) => !report.alarm));
      const [, second] = closedWindows(monitor, traffic(300 + seed, 2 * windowSize, kind));
      const feature = second.features.find((feature) => feature.name === name)!;
      assert.ok(second.alarm && feature.alarm, `windows of ${windowSize}, seed ${seed}`);
      assert.ok(feature.drifted);
      assert.ok(feature.effect.value > feature.effect.threshold && feature.adjustedPValue <= 0.01);
      assert.ok(feature.change!.difference.low > 0 || feature.change!.difference.high < 0);
    }
  }
});

Deno.test("real mail raises no alarm against other mail, Italian and German text does at once", () => {
  const mails = readSpam();
  const random = createHashedRandom(3);
  for (let i = mails.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [mails[i], mails[j]] = [mails[j], mails[i]];
  }
  const observe = (text: string, spam: boolean): Observed => {
    const words = text.toLowerCase().match(/\p{L}+|\p{N}|[^\s\p{L}\p{N}]/gu) ?? [];
    const tokenIds = words.slice(0, 126).map((word) => {
      let hash = 0;
      for (let i = 0; i < word.length; i++) hash = Math.imul(hash, 31) + word.charCodeAt(i) | 0;
      return (hash >>> 0) % VOCABULARY;
    });
    const probabilities = spam ? [0.1, 0.9] : [0.9, 0.1];
    return { characters: text.length, tokenIds, tokens: words.length, unknownTokens: 0, probabilities };
  };
  const builder = new BaselineBuilder(featuresOf());
  for (const { text, label } of mails.slice(0, 1200)) builder.observe(observe(text, label === "spam"));
  const monitor = createMonitor(builder.build(), { windowSize: 150 });
  const calm = mails.slice(1200, 3000).map(({ text, label }) => observe(text, label === "spam"));
  const reports = closedWindows(monitor, calm);
  assert.equal(reports.length, 12);
  assert.ok(reports.every((report) => !report.alarm));

  const shifted = shiftedMessages({ count: 300 }).map((text, i) => observe(text, i % 10 < 3));
  const [, second] = closedWindows(monitor, shifted);
  assert.ok(second.alarm);
  const drifted = second.features.filter((feature) => feature.alarm).map((feature) => feature.name);
  assert.deepEqual(drifted, ["characters", "tokens", "tokenDistribution"]);
});

Deno.test("an alarm stays for as long as the change, and ends soon after it", () => {
  for (const kind of [{ foreign: true }, { spamShare: 0.5 }, { length: 250 }] as Partial<Traffic>[]) {
    const monitor = createMonitor(simulatedBaseline(1), { windowSize: 200 });
    closedWindows(monitor, traffic(1, 20 * 200));
    const during = closedWindows(monitor, traffic(2, 40 * 200, kind)).map((report) => report.alarm);
    const first = during.indexOf(true);
    assert.ok(first >= 0 && first < 5, `${JSON.stringify(kind)}: first in window ${first}`);
    assert.ok(during.slice(first).every((alarm) => alarm), "no end while the change is there");
    const after = closedWindows(monitor, traffic(3, 30 * 200)).map((report) => report.alarm);
    const end = after.indexOf(false);
    assert.ok(end >= 0 && end <= 6, `${JSON.stringify(kind)}: ended in window ${end}`);
    assert.ok(after.slice(end).every((alarm) => !alarm), "and does not come back");
  }
});

Deno.test("what is too small for one window is found over several", () => {
  for (const [kind, name] of [[{ spamShare: 0.4 }, "predictedClass"], [{ length: 195 }, "tokens"]] as const) {
    const monitor = createMonitor(simulatedBaseline(4), { windowSize: 200 });
    const all = closedWindows(monitor, [...traffic(11, 10 * 200), ...traffic(12, 25 * 200, kind)]);
    const reports = all.slice(10);
    const first = reports.findIndex((report) => report.alarm);
    assert.ok(first > 0, `${name}: in window ${first}`);
    const feature = reports[first].features.find((feature) => feature.name === name)!;
    assert.ok(feature.alarm && !feature.drifted, `${name}: no single window shows it`);
    assert.ok(feature.change!.sinceMs >= 2000 - 400, "the change is dated");
    assert.match(
      feature.change!.text,
      name === "tokens" ? /^larger: \d+% are above/ : /^"(ham|spam)": \d+% in/,
    );
  }
});

Deno.test("labels that come in runs raise no alarm: they say less than independent ones", () => {
  const text = simulateTexts(21), random = createHashedRandom(22);
  const monitor = createMonitor(simulatedBaseline(2), { windowSize: 200 });
  let spam = false, onsets = 0, before = false;
  for (let i = 0; i < 60 * 200; i++) {
    if (random() < (spam ? 1 / 14 : 1 / 33)) spam = !spam;
    const report = monitor.observe(text({ ...USUAL, spamShare: spam ? 1 : 0 }), i);
    if (report === undefined) continue;
    if (report.alarm && !before) onsets++;
    before = report.alarm;
  }
  assert.equal(onsets, 0);
  const predicted = monitor.snapshot().latest!.features.find(({ name }) => name === "predictedClass")!;
  assert.ok(predicted.designEffect > 8 && predicted.designEffect < 40, `${predicted.designEffect}`);
});

Deno.test("repeats, a prober and empty texts are told as that, and are no drift", () => {
  const features = () => featuresOf().concat(textFeatures().filter(({ name }) => name === "inputs"));
  const text = simulateTexts(31);
  const fresh = (i: number): Observed => ({ ...text(USUAL), text: `text ${i}` });
  const builder = new BaselineBuilder(features());
  for (let i = 0; i < 1000; i++) builder.observe(fresh(i));
  const baseline = builder.build();
  const probe: Observed = { ...text({ ...USUAL, foreign: true }), text: "are you there" };
  const empty: Observed = { ...probe, text: " ", characters: 0, tokenIds: [2, 3], tokens: 2 };
  const kinds: Record<string, (i: number) => Observed> = {
    "each text five times": (i) => i % 5 === 0 ? (last = fresh(i)) : last,
    "one text is a fifth": (i) => i % 5 === 0 ? probe : fresh(i),
    "a fifth are empty": (i) => i % 5 === 0 ? empty : fresh(i),
    "each text once": fresh,
  };
  let last = probe;
  for (const [name, source] of Object.entries(kinds)) {
    const monitor = new DriftMonitor(features(), baseline, { windowSize: 200 });
    for (let i = 0; i < 30 * 200; i++) monitor.observe(source(i), i);
    const { alarmFeatures, notices, latest } = monitor.snapshot();
    assert.deepEqual(alarmFeatures, [], name);
    assert.deepEqual(notices, name === "each text once" ? [] : ["inputs"], name);
    const counted = latest!.features.find((feature) => feature.name === "characters")!.n;
    assert.equal(counted, { "each text five times": 40, "each text once": 200 }[name] ?? 160, name);
  }
});

Deno.test("a window reports its clock, its statistics and both distributions over the same bins", () => {
  const monitor = createMonitor(simulatedBaseline(1), { windowSize: 100 });
  const text = simulateTexts(5);
  let report: WindowReport | undefined;
  for (let i = 0; i < 100; i++) report = monitor.observe(text(USUAL), 5000 + i);
  assert.ok(report);
  assert.deepEqual([report.index, report.startedAtMs, report.closedAtMs, report.n], [0, 5000, 5099, 100]);
  assert.deepEqual(report.features.map((feature) => feature.name), [
    "characters",
    "tokens",
    "unknownRate",
    "tokenDistribution",
    "predictedClass",
    "confidence",
  ]);
  for (const { name, kind, n, statistics, reference, current } of report.features) {
    assert.equal(n, 100);
    for (const value of [statistics.kl, statistics.js, statistics.psi]) {
      assert.ok(value! >= 0 && Number.isFinite(value));
    }
    assert.equal(statistics.ks !== undefined, kind === "numeric");
    assert.equal(statistics.chiSquare !== undefined, name === "predictedClass");
    assert.deepEqual(current.labels, reference.labels);
    for (const { labels, shares } of [reference, current]) {
      assert.equal(shares.length, labels.length);
      assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-4, name);
    }
  }
});

Deno.test("the tokens drawn are those that changed most", () => {
  const usual = (i: number): Observed => ({
    characters: 10,
    tokenIds: [100 + i % 50, 200 + i % 40, 5],
    unknownTokens: 0,
    probabilities: [1, 0],
  });
  const builder = new BaselineBuilder(featuresOf(1000, 80));
  for (let i = 0; i < 400; i++) builder.observe(usual(i));
  const monitor = createMonitor(builder.build(), { windowSize: 100 });
  let report: WindowReport | undefined;
  for (let i = 0; i < 100; i++) report = monitor.observe({ ...usual(i), tokenIds: [117, 117, 900] }, i);
  const feature = report!.features.find((feature) => feature.name === "tokenDistribution")!;
  const { labels, items, shares } = feature.current;
  assert.deepEqual(new Set(items!.slice(0, 2)), new Set([117, 5])); // what came and what went
  assert.equal(shares[items!.indexOf(117)], 0.666667);
  assert.equal(feature.reference.shares[feature.reference.items!.indexOf(5)], 0.333333);
  assert.ok(labels.includes("rare tokens") && labels.at(-1) === "all others");
});

Deno.test("counts of replicas add up to what one monitor would have seen", () => {
  const baseline = simulatedBaseline(2);
  const texts = traffic(9, 200, { length: 300 });
  const whole = closedWindows(createMonitor(baseline, { windowSize: 200 }), texts)[0];
  const [a, b] = [
    createMonitor(baseline, { windowSize: 200 }),
    createMonitor(baseline, { windowSize: 200 }),
  ];
  texts.forEach((text, i) => (i % 3 === 0 ? a : b).observe(text, i));
  const counts = JSON.parse(JSON.stringify(b.flush())); // as it travels
  assert.equal(b.snapshot().open.n, 0);
  // Which blocks depend on each other differs between one stream and two.
  const same = (report: WindowReport) => ({
    ...report,
    features: report.features.map(({ evidence: _, change: __, designEffect: ___, ...feature }) => feature),
  });
  assert.deepEqual(same(a.merge(counts, 199)!), same(whole));
  const other = createMonitor(baseline, { windowSize: 200 });
  other.observe(texts[0], 0);
  assert.throws(() => other.merge(shortWindow(), 0), DriftError);
});

function shortBaseline(): Baseline {
  const builder = new BaselineBuilder(featuresOf(10));
  for (let i = 0; i < 20; i++) {
    builder.observe({ characters: 1, tokenIds: [1], unknownTokens: 0, probabilities: [1, 0] });
  }
  return builder.build();
}

function shortWindow() {
  const monitor = createMonitor(shortBaseline());
  monitor.observe({ characters: 1, tokenIds: [1], unknownTokens: 0, probabilities: [1, 0] }, 0);
  return monitor.flush()!;
}

Deno.test("values that cannot be used are left out and counted, and never stop the stream", () => {
  const monitor = createMonitor(shortBaseline(), { windowSize: 30 });
  const good: Observed = {
    characters: 5,
    tokenIds: [1, 2],
    unknownTokens: 0,
    probabilities: [0.5, 0.5],
  };
  const bad: Observed[] = [
    { ...good, characters: NaN },
    { ...good, characters: -3 },
    { ...good, probabilities: [NaN, 1] },
    { ...good, probabilities: [1] },
    { ...good, unknownTokens: 7 },
    { ...good, tokens: Infinity },
  ];
  for (const text of bad) monitor.observe(text, 0);
  monitor.observe({ ...good, tokenIds: [99, -4, 1.5, NaN] }, 0); // strange ids count as rare tokens
  monitor.observe({ ...good, tokenIds: [], probabilities: [] }, 0); // an empty text without a prediction is fine
  const { open } = monitor.snapshot();
  assert.deepEqual([open.n, open.invalid], [8, bad.length]);
  const report = monitor.close(1)!;
  assert.equal(report.invalid, bad.length);
  assert.equal(report.features.find((feature) => feature.name === "characters")?.n, 6);
  assert.equal(report.features.find((feature) => feature.name === "predictedClass")?.n, 5);
});

Deno.test("a window with too few texts is shown but not tested, and moves no alarm", () => {
  const monitor = createMonitor(simulatedBaseline(1), { windowSize: 100 });
  closedWindows(monitor, traffic(1, 200, { foreign: true }));
  closedWindows(monitor, traffic(2, 12));
  const report = monitor.close(9)!;
  assert.ok(report.features.every((feature) => feature.pValue === 1 && !feature.drifted));
  assert.equal(report.alarm, true);
  assert.equal(monitor.close(10), undefined); // nothing is open
});

Deno.test("a feature that stops arriving stays in the report, and that it does is an alarm", () => {
  const monitor = createMonitor(simulatedBaseline(1), { windowSize: 100 });
  closedWindows(monitor, traffic(1, 200, { spamShare: 0.9 }));
  assert.ok(monitor.snapshot().alarmFeatures.includes("predictedClass"));
  const silent = traffic(2, 300).map((text) => ({ ...text, probabilities: [] }));
  const seen = closedWindows(monitor, silent).map(({ features }) => {
    const { n, alarm, drifted, statistics, change } = features.find(({ name }) => name === "predictedClass")!;
    return { n, alarm, drifted, statistics, text: change?.text };
  });
  const missing = { n: 0, drifted: false, statistics: {}, alarm: true };
  assert.equal(seen.length, 3);
  for (const { text: _, ...rest } of seen) assert.deepEqual(rest, missing);
  assert.match(seen[2].text!, /^no value in \d+% of observations, 0% in the reference$/);
  // It arrives again, as usual.
  closedWindows(monitor, traffic(3, 1500));
  assert.deepEqual(monitor.snapshot().alarmFeatures, []);
});

Deno.test("values of which none can be used are an alarm, too", () => {
  const monitor = createMonitor(simulatedBaseline(1), { windowSize: 100 });
  closedWindows(monitor, traffic(1, 200));
  closedWindows(monitor, traffic(2, 200).map((text) => ({ ...text, tokens: NaN })));
  assert.deepEqual(monitor.snapshot().alarmFeatures, ["tokens"]);
  const { change } = monitor.snapshot().latest!.features.find(({ name }) => name === "tokens")!;
  assert.match(change!.text, /^a value that cannot be used in 100% of observations, 0% in the reference$/);
});

Deno.test("a feature that throws is counted as invalid", () => {
  const builder = new BaselineBuilder(featuresOf(10));
  const text: Observed = { characters: 1, tokenIds: [1], unknownTokens: 0, probabilities: [1, 0] };
  for (let i = 0; i < 20; i++) builder.observe(text);
  const monitor = createMonitor(builder.build());
  monitor.observe({ ...text, tokenIds: null } as unknown as Observed, 0);
  assert.equal(monitor.snapshot().open.invalid, 1);
});

Deno.test("memory is bounded: old windows go, and a snapshot stays small", () => {
  const monitor = createMonitor(shortBaseline(), { windowSize: 30, keepWindows: 4 });
  for (let i = 0; i < 300; i++) {
    monitor.observe(
      { characters: 1 + i % 3, tokenIds: [1, 2], unknownTokens: 0, probabilities: [0.4, 0.6] },
      i,
    );
  }
  const snapshot = monitor.snapshot();
  assert.equal(snapshot.windowsClosed, 10);
  assert.deepEqual(snapshot.windows.map((window) => window.index), [6, 7, 8, 9]);
  assert.equal(snapshot.latest?.index, 9);
  assert.deepEqual(JSON.parse(JSON.stringify(snapshot)).windows, snapshot.windows);
  const usual = createMonitor(simulatedBaseline(1), { windowSize: 30 });
  closedWindows(usual, traffic(1, 40 * 30));
  assert.ok(JSON.stringify(usual.snapshot()).length < 100_000);
});

Deno.test("before the first window closes a snapshot already has all features to draw", () => {
  const monitor = createMonitor(shortBaseline());
  const { open, latest, windows, alarm } = monitor.snapshot();
  assert.deepEqual([open.n, open.startedAtMs, latest, windows.length, alarm], [
    0,
    undefined,
    undefined,
    0,
    false,
  ]);
  assert.equal(open.features.length, 6);
  const predicted = open.features.find((feature) => feature.name === "predictedClass");
  assert.deepEqual(predicted?.reference, { labels: LABELS, shares: [1, 0] });
});

Deno.test("options out of range are refused with one clear line", () => {
  const baseline = shortBaseline();
  assert.throws(
    () => createMonitor(baseline, { windowSize: 10 }),
    /takes from 30 \(minObservations\) to 1,000,000/,
  );
  assert.throws(() => createMonitor(baseline, { keepWindows: 0 }), DriftError);
  assert.throws(() => createMonitor(baseline, { policy: { smallestEffect: 0 } }), /smallestEffect is 0/);
  assert.throws(
    () => createMonitor(baseline, { policy: { jsTreshold: 1 } as object }),
    /Unknown alert policy/,
  );
});
