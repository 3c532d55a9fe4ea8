/**
 * A running server of one model: its service, its drift monitor and the app on a port. What `weir serve` and `weir demo`
 * keep open.
 *
 * @module
 */
import { createApp } from "../../routes/app.ts";
import { listen, type RunningServer } from "../../routes/main.ts";
import { type LiveWatch, type MonitorOptions, watchLive } from "../drift/mod.ts";
import { type AlertOptions, tellAlerts } from "../serve/alerts.ts";
import { monitorOf } from "../serve/monitor.ts";
import type { PredictService } from "../serve/service.ts";
import type { StateFile } from "./drift_state.ts";
import type { Output } from "./output.ts";

/** How a model is put on the network. */
export interface ServerOptions {
  readonly hostname: string;
  /** 0: a free one. */
  readonly port: number;
  /** How what comes in is watched for drift. */
  readonly watching: Pick<MonitorOptions, "windowSize" | "windowMs" | "policy">;
  /** Where the monitor's state is kept; absent: a restart begins anew. */
  readonly stateFile?: StateFile;
  /** Sends alerts; absent: they are only logged. */
  readonly sendAlert?: AlertOptions["send"];
  readonly aliases?: readonly string[];
  readonly output: Output;
}

/** A model on the network. */
export interface ModelServer {
  readonly url: string;
  /** Absent where the bundle has no baseline. */
  readonly monitor?: LiveWatch<unknown>;
  readonly finished: RunningServer["finished"];
  /** Answers what is under way, then ends the server and the service. */
  close(): Promise<void>;
}

/** Serves a loaded model. It closes with the server. */
export function startServer(service: PredictService, options: ServerOptions): ModelServer {
  const { output } = options;
  const monitor = watch(service, options);
  const app = createApp({
    models: [{ service, monitor, aliases: options.aliases }],
    onError: (error, requestId) => output.progress(`request ${requestId} failed: ${String(error)}`),
  });
  const server = listen(app, { hostname: options.hostname, port: options.port });
  for (const note of [...monitor?.notes ?? [], options.stateFile?.note ?? []].flat()) output.progress(note);
  const { name, version } = service.info().manifest;
  const alerts = monitor && tellAlerts(monitor, {
    name,
    version,
    log: output.progress,
    send: options.sendAlert,
    state: options.stateFile?.alerts,
  });
  const stopKeeping = monitor && options.stateFile?.keep(monitor, alerts);
  return {
    url: server.url,
    monitor,
    finished: server.finished,
    async close() {
      await server.close();
      await service.close();
      await alerts?.stop();
      await stopKeeping?.();
      monitor?.dispose();
    },
  };
}

/** The monitor of a service's traffic; nothing where its bundle has no baseline. */
function watch(
  service: PredictService,
  { watching, stateFile, output }: ServerOptions,
): LiveWatch<unknown> | undefined {
  const monitor = monitorOf(service, { ...watching, state: stateFile?.state });
  return monitor && watchLive(monitor, { onFailure: (line) => output.progress(`warning: ${line}`) });
}
