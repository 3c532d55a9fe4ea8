/**
 * Whether a run is registered already.
 *
 * @module
 */
import type { Store } from "../store/sqlite.ts";

/** The version of a model that a run was registered as, the latest where there are several. */
export async function versionOfRun(store: Store, name: string, runId: string): Promise<string | undefined> {
  const rows = await store.db.selectFrom("versions").select(["version", "manifest"]).where("model", "=", name)
    .execute();
  return rows.findLast(({ manifest }) => JSON.parse(manifest).lineage?.runId === runId)?.version;
}
