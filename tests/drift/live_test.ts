import assert from "node:assert/strict";
import {
  type Baseline,
  BaselineBuilder,
  type ClosedWindow,
  DriftMonitor,
  type Tested,
  type TestedFeature,
  watchLive,
  type WindowReport,
} from "../../src/drift/mod.ts";
import { featuresOf, type Observed, simulateTexts, USUAL } from "./simulate.ts";

const windowSize = 60;
const text = simulateTexts(1);
const builder = new BaselineBuilder(featuresOf());
for (let i = 0; i < 200; i++) builder.observe(text(USUAL));
const baseline: Baseline = builder.build();
const traffic = Array.from({ length: 200 }, (_, i) => text({ ...USUAL, foreign: i >= 60 }));

/** A monitor that notes where its windows were tested. */
class NotingMonitor extends DriftMonitor<Observed> {
  readonly testedHere: boolean[] = [];

  override conclude(window: ClosedWindow, tested?: Tested): WindowReport {
    this.testedHere.push(tested === undefined);
    return super.conclude(window, tested);
  }
}

function reportsOf(monitor: DriftMonitor<Observed>): WindowReport[] {
  const reports: WindowReport[] = [];
  monitor.onWindow((report) => reports.push(report));
  return reports;
}

Deno.test("a live watch tests no window on the event loop, and reports what the monitor alone would", async () => {
  const alone = new DriftMonitor(featuresOf(), baseline, { windowSize });
  const wanted = reportsOf(alone);
  traffic.forEach((text, i) => alone.observe(text, i));
  alone.close(999);

  const monitor = new NotingMonitor(featuresOf(), baseline, { windowSize });
  const reports = reportsOf(monitor);
  const watch = watchLive(monitor);
  traffic.forEach((text, i) => watch.observe(text, i));
  assert.equal(reports.length, 0);
  assert.deepEqual(await watch.close(999), wanted[3]);
  assert.deepEqual(reports, wanted);
  assert.deepEqual(monitor.testedHere, [false, false, false, false]);
  assert.deepEqual(watch.snapshot(), alone.snapshot());
  assert.equal(await watch.close(1000), undefined); // nothing is open
  watch.dispose();
});

Deno.test("a window whose Worker fails is tested where it is, and one line says so", async () => {
  class Unfit extends NotingMonitor {
    override get tested(): TestedFeature[] {
      const isFirst = this.testedHere?.length === 0; // the constructor asks before there is a list
      return isFirst ? [{ name: "x", reference: { kind: "none" } as never }] : super.tested;
    }
  }
  const monitor = new Unfit(featuresOf(), baseline, { windowSize });
  const reports = reportsOf(monitor);
  const failures: string[] = [];
  const watch = watchLive(monitor, { onFailure: (line) => failures.push(line) });
  traffic.slice(0, 120).forEach((text, i) => watch.observe(text, i));
  traffic.slice(120, 130).forEach((text, i) => watch.observe(text, i));
  await watch.close(130);
  assert.deepEqual(monitor.testedHere, [true, false, false]);
  assert.deepEqual(reports.map((report) => report.n), [60, 60, 10]);
  assert.equal(failures.length, 1);
  assert.match(failures[0], /^a drift window was tested outside its Worker, which failed: [^\n]*'effect'\)$/);
  watch.dispose();
});

Deno.test("a disposed watch drops what has not been tested, and starts nothing", async () => {
  const monitor = new NotingMonitor(featuresOf(), baseline, { windowSize });
  const watch = watchLive(monitor);
  traffic.forEach((text, i) => watch.observe(text, i));
  watch.dispose();
  assert.equal(await watch.close(1), undefined);
  assert.equal(monitor.snapshot().windowsClosed, 0);
});
