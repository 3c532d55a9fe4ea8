/**
 * `weir registry`: what models there are, and which version each alias means.
 *
 * @module
 */
import type { Command } from "commander";
import { BundleError } from "../bundle/errors.ts";
import { openRegistry, type Registry } from "../registry/registry.ts";
import { commands } from "./commands.ts";
import { type CommonOptions, homeOf, newCommand, parseModel } from "./options.ts";
import { type Output, processOutput, UnmetError } from "./output.ts";

/** Adds the command. */
export function registryCommand(program: Command): Command {
  const registry = program.command("registry").description(commands.registry.description)
    .addHelpText(
      "after",
      `\nExamples:\n  weir registry list\n  weir registry alias spam@1.0.0 champion   # back to 1.0.0`,
    );
  registry.addCommand(
    newCommand("list", "every model, its versions and aliases", ["registry list --json"]).action(list),
  );
  registry.addCommand(
    ofModel("show", "one version: lineage, metrics, files", ["registry show spam@champion"]).action(show),
  );
  registry.addCommand(
    ofModel("verify", "check size and hash of every file", ["registry verify spam@1.0.0"]).action(verify),
  );
  registry.addCommand(
    ofModel("alias", "point an alias at a version, or take it away with --delete", [
      "registry alias spam@1.0.0 champion",
      "registry alias spam challenger --delete",
    ])
      .argument("<alias>", "such as champion").option("--delete", "take the alias away").action(alias),
  );
  return registry;
}

function ofModel(name: string, summary: string, examples: readonly string[]): Command {
  return newCommand(name, summary, examples).argument("<model>", "name[@version|@alias]");
}

function list(options: CommonOptions): Promise<void> {
  return withRegistry(options, async (registry, output) => {
    const models = await registry.list();
    const lines = models.map(({ name, versions, aliases }) => {
      const named = Object.entries(aliases).map(([alias, version]) => `${alias} -> ${version}`).join(", ");
      return `${name}  ${versions.map((v) => v.version).join(", ")}${named && `  (${named})`}`;
    });
    output.result(
      { models },
      lines.join("\n") || `no models in ${homeOf(options)}: train one with "weir train"`,
    );
  });
}

function show(model: string, options: CommonOptions): Promise<void> {
  return withRegistry(options, async (registry, output) => {
    const { name, reference } = parseModel(model);
    const found = await registry.resolve(name, reference);
    output.result(found, `${JSON.stringify(found.manifest, null, 2)}\n${found.path}`);
  });
}

function verify(model: string, options: CommonOptions): Promise<void> {
  return withRegistry(options, async (registry, output) => {
    const { name, reference } = parseModel(model);
    const { version, manifest } = await registry.verify(name, reference).catch((error) => {
      throw error instanceof BundleError ? new UnmetError(error.message) : error;
    });
    const files = Object.keys(manifest.files).length;
    output.result({ name, version, files, intact: true }, `${name} ${version}: ${files} files, intact`);
  });
}

function alias(model: string, alias: string, options: CommonOptions & { delete?: boolean }): Promise<void> {
  return withRegistry(options, async (registry, output) => {
    const { name, reference } = parseModel(model);
    if (options.delete) {
      await registry.deleteAlias(name, alias);
      return output.result({ name, alias, version: null }, `${name}: alias ${alias} is gone`);
    }
    const { version } = await registry.resolve(name, reference);
    await registry.setAlias(name, alias, version);
    output.result({ name, alias, version }, `${name}: ${alias} -> ${version}`);
  });
}

async function withRegistry(
  options: CommonOptions,
  action: (registry: Registry, output: Output) => Promise<void>,
): Promise<void> {
  const registry = openRegistry(homeOf(options));
  try {
    await action(registry, processOutput({ json: options.json ?? false }));
  } finally {
    await registry.close();
  }
}
