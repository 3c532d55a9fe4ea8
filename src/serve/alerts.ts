/**
 * The alerts of a watched model: logged, and sent until they are taken, whatever happens in between.
 *
 * @module
 */
import { type Alert, alertsOf, alertText, type Watch, type WindowReport } from "../drift/mod.ts";
import type { Delivery } from "./webhook.ts";

/** What is not to be forgotten over a restart. Plain JSON. */
export interface AlertState {
  /** Alerts that nobody has taken yet, oldest first. */
  readonly pending: readonly Alert[];
  /** Ids of the latest that were raised, so that none is raised twice. */
  readonly known: readonly string[];
}

/** The alerts of one model. */
export interface Alerts {
  state(): AlertState;
  /** Ends sending; what is pending stays in `state`. */
  stop(): Promise<void>;
}

/** How alerts are told. */
export interface AlertOptions {
  readonly name: string;
  readonly version: string;
  /** A line for the log. */
  log(line: string): void;
  /** Sends one; absent: alerts are only logged. */
  readonly send?: (alert: Alert) => Promise<Delivery>;
  /** What `state` gave before. One that is none of its making counts as nothing. */
  readonly state?: unknown;
  /** Milliseconds until the second attempt, doubled for each further one up to 5 minutes; default 1,000. */
  readonly retryMs?: number;
}

const MOST_KNOWN = 1000;
const MOST_PENDING = 1000;
const LONGEST_RETRY_MS = 5 * 60_000;

/** Tells what alarms begin and end. */
export function tellAlerts(watch: Watch<never>, options: AlertOptions): Alerts {
  const { name, version, log, send, retryMs = 1000 } = options;
  const before = readState(options.state);
  const pending = send === undefined ? [] : [...before.pending], known = [...before.known];
  let latest: WindowReport | undefined = watch.snapshot().latest;
  const stopping = new AbortController();
  let sending: Promise<void> | undefined;

  async function sendAll(send: NonNullable<AlertOptions["send"]>): Promise<void> {
    for (let failures = 0; pending.length > 0 && !stopping.signal.aborted;) {
      const delivery = await send(pending[0]);
      if (delivery.status !== "failed") {
        if (delivery.status === "refused") log(`the alert ${pending[0].id} is not taken: ${delivery.why}`);
        pending.shift();
        failures = 0;
        continue;
      }
      if (failures === 0) log(`the alert ${pending[0].id} is sent again later: ${delivery.why}`);
      await pause(Math.min(retryMs * 2 ** failures++, LONGEST_RETRY_MS), stopping.signal);
    }
  }
  const kick = () => {
    if (send === undefined || pending.length === 0) return;
    sending ??= sendAll(send).finally(() => {
      sending = undefined;
      // One may have come between the last look and now.
      if (!stopping.signal.aborted) kick();
    });
  };
  const unsubscribe = watch.onWindow((report) => {
    const { windowsPerFalseAlarm } = watch.snapshot().policy;
    for (const alert of alertsOf(latest, report, { name, version, windowsPerFalseAlarm })) {
      if (known.includes(alert.id)) continue;
      known.push(alert.id);
      if (known.length > MOST_KNOWN) known.shift();
      log(alertText(alert));
      if (send === undefined) continue;
      pending.push(alert);
      if (pending.length > MOST_PENDING) pending.shift();
    }
    latest = report;
    kick();
  });
  kick();
  return {
    state: () => ({ pending: [...pending], known: [...known] }),
    async stop() {
      unsubscribe();
      stopping.abort();
      await sending;
    },
  };
}

function readState(json: unknown): AlertState {
  const { pending, known } = (json ?? {}) as Partial<AlertState>;
  const isAlert = (entry: unknown) => typeof (entry as Alert | null)?.id === "string";
  return {
    pending: Array.isArray(pending) ? pending.filter(isAlert).slice(-MOST_PENDING) : [],
    known: Array.isArray(known) ? known.filter((id) => typeof id === "string").slice(-MOST_KNOWN) : [],
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
  });
}
