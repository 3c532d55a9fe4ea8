/**
 * A data set looked at as a task reads it, and what a training would do with it.
 *
 * @module
 */
import { plural } from "../base/format.ts";
import { show } from "../base/text.ts";
import type { Backend } from "../backend/interface.ts";
import {
  checkRows,
  type DataCheck,
  type FoldsPlan,
  sampled,
  type TrainingPlan,
} from "../data/check/check.ts";
import { createColumnCounter } from "../data/check/columns.ts";
import { bySeverity, type Finding } from "../data/check/findings.ts";
import { createLabelTypes } from "../data/check/label_types.ts";
import { lengthsOf } from "../data/check/lengths.ts";
import { DataError } from "../data/errors.ts";
import { rowGroups } from "../data/groups.ts";
import type { ReadOptions } from "../data/reading/options.ts";
import { stateBytes, statesOf } from "../graph/graph.ts";
import { numeric, sizeOf } from "../graph/shape.ts";
import { forwardGraph, type ModelSpec } from "../tasks/model.ts";
import { servedTasks, type TaskName } from "../tasks/served.ts";
import type { Columns, Row } from "../tasks/task.ts";
import { textsOf } from "../tasks/text_input.ts";
import { trainedTasks } from "../tasks/trained.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import type { StepMeasurement } from "../train/measure.ts";
import type { DivisionOptions } from "./division.ts";
import { InterruptedError, LifecycleError } from "./errors.ts";
import { batchesOf, fit, startOf } from "./fit.ts";
import { checkLoop } from "./loop_options.ts";
import { configOf, type TrainingOptions } from "./options.ts";
import { type Folds, prepareFolds } from "./folds.ts";
import { prepare, type Prepared, type PrepareOptions } from "./prepare.ts";
import type { Pretrained } from "./pretrained.ts";
import type { Reporter } from "./reporter.ts";
import { type LoadedRow, openRecords } from "./rows.ts";

/** What is checked, and for which training. */
export interface CheckOptions extends TrainingOptions {
  /** What the data are called in messages. */
  readonly source: string;
  /** Columns that are called otherwise than the task calls them. */
  readonly columns?: Partial<Columns>;
  /** How the source is read. */
  readonly reading?: ReadOptions;
  /** How rows would be divided; by default a fifth is held out. */
  readonly division?: DivisionOptions;
  /** A checkpoint that training would start from. */
  readonly pretrained?: Pretrained;
  /** Its head, where it is one of this task. */
  readonly baseHead?: unknown;
  /** Settings of the head that were given. */
  readonly headSettings?: Readonly<Record<string, unknown>>;
  /** Whether rows without a text or label are left out. */
  readonly skipBlank?: boolean;
  /** Where a step is timed; without it no time is given. */
  readonly backend?: Backend;
}

/**
 * Reads a data set, whatever is wrong with it, and says what a person should know before a model is trained on it. Rows that
 * the task cannot read are counted, not refused.
 *
 * @throws {DataError} when nothing of the file can be read.
 */
export async function checkData(options: CheckOptions): Promise<DataCheck> {
  const { rows, columns, findings, unreadable, guesses } = await readLeniently(options);
  const checked = rows.map(({ queries, target }) => ({
    texts: queries.flatMap(textsOf),
    classes: [trainedTasks[options.task].stratum?.(target) ?? []].flat(),
    key: trainedTasks[options.task].key(target),
    ...(typeof target === "number" && { number: target }),
  }));
  const groups = (of: readonly number[]) => rowGroups(of.map((i) => checked[i].texts)).groups;
  const facts = await checkRows(checked, { groups });
  const planned = rows.length === 0 ? { findings: [] } : await planOf(rows, options);
  // What training would refuse, too, has been said better by then.
  const isSaid = facts.findings.some(({ kind }) => kind === "one-label");
  return {
    source: options.source,
    reading: guesses,
    task: options.task,
    unreadable,
    columns,
    ...facts,
    ...(planned.plan && { training: planned.plan }),
    findings: bySeverity([...findings, ...facts.findings, ...isSaid ? [] : planned.findings]),
  };
}

/** Rows that a task can read, and what is wrong with the others. */
async function readLeniently(options: CheckOptions): Promise<
  {
    rows: Row<unknown>[];
    columns: DataCheck["columns"];
    findings: Finding[];
    unreadable: number;
    guesses: string[];
  }
