/**
 * Opening the SQLite database and keeping its schema up to date.
 *
 * @module
 */
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { Kysely, type SqliteDatabase, SqliteDialect } from "kysely";
import { explainStorageError, StoreError } from "./errors.ts";
import { type Database, migrations } from "./schema.ts";

/** What reads and writes the tables: the database, or a transaction of it. */
export type Queries = Kysely<Database>;

/** An open database. */
export interface Store {
  /** For reads. Writes go through {@linkcode Store.write}, which waits its turn. */
  readonly db: Queries;
  /** Where the database lies. */
  readonly path: string;
  /**
   * Runs `body` in one transaction that holds the write lock from its start: all of it happens, or none. Inside, use the
   * transaction that `body` is given and nothing else of this store, which would wait for itself.
   *
   * @throws {StoreError} when another process keeps the lock, the disk is full, or the database is damaged
   */
  write<T>(body: (transaction: Queries) => Promise<T>): Promise<T>;
  /** Closes the database. A store that is closed already stays so. */
  close(): Promise<void>;
}

/** Options of {@linkcode openStore}. */
export interface StoreOptions {
  /** How long a write waits for another process's lock, in milliseconds. Default 15,000. */
  readonly lockTimeoutMs?: number;
}

/**
 * Opens the SQLite database at `path`, makes it and its folder where they are missing, and brings its tables up to date.
 *
 * A transaction that was committed survives a loss of power (WAL, `synchronous=FULL`).
 *
 * @throws {StoreError} when the file is damaged, cannot be written, or was written by a newer Weir
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openStore } from "./sqlite.ts";
 *
 * const home = Deno.makeTempDirSync();
 * const store = openStore(`${home}/weir.db`);
 * await store.write((t) => t.insertInto("models").values({ name: "spam", created_at: "2026-01-01T00:00:00Z" }).execute());
 * assert.deepEqual((await store.db.selectFrom("models").selectAll().execute()).map((m) => m.name), ["spam"]);
 * await store.close();
 * Deno.removeSync(home, { recursive: true });
 * ```
 */
export function openStore(path: string, options: StoreOptions = {}): Store {
  const lockTimeoutMs = options.lockTimeoutMs ?? 15_000;
  const database = openDatabase(path, lockTimeoutMs);
  const db = new Kysely<Database>({ dialect: new SqliteDialect({ database: shim(database, path) }) });
  try {
    migrate(database, db, path);
  } catch (error) {
    database.close();
    throw explainStorageError(error, "prepare the database", path);
  }
  return {
    db,
    path,
    async write(body) {
      const giveUpAt = performance.now() + lockTimeoutMs;
      for (let pauseMs = 5;; pauseMs = Math.min(pauseMs * 2, 100)) {
        let begun = false;
        try {
          return await db.transaction().execute((transaction) => {
            begun = true;
            return body(transaction);
          });
        } catch (error) {
          const lockedOut = !begun && error instanceof StoreError && error.reason === "busy";
          if (!lockedOut || performance.now() > giveUpAt) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    },
    async close() {
      await db.destroy();
      // Kysely closes only a database that it has used.
      if (database.isOpen) database.close();
    },
  };
}

/** For reads, which wait only while another process recovers or checkpoints. Such a wait blocks the whole thread. */
const blockingWaitMs = 5_000;

function openDatabase(path: string, lockTimeoutMs: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    database = new DatabaseSync(path);
    database.exec(`PRAGMA busy_timeout = ${blockingWaitMs}`);
    retryWhileBusy(() => database!.exec("PRAGMA journal_mode = WAL"), lockTimeoutMs);
    database.exec("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
    return database;
  } catch (error) {
    database?.close();
    throw explainStorageError(error, "open the database", path);
  }
}

/** Switching to WAL ignores SQLite's busy timeout, and two processes may do it at the same moment. */
function retryWhileBusy(action: () => void, timeoutMs: number): void {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    try {
      return action();
    } catch (error) {
      if (!/is locked/.test(String(error)) || performance.now() > giveUpAt) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
}

/** The part of better-sqlite3 that Kysely uses, made of node:sqlite. */
function shim(database: DatabaseSync, path: string): SqliteDatabase {
  function explained<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw explainStorageError(error, "use the database", path);
    }
  }
  /**
   * A transaction that reads first and writes later can lose its place to another writer, so it takes the lock at once;
   * where that is held, `Store.write` waits for it without blocking the thread.
   */
  function beginning(): ReturnType<SqliteDatabase["prepare"]> {
    const run = () =>
      explained(() => {
        database.exec("PRAGMA busy_timeout = 0");
        try {
          database.exec("BEGIN IMMEDIATE");
        } finally {
          database.exec(`PRAGMA busy_timeout = ${blockingWaitMs}`);
        }
        return { changes: 0, lastInsertRowid: 0 };
      });
    return { reader: false, run, all: () => [], iterate: () => [].values() };
  }
  return {
    close: () => database.close(),
    prepare(sql) {
      if (sql === "begin") return beginning();
      const statement = explained(() => database.prepare(sql));
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => explained(() => statement.all(...parameters as SQLInputValue[])),
        run(parameters) {
          // On a full disk SQLite has rolled back by itself, and a second time would hide the reason.
          if (sql === "rollback" && !database.isTransaction) return { changes: 0, lastInsertRowid: 0 };
          return explained(() => statement.run(...parameters as SQLInputValue[]));
        },
        iterate: (parameters) => statement.iterate(...parameters as SQLInputValue[]),
      };
    },
  };
}

function migrate(database: DatabaseSync, db: Kysely<Database>, path: string): void {
  // The usual case takes no lock, so that opening never waits for another's transaction.
  if (schemaVersion(database) === migrations.length) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    database.exec(
      "CREATE TABLE IF NOT EXISTS weir_schema (version integer PRIMARY KEY, applied_at text NOT NULL)",
    );
    const found = schemaVersion(database);
    if (found > migrations.length) {
      throw new StoreError(
        `Cannot open the database ${path}: it has schema version ${found} and this Weir knows up to ` +
          `${migrations.length}. Update Weir, or set WEIR_HOME to another folder.`,
        { reason: "newer" },
      );
    }
    for (let version = found; version < migrations.length; version++) {
      for (const statement of migrations[version](db)) database.exec(statement.compile().sql);
      database.prepare("INSERT INTO weir_schema (version, applied_at) VALUES (?, ?)")
        .run(version + 1, new Date().toISOString());
    }
    database.exec("COMMIT");
  } catch (error) {
    // On a full disk SQLite has rolled back by itself.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function schemaVersion(database: DatabaseSync): number {
  const table = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'weir_schema'").get();
  if (table === undefined) return 0;
  return Number(database.prepare("SELECT max(version) AS version FROM weir_schema").get()?.version ?? 0);
}
