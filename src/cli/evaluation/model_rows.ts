/**
 * A model's predictions for rows, their latency, and its robustness to changed inputs.
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
import { strategies } from "../../evaluate/tasks/strategy.ts";
import type { PredictService } from "../../serve/service.ts";
import type { LoadedRow } from "../../lifecycle/rows.ts";
import { type AnyServedTask, judgingOf, type TextQuery } from "../../tasks/task.ts";
import { textOf } from "../../tasks/text_input.ts";
import { answerAll, answerRows } from "../model.ts";
import { InputError } from "../output.ts";

/** Rows and what a model answered to them, as an evaluation reads them. */
export function pairsOfAnswers(
  task: AnyServedTask,
  rows: readonly LoadedRow[],
  answers: readonly (readonly unknown[])[],
): Pair[] {
  const targets = rows.map(({ target }) => target);
  return rows.map(({ queries, target, record }, i) => {
    const { prediction, reference, scores } = task.pair(target, answers[i], { row: i, targets, answers });
    const text = queries.map(textOf).join("\n");
    return { prediction, reference, record: { ...record, text, ...(scores !== undefined && { scores }) } };
  });
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
  texts: readonly TextQuery[],
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
  rows: readonly LoadedRow[],
  answers: readonly (readonly unknown[])[],
  options: ProbingOptions,
): Promise<ProbesSection> {
  const { task } = service;
  const { evaluation } = judgingOf(task, rows.map(({ target }) => target));
  const count = Math.min(options.rows, rows.length);
  // Rows over the whole of the file, since files are often sorted.
  const chosen = Array.from({ length: count }, (_, i) => Math.floor(i * rows.length / count));
  const some = chosen.map((i) => rows[i]);
  const texts = some.map(({ queries: [query] }) => {
    if (typeof query === "string") return query;
    throw new InputError("probes change single texts, and these rows have pairs of texts");
  });
  const before = pairsOfAnswers(task, some, chosen.map((i) => answers[i]));
  const done: ProbesSection["rows"][number][] = [];
  for (const probe of options.probes) {
    options.progress(`probe: ${probe}, ${count} texts`);
    const changed = perturb(texts, probe, { seed: options.seed ?? 0 });
    const changedRows = some.map((row, i) => ({ ...row, queries: [changed[i], ...row.queries.slice(1)] }));
    const after = pairsOfAnswers(task, changedRows, await answerRows(service, changedRows));
    const at = changed.findIndex((text, i) => text !== texts[i] && text.length < 400);
    done.push({
      ...probeRow(evaluation, before, after, options),
      probe,
      about: probes[probe].about,
      ...(at >= 0 && { example: { before: texts[at], after: changed[at] } }),
    });
  }
  return {
    kind: "probes",
    title: "Robustness",
    metric: strategies[evaluation].choices[0].metrics[0].name,
    rows: done,
  };
}

/** Asks a model the canaries. */
export async function canariesOf(
  service: PredictService,
  canaries: readonly Canary[],
): Promise<CanariesSection> {
  const { task } = service;
  if (typeof service.info().manifest.pairColumn === "string") {
    throw new InputError("canaries are single texts, and the model reads pairs of texts");
  }
  const answers = await answerAll(service, canaries.map(({ input }) => input));
  return checkCanaries(
    canaries,
    answers.map((answer) => {
      // Only a task whose answers come to names has scores of them, and needs nothing to compare with.
      if (!task.outcome) return { text: task.describe(answer) };
      const text = task.outcome(answer);
      const { scores } = task.pair(undefined, [answer], {
        row: 0,
        targets: [undefined],
        answers: [[answer]],
      });
      const score = (scores as Record<string, number> | undefined)?.[text];
      return { text, ...(score !== undefined && { score }) };
    }),
  );
}
