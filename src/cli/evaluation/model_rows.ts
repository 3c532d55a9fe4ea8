/**
 * What a model says of rows, how long it takes, and how it bears changed inputs.
 *
 * @module
 */
import { join } from "node:path";
import { quantileOfSorted } from "../../statistics/bootstrap.ts";
import type { CanariesSection, LatencySection, ProbesSection, ReportedModel } from "../../evaluate/report.ts";
import { type Canary, checkCanaries } from "../../evaluate/robustness/canaries.ts";
import { perturb, type Probe, probes } from "../../evaluate/robustness/probes.ts";
import type { Pair } from "../../evaluate/tasks/pairs.ts";
import { type ProbeOptions, probeRow } from "../../evaluate/tasks/probing.ts";
import type { PredictService } from "../../serve/service.ts";
import { predictAll } from "../model.ts";
import type { LabelledRow } from "./rows.ts";

/** What a classifier says of a text. */
export interface Said {
  readonly label: string;
  /** Probability of each label. */
  readonly scores: Readonly<Record<string, number>>;
}

/** Labels and probabilities of texts, in order. */
export async function classify(service: PredictService, texts: readonly string[]): Promise<Said[]> {
  const said: Said[] = [];
  await predictAll(service, texts, (scores) => {
    said.push({
      label: scores[0].label,
      scores: Object.fromEntries(scores.map(({ label, score }) => [label, score])),
    });
  });
  return said;
}

/** Rows and what a model said of them, as an evaluation reads them. */
export function pairsOfClassifier(rows: readonly LabelledRow[], said: readonly Said[]): Pair[] {
  return rows.map(({ text, label, record }, i) => ({
    prediction: said[i].label,
    reference: label,
    record: { ...record, text, scores: said[i].scores },
  }));
}

/** A model as a report names it. */
export async function reportedModel(service: PredictService, directory: string): Promise<ReportedModel> {
  const { manifest, device } = service.info();
  const { size } = await Deno.stat(join(directory, "onnx", "model.onnx"));
  return { name: manifest.name, version: manifest.version, device, sizeBytes: size };
}

const TIMED = 200; // texts
const WARM_UP = 20;

/**
 * Times single texts, one at a time, with services in turn so that what else the machine does meets all of them alike.
 *
 * @returns One section a service.
 */
export async function timeSingles(
  services: readonly PredictService[],
  texts: readonly string[],
): Promise<LatencySection[]> {
  const some = texts.length <= TIMED
    ? texts
    : Array.from({ length: TIMED }, (_, i) => texts[Math.floor(i * texts.length / TIMED)]);
  const times = services.map(() => [] as number[]);
  for (let i = -WARM_UP; i < some.length; i++) {
    for (const [s, service] of services.entries()) {
      const start = performance.now();
      await service.predict([some[(i + some.length * WARM_UP) % some.length]]);
      if (i >= 0) times[s].push(performance.now() - start);
    }
  }
  return times.map((ms) => {
    const sorted = Float64Array.from(ms).sort();
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantileOfSorted(sorted, q));
    return { kind: "latency", title: "Latency of single texts", p50, p95, p99, batch: 1, calls: ms.length };
  });
}

/** How probes are run. */
export interface ProbingOptions extends ProbeOptions {
  readonly probes: readonly Probe[];
  /** Rows that each probe changes. */
  readonly rows: number;
  readonly progress: (line: string) => void;
}

/** Asks a model about changed texts, and says what each change costs. */
export async function probeModel(
  service: PredictService,
  rows: readonly LabelledRow[],
  said: readonly Said[],
  options: ProbingOptions,
): Promise<ProbesSection> {
  const count = Math.min(options.rows, rows.length);
  // Rows over the whole of the file, since files are often sorted.
  const chosen = Array.from({ length: count }, (_, i) => Math.floor(i * rows.length / count));
  const some = chosen.map((i) => rows[i]);
  const before = pairsOfClassifier(some, chosen.map((i) => said[i]));
  const done: ProbesSection["rows"][number][] = [];
  for (const probe of options.probes) {
    options.progress(`probe: ${probe}, ${count} texts`);
    const changed = perturb(some.map(({ text }) => text), probe, { seed: options.seed ?? 0 });
    const after = pairsOfClassifier(some, await classify(service, changed));
    const at = changed.findIndex((text, i) => text !== some[i].text && text.length < 400);
    done.push({
      ...probeRow("text-classification", before, after, options),
      probe,
      about: probes[probe].about,
      ...(at >= 0 && { example: { before: some[at].text, after: changed[at] } }),
    });
  }
  return { kind: "probes", title: "Robustness", metric: "macroF1", rows: done };
}

/** Asks a model the canaries. */
export async function canariesOf(
  service: PredictService,
  canaries: readonly Canary[],
): Promise<CanariesSection> {
  const said = await classify(service, canaries.map(({ input }) => input));
  return checkCanaries(canaries, said.map(({ label, scores }) => ({ text: label, score: scores[label] })));
}
