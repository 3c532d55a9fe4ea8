/**
 * What is told when an alarm begins or ends: one alert each, the same whoever computes it.
 *
 * @module
 */
import type { WindowReport } from "./report.ts";

/** An alarm, or a notice about the traffic, that has begun or ended. Plain JSON. */
export interface Alert {
  /** The same for the same alarm of the same window, so that a receiver can tell a repeat. */
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly feature: string;
  /** What people call the feature. */
  readonly title: string;
  /** `alarm`: drift. `notice`: of the traffic itself, such as repeats. */
  readonly kind: "alarm" | "notice";
  readonly state: "raised" | "ended";
  /** When the window closed that showed it, in milliseconds. */
  readonly atMs: number;
  /** What changed, in words; absent at an end. */
  readonly change?: string;
  /** When the change is likely to have begun, in milliseconds. */
  readonly sinceMs?: number;
  /** The difference of the shares that are meant, with its 95% interval. */
  readonly difference?: { readonly value: number; readonly low: number; readonly high: number };
  /** Windows in which one false alarm is expected. */
  readonly windowsPerFalseAlarm: number;
}

/** The alerts of a window, given the one before it. */
export function alertsOf(
  before: WindowReport | undefined,
  now: WindowReport,
  model: { readonly name: string; readonly version: string; readonly windowsPerFalseAlarm: number },
): Alert[] {
  const was = new Map(before?.features.map(({ name, alarm }) => [name, alarm]));
  return now.features.flatMap(({ name: feature, title, alarm, notice, change }): Alert[] => {
    if (alarm === (was.get(feature) ?? false)) return [];
    const state = alarm ? "raised" : "ended";
    return [{
      id: `${model.name}@${model.version}/${feature}/${state}/${now.index}`,
      model: model.name,
      version: model.version,
      feature,
      title,
      kind: notice ? "notice" : "alarm",
      state,
      atMs: now.closedAtMs,
      ...(alarm && change
        ? { change: change.text, sinceMs: change.sinceMs, difference: change.difference }
        : {}),
      windowsPerFalseAlarm: model.windowsPerFalseAlarm,
    }];
  });
}

/** An alert as one line for a log or a chat. */
export function alertText({ model, version, title, kind, state, change, sinceMs, ...alert }: Alert): string {
  const what = kind === "notice" ? "traffic" : "drift";
  if (state === "ended") return `${model} ${version}: ${what} is over: ${title}`;
  const since = sinceMs === undefined
    ? ""
    : `, since ${new Date(sinceMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const expected = alert.windowsPerFalseAlarm.toString().replace(/\B(?=(\d{3})+$)/g, ",");
  return `${model} ${version}: ${what}: ${title}${change === undefined ? "" : `: ${change}`}${since} ` +
    `(false alarms to expect: 1 in ${expected} windows)`;
}
