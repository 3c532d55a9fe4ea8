/**
 * A model's files as a bundle with its manifest, and the bundle as a new version in the registry.
 *
 * @module
 */
import type { Lineage, Manifest, ManifestDraft } from "../bundle/manifest.ts";
import { type BundleContent, writeBundle } from "../bundle/writer.ts";
import { openRegistry } from "../registry/registry.ts";
import type { ModelSpec } from "../tasks/model.ts";
import { servedTasks } from "../tasks/served.ts";
import { signatureOf } from "./export.ts";
import type { Reporter } from "./reporter.ts";

/** What a bundle is made of. */
export interface MadeBundle {
  readonly spec: ModelSpec;
  /** By path: see `bundleFiles`. */
  readonly files: Readonly<Record<string, BundleContent>>;
  readonly lineage: Lineage;
  readonly metrics: Manifest["metrics"];
  readonly maxTokens: number;
  /** As the manifest keeps it: see {@linkcode pairColumnOf}. */
  readonly pairColumn?: string | null;
  /** As the manifest keeps it; none where it is absent or empty. */
  readonly cleaning?: readonly string[];
}

/** Where a bundle is registered. */
export interface PublishTarget {
  /** The registered model's name. */
  readonly name: string;
  readonly home: string;
  readonly bump: "major" | "minor" | "patch";
  readonly aliases: readonly string[];
  readonly output: Reporter;
}

/** Writes a bundle and registers it as a new version. */
export async function publishBundle(
  { spec, files, lineage, metrics, maxTokens, pairColumn, cleaning = [] }: MadeBundle,
  { name, home, bump, aliases, output }: PublishTarget,
): Promise<{ version: string; path: string }> {
  const manifest: ManifestDraft = {
    format: cleaning.length > 0 ? "weir-bundle/3" : "weir-bundle/2",
    name,
    task: spec.task,
    createdAt: new Date().toISOString(),
    architecture: spec.config.modelType,
    head: spec.head as Record<string, unknown>,
    ...(pairColumn !== undefined && { pairColumn }),
    ...(cleaning.length > 0 && { cleaning }),
    signatures: { model: signatureOf(spec) },
    lineage,
    metrics,
    limits: { maxTokens, maxCharacters: 1_000_000 },
  };
  const staging = await Deno.makeTempDir({ prefix: "weir-bundle-" });
  const registry = openRegistry(home);
  try {
    await writeBundle(staging, files, manifest);
    const { pipelineTag } = servedTasks[spec.task];
    return await registry.publish({ name, directory: staging, bump, aliases: [...aliases], pipelineTag });
  } finally {
    await registry.close();
    await removeLeftovers(staging, output);
  }
}

/** Removes a folder that has done its work. What was registered meanwhile stays so if this fails: that is a warning. */
export async function removeLeftovers(folder: string, output: Reporter): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) =>
    output.progress(`warning: ${folder} is not needed any more and could not be removed: ${error.message}`)
  );
}