> {
  const task = servedTasks[options.task];
  const guesses: string[] = [];
  const reading: ReadOptions = { ...options.reading, onGuess: (line) => guesses.push(line) };
  const counter = createColumnCounter();
  const rows: LoadedRow[] = [];
  const problems: string[] = [];
  const types = createLabelTypes();
  const findings: Finding[] = [];
  let unreadable = 0;
  let blank = 0;
  let isMissing = false;
  try {
    const { wanted, records } = await openRecords(options.source, task, {
      columns: options.columns,
      reading,
    });
    for await (const { record, where } of records) {
      counter.add(record);
      try {
        const queries = task.queries(record, where, wanted), target = task.target(record, where, wanted);
        if (wanted.label !== undefined && typeof target !== "number") types.add(record[wanted.label]);
        rows.push({
          queries,
          target,
          record, // a column to group by is looked for in it
          where,
        });
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        if (error.blankColumn !== undefined) {
          blank++;
          if (options.skipBlank) continue;
        }
        unreadable++;
        isMissing ||= error.missingColumn !== undefined;
        if (problems.length < 5) problems.push(error.message);
      }
    }
  } catch (error) {
    if (!(error instanceof DataError) || rows.length + unreadable === 0) throw error;
    findings.push({
      severity: "error",
      kind: "reading-ends",
      what: `after ${plural(rows.length + unreadable, "row")} nothing more can be read: ${error.message}`,
    });
  }
  const mixed = types.finding();
  if (mixed !== undefined) {
    findings.push({
      severity: "warning",
      kind: "labels-mixed-types",
      what: mixed,
      mend: "write each label as one type in the file, such as all as text",
    });
  }
  if (options.skipBlank && blank > 0) {
    findings.push({
      severity: "note",
      kind: "rows-blank",
      what: `${plural(blank, "row")} without a text or label left out, as --skip-blank says`,
    });
  }
  if (unreadable > 0) {
    findings.push({
      severity: "error",
      kind: "rows-unreadable",
      what: `${plural(unreadable, "row")} of ${rows.length + unreadable} cannot be trained on: ${
        problems[0]
      }`,
      mend: blank === unreadable
        ? "fill them in, or leave them out with --skip-blank"
        : rows.length === 0 && isMissing
        ? "name the columns: --text-column, --label-column"
        : "mend them in the file, or take them out",
      examples: problems,
    });
  }
  return { rows, columns: counter.profiles(), findings, unreadable, guesses };
}

/** What training would do, or the reason why it would refuse. */
async function planOf(
  rows: readonly Row<unknown>[],
  options: CheckOptions,
): Promise<{ plan?: TrainingPlan; findings: Finding[] }> {
  const messages: string[] = [];
  const output: Reporter = { terminal: false, progress: (line) => messages.push(line), draw: () => {} };
  let data: Prepared;
  let folds: Folds | undefined;
  try {
    checkLoop(options, rows.map(({ target }) => target));
    const preparing = { ...options, output } satisfies PrepareOptions;
    const count = options.division?.folds;
    folds = count === undefined ? undefined : prepareFolds(rows, { ...preparing, folds: count });
    data = folds?.whole ?? prepare(rows, preparing);
  } catch (error) {
    if (!(error instanceof DataError || error instanceof LifecycleError)) throw error;
    const finding: Finding = {
      severity: "error",
      kind: "training-refuses",
      what: `training refuses: ${error.message}`,
    };
    return { findings: [finding] };
  }
  const { parts, tokenizer, maxTokens } = data;
  const config = options.pretrained?.config ?? configOf(options, data);
  const spec: ModelSpec = { task: options.task, config, head: data.head };
  const all = [parts.train, parts.validation, parts.test].flat();
  const encodings = all.flatMap(({ encodings }) => encodings);
  const unknown = encodings.reduce((sum, { unknownCount }) => sum + unknownCount, 0);
  const total = encodings.reduce((sum, { ids }) => sum + ids.length, 0);
  const cut = encodings.filter(({ fullLength }) => fullLength > maxTokens).length;
  const batches = batchesOf(spec, data, parts.train, {
    batchSize: options.batchSize,
    seed: options.seed,
    epoch: 0,
  });
  const stepsPerEpoch = Math.ceil(batches.length / options.accumulate);
  const steps = stepsPerEpoch * options.epochs;
  const graph = startOf(spec, options).passes.reduce((graph, pass) => pass(graph), forwardGraph(spec));
  const measured = options.backend &&
    await measure(spec, data, { ...options, backend: options.backend, output });
  const seconds = measured && secondsOf(measured, batches, options);
  const plan: TrainingPlan = {
    parts: { train: parts.train.length, validation: parts.validation.length, test: parts.test.length },
    vocabSize: tokenizer.vocabSize,
    tokens: lengthsOf(
      sampled(all, MOST_LENGTHS).flatMap(({ row }) => wholeLengths(row, tokenizer, options.task)),
    ),
    maxTokens,
    cut,
    unknownShare: unknown / total,
    epochs: options.epochs,
    stepsPerEpoch,
    steps,
    parameters: statesOf(graph, "parameter").reduce((sum, { shape }) => sum + sizeOf(numeric(shape)), 0),
    stateBytes: stateBytes(graph, { moments: 2 }),
    ...(measured && {
      seconds,
      deviceBytes: measured.memory.stateBytes + measured.memory.workBytes,
      device: options.backend!.device,
    }),
    ...(folds && { folds: foldsPlan(folds, { rows: parts.train.length, stepsPerEpoch, seconds }, options) }),
    messages,
  };
  return { plan, findings: lengthFindings(plan, encodings.length) };
}

