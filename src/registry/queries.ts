/**
 * The queries of the registry: what it reads from its database, and what it writes there.
 *
 * @module
 */
import { join } from "node:path";
import type { Queries } from "../store/sqlite.ts";
import { type Manifest, parseManifest } from "../bundle/manifest.ts";
import { RegistryError } from "./errors.ts";
import { latest } from "./names.ts";
import { compareVersions } from "./versions.ts";

/** A registered model, its versions from oldest to newest, and its aliases. */
export interface RegisteredModel {
  /** Its name in the registry. */
  readonly name: string;
  /** From oldest to newest. */
  readonly versions: {
    version: string;
    createdAt: string;
    aliases: string[];
    metrics: Manifest["metrics"];
  }[];
  /** Version by alias. */
  readonly aliases: Record<string, string>;
}

/** Where a version's bundle lies. */
export function bundlePath(home: string, { name, version }: { name: string; version: string }): string {
  return join(home, "models", name, version);
}

/** All models, by name. */
export async function listModels(db: Queries): Promise<RegisteredModel[]> {
  const names = await db.selectFrom("models").select("name").orderBy("name").execute();
  const versions = await db.selectFrom("versions").select(["model", "version", "created_at", "manifest"])
    .execute();
  const aliases = await db.selectFrom("aliases").select(["model", "alias", "version"]).orderBy("alias")
    .execute();
  return names.map(({ name }) => {
    const own = aliases.filter((row) => row.model === name);
    return {
      name,
      versions: versions.filter((row) => row.model === name)
        .sort((a, b) => compareVersions(a.version, b.version))
        .map((row) => ({
          version: row.version,
          createdAt: row.created_at,
          aliases: own.filter((alias) => alias.version === row.version).map((alias) => alias.alias),
          metrics: parseManifest(row.manifest, `${name} ${row.version}`).metrics,
        })),
      aliases: Object.fromEntries(own.map((row) => [row.alias, row.version])),
    };
  });
}

/**
 * The version that a reference means: a version, an alias, `latest`, or nothing for champion or else latest.
 *
 * @throws {RegistryError} naming what there is
 */
export async function findVersion(
  db: Queries,
  home: string,
  name: string,
  reference?: string,
): Promise<string> {
  const versions = (await db.selectFrom("versions").select("version").where("model", "=", name).execute())
    .map((row) => row.version).sort(compareVersions);
  if (versions.length === 0) throw new RegistryError(await noModel(db, home, name));
  const aliases = await db.selectFrom("aliases").select(["alias", "version"]).where("model", "=", name)
    .orderBy("alias").execute();
  const aliased = (alias: string) => aliases.find((row) => row.alias === alias)?.version;
  const found = reference === undefined
    ? aliased("champion") ?? versions.at(-1)
    : reference === latest
    ? versions.at(-1)
    : versions.includes(reference)
    ? reference
    : aliased(reference);
  if (found !== undefined) return found;
  const known = aliases.length === 0
    ? "no aliases"
    : aliases.map((row) => `${row.alias} (${row.version})`).join(", ");
  throw new RegistryError(
    `Model "${name}" has no version or alias "${reference?.slice(0, 80)}": it has ${
      few(versions)
    }, and ${known}.`,
  );
}

/** Makes a version known, and its model where it is new. */
export async function insertVersion(db: Queries, manifest: Manifest): Promise<void> {
  const { name, version } = manifest;
  const now = new Date().toISOString();
  await db.insertInto("models").values({ name, created_at: now }).onConflict((c) => c.doNothing()).execute();
  await db.insertInto("versions").values({
    model: name,
    version,
    path: `models/${name}/${version}`,
    run_id: manifest.lineage.runId,
    manifest: JSON.stringify(manifest),
    created_at: now,
  }).execute();
}

/** Whether a version is known. */
export async function isRegistered(
  db: Queries,
  of: { name: string; version: string },
): Promise<boolean> {
  const row = await db.selectFrom("versions").select("version").where("model", "=", of.name)
    .where("version", "=", of.version).executeTakeFirst();
  return row !== undefined;
}

/** Points an alias at a version. */
export async function pointAlias(
  db: Queries,
  model: string,
  alias: string,
  version: string,
): Promise<void> {
  const updated_at = new Date().toISOString();
  await db.insertInto("aliases").values({ model, alias, version, updated_at })
    .onConflict((c) => c.columns(["model", "alias"]).doUpdateSet({ version, updated_at })).execute();
}

async function noModel(db: Queries, home: string, name: string): Promise<string> {
  const names = (await db.selectFrom("models").select("name").orderBy("name").execute()).map((row) =>
    row.name
  );
  const known = names.length === 0 ? "it has none yet; weir train makes one" : `it has ${few(names)}`;
  return `No model "${name.slice(0, 80)}" in the registry ${home}: ${known}.`;
}

/** A list short enough for one line: the newest ten. */
function few(items: string[]): string {
  return items.length <= 10
    ? items.join(", ")
    : `${items.slice(-10).join(", ")} and ${items.length - 10} more`;
}
