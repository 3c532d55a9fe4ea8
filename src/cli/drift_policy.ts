/**
 * `--policy FILE`: how a monitor watches, and when it alarms.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from "commander";
import { didYouMean } from "../base/nearest.ts";
import { type AlertPolicy, alertPolicy, DriftError, type MonitorOptions } from "../drift/mod.ts";
import { integer } from "./options.ts";
import { readStructured } from "./training/config.ts";

/** The options that `withMonitorOptions` adds. */
export interface MonitorFlags {
  readonly window?: number;
  readonly windowTime?: number;
  readonly policy?: Pick<MonitorOptions, "windowSize" | "windowMs" | "policy">;
}

/** Adds `--window`, `--window-time` and `--policy`. */
export function withMonitorOptions(command: Command): Command {
  return command
    .option(
      "--window <texts>",
      "texts in a drift window (default: 200)",
      integer({ min: 30, max: 1_000_000 }),
    )
    .option("--window-time <time>", "close a window after so long, too: 10m, 6h, 1d", timeOf)
    .option(
      "--policy <file>",
      "YAML or JSON: windowSize, windowMs and what makes an alarm (docs/drift.md)",
      policyOf,
    );
}

/** What a monitor is made with: the file's, and what was given beside it. */
export function monitorOptionsOf(
  { window, windowTime, policy = {} }: MonitorFlags,
): Pick<MonitorOptions, "windowSize" | "windowMs" | "policy"> {
  return {
    ...policy,
    ...(window === undefined ? {} : { windowSize: window }),
    ...(windowTime === undefined ? {} : { windowMs: windowTime }),
  };
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function timeOf(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const ms = match === null ? 0 : Number(match[1]) * UNITS[match[2]];
  if (ms >= 1000 && ms <= 366 * UNITS.d) return ms;
  throw new InvalidArgumentError("It must be a time from 1s to 366d, such as 10m, 6h or 1d.");
}

const OF_WINDOWS = ["windowSize", "windowMs"];

function policyOf(path: string): NonNullable<MonitorFlags["policy"]> {
  const given = readStructured(path, { isFile: true });
  const known = [...OF_WINDOWS, ...Object.keys(alertPolicy())];
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const hint = didYouMean(name, known);
    throw new InvalidArgumentError(`There is no "${name}"${hint || `; there are ${known.join(", ")}`}.`);
  }
  const { windowSize, windowMs, ...policy } = given as Partial<AlertPolicy> & MonitorOptions;
  for (const [name, value] of Object.entries({ windowSize, windowMs })) {
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw new InvalidArgumentError(`${name} is ${JSON.stringify(value)}, wanted a whole number.`);
    }
  }
  try {
    alertPolicy(policy);
  } catch (error) {
    if (!(error instanceof DriftError)) throw error;
    throw new InvalidArgumentError(`${error.message}.`);
  }
  return {
    ...(windowSize === undefined ? {} : { windowSize }),
    ...(windowMs === undefined ? {} : { windowMs }),
    policy,
  };
}
