/**
 * `weir registry`: what models there are, and which version each alias means.
 *
 * @module
 */
import type { Command } from "commander";
import { BundleError } from "../bundle/errors.ts";
import { openRegistry, type Registry } from "../registry/registry.ts";
import { type CommonOptions, homeOf, newCommand, parseModel } from "./options.ts";
import { type Output, processOutput, UnmetError } from "./output.ts";

/** Adds the command. */
export function registryCommand(program: Command): Command {
  const registry = program.command("registry").description("list, inspect, verify and alias model versions")
    .addHelpText(
      "after",
      `\nExamples:\n  weir registry list\n  weir registry alias spam@1.0.0 champion   # back to 1.0.0`,
    );
  registry.addCommand(
    newCommand("list", "every model, its versions and aliases", ["registry list --json"]).action((
      options: CommonOptions,
    ) =>
      withRegistry(options, async (r, out) => {
        const models = await r.list();
        const lines = models.map((m) => {
          const aliases = Object.entries(m.aliases).map(([alias, version]) => `${alias} -> ${version}`).join(
            ", ",
          );
          return `${m.name}  ${m.versions.map((v) => v.version).join(", ")}${
            aliases ? `  (${aliases})` : ""
          }`;
        });
        out.result(
          { models },
          lines.join("\n") || `no models in ${homeOf(options)}: train one with "weir train"`,
        );
      })
    ),
  );
  registry.addCommand(
    newCommand("show", "one version: lineage, metrics, files", ["registry show spam@champion"]).argument(
      "<model>",
      "name[@version|@alias]",
    )
      .action((model: string, options: CommonOptions) =>
        withRegistry(options, async (r, out) => {
          const { name, reference } = parseModel(model);
          const found = await r.resolve(name, reference);
          out.result(found, `${JSON.stringify(found.manifest, null, 2)}\n${found.path}`);
        })
      ),
  );
  registry.addCommand(
    newCommand("verify", "check size and hash of every file", ["registry verify spam@1.0.0"]).argument(
      "<model>",
      "name[@version|@alias]",
    )
      .action((model: string, options: CommonOptions) =>
        withRegistry(options, async (r, out) => {
          const { name, reference } = parseModel(model);
          const found = await r.verify(name, reference).catch((error) => {
            throw error instanceof BundleError ? new UnmetError(error.message) : error;
          });
          const files = Object.keys(found.manifest.files).length;
          out.result(
            { name, version: found.version, files, intact: true },
            `${name} ${found.version}: ${files} files, intact`,
          );
        })
      ),
  );
  registry.addCommand(
    newCommand("alias", "point an alias at a version, or take it away with --delete", [
      "registry alias spam@1.0.0 champion",
      "registry alias spam challenger --delete",
    ])
      .argument("<model>", "name[@version|@alias]").argument("<alias>", "such as champion")
      .option("--delete", "take the alias away")
      .action((model: string, alias: string, options: CommonOptions & { delete?: boolean }) =>
        withRegistry(options, async (r, out) => {
          const { name, reference } = parseModel(model);
          if (options.delete) {
            await r.deleteAlias(name, alias);
            return out.result({ name, alias, version: null }, `${name}: alias ${alias} is gone`);
          }
          const { version } = await r.resolve(name, reference);
          await r.setAlias(name, alias, version);
          out.result({ name, alias, version }, `${name}: ${alias} -> ${version}`);
        })
      ),
  );
  return registry;
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
