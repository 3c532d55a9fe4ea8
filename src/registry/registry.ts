/**
 * Bundles by name, semantic version and alias, on a disk that any number of processes share.
 *
 * @module
 */
import { dirname, join, resolve as absolute } from "node:path";
import { lockShared } from "../base/lock.ts";
import { explainStorageError } from "../store/errors.ts";
import { openStore, type Queries, type Store } from "../store/sqlite.ts";
import { type Manifest, parseManifest } from "../bundle/manifest.ts";
import { isVersion } from "../bundle/names.ts";
import { verifyBundle } from "../bundle/reader.ts";
import type { CardOptions } from "./card.ts";
import { RegistryError } from "./errors.ts";
import { checkAlias, checkName } from "./names.ts";
import {
  type BundleSource,
  journalSuffix,
  placeBundle,
  removeBundle,
  sealBundle,
  stageBundle,
  type Staged,
} from "./stage.ts";
import {
  bundlePath,
  findVersion,
  insertVersion,
  listModels,
  pointAlias,
  type RegisteredModel,
} from "./queries.ts";
import { recover } from "./recover.ts";
import { type Bump, bumpVersion, compareVersions, firstVersion } from "./versions.ts";

/**
 * What {@linkcode Registry.publish} takes: a name, a source, how to number it, and what the model card says. A card that the
 * bundle brings is kept.
 */
export type PublishOptions = BundleSource & CardOptions & {
  /** The model to add a version to; a new one where there is none of that name. */
  name: string;
  /** How the version grows from the highest there is; default patch. The first version is 1.0.0 whatever this is. */
  bump?: Bump;
  /** aliases that shall point at the new version, in the same moment as it appears */
  aliases?: string[];
};

/** One version of a model, and where its bundle lies. */
export interface ModelVersion {
  /** The model's name. */
  readonly name: string;
  /** Its semantic version. */
  readonly version: string;
  /** The bundle's folder. */
  readonly path: string;
  /** Its weir.json as it was when it was published. */
  readonly manifest: Manifest;
}

export type { RegisteredModel } from "./queries.ts";

/** Bundles by name, semantic version and alias. */
export interface Registry {
  /**
   * Copies a bundle in as a new version. A kill at any moment leaves the registry as it was, or with the new version and
   * its aliases.
   *
   * @throws {BundleError} when the source is no bundle or is damaged
   * @throws {RegistryError} when a name is not allowed
   * @throws {StoreError} when the disk is full, cannot be written, or the database is locked or damaged
   */
  publish(options: PublishOptions): Promise<{ version: string; path: string }>;
  /**
   * Finds a version by number or alias. `latest` is the highest version; no reference means `champion` where that is
   * set, else `latest`.
   *
   * @throws {RegistryError} naming what there is
   */
  resolve(name: string, reference?: string): Promise<ModelVersion>;
  /** Like {@linkcode Registry.resolve}, and checks the size and hash of every file. */
  verify(name: string, reference?: string): Promise<ModelVersion>;
  /** All models, by name. */
  list(): Promise<RegisteredModel[]>;
  /** Points an alias at a version, wherever it pointed before. */
  setAlias(name: string, alias: string, reference: string): Promise<void>;
  /** Takes an alias away. */
  deleteAlias(name: string, alias: string): Promise<void>;
  /** Closes the database. */
  close(): Promise<void>;
}

/** The moments of a publish, in order, at which a process may die. */
export type PublishStep = "copied" | "locked" | "sealed" | "placed" | "inserted" | "committed";

/** Options of {@linkcode openRegistry}. */
export interface RegistryOptions {
  /** Called after each step of a publish; tests end the process here. */
  readonly onStep?: (step: PublishStep) => void | Promise<void>;
}

/**
 * Opens the registry in `home` ($WEIR_HOME) and makes it where there is none: `weir.db`, and the bundles in
 * `models/<name>/<version>/`. Any number of processes may use it at once.
 *
 * @throws {StoreError} when the database is damaged, cannot be written, or was written by a newer Weir
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openRegistry } from "./registry.ts";
 *
 * const home = Deno.makeTempDirSync();
 * const registry = openRegistry(home);
 * assert.deepEqual(await registry.list(), []);
 * await assert.rejects(registry.resolve("spam"), /No model "spam"/);
 * await registry.close();
 * Deno.removeSync(home, { recursive: true });
 * ```
 */
