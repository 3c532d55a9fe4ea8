import assert from "node:assert/strict";
import { createHashedRandom } from "../../src/base/random.ts";
import { BaselineBuilder, DriftMonitor, type MonitorState } from "../../src/drift/mod.ts";
import { featuresOf, type Observed, simulateTexts, type Traffic, USUAL } from "./simulate.ts";

const builder = new BaselineBuilder(featuresOf());
const reference = simulateTexts(1);
for (let i = 0; i < 500; i++) builder.observe(reference(USUAL));
const baseline = builder.build();

function* traffic(seed: number, count: number, kind: Partial<Traffic> = {}): Generator<Observed> {
  const text = simulateTexts(seed);
  for (let i = 0; i < count; i++) yield text({ ...USUAL, ...kind });
}

Deno.test("a monitor that is ended anywhere and goes on says what one says that never ended", () => {
  const all = [...traffic(2, 700), ...traffic(3, 900, { spamShare: 0.45 }), ...traffic(4, 1500)];
  const options = { windowSize: 100 };
  const whole = new DriftMonitor(featuresOf(), baseline, options);
  all.forEach((text, i) => whole.observe(text, i));
  const random = createHashedRandom(5);
  let monitor = new DriftMonitor(featuresOf(), baseline, options), ended = 0;
  all.forEach((text, i) => {
    monitor.observe(text, i);
    if (random() > 0.01) return;
    const state = JSON.parse(JSON.stringify(monitor.save())); // as it lies in a file
    monitor = new DriftMonitor(featuresOf(), baseline, { ...options, state });
    ended++;
  });
  assert.ok(ended > 10);
  assert.deepEqual(monitor.notes, []);
  const [got, wanted] = [monitor.snapshot(), whole.snapshot()];
  assert.deepEqual(got, wanted);
  assert.ok(wanted.windows.some(({ alarm }) => alarm) && !wanted.alarm, "there was an alarm, and it ended");
});

Deno.test("a state of another baseline, of another format or that is damaged is named, and watching begins anew", () => {
  const monitor = new DriftMonitor(featuresOf(), baseline, { windowSize: 100 });
  for (const text of traffic(2, 250)) monitor.observe(text, 0);
  const other = new BaselineBuilder(featuresOf());
  for (const text of traffic(9, 100)) other.observe(text);
  type State = { -readonly [K in keyof MonitorState]: MonitorState[K] };
  const spoiled: [string, (state: State) => unknown, RegExp][] = [
    ["no object", () => 7, /it is no state/],
    ["another format", (state) => ({ ...state, format: "weir-drift-state/9" }), /it is no state/],
    ["no number", (state) => ({ ...state, windowsClosed: "2" }), /it is damaged/],
    ["fewer features", (state) => ({ ...state, states: state.states!.slice(1) }), /it is damaged/],
    ["counts of other bins", (state) => {
      (state.states![0].history[0].counts.cells as number[]).push(1);
      return state;
    }, /it is damaged/],
    [
      "an open window that is cut",
      (state) => ({ ...state, open: { ...state.open, features: {} } }),
      /damaged/,
    ],
    ["NaN", (state) => {
      (state.states![0].dependence[0].found as number[])[0] = NaN;
      return state;
    }, /it is damaged/],
  ];
  for (const [name, spoil, message] of spoiled) {
    const state = spoil(structuredClone(monitor.save()));
    const anew = new DriftMonitor(featuresOf(), baseline, { windowSize: 100, state });
    assert.match(anew.notes.at(-1)!, message, name);
    assert.equal(anew.snapshot().windowsClosed, 0, name);
  }
  const elsewhere = new DriftMonitor(featuresOf(), other.build(), { state: monitor.save() });
  assert.match(elsewhere.notes.at(-1)!, /what was watched before does not count: it is of another baseline/);
});

Deno.test("a window closes by time where texts are few, and evidence adds up over such windows", () => {
  const hour = 3_600_000;
  const monitor = new DriftMonitor(featuresOf(), baseline, { windowSize: 200, windowMs: 24 * hour });
  let days = 0, first = -1, i = 0;
  for (const text of [...traffic(6, 10 * 24), ...traffic(7, 20 * 24, { foreign: true })]) {
    const report = monitor.observe(text, i++ * hour);
    if (report === undefined) continue;
    assert.equal(report.n, 25);
    if (report.alarm && first < 0) first = days;
    days++;
  }
  assert.ok(days >= 28, `${days} windows`);
  assert.ok(first >= 9 && first <= 13, `the alarm came on day ${first}`);
  assert.equal(monitor.snapshot().windowMs, 24 * hour);
  assert.throws(
    () => new DriftMonitor(featuresOf(), baseline, { windowMs: 5 }),
    /windowMs must be from 1,000/,
  );
});
