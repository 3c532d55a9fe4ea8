/**
 * What the drift monitor makes of traffic of many kinds: independent, dependent, shifted. Windows of 200, 300 of them; texts are
 * drawn from the mails of the spam corpus (with the predictions of a model trained on them), with replacement, and so is
 * the reference: what is called unshifted is exactly that.
 *
 *     deno task weir train --data spam --name spam --home DIR
 *     deno run -A bench/drift_traffic.ts --home DIR [--windows 300] [--reference 2000] [--seeds 3]
 *
 * @module
 */
import { parseArgs } from "node:util";
import { answerAll, openModel } from "../src/cli/model.ts";
import { shiftedMessages } from "../src/data/shifted.ts";
import { readSpam } from "../src/data/spam.ts";
import { BaselineBuilder, DriftMonitor, type Feature } from "../src/drift/mod.ts";
import { createHashedRandom } from "../src/base/random.ts";

const { values } = parseArgs({
  options: {
    home: { type: "string" },
    windows: { type: "string", default: "300" },
    size: { type: "string", default: "200" },
    reference: { type: "string", default: "2000" },
    seeds: { type: "string", default: "3" },
    mails: { type: "string", default: "6046" },
    only: { type: "string", default: "" },
    /** A file that keeps what was observed of the mails, for the next run. */
    observed: { type: "string" },
  },
});

interface Observed {
  readonly text?: string;
  readonly probabilities: ArrayLike<number>;
}
const service = await openModel("spam", { home: values.home, device: "wasm" } as never, { warmUpMs: 0 });
const { task } = service;
const features = () =>
  task.features({ head: service.info().manifest.head, tokenText: service.tokenText }) as Feature<Observed>[];

async function observe(texts: readonly string[]): Promise<Observed[]> {
  const seen: Observed[] = [];
  const stop = service.onObservation((observation) => void seen.push(observation as Observed));
  await answerAll(service, texts);
  stop();
  return seen;
}

const started = performance.now();
const { usual, longer, foreign, empty } = await observedMails();
await service.close();
console.error(`${usual.length} mails observed in ${((performance.now() - started) / 1000).toFixed(0)} s`);

interface Pools {
  readonly usual: Observed[];
  readonly longer: Observed[];
  readonly foreign: Observed[];
  readonly empty: Observed;
}

async function observedMails(): Promise<Pools> {
  const kept = values.observed && await Deno.readTextFile(values.observed).catch(() => undefined);
  if (kept) return JSON.parse(kept);
  const mails = readSpam().filter((_, i) => i % Math.ceil(6046 / Number(values.mails)) === 0);
  const [empty] = await observe([""]);
  const pools = {
    usual: await observe(mails.map(({ text }) => text)),
    longer: await observe(mails.map(({ text }) => text + text.slice(0, Math.round(0.3 * text.length)))),
    foreign: await observe(shiftedMessages({ count: 2000, seed: 7 })),
    empty,
  };
  const plain = (_: string, value: unknown) =>
    ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value;
  if (values.observed) await Deno.writeTextFile(values.observed, JSON.stringify(pools, plain));
  return pools;
}

const isSpam = ({ probabilities }: Observed) => probabilities[1] > probabilities[0];
const spam = usual.filter(isSpam), ham = usual.filter((observed) => !isSpam(observed));

const SPAM = 0.3;
type Source = (random: () => number, i: number) => Observed;
const pick = (from: readonly Observed[], random: () => number) => from[Math.floor(random() * from.length)];
const mixed = (share: number): Source => (random) => pick(random() < share ? spam : ham, random);
const with_ = (share: number, other: Source, rest: Source): Source => (random, i) =>
  (random() < share ? other : rest)(random, i);
let serial = 0;
/** A text of its own, so that a mail that is drawn twice is no repeat. */
const fresh = (observed: Observed): Observed => ({ ...observed, text: `text ${serial++}` });
const freshly = (source: Source): Source => (random, i) => fresh(source(random, i));

function runs(mean: number): Source {
  let label = 0;
  return (random) => {
    // Runs of spam are shorter, so that its share stays.
    const length = label === 1 ? mean : mean * (1 - SPAM) / SPAM;
    if (random() < 1 / length) label = 1 - label;
    return pick(label === 1 ? spam : ham, random);
  };
}
function repeated(times: number): Source {
  let last: Observed | undefined;
  return (random, i) => last = i % times === 0 || last === undefined ? fresh(mixed(SPAM)(random, i)) : last;
}
const probe = fresh(usual[17]);
const rare: Observed[] = usual.map((observed) => ({ ...observed, probabilities: [1, 0] }));
const rareClass = (share: number): Source => (random) => {
  const observed = pick(rare, random);
  return random() < share ? { ...observed, probabilities: [0, 1] } : observed;
};

