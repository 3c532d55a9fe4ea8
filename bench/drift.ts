/**
 * How long closing a drift window holds up the event loop, and what counting an observation costs.
 *
 *     deno run -A bench/drift.ts [--windows 200,1000,5000,9999] [--repeat 5]
 *
 * Observations are of made-up texts against a baseline of 4,000 (2,000 kept). `alone` is a `DriftMonitor` that tests in place,
 * `live` the same behind `watchLive`: what is left is handing the window over and taking the results in. Each figure is the
 * fastest of the repeats: other work on the machine only adds to it.
 *
 * @module
 */
import { parseArgs } from "node:util";
import {
  BaselineBuilder,
  type ClosedWindow,
  DriftMonitor,
  type Tested,
  watchLive,
  type WindowReport,
} from "../src/drift/mod.ts";
import { featuresOf, type Observed, simulateTexts, USUAL } from "../tests/drift/simulate.ts";

/** A monitor that times how long it takes windows in, when the tests come from elsewhere. */
class TimedMonitor extends DriftMonitor<Observed> {
  concludeMs = 0;

  override conclude(window: ClosedWindow, tested?: Tested): WindowReport {
    const started = performance.now();
    const report = super.conclude(window, tested);
    this.concludeMs = performance.now() - started;
    return report;
  }
}

const { values } = parseArgs({
  options: {
    windows: { type: "string", default: "200,1000,5000,9999" },
    repeat: { type: "string", default: "15" },
  },
});
const features = featuresOf();
const reference = simulateTexts(1);
const builder = new BaselineBuilder(features);
for (let i = 0; i < 4000; i++) builder.observe(reference(USUAL));
const baseline = builder.build();

console.log("| window | traffic | alone, ms | live, ms | until the report, ms | counting one, µs |");
console.log("|---|---|---|---|---|---|");
for (const windowSize of values.windows.split(",").map(Number)) {
  for (const foreign of [false, true]) {
    const text = simulateTexts(2);
    const texts = Array.from(
      { length: windowSize },
      () => text({ ...USUAL, foreign, length: foreign ? 400 : 150 }),
    );
    const runs: number[][] = [];
    for (let i = 0; i < Number(values.repeat); i++) runs.push(await measure(windowSize, texts));
    const [alone, live, reported, counting] = [0, 1, 2, 3].map((k) => Math.min(...runs.map((run) => run[k])));
    console.log(
      `| ${windowSize} | ${foreign ? "drifted" : "usual"} | ${alone.toFixed(1)} | ${live.toFixed(1)} | ${
        reported.toFixed(1)
      } | ${(counting * 1000).toFixed(1)} |`,
    );
  }
}

/** Milliseconds: closing alone; the longest stretch live; live until the report; counting one observation. */
async function measure(windowSize: number, texts: readonly Observed[]): Promise<number[]> {
  const alone = new DriftMonitor(features, baseline, { windowSize });
  const begun = performance.now();
  for (const text of texts.slice(0, -1)) alone.observe(text, 0);
  const countingMs = (performance.now() - begun) / windowSize;
  const closing = performance.now();
  alone.observe(texts[windowSize - 1], 0);
  const aloneMs = performance.now() - closing;

  const monitor = new TimedMonitor(features, baseline, { windowSize });
  const watch = watchLive(monitor);
  const fillAndWait = async () => {
    for (const text of texts.slice(0, -1)) watch.observe(text, 0);
    const { promise, resolve } = Promise.withResolvers<WindowReport>();
    const stop = watch.onWindow(resolve);
    const started = performance.now();
    watch.observe(texts[windowSize - 1], 0);
    for (let i = 0; i < 5; i++) await undefined; // the window is handed over in microtasks
    const handOverMs = performance.now() - started;
    await promise;
    stop();
    return [Math.max(handOverMs, monitor.concludeMs), performance.now() - started];
  };
  await fillAndWait(); // starts the Worker
  const [liveMs, reportedMs] = await fillAndWait();
  watch.dispose();
  return [aloneMs, liveMs, reportedMs, countingMs];
}
