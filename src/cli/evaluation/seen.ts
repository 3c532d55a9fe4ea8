/**
 * Which rows of an evaluation its model has seen in training, and the scores of those that it has not.
 *
 * @module
 */
import { formatCount, plural } from "../../base/format.ts";
import { readFingerprints } from "../../bundle/fingerprints.ts";
import type { Measured, ReportedData, SlicesSection, Task } from "../../evaluate/report.ts";
import { evaluateTask, type TaskOptions } from "../../evaluate/tasks/evaluate.ts";
import type { Pair } from "../../evaluate/tasks/pairs.ts";
import { type SeenIn, seenRows } from "../../lifecycle/fingerprints.ts";
import type { LoadedRow } from "../../lifecycle/rows.ts";
import type { PredictService } from "../../serve/service.ts";
import { EvaluationError } from "../../statistics/errors.ts";
import { queryCleaner } from "../../tasks/clean_query.ts";

/** What a model has seen of some rows. */
export interface Seen {
  /** Such as `spam 1.0.0`. */
  readonly model: string;
  /** Where the model has met each row. Absent: it has no fingerprints. */
  readonly where?: readonly (SeenIn | undefined)[];
  /** Models that it was made from and whose rows are not known. */
  readonly unknownBases: readonly string[];
}

/**
 * Looks up rows among the fingerprints of a model's bundle.
 *
 * @param directory The bundle's.
 * @throws {BundleError} when the file of fingerprints is not what the bundle lists.
 */
export async function seenBy(
  service: PredictService,
  directory: string,
  rows: readonly LoadedRow[],
): Promise<Seen> {
  const { manifest } = service.info();
  const model = `${manifest.name} ${manifest.version}`;
  const fingerprints = await readFingerprints(directory, manifest);
  if (!fingerprints) return { model, unknownBases: [] };
  // A training compares what the model reads.
  const clean = queryCleaner(service.task, manifest.cleaning);
  const where = seenRows(rows.map(({ queries }) => ({ queries: queries.map(clean) })), fingerprints);
  return { model, where, unknownBases: fingerprints.unknownBases };
}

/** What a report says of what a model has seen. */
export interface SeenParts {
  /** For the report's `data`. */
  readonly seen: ReportedData["seen"];
  /** The scores of seen and unseen rows apart, where there are both. */
  readonly sections: SlicesSection[];
  readonly notes: string[];
  /** What must be seen before the figures are believed: a line for standard error. */
  readonly warning?: string;
}

/** Scores the rows that a model has seen apart from those that it has not. */
export function seenParts(
  { model, where, unknownBases }: Seen,
  task: Task,
  pairs: readonly Pair[],
  options: Pick<TaskOptions, "resamples" | "confidence" | "seed" | "settings">,
): SeenParts {
  if (!where) {
    const note =
      `${model} has no fingerprints of its training rows: it is not known which of these rows it has seen.`;
    return { seen: undefined, sections: [], notes: [note] };
  }
  const count = (part: SeenIn) => where.filter((seen) => seen === part).length;
  const seen = { train: count("train"), validation: count("validation"), base: count("base") };
  const rows = seen.train + seen.validation + seen.base, n = pairs.length;
  const notes = unknownBases.map((base) =>
    `${model} was made from ${base}, which has no fingerprints of its training rows: they count as unseen.`
  );
  if (rows === 0) {
    const none = `None of the ${plural(n, "row")} is one that ${model} has seen in training.`;
    return { seen, sections: [], notes: [none, ...notes] };
  }
  const all = rows === n;
  const some = `${model} has seen ${all ? "all" : `${formatCount(rows)} of`} ${plural(n, "row")} in training`;
  const says = all
    ? `${some}: these scores say nothing about texts that are new to it`
    : `${some}: judge it by the ${plural(n - rows, "row")} that it has not seen, which are scored apart`;
  const apart = all ? undefined : seenSection(where, task, pairs, options);
  return {
    seen,
    sections: apart?.section ? [apart.section] : [],
    notes: [`${says}.`, ...apart?.notes ?? [], ...notes],
    warning: says,
  };
}

/** The task's first metrics over the seen and the unseen rows: a slice each. */
function seenSection(
  where: NonNullable<Seen["where"]>,
  task: Task,
  pairs: readonly Pair[],
  options: Pick<TaskOptions, "resamples" | "confidence" | "seed" | "settings">,
): { section?: SlicesSection; notes: string[] } {
  const notes: string[] = [];
  const slices = ([["unseen", false], ["seen", true]] as const).flatMap(([value, wanted]) => {
    const some = pairs.filter((_, i) => (where[i] !== undefined) === wanted);
    try {
      const { metrics } = evaluateTask(task, some, { ...options, worst: 0 });
      return [{ value, n: some.length, metrics }];
    } catch (error) {
      // A few rows may have nothing to measure, such as one class alone where two are compared.
      if (!(error instanceof EvaluationError)) throw error;
      notes.push(`The ${plural(some.length, `${value} row`)} cannot be scored apart: ${error.message}.`);
      return [];
    }
  });
  if (slices.length === 0) return { notes };
  const interval = (metrics: readonly Measured[], name: string) =>
    metrics.find((metric) => metric.name === name)?.interval;
  const shown = slices[0].metrics.filter(({ name }) =>
    slices.every(({ metrics }) => interval(metrics, name) !== undefined)
  ).slice(0, MOST_METRICS);
  return {
    notes,
    section: {
      kind: "slices",
      title: "Unseen and seen rows",
      column: "training",
      metrics: shown.map(({ name, label, better }) => ({ name, label, better })),
      rows: slices.map(({ value, n, metrics }) => ({
        value,
        n,
        intervals: shown.map(({ name }) => interval(metrics, name)!),
      })),
    },
  };
}

const MOST_METRICS = 4; // as of other slices
