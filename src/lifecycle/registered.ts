/**
 * Whether a run, or one like it, is registered already.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import type { Store } from "../store/sqlite.ts";

/** The version of a model that a run was registered as, the latest where there are several. */
export async function versionOfRun(store: Store, name: string, runId: string): Promise<string | undefined> {
  const rows = await store.db.selectFrom("versions").select(["version", "manifest"]).where("model", "=", name)
    .execute();
  return rows.findLast(({ manifest }) => JSON.parse(manifest).lineage?.runId === runId)?.version;
}

/** The latest version that a training of the same data and settings was registered as, settings being a run's `params`. */
export async function versionLike(
  store: Store,
  name: string,
  { dataHash, params }: { readonly dataHash: string; readonly params: Readonly<Record<string, unknown>> },
): Promise<string | undefined> {
  const rows = await store.db.selectFrom("versions").select(["version", "manifest"]).where("model", "=", name)
    .execute();
  const wanted = JSON.parse(JSON.stringify(params));
  for (const { version, manifest } of rows.toReversed()) {
    const { lineage } = JSON.parse(manifest);
    if (lineage?.dataHash !== dataHash || typeof lineage.runId !== "string") continue;
    const run = await store.db.selectFrom("runs").select("params").where("id", "=", lineage.runId)
      .executeTakeFirst();
    if (run && isDeepStrictEqual(JSON.parse(run.params), wanted)) return version;
  }
  return undefined;
}
