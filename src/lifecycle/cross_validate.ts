/**
 * Cross-validation: how good models of a kind are, measured on all rows by models that were not trained on them.
 *
 * @module
 */
import type { ModelSpec } from "../tasks/model.ts";
import type { EvaluationOrigin } from "../bundle/manifest.ts";
import { servedTasks } from "../tasks/served.ts";
import { judgingOf, type Row, type Scores } from "../tasks/task.ts";
import { InterruptedError } from "./errors.ts";
import { answersOf, evaluateRows, fit, type FitOptions, judge } from "./fit.ts";
import type { Folds } from "./folds.ts";
import { configOf } from "./options.ts";
import type { Prepared } from "./prepare.ts";
import type { Reporter } from "./reporter.ts";

/** The scores of a cross-validation. */
export interface CrossValidated {
  /** Over all rows, each answered by the model that was not trained on it. */
  readonly scores: Scores;
  /** The rows, in the order of their folds. */
  readonly rows: readonly Row<unknown>[];
  readonly evaluation: EvaluationOrigin & { readonly method: "cross-validation" };
  /** The share of unknown tokens in held-out rows, the mean of the folds. */
  readonly unknownHeldOut: number;
}

/**
 * Trains a model for each fold, scores it on the fold's rows, and pools the answers of all.
 *
 * An interval of the pooled scores is that of the task's metric over all rows, as if one model had answered them: it covers which
 * rows there happened to be, given these models. It does not cover that other rows to train on give other models, whose answers
 * within a fold and between folds depend on each other; no unbiased estimate of that variance exists (Bengio and Grandvalet 2004,
 * "No unbiased estimator of the variance of k-fold cross-validation"), and intervals over rows are somewhat too narrow for the
 * error that is to be expected of the method (Bates, Hastie and Tibshirani 2023, "Cross-validation: what does it estimate and how
 * well does it do it?"). The standard deviation of each metric over the folds is given beside it.
 *
 * @throws {InterruptedError} when the signal stops it: nothing is kept.
 */
export async function crossValidate(
  folds: Folds,
  options: Omit<FitOptions, "checkpoints" | "resume" | "note" | "callbacks" | "measure"> & {
    /** Told of each fold, counted from 1, with the headline metrics of its model. */
    readonly onFold?: (fold: number, metrics: Readonly<Record<string, number>>) => void;
  },
): Promise<CrossValidated> {
  const { output, signal, onFold } = options;
  const task = servedTasks[options.task];
  const rows: Row<unknown>[] = [];
  const answersByFold: (readonly unknown[])[][] = [];
  const scoresByFold: Scores[] = [];
  let unknown = 0;
  for (let k = 0; k < folds.count; k++) {
    const name = `fold ${k + 1} of ${folds.count}`;
    stopWhenAsked(signal, name);
    const data = folds.prepare(k, warningsOf(output, name));
    const { train, validation, test } = data.parts;
    unknown += data.unknownTokens.test;
    output.progress(
      `${name}: ${train.length} rows to train, ${validation.length} to choose the epoch, ${test.length} held out`,
    );
    const spec = specOf(data, options);
    const training = await fit(spec, data, {
      ...options,
      ...{ checkpoints: undefined, resume: false, note: {}, callbacks: {}, measure: undefined },
    }).catch((error) => {
      if (error instanceof InterruptedError) stopWhenAsked(signal, name);
      throw error;
    });
    stopWhenAsked(signal, name);
    const [evaluated] = await evaluateRows(spec, data, [test], { ...options, weights: training.parameters });
    const answered = answersOf(spec, test, evaluated);
    const scores = judge(spec, test, evaluated);
    const { headline } = judgingOf(task, test.map(({ row }) => row.target));
    const values = Object.fromEntries(headline.map((metric) => [metric, scores.metrics[metric].value]));
    output.progress(
      `${name}: ${headline.map((metric) => `${metric} ${values[metric].toFixed(4)}`).join(", ")}`,
    );
    onFold?.(k + 1, values);
    rows.push(...answered.map(({ row }) => row.row));
    answersByFold.push(answered.map(({ answers }) => answers));
    scoresByFold.push(scores);
  }
  const answers = task.pooled?.(answersByFold) ?? answersByFold.flat();
  return {
    scores: task.judge(rows.map(({ target }) => target), answers, {
      head: folds.whole.head,
      resamples: 1000,
    }),
    rows,
    unknownHeldOut: unknown / folds.count,
    evaluation: {
      method: "cross-validation",
      origin: folds.origin,
      folds: folds.count,
      spread: spreadOf(scoresByFold),
    },
  };
}

/** The model of some rows, as it is trained. */
function specOf(data: Prepared, options: Parameters<typeof crossValidate>[1]): ModelSpec {
  const config = options.pretrained?.config ?? configOf(options, data);
  return { task: options.task, config, head: data.head };
}

/** @throws {InterruptedError} when a person has asked for it. */
function stopWhenAsked(signal: AbortSignal | undefined, fold: string): void {
  if (!signal?.aborted) return;
  throw new InterruptedError(
    `stopped in ${fold}: a cross-validation keeps nothing until its model is registered; run the same command to begin anew`,
  );
}

/** What each fold's preparation says that is not said of all rows already. */
function warningsOf(output: Reporter, name: string): Reporter {
  return {
    terminal: output.terminal,
    draw: (text) => output.draw(text),
    progress(line) {
      if (line.startsWith("warning: ")) output.progress(line.replace("warning: ", `warning: ${name}: `));
    },
  };
}

/** By metric, the standard deviation (over n − 1) of its values on the folds where it is defined, if there are two of them. */
function spreadOf(scores: readonly Scores[]): Record<string, number> {
  const names = new Set(scores.flatMap(({ metrics }) => Object.keys(metrics)));
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const values = scores.map(({ metrics }) => metrics[name]?.value).filter((value) =>
        Number.isFinite(value)
      );
      if (values.length < 2) return [];
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      return [[name, Math.sqrt(squares / (values.length - 1))]];
    }),
  );
}
