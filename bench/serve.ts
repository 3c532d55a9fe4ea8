/**
 * How fast the server answers single short texts: latency, requests a second, memory before and after.
 *
 *     deno run -A bench/serve.ts [--bundle DIR] [--device wasm] [--workers 1] [--threads 1] [--connections 1,2,4] [--seconds 8]
 *
 * The server runs in a process of its own; this one is a closed loop of N keep-alive connections over loopback, each of which
 * sends its next request when it has its answer. Without --bundle a model of the right size with random weights is served:
 * BERT, 2 layers, 128 hidden, a vocabulary of 8,000 trained on the spam mails.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { bertConfig } from "../models/bert.ts";
import { listen } from "../routes/main.ts";
import { createApp } from "../routes/app.ts";
import { writeBundle } from "../src/bundle/writer.ts";
import { readSpam } from "../src/data/spam.ts";
import { BaselineBuilder, watchLive } from "../src/drift/mod.ts";
import { bundleFiles, inferenceGraph, signatureOf } from "../src/lifecycle/export.ts";
import { initialStates } from "../src/nn/init.ts";
import { monitorOf } from "../src/serve/monitor.ts";
import { createService, type ServiceOptions } from "../src/serve/service.ts";
import type { ModelSpec } from "../src/tasks/model.ts";
import { textClassification } from "../src/tasks/text_classification/serve.ts";
import { loadTokenizer } from "../src/text/tokenizer.ts";
import { trainWordPiece } from "../src/text/wordpiece_train.ts";
import { lines } from "./measure.ts";

/** One line of the table. */
export interface ServeRow {
  readonly device: string;
  readonly connections: number;
  readonly requests: number;
  readonly failed: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** processor time of the server per request: unlike the others, hardly moved by what else the machine does */
  readonly cpuMsPerRequest: number;
  readonly rssBeforeMiB: number;
  readonly rssAfterMiB: number;
}

/** What is measured. */
export interface ServeBenchOptions {
  readonly bundle: string;
  readonly device: "wasm" | "webgpu" | "native";
  readonly workers: number;
  readonly threads: number;
  readonly connections: number[];
  readonly seconds: number;
}

/** Runs the server and the load; one row per number of connections. */
export async function benchServe(options: ServeBenchOptions): Promise<ServeRow[]> {
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.filename!, "--server", JSON.stringify(options)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  try {
    const port = Number(await firstLine(server.stdout));
    const texts = shortTexts();
    // The first seconds are V8 learning the paths of a request; they are not what a server does all day.
    await load({ port, texts, connections: 2, seconds: 2 });
    const rows: ServeRow[] = [];
    for (const connections of options.connections) {
      const before = await residentMiB(server.pid);
      const cpuBefore = await cpuMs(server.pid);
      const { latencies, failed, elapsedMs } = await load({
        port,
        texts,
        connections,
        seconds: options.seconds,
      });
      const at = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))];
      rows.push({
        device: options.device,
        connections,
        requests: latencies.length,
        failed,
        requestsPerSecond: latencies.length / elapsedMs * 1_000,
        p50Ms: at(0.5),
        p95Ms: at(0.95),
        p99Ms: at(0.99),
        cpuMsPerRequest: (await cpuMs(server.pid) - cpuBefore) / latencies.length,
        rssBeforeMiB: before,
        rssAfterMiB: await residentMiB(server.pid),
      });
    }
    return rows;
  } finally {
    await server.stdin.close();
    await server.status;
  }
}

/** A bundle of the size that is measured, with random weights, in a new folder. */
export async function randomBundle(): Promise<string> {
  const texts = readSpam().map((mail) => mail.text.slice(0, 2_000));
  const tokenizerFiles = trainWordPiece(texts, { vocabSize: 8000, modelMaxLength: 128 });
  const tokenizer = loadTokenizer(tokenizerFiles.tokenizer, tokenizerFiles.config);
  const { vocabSize } = tokenizer;
  const head = { labels: ["ham", "spam"] };
  const spec: ModelSpec = { task: "text-classification", config: bertConfig({ vocabSize }), head };
  const baseline = new BaselineBuilder(textClassification.features({ head, vocabSize }));
  for (const [i, text] of shortTexts().entries()) {
    const encoding = textClassification.encode(tokenizer, text, { maxTokens: 128 });
    const p = (i % 10 + 0.5) / 10;
    const outputs = { logits: { shape: [2], data: Float32Array.of(Math.log(p), Math.log(1 - p)) } };
    baseline.observe(textClassification.observe(text, encoding, outputs, head));
  }
  const directory = await Deno.makeTempDir({ prefix: "weir-bench-" });
  const weights = initialStates(inferenceGraph(spec), 1);
  await writeBundle(
    directory,
    bundleFiles({ spec, weights, tokenizerFiles, maxTokens: 128, baseline: baseline.build() }),
    {
      format: "weir-bundle/2",
      name: "bench",
      version: "0.0.0",
      task: spec.task,
      createdAt: new Date().toISOString(),
      architecture: spec.config.modelType,
      head,
      signatures: { model: signatureOf(spec) },
      lineage: {
        runId: "bench",
        dataHash: `sha256:${"0".repeat(64)}`,
        baseModel: null,
        method: "none",
        seed: 1,
        device: "none",
        epochs: 0,
        steps: 0,
        trainSeconds: 0,
      },
      metrics: {},
      limits: { maxTokens: 128, maxCharacters: 1_000_000 },
    },
  );
  return directory;
}

