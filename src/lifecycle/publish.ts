/**
 * A model's files as a bundle with its manifest, and the bundle as a new version in the registry.
 *
 * @module
 */
import { join } from "node:path";
import { formatCount } from "../base/format.ts";
import { lockFile, tryLockAlone } from "../base/lock.ts";
import { show } from "../base/text.ts";
import {
  type Lineage,
  type Manifest,
  type ManifestDraft,
  manifestLimits,
  parseManifestDraft,
} from "../bundle/manifest.ts";
import { type BundleContent, jsonText, writeBundle } from "../bundle/writer.ts";
import { checkAlias, checkName } from "../registry/names.ts";
import { checkWritable, openRegistry } from "../registry/registry.ts";
import type { ModelSpec } from "../tasks/model.ts";
import { servedTasks } from "../tasks/served.ts";
import { LifecycleError } from "./errors.ts";
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
  made: MadeBundle,
  { name, home, bump, aliases, output }: PublishTarget,
): Promise<{ version: string; path: string }> {
  const undefinedMetrics = Object.keys(made.metrics).filter((metric) => !isDefined(made.metrics[metric]));
  if (undefinedMetrics.length > 0) {
    output.progress(
      `warning: ${
        undefinedMetrics.join(", ")
      }: not defined on these held-out rows, and left out of the bundle`,
    );
  }
  const manifest = draftOf(name, made);
  await using staging = await openStaging(home, output);
  const registry = openRegistry(home);
  try {
    await writeBundle(staging.directory, made.files, manifest);
    const { pipelineTag } = servedTasks[made.spec.task];
    return await registry.publish({
      name,
      directory: staging.directory,
      bump,
      aliases: [...aliases],
      pipelineTag,
    });
  } finally {
    await registry.close();
  }
}

function draftOf(
  name: string,
  { spec, lineage, metrics, maxTokens, pairColumn, cleaning = [] }: Omit<MadeBundle, "files">,
): ManifestDraft {
  return {
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
    metrics: Object.fromEntries(Object.entries(metrics).filter(([, metric]) => isDefined(metric))),
    limits: { maxTokens, maxCharacters: 1_000_000 },
  };
}

/** Whether a metric is a number: a correlation with what is all the same is none. */
function isDefined({ value, low, high }: Manifest["metrics"][string]): boolean {
  return [value, low, high].every(Number.isFinite);
}

/**
 * Refuses before the work what {@linkcode publishBundle} would refuse after it: names, labels, sizes, folders that cannot be
 * written. The manifest is checked by what reads it.
 *
 * @throws {BundleError} for what no bundle may have.
 * @throws {RegistryError} for names.
 * @throws {StoreError} for folders.
 */
export async function checkPublishable(
  bundle:
    & Pick<MadeBundle, "spec" | "maxTokens" | "pairColumn">
    & Pick<Lineage, "baseModel" | "device" | "seed">,
  { name, home, aliases }: Pick<PublishTarget, "name" | "home" | "aliases">,
): Promise<void> {
  const { baseModel, device, seed } = bundle;
  checkName("model", name);
  for (const alias of aliases) checkAlias(alias);
  const { labels = [] } = bundle.spec.head as { labels?: readonly string[] };
  const unknown = { value: 0, low: 0, high: 0, confidence: 0.95, n: 0 };
  const draft = draftOf(name, {
    ...bundle,
    lineage: {
      ...{ runId: crypto.randomUUID(), dataHash: null, baseModel, method: "full", seed, device },
      ...{ epochs: 0, steps: 0, trainSeconds: 0 },
    },
    // Metrics are named after labels at the most.
    metrics: Object.fromEntries(labels.slice(0, 2).map((label) => [`f1.${label}`, unknown])),
  });
  parseManifestDraft(jsonText(draft), `the bundle of ${name}`);
  await checkWritable(home, name);
}

/**
 * Refuses labels that no bundle may have.
 *
 * @throws {LifecycleError} naming the first.
 */
export function checkLabels(labels: readonly string[], source: string): void {
  const { labelCharacters, labels: most } = manifestLimits;
  const long = labels.find((label) => label.length > labelCharacters);
  if (long !== undefined) {
    throw new LifecycleError(
      `${source}: the label ${show(long)} has ${
        formatCount(long.length)
      } characters; a model's labels have at most ${
        formatCount(labelCharacters)
      }: shorten it, or name the column of the label with --label-column`,
    );
  }
  if (labels.length > most) {
    throw new LifecycleError(
      `${source}: ${formatCount(labels.length)} labels; a model has at most ${
        formatCount(most)
      }: is the column of the label right?`,
    );
  }
}

/** A folder of this publish alone; those of publishes that were killed are removed. */
async function openStaging(
  home: string,
  output: Reporter,
): Promise<AsyncDisposable & { readonly directory: string }> {
  const root = join(home, "publishing");
  await removeAbandoned(root);
  const directory = join(root, `weir-bundle-${crypto.randomUUID()}`);
  const lock = await lockFile(`${directory}.lock`, {
    refusal: ({ who }) => `Cannot write to ${directory}: ${who} does`,
  });
  return {
    directory,
    async [Symbol.asyncDispose]() {
      await removeLeftovers(directory, output);
      lock[Symbol.dispose]();
      // Another publish may be under way in it.
      await Deno.remove(root).catch(() => {});
    },
  };
}

async function removeAbandoned(root: string): Promise<void> {
  const names = await Array.fromAsync(Deno.readDir(root), ({ name }) => name).catch(() => []);
  for (const name of names.filter((name) => name.endsWith(".lock"))) {
    using lock = await tryLockAlone(join(root, name)).catch(() => undefined);
    if (!lock) continue;
    await Deno.remove(join(root, name.slice(0, -".lock".length)), { recursive: true }).catch(() => {});
    await Deno.remove(join(root, name)).catch(() => {});
  }
}

/** Removes a folder that has done its work. What was registered meanwhile stays so if this fails: that is a warning. */
export async function removeLeftovers(folder: string, output: Reporter): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return;
    output.progress(`warning: ${folder} is not needed any more and could not be removed: ${error.message}`);
  });
}
