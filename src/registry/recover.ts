/**
 * Putting a registry right after a publish that died, or a database that was lost.
 *
 * @module
 */
import { join } from "node:path";
import { tryLockAlone } from "../base/lock.ts";
import { explainStorageError } from "../store/errors.ts";
import type { Store } from "../store/sqlite.ts";
import { BundleError } from "../bundle/errors.ts";
import { isVersion } from "../bundle/names.ts";
import { readManifest } from "../bundle/reader.ts";
import { bundlePath, insertVersion, isRegistered } from "./queries.ts";
import { removeUnfinished } from "./stage.ts";

/**
 * Clears away what publishes that died have left, and registers the bundles of a home whose database is new, such as
 * after a damaged one was moved away. Does nothing while another process publishes.
 */
export async function recover(store: Store, home: string): Promise<void> {
  try {
    using alone = await tryLockAlone(join(home, "registry.lock"));
    if (alone === undefined) return;
    await removeUnfinished(
      join(home, "staging"),
      (entry) => bundlePath(home, entry),
      (entry) => isRegistered(store.db, entry),
    );
    const any = await store.db.selectFrom("versions").select("version").limit(1).executeTakeFirst();
    if (any === undefined) await adoptBundles(store, home);
  } catch (error) {
    throw explainStorageError(error, "open the registry", home);
  }
}

async function adoptBundles(store: Store, home: string): Promise<void> {
  for (const name of await folders(join(home, "models"))) {
    for (const version of (await folders(join(home, "models", name))).filter(isVersion)) {
      try {
        const manifest = await readManifest(bundlePath(home, { name, version }));
        if (manifest.name !== name || manifest.version !== version) continue;
        await store.write((t) => insertVersion(t, manifest));
      } catch (error) {
        // What is no bundle was not put there by the registry, and stays where it is.
        if (!(error instanceof BundleError)) throw error;
      }
    }
  }
}

async function folders(path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).filter((e) => e.isDirectory).map((e) => e.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