/** Subjects of real mails, as short texts come: 3 to 20 words. */
function shortTexts(): string[] {
  return readSpam()
    .map((mail) => mail.text.split("\n")[0].trim())
    .filter((subject) => subject.split(/\s+/).length >= 3 && subject.length <= 120)
    .slice(0, 2_000);
}

async function serve(options: ServiceOptions): Promise<void> {
  const service = await createService(options);
  const drift = monitorOf(service, { windowSize: 200 });
  const monitor = drift && watchLive(drift);
  const server = listen(createApp({ models: [{ service, monitor }] }));
  await Deno.stdout.write(new TextEncoder().encode(`${server.port}\n`));
  for await (const _ of Deno.stdin.readable);
  await server.close();
  await service.close();
  monitor?.dispose();
}

interface Load {
  latencies: number[];
  failed: number;
  elapsedMs: number;
}

/** A closed loop. The client speaks HTTP/1.1 itself: `fetch` would cost as much of the two cores as the server does. */
async function load(
  { port, texts, connections, seconds }: {
    port: number;
    texts: string[];
    connections: number;
    seconds: number;
  },
): Promise<Load> {
  const encoder = new TextEncoder();
  const requests = texts.map((text) => {
    const body = encoder.encode(JSON.stringify({ inputs: text }));
    const head = `POST /predict HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\n\r\n`;
    return new Uint8Array([...encoder.encode(head), ...body]);
  });
  const latencies: number[] = [];
  let failed = 0;
  const begun = performance.now();
  const end = begun + seconds * 1_000;
  await Promise.all(Array.from({ length: connections }, async (_, worker) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    const buffer = new Uint8Array(65_536);
    for (let i = worker; performance.now() < end; i += connections) {
      const sent = performance.now();
      const request = requests[i % requests.length];
      for (let at = 0; at < request.length;) at += await connection.write(request.subarray(at));
      if (await readAnswer(connection, buffer) !== 200) failed++;
      latencies.push(performance.now() - sent);
    }
  }));
  const elapsedMs = performance.now() - begun;
  return { latencies: latencies.sort((a, b) => a - b), failed, elapsedMs };
}

/** Reads one answer with a content-length; its status. */
async function readAnswer(connection: Deno.TcpConn, buffer: Uint8Array): Promise<number> {
  const decoder = new TextDecoder();
  let text = "";
  while (true) {
    const n = await connection.read(buffer);
    if (n === null) throw new Error("The server closed the connection.");
    text += decoder.decode(buffer.subarray(0, n), { stream: true });
    const head = text.indexOf("\r\n\r\n");
    if (head < 0) continue;
    const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
    if (text.length - head - 4 >= length) return Number(text.slice(9, 12));
  }
}

async function firstLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  for await (const line of lines(stream)) return line;
  throw new Error("The server ended before it listened.");
}

/** Resident memory of a process on Linux; NaN elsewhere. */
async function residentMiB(pid: number): Promise<number> {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1]) / 1024;
  } catch {
    return NaN;
  }
}

/** Processor time that a process has used, on Linux; NaN elsewhere. */
async function cpuMs(pid: number): Promise<number> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    // After the name in brackets: the 12th and 13th field are user and system time, in ticks of 10 ms.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return NaN;
  }
}

/** The rows as a Markdown table. */
export function serveTable(rows: ServeRow[]): string {
  const lines = rows.map((row) =>
    `| ${row.device} | ${row.connections} | ${row.requestsPerSecond.toFixed(0)} | ${
      row.p50Ms.toFixed(2)
    } | ` +
    `${row.p95Ms.toFixed(2)} | ${row.p99Ms.toFixed(2)} | ${row.failed} | ${
      row.cpuMsPerRequest.toFixed(2)
    } | ${row.rssBeforeMiB.toFixed(0)} | ` +
    `${row.rssAfterMiB.toFixed(0)} |`
  );
  return [
    "| device | connections | requests/s | p50 ms | p95 ms | p99 ms | failed | server CPU ms/request | RSS before, " +
    "MiB | RSS after, MiB |",
    "|---|---|---|---|---|---|---|---|---|---|",
    ...lines,
  ].join("\n");
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      bundle: { type: "string" },
      device: { type: "string", default: "wasm" },
      workers: { type: "string", default: "1" },
      threads: { type: "string", default: "1" },
      connections: { type: "string", default: "1,2,4,8" },
      seconds: { type: "string", default: "8" },
      server: { type: "string" },
    },
  });
  if (values.server) {
    await serve(JSON.parse(values.server));
  } else {
    const bundle = values.bundle ?? await randomBundle();
    const rows = await benchServe({
      bundle,
      device: values.device as ServeBenchOptions["device"],
      workers: Number(values.workers),
      threads: Number(values.threads),
      connections: values.connections.split(",").map(Number),
      seconds: Number(values.seconds),
    });
    await Deno.stdout.write(new TextEncoder().encode(`${serveTable(rows)}\n`));
    if (!values.bundle) await Deno.remove(bundle, { recursive: true });
  }
}