export function openRegistry(home: string, options: RegistryOptions = {}): Registry {
  home = absolute(home);
  const store = openStore(join(home, "weir.db"));
  const step = async (name: PublishStep) => await options.onStep?.(name);
  // The clean-up after a publish that died waits for the first use, because opening does not wait for anything.
  let recovered: Promise<void> | undefined;
  const ready = () => recovered ??= recover(store, home);

  async function resolve(name: string, reference?: string): Promise<ModelVersion> {
    await ready();
    const version = await findVersion(store.db, home, name, reference);
    const row = await store.db.selectFrom("versions").selectAll().where("model", "=", name)
      .where("version", "=", version).executeTakeFirstOrThrow();
    const path = join(home, ...row.path.split("/"));
    if (!await Deno.stat(path).then((info) => info.isDirectory, () => false)) {
      throw new RegistryError(
        `${name} ${version} is registered, but its folder ${path} is missing: restore it or publish again.`,
      );
    }
    return { name, version, path, manifest: parseManifest(row.manifest, `${name} ${version}`) };
  }

  return {
    async publish({ name, bump = "patch", aliases = [], ...source }) {
      checkName("model", name);
      for (const alias of aliases) checkAlias(alias);
      await ready();
      // Shared with other publishes; what removes leftovers takes it alone, and so runs beside no publish.
      const lockPath = join(home, "registry.lock");
      using _lock = await lockShared(lockPath).catch((error) => {
        throw explainStorageError(error, `lock ${lockPath}`, lockPath);
      });
      const id = crypto.randomUUID();
      const directory = join(home, "staging", id);
      const journal = join(home, "staging", id + journalSuffix);
      try {
        const staged = await stageBundle(source, directory);
        await step("copied");
        const published = await register(store, home, {
          name,
          bump,
          aliases,
          card: source,
          staged,
          journal,
          step,
        });
        await step("committed");
        return published;
      } finally {
        await Deno.remove(directory, { recursive: true }).catch(() => {});
        await Deno.remove(journal).catch(() => {});
      }
    },
    resolve,
    async verify(name, reference) {
      const found = await resolve(name, reference);
      return { ...found, manifest: await verifyBundle(found.path) };
    },
    async list() {
      await ready();
      return await listModels(store.db);
    },
    async setAlias(name, alias, reference) {
      checkAlias(alias);
      await ready();
      await store.write(async (t) => pointAlias(t, name, alias, await findVersion(t, home, name, reference)));
    },
    async deleteAlias(name, alias) {
      await ready();
      await store.write(async (t) => {
        await findVersion(t, home, name, checkAlias(alias));
        await t.deleteFrom("aliases").where("model", "=", name).where("alias", "=", alias).execute();
      });
    },
    close: () => store.close(),
  };
}

/**
 * Refuses a home in which no version of a model could be put into its place.
 *
 * @throws {StoreError} saying what of it cannot be written.
 */
export async function checkWritable(home: string, name: string): Promise<void> {
  for (const path of [join(home, "staging"), join(home, "models", name)]) {
    let folder = path;
    // What is missing is made when it is needed, in the first folder above it that there is.
    while (folder !== dirname(folder) && !await exists(folder)) folder = dirname(folder);
    const probe = join(folder, `.${crypto.randomUUID()}.tmp`);
    try {
      await Deno.writeTextFile(probe, "");
      await Deno.remove(probe);
    } catch (error) {
      throw explainStorageError(error, `publish ${name}`, folder);
    }
  }
}

function exists(path: string): Promise<boolean> {
  return Deno.lstat(path).then(() => true, () => false);
}

interface Registration {
  readonly name: string;
  readonly bump: Bump;
  readonly aliases: string[];
  readonly card: CardOptions;
  readonly staged: Staged;
  readonly journal: string;
  readonly step: (name: PublishStep) => Promise<void>;
}

/** Under the database's write lock: numbers the bundle, puts it in place, and makes it visible by the commit. */
async function register(
  store: Store,
  home: string,
  publish: Registration,
): Promise<{ version: string; path: string }> {
  const { name, staged, step } = publish;
  let placed: string | undefined;
  try {
    return await store.write(async (t) => {
      await step("locked");
      const version = await nextVersion(t, home, name, publish.bump);
      const manifest = await sealBundle(staged, name, version, publish.card);
      await step("sealed");
      const path = placed = bundlePath(home, { name, version });
      await placeBundle(staged, path, { path: publish.journal, entry: { name, version } });
      await step("placed");
      await insertVersion(t, manifest);
      for (const alias of publish.aliases) await pointAlias(t, name, alias, version);
      await step("inserted");
      return { version, path };
    });
  } catch (error) {
    if (placed !== undefined) await removeBundle(placed);
    throw explainStorageError(error, `publish ${name}`, home);
  }
}

/** One above the highest that is registered or, after a crash that was not cleaned up yet, lies in the folder. */
async function nextVersion(db: Queries, home: string, name: string, bump: Bump): Promise<string> {
  const rows = await db.selectFrom("versions").select("version").where("model", "=", name).execute();
  const versions = rows.map((row) => row.version);
  try {
    for await (const entry of Deno.readDir(join(home, "models", name))) {
      if (isVersion(entry.name)) versions.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const highest = versions.sort(compareVersions).at(-1);
  return highest === undefined ? firstVersion : bumpVersion(highest, bump);
}
