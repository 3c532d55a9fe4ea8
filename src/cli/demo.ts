/**
 * `weir demo`: the whole life of a spam filter in a row, on real mail.
 *
 * @module
 */
import type { Command } from "commander";
import { createRandomStream } from "../base/random.ts";
import { shiftedMessages } from "../data/shifted.ts";
import type { LiveWatch } from "../drift/mod.ts";
import { trainingDefaults } from "../lifecycle/options.ts";
import { readRows } from "../lifecycle/rows.ts";
import { type LifeResult, trainAndRegister } from "../lifecycle/train.ts";
import { servedTasks } from "../tasks/served.ts";
import { textOf } from "../tasks/text_input.ts";
import { commands } from "./commands.ts";
import { type DeviceChoice, openBackend, pickDevice } from "./device.ts";
import { openModel } from "./model.ts";
import { type CommonOptions, deviceOption, homeOf, integer, newCommand } from "./options.ts";
import { CommandError, type Output, processOutput } from "./output.ts";
import { type ModelServer, startServer } from "./server.ts";
import { untilStopped } from "./signals.ts";
import { interruptSignal } from "./train.ts";

interface Options extends CommonOptions {
  readonly once?: boolean;
  readonly device: DeviceChoice;
  readonly port: number;
  readonly epochs: number;
  readonly resume?: boolean;
}

/** What the monitor found in one stretch of traffic. */
interface Traffic {
  readonly alarm: boolean;
  readonly features: readonly string[];
  readonly requests: number;
  readonly windows: number;
  /** Windows of this stretch until the alarm; null without one. */
  readonly windowsUntilAlarm: number | null;
}

/** Texts in a drift window of the demo: several windows of held-out mail, and a quick alarm after it. */
const WINDOW = 100;

/** Adds the command. */
export function demoCommand(program: Command): Command {
  const command = newCommand(
    "demo",
    commands.demo.description,
    ["demo", "demo --once --json   # ends when all has been shown, with one JSON object on standard output"],
  )
    .option("--once", "end when everything has been shown, instead of serving on")
    .option("--port <port>", "0 for a free one", integer({ min: 0, max: 65_535 }), 0)
    .option(
      "--epochs <n>",
      "passes over the training part",
      integer({ min: 1, max: 100 }),
      trainingDefaults.epochs,
    )
    .option("--resume", "go on from the last checkpoint")
    .addOption(deviceOption())
    .action(demo);
  program.addCommand(command);
  return command;
}

async function demo(options: Options): Promise<void> {
  const started = performance.now();
  const output = processOutput({ json: options.json ?? false });
  const made = await trainDemo(options, output);
  const { scores, training } = made;
  const { accuracy, macroF1 } = scores.metrics;
  output.progress(`\n${scores.text()}\n\nregistered spam ${made.version} as champion in ${made.path}`);

  const service = await openModel("spam@champion", { ...options, device: servingDevice(options.device) });
  const server = startServer(service, {
    hostname: "127.0.0.1",
    port: options.port,
    watching: { windowSize: WINDOW },
    aliases: ["champion"],
    output,
  });
  try {
    if (!server.monitor) throw new CommandError("the bundle has no baseline: it cannot be watched");
    output.progress(`serving on ${service.info().device}: ${server.url}`);
    // A split keeps the corpus' order, all ham before all spam: traffic comes mixed.
    const mails = createRandomStream(trainingDefaults.seed).shuffle(
      made.parts.test.flatMap(({ row }) => row.queries.map(textOf)),
    );
    const before = await replay(server, server.monitor, mails);
    output.progress(describe("held-out mail", before));
    const after = await replay(server, server.monitor, shiftedMessages({ count: 3 * WINDOW, seed: 1 }));
    output.progress(describe("Italian and German messages", after));
    output.result(
      {
        accuracy: accuracy.value,
        accuracyInterval: [accuracy.low, accuracy.high],
        macroF1: macroF1.value,
        trainSeconds: training.seconds,
        seconds: (performance.now() - started) / 1000,
        steps: training.step,
        device: made.device,
        servingDevice: service.info().device,
        version: made.version,
        driftBefore: before,
        driftAfter: after,
        url: server.url,
      },
      `accuracy ${accuracy.value.toFixed(4)} on ${accuracy.n} held-out mails, trained in ` +
        `${training.seconds.toFixed(1)} s on ${made.device}\ndashboard: ${server.url}`,
    );
    if (options.once) return;
    output.progress("serving on; Ctrl-C ends");
    await untilStopped();
  } finally {
    await server.close();
  }
}

async function trainDemo(options: Options, output: Output): Promise<LifeResult> {
  const { device, why } = await pickDevice(options.device);
  output.progress(`device: ${device} (${why})`);
  const backend = await openBackend(device);
  const interrupt = interruptSignal();
  try {
    const rows = await readRows("spam", servedTasks[trainingDefaults.task]);
    return await trainAndRegister(rows, {
      ...trainingDefaults,
      epochs: options.epochs,
      name: "spam",
      source: "spam",
      home: homeOf(options),
      bump: "minor",
      aliases: ["champion"],
      resume: options.resume ?? false,
      backend,
      output,
      signal: interrupt.signal,
    });
  } finally {
    interrupt.stop();
    await backend.dispose();
  }
}

/** A model trained on the interpreter is served on WebAssembly like any other. */
function servingDevice(device: DeviceChoice): DeviceChoice {
  return device === "interp" ? "auto" : device;
}

/** Sends texts to the server as clients would, a few at a time, and reports what the monitor made of them. */
async function replay(
  server: ModelServer,
  monitor: LiveWatch<unknown>,
  texts: readonly string[],
): Promise<Traffic> {
  const closedBefore = monitor.snapshot().windowsClosed;
  let next = 0;
  const client = async () => {
    while (next < texts.length) {
      const response = await fetch(`${server.url}/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ inputs: texts[next++] }),
      });
      const answer = await response.text();
      if (!response.ok) throw new CommandError(`the server answered ${response.status}: ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: 4 }, client));
  // The monitor gets a text after its answer has gone out.
  await new Promise((resolve) => setTimeout(resolve, 100));
  // What is left of this stretch makes a window of its own, so that stretches do not mix.
  await monitor.close(Date.now());
  const { windows, windowsClosed } = monitor.snapshot();
  const own = windows.filter((w) => w.index >= closedBefore);
  const first = own.findIndex((w) => w.alarm);
  const alarming = own.flatMap((w) => w.features).filter((f) => f.alarm);
  return {
    alarm: first >= 0,
    features: [...new Set(alarming.map((f) => f.name))],
    requests: texts.length,
    windows: windowsClosed - closedBefore,
    windowsUntilAlarm: first < 0 ? null : first + 1,
  };
}

function describe(what: string, traffic: Traffic): string {
  const outcome = traffic.alarm
    ? `ALARM in window ${traffic.windowsUntilAlarm} (${traffic.features.join(", ")})`
    : "no alarm";
  return `${traffic.requests} requests of ${what}, ${traffic.windows} windows: ${outcome}`;
}
