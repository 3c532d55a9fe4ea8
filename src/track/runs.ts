/**
 * Recording runs: their settings, their metrics, how they ended.
 *
 * @module
 */
import type { Store } from "../store/sqlite.ts";

/** How a run stands, in MLflow's words. A run whose process was killed stays RUNNING. */
export type RunStatus = "RUNNING" | "FINISHED" | "FAILED" | "KILLED";

/** What is known of a run. */
export interface RunRecord {
  /** Unique among all runs. */
  readonly id: string;
  /** What the run was called; many may share it. */
  readonly name: string;
  /** How it stands. */
  readonly status: RunStatus;
  /** ISO-8601, UTC */
  readonly startedAt: string;
  /** ISO-8601, UTC; null while it runs */
  readonly endedAt: string | null;
  /** as they were given to createRun */
  readonly params: Record<string, unknown>;
}

/** A metric's value at a step; NaN comes back as NaN. */
export interface MetricPoint {
  /** The metric's name. */
  readonly key: string;
  /** The training step it belongs to. */
  readonly step: number;
  /** NaN and infinities included */
  readonly value: number;
}

/** A run that is being recorded. None of its methods throws: a record that cannot be written never stops a training. */
export interface Run {
  /** For the bundle's lineage, and to take the run up again. */
  readonly id: string;
  /** Takes the metrics of a step. They are written together with others, soon and in the background. */
  logMetrics(step: number, metrics: Record<string, number>): void;
  /** Writes what is still held, and the end of the run. */
  finish(status?: Exclude<RunStatus, "RUNNING">): Promise<void>;
}

/** Options of {@linkcode createRun}. */
export interface CreateRunOptions {
  /** What to call the run, such as the model's name. */
  readonly name: string;
  /** Hyperparameters and whatever else says how the run was made; kept as JSON. */
  readonly params?: Record<string, unknown>;
  /** The id of a run that goes on after a stop; a new one otherwise. Its record stays as it is until metrics are logged. */
  readonly id?: string;
  /** Called once, if the record cannot be written. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Begins the record of a run, or takes up the one with this id again when metrics come: a resumption may be refused. Steps that
 * are logged a second time, as after a resume from a checkpoint, replace the first.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openStore } from "../store/sqlite.ts";
 * import { createRun, listRuns } from "./runs.ts";
 *
 * const home = Deno.makeTempDirSync();
 * const store = openStore(`${home}/weir.db`);
 * const run = await createRun(store, { name: "spam", params: { learningRate: 1e-3 } });
 * run.logMetrics(1, { loss: 0.69 });
 * await run.finish();
 * assert.equal((await listRuns(store))[0].status, "FINISHED");
 * await store.close();
 * Deno.removeSync(home, { recursive: true });
 * ```
 */
export async function createRun(store: Store, options: CreateRunOptions): Promise<Run> {
  const id = options.id ?? crypto.randomUUID();
  let warned = false;
  let held: MetricRow[] = [];
  let writing: Promise<void> | undefined;

  async function attempt(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (warned) return;
      warned = true;
      const reason = error instanceof Error ? error.message : String(error);
      options.onWarning?.(`The record of run ${id} is incomplete, and the run goes on: ${reason}`);
    }
  }
  async function flush(): Promise<void> {
    while (held.length > 0) {
      const rows = held;
      held = [];
      await attempt(() => writeMetrics(store, rows));
    }
  }

  let begun: Promise<void> | undefined;
  const start = () => begun ??= attempt(() => begin(store, id, options));
  if (options.id === undefined) await start();
  return {
    id,
    logMetrics(step, metrics) {
      const logged_at = new Date().toISOString();
      for (const [key, value] of Object.entries(metrics)) {
        held.push({ run_id: id, key, step, value: Number.isNaN(value) ? null : value, logged_at });
      }
      // One write at a time; what comes in meanwhile goes with the next.
      writing ??= start().then(flush).finally(() => writing = undefined);
    },
    async finish(status = "FINISHED") {
      await writing;
      if (!begun) return;
      await flush();
      const ended_at = new Date().toISOString();
      await attempt(() =>
        store.write((t) => t.updateTable("runs").set({ status, ended_at }).where("id", "=", id).execute())
      );
    },
  };
}

/**
 * Ends the record of runs of a name that are RUNNING, as KILLED: for one who knows that none of them is, because it holds the
 * name's lock.
 *
 * @param except the id of a run that is about to go on
 */
export async function endAbandonedRuns(store: Store, name: string, except?: string): Promise<void> {
  const ended = { status: "KILLED", ended_at: new Date().toISOString() };
  await store.write((t) =>
    t.updateTable("runs").set(ended).where("name", "=", name).where("status", "=", "RUNNING")
      .where("id", "!=", except ?? "").execute()
  );
}

/** All runs, the newest first. */
export async function listRuns(store: Store): Promise<RunRecord[]> {
  const rows = await store.db.selectFrom("runs").selectAll().orderBy("started_at", "desc").orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    status: row.status as RunStatus,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    params: JSON.parse(row.params),
  }));
}

/** The metrics of a run, by key and then by step. */
export async function listMetrics(store: Store, runId: string): Promise<MetricPoint[]> {
  const rows = await store.db.selectFrom("metrics").select(["key", "step", "value"]).where(
    "run_id",
    "=",
    runId,
  )
    .orderBy("key").orderBy("step").execute();
  return rows.map((row) => ({ ...row, value: row.value ?? NaN }));
}

interface MetricRow {
  readonly run_id: string;
  readonly key: string;
  readonly step: number;
  readonly value: number | null;
  readonly logged_at: string;
}

async function begin(store: Store, id: string, { name, params = {} }: CreateRunOptions): Promise<void> {
  const row = { name, status: "RUNNING", ended_at: null, params: JSON.stringify(params) };
  await store.write((t) =>
    t.insertInto("runs").values({ id, started_at: new Date().toISOString(), ...row })
      .onConflict((c) => c.column("id").doUpdateSet(row)).execute()
  );
}

async function writeMetrics(store: Store, rows: MetricRow[]): Promise<void> {
  await store.write(async (t) => {
    // SQLite takes at most 32,766 values in a statement.
    for (let at = 0; at < rows.length; at += 5_000) {
      await t.insertInto("metrics").values(rows.slice(at, at + 5_000))
        .onConflict((c) =>
          c.columns(["run_id", "key", "step"]).doUpdateSet((e) => ({
            value: e.ref("excluded.value"),
            logged_at: e.ref("excluded.logged_at"),
          }))
        ).execute();
    }
  });
}