/** What all trainings of a cross-validation take, by their rows to train on. */
function foldsPlan(
  { count, trainRows }: Folds,
  whole: Pick<TrainingPlan, "stepsPerEpoch" | "seconds"> & { readonly rows: number },
  { epochs }: Pick<CheckOptions, "epochs">,
): FoldsPlan {
  const shares = [1, ...trainRows.map((rows) => rows / whole.rows)];
  const sum = (of: (share: number) => number) => shares.reduce((total, share) => total + of(share), 0);
  return {
    count,
    steps: epochs * sum((share) => Math.ceil(whole.stepsPerEpoch * share)),
    ...(whole.seconds !== undefined && { seconds: whole.seconds * sum((share) => share) }),
  };
}

/** Rows whose tokens are counted to the end. */
const MOST_LENGTHS = 2000;

/** Tokens of a row's queries where nothing is cut: what training encodes stops soon after its limit. */
function wholeLengths({ queries }: Row<unknown>, tokenizer: Tokenizer, task: TaskName): number[] {
  return queries.map((query) =>
    servedTasks[task].encode(tokenizer, query, { maxTokens: Infinity }).ids.length
  );
}

/** Times a step of the largest batch. */
async function measure(
  spec: ModelSpec,
  data: Prepared,
  options: CheckOptions & { readonly backend: Backend; readonly output: Reporter },
): Promise<StepMeasurement | undefined> {
  const checkpoints = await Deno.makeTempDir({ prefix: "weir-dry-run-" });
  const stop = new AbortController();
  let measured: StepMeasurement | undefined;
  try {
    await fit(spec, data, {
      ...options,
      checkpoints,
      resume: false,
      note: {},
      signal: stop.signal,
      callbacks: {},
      measure: {
        steps: 0,
        onMeasured(step) {
          measured = step;
          stop.abort();
        },
      },
    });
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
  } finally {
    await Deno.remove(checkpoints, { recursive: true });
  }
  return measured;
}

/** Time for all steps: the largest batch's was measured, and others take as much less as they have fewer tokens. */
function secondsOf(
  { stepMs }: StepMeasurement,
  batches: ReturnType<typeof batchesOf>,
  { epochs }: Pick<CheckOptions, "epochs">,
): number {
  const sizeOfBindings = (bindings: Readonly<Record<string, number>>) =>
    Object.values(bindings).reduce((product, size) => product * size, 1);
  const largest = sizeOfBindings(batches.largest);
  let share = 0;
  for (const { bindings } of batches) share += sizeOfBindings(bindings) / largest;
  return stepMs * share * epochs / 1000;
}

/** More rows than this share cut are worth a word, and more unknown tokens than that. */
const MUCH_CUT = 0.1;
const MUCH_UNKNOWN = 0.02;

function lengthFindings({ cut, maxTokens, tokens, unknownShare }: TrainingPlan, texts: number): Finding[] {
  const findings: Finding[] = [];
  if (cut > texts * MUCH_CUT) {
    findings.push({
      severity: "note",
      kind: "texts-cut",
      what: `${
        plural(cut, "text is", "texts are")
      } longer than ${maxTokens} tokens and would be cut; nine tenths have at most ${tokens.p90}`,
      mend: `--max-tokens ${Math.min(8192, 2 ** Math.ceil(Math.log2(Math.max(tokens.p90, 8))))}`,
    });
  }
  if (unknownShare > MUCH_UNKNOWN) {
    findings.push({
      severity: "warning",
      kind: "tokens-unknown",
      what: `${show(`${(unknownShare * 100).toFixed(1)}%`)} of the tokens are unknown to the tokenizer`,
      mend: "a larger --vocab-size, or a checkpoint that knows the language",
    });
  }
  return findings;
}