const from = 100 * Number(values.size);
const later = (shifted: Source, before = freshly(mixed(SPAM))): Source => (random, i) =>
  (i < from ? before : shifted)(random, i);
const part = (shifted: Source): Source => (random, i) =>
  (i < from || i >= 2 * from ? freshly(mixed(SPAM)) : shifted)(random, i);
const day = 2000;
const kinds: Record<string, { source: () => Source; reference?: Source }> = {
  "independent, as the reference": { source: () => freshly(mixed(SPAM)) },
  "from window 100: 10% in another language": {
    source: () => later(freshly(with_(0.1, (r) => pick(foreign, r), mixed(SPAM)))),
  },
  "from window 100: 15% in another language": {
    source: () => later(freshly(with_(0.15, (r) => pick(foreign, r), mixed(SPAM)))),
  },
  "from window 100: spam share .30 to .40": { source: () => later(freshly(mixed(0.4))) },
  "from window 100: texts 1.3 × as long": {
    source: () => later(freshly((r) => pick(longer, r))),
    reference: (r) => pick(usual, r),
  },
  "from window 100: a class .5% to 5%": {
    source: () => later(freshly(rareClass(0.05)), freshly(rareClass(0.005))),
    reference: rareClass(0.005),
  },
  "windows 100 to 199: 20% in another language": {
    source: () => part(freshly(with_(0.2, (r) => pick(foreign, r), mixed(SPAM)))),
  },
  "windows 100 to 199: spam share .45": { source: () => part(freshly(mixed(0.45))) },
  "runs of one label, mean 20": { source: () => freshly(runs(20)) },
  "each text sent 5 times": { source: () => repeated(5) },
  "one text is 20% of the traffic": { source: () => with_(0.2, () => probe, freshly(mixed(SPAM))) },
  "20% empty texts": { source: () => with_(0.2, () => ({ ...empty, text: "" }), freshly(mixed(SPAM))) },
  [`day and night: spam ±.2, ${day} texts a day`]: {
    source: () => (random, i) => fresh(mixed(SPAM + 0.2 * Math.sin(2 * Math.PI * i / day))(random, i)),
  },
};

console.log(
  "| traffic | seed | onsets of an alarm | windows in alarm | first alarm in window | in alarm | notices |",
);
console.log("|---|---|---|---|---|---|---|");
let windowMs = 0, closed = 0;
for (const [name, { source, reference = mixed(SPAM) }] of Object.entries(kinds)) {
  if (!name.includes(values.only)) continue;
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    const random = createHashedRandom(seed);
    const builder = new BaselineBuilder(features());
    for (let i = 0; i < Number(values.reference); i++) builder.observe(fresh(reference(random, i)));
    const monitor = new DriftMonitor(features(), builder.build(), { windowSize: Number(values.size) });
    const draw = source();
    const alarms: boolean[] = [], alarming = new Map<string, number>(), noticed = new Map<string, number>();
    for (let i = 0; alarms.length < Number(values.windows); i++) {
      const begun = performance.now();
      const report = monitor.observe(draw(random, i), i * 1000);
      if (report === undefined) continue;
      windowMs += performance.now() - begun;
      closed++;
      alarms.push(report.alarm);
      for (const { name, alarm, notice } of report.features) {
        if (alarm) {
          (notice ? noticed : alarming).set(name, ((notice ? noticed : alarming).get(name) ?? 0) + 1);
        }
      }
    }
    const onsets = alarms.filter((alarm, i) => alarm && !alarms[i - 1]).length;
    const show = (counts: Map<string, number>) =>
      [...counts].map(([name, n]) => `${name} ${n}`).join(", ") || "none";
    console.log(
      `| ${name} | ${seed} | ${onsets} | ${alarms.filter((alarm) => alarm).length} | ${
        alarms.indexOf(true) < 0 ? "never" : alarms.indexOf(true)
      } | ${show(alarming)} | ${show(noticed)} |`,
    );
  }
}
console.error(`${(windowMs / closed).toFixed(2)} ms to close a window`);
