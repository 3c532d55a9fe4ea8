/**
 * The tables of the database, and its migrations.
 *
 * @module
 */
import type { Kysely } from "kysely";

/**
 * The tables, as Kysely types. Only text, integers and doubles are used, times are ISO-8601 text in UTC and JSON is text,
 * so that SQLite and PostgreSQL hold the same values.
 */
export interface Database {
  weir_schema: SchemaTable;
  models: ModelsTable;
  versions: VersionsTable;
  aliases: AliasesTable;
  runs: RunsTable;
  metrics: MetricsTable;
}

/** One row for each migration that was applied. */
export interface SchemaTable {
  version: number;
  applied_at: string;
}

/** A registered model: the name that versions share. */
export interface ModelsTable {
  name: string;
  created_at: string;
}

/** A published bundle. It never changes after it was inserted. */
export interface VersionsTable {
  model: string;
  version: string;
  /** The bundle's folder, relative to the home, with forward slashes. */
  path: string;
  /** The run that made it; it may have been recorded elsewhere, so this is no foreign key. */
  run_id: string | null;
  /** weir.json as it was published */
  manifest: string;
  created_at: string;
}

/** A name that points at one version of a model, such as champion. */
export interface AliasesTable {
  model: string;
  alias: string;
  version: string;
  updated_at: string;
}

/** A training run. */
export interface RunsTable {
  id: string;
  name: string;
  /** RUNNING, FINISHED, FAILED or KILLED, as in MLflow */
  status: string;
  started_at: string;
  ended_at: string | null;
  /** JSON object */
  params: string;
}

/** A metric of a run at a step. A step that is logged again, as after a resume, replaces the old value. */
export interface MetricsTable {
  run_id: string;
  key: string;
  step: number;
  /** null stands for NaN */
  value: number | null;
  logged_at: string;
}

/** Anything that Kysely can compile to SQL. */
export interface Statement {
  compile(): { readonly sql: string };
}

/**
 * Forward only: entry i takes the schema from version i to i + 1. An entry that was released never changes; a mistake in
 * one is mended by the next.
 */
export const migrations: readonly ((db: Kysely<Database>) => Statement[])[] = [
  (db) => [
    db.schema.createTable("models")
      .addColumn("name", "text", (c) => c.primaryKey())
      .addColumn("created_at", "text", (c) => c.notNull()),
    db.schema.createTable("versions")
      .addColumn("model", "text", (c) => c.notNull().references("models.name"))
      .addColumn("version", "text", (c) => c.notNull())
      .addColumn("path", "text", (c) => c.notNull())
      .addColumn("run_id", "text")
      .addColumn("manifest", "text", (c) => c.notNull())
      .addColumn("created_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("versions_pk", ["model", "version"]),
    db.schema.createTable("aliases")
      .addColumn("model", "text", (c) => c.notNull())
      .addColumn("alias", "text", (c) => c.notNull())
      .addColumn("version", "text", (c) => c.notNull())
      .addColumn("updated_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("aliases_pk", ["model", "alias"])
      .addForeignKeyConstraint("aliases_version_fk", ["model", "version"], "versions", ["model", "version"]),
    db.schema.createTable("runs")
      .addColumn("id", "text", (c) => c.primaryKey())
      .addColumn("name", "text", (c) => c.notNull())
      .addColumn("status", "text", (c) => c.notNull())
      .addColumn("started_at", "text", (c) => c.notNull())
      .addColumn("ended_at", "text")
      .addColumn("params", "text", (c) => c.notNull()),
    db.schema.createIndex("runs_started_at").on("runs").column("started_at"),
    db.schema.createTable("metrics")
      .addColumn("run_id", "text", (c) => c.notNull().references("runs.id").onDelete("cascade"))
      .addColumn("key", "text", (c) => c.notNull())
      .addColumn("step", "integer", (c) => c.notNull())
      .addColumn("value", "double precision")
      .addColumn("logged_at", "text", (c) => c.notNull())
      .addPrimaryKeyConstraint("metrics_pk", ["run_id", "key", "step"]),
  ],
];
