/**
 * What a training tells of what can be done next.
 *
 * @module
 */
import { formatCount, plural } from "../base/format.ts";
import type { EpochRecord } from "../train/best.ts";
import type { TrainResult } from "../train/options.ts";
import type { CrossValidated } from "./cross_validate.ts";
import type { Prepared } from "./prepare.ts";
import type { TrainingOptions } from "./options.ts";

/** A line on what is left to do after the folds. */
export function describeLast({ evaluation }: CrossValidated, { parts }: Prepared): string {
  return `${evaluation.folds} folds are scored; now the model that is registered: ${
    plural(parts.train.length, "row")
  } to train, ${parts.validation.length} to choose the epoch`;
}

/** The epochs whose parameters stay, and what can be done with them. */
export function describeKept(kept: readonly EpochRecord[], checkpoints: string): string {
  const lines = kept.map(({ epoch, evaluation = {} }) =>
    `  epoch ${epoch}: ${
      Object.entries(evaluation).map(([name, value]) => `${name} ${value.toFixed(4)}`).join(", ") ||
      "not evaluated"
    }`
  );
  return [
    `kept in ${checkpoints}; --resume --use-epoch <n> or average registers another of them:`,
    ...lines,
  ].join("\n");
}

/** A loss that falls by more than this share in the last epoch had not come to its end. */
const STILL_FALLING = 0.05;

/** Fewer steps than this teach a model little that begins with random weights. */
const FEW_STEPS = 200;

/** A line where more epochs would probably help: a small data set takes more of them than the default. */
export function moreEpochs(
  { status, epochs, step }: TrainResult,
  options: Pick<TrainingOptions, "maxSteps" | "epochs"> & { readonly pretrained?: unknown },
): string | undefined {
  const [before, last] = epochs.slice(-2).map(({ evaluation }) => evaluation?.loss);
  if (status === "finished" && step < FEW_STEPS && !options.pretrained && options.maxSteps === undefined) {
    const enough = Math.ceil(2 * FEW_STEPS * epochs.length / step);
    return `a model that begins with nothing learns little in ${
      plural(step, "step")
    } of training: --epochs ${enough} would make ` + formatCount(Math.ceil(enough * step / epochs.length));
  }
  if (status !== "finished" || before === undefined || last === undefined) return undefined;
  if (!(last < (1 - STILL_FALLING) * before)) return undefined;
  return `the held-out loss still fell in the last epoch, from ${before.toFixed(3)} to ${last.toFixed(3)}: ` +
    `more --epochs than ${options.epochs} may give a better model`;
}
