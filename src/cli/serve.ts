/**
 * `weir serve`: answer requests with a registered model, and watch what comes in.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from "commander";
import { openRegistry } from "../registry/registry.ts";
import type { AlertOptions } from "../serve/alerts.ts";
import type { PredictService } from "../serve/service.ts";
import { createWebhook } from "../serve/webhook.ts";
import { commands } from "./commands.ts";
import type { DeviceChoice } from "./device.ts";
import { type MonitorFlags, monitorOptionsOf, withMonitorOptions } from "./drift_policy.ts";
import { openStateFile, type StateFile } from "./drift_state.ts";
import { isPath, openModel } from "./model.ts";
import { type CommonOptions, deviceOption, homeOf, integer, newCommand, parseModel } from "./options.ts";
import { calledRightly, type Output, processOutput } from "./output.ts";
import { type ModelServer, startServer } from "./server.ts";
import { untilStopped } from "./signals.ts";

interface Options extends CommonOptions, MonitorFlags {
  readonly model: string;
  readonly device: DeviceChoice;
  readonly host: string;
  readonly port: number;
  readonly workers: number;
  readonly maxQueue: number;
  readonly alertWebhook?: string;
  readonly allowPrivateWebhook?: boolean;
}

/** Adds the command. */
export function serveCommand(program: Command): Command {
  const command = withMonitorOptions(newCommand(
    "serve",
    commands.serve.description,
    [
      "serve --model spam --port 8080",
      "serve --model spam@1.0.0 --device wasm --host 0.0.0.0",
      "serve --model spam --window 500 --window-time 1h --policy drift.yaml",
    ],
  ))
    .requiredOption("--model <model>", "name[@version|@alias], or a bundle's folder", once)
    .option("--host <address>", "where to listen; 0.0.0.0 to be reached from other machines", "127.0.0.1")
    .option("--port <port>", "0 for a free one", integer({ min: 0, max: 65_535 }), 8080)
    .option("--workers <n>", "copies of the model, each in a Worker", integer({ min: 1, max: 64 }), 1)
    .option(
      "--max-queue <n>",
      "texts that may wait before requests are refused",
      integer({ min: 1, max: 1e6 }),
      512,
    )
    .option(
      "--alert-webhook <url>",
      "where alerts are sent as JSON that Slack shows; WEIR_WEBHOOK_SECRET in the environment signs them",
    )
    .option("--allow-private-webhook", "that address may be of this machine or of a private network")
    .addOption(deviceOption())
    .action(serve);
  program.addCommand(command);
  return command;
}

/** A server of the command line has one model; of several, the last would be served without a word. */
function once(model: string, before?: string): string {
  if (before === undefined) return model;
  throw new InvalidArgumentError(`it was given as ${before} already: one model is served`);
}

async function serve(options: Options): Promise<void> {
  const output = processOutput({ json: options.json ?? false });
  const service = await openModel(options.model, options, {
    workers: options.workers,
    maxQueue: options.maxQueue,
  });
  const { manifest, device, loadMs } = service.info();
  const server = await startOrClose(service, options, output);
  output.result(
    { url: server.url, model: manifest.name, version: manifest.version, device, loadMs },
    `${manifest.name} ${manifest.version} on ${device}: ${server.url} (loaded in ${
      Math.round(loadMs)
    } ms; Ctrl-C ends)`,
  );
  await untilStopped();
  output.progress("closing: answering what is under way");
  await server.close();
}

/** What sends alerts; nothing without an address. */
function webhookOf({ alertWebhook: url, allowPrivateWebhook: allowPrivate }: Options): AlertOptions["send"] {
  if (url === undefined) return undefined;
  const secret = Deno.env.get("WEIR_WEBHOOK_SECRET") || undefined;
  return calledRightly(() => createWebhook({ url, secret, allowPrivate }));
}

/** What the version is called besides its number: its aliases in the registry, and `latest` where it was asked for as that. */
async function aliasesOf(options: Options, version: string): Promise<string[]> {
  const { name, reference } = parseModel(options.model);
  const registry = openRegistry(homeOf(options));
  try {
    const model = (await registry.list()).find((model) => model.name === name);
    const registered = model?.versions.find((other) => other.version === version)?.aliases ?? [];
    return reference === "latest" ? [...registered, reference] : registered;
  } finally {
    await registry.close();
  }
}

/** A port that is taken leaves no Worker and no lock behind. */
async function startOrClose(service: PredictService, options: Options, output: Output): Promise<ModelServer> {
  let stateFile: StateFile | undefined;
  try {
    const { name, version } = service.info().manifest;
    const isRegistered = !isPath(options.model);
    const aliases = isRegistered ? await aliasesOf(options, version) : [];
    stateFile = isRegistered && service.baseline !== undefined
      ? await openStateFile(homeOf(options), { name, version }, output)
      : undefined;
    return startServer(service, {
      hostname: options.host,
      port: options.port,
      watching: monitorOptionsOf(options),
      stateFile,
      sendAlert: webhookOf(options),
      aliases,
      output,
    });
  } catch (error) {
    stateFile?.release();
    await service.close();
    throw error;
  }
}
