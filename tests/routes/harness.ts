import assert from "node:assert/strict";
import { type App, createApp, type ServedModel } from "../../routes/app.ts";
import { type Baseline, BaselineBuilder, DriftMonitor } from "../../src/drift/mod.ts";
import type { Manifest } from "../../src/bundle/manifest.ts";
import { ServeError } from "../../src/serve/errors.ts";
import { createService, type PredictOptions, type PredictService } from "../../src/serve/service.ts";
import { servedTask } from "../../src/tasks/served.ts";
import type { AnyServedTask, TextQuery } from "../../src/tasks/task.ts";

const task = servedTask("text-classification");
const head = { labels: ["ham", "spam"] };

export const bundle = new URL("../golden/serve/bundle", import.meta.url).pathname;

/** The golden bundle behind an app, with a monitor whose windows are of `windowSize` texts. */
export async function withApp(
  use: (
    parts: { app: App; service: PredictService; monitor: DriftMonitor<unknown>; errors: unknown[] },
  ) => Promise<void>,
  options: {
    windowSize?: number;
    models?: ServedModel[];
    limits?: { bodyBytes?: number; streams?: number };
    tickMs?: number;
  } = {},
): Promise<void> {
  const service = await createService({ bundle, device: "wasm", warmUpMs: 0 });
  const features = task.features({ head, tokenText: service.tokenText });
  const monitor = new DriftMonitor(features, baselineOf("ham"), { windowSize: options.windowSize ?? 40 });
  const errors: unknown[] = [];
  const app = createApp({
    models: [{ service, monitor, aliases: ["champion"] }, ...options.models ?? []],
    limits: options.limits,
    tickMs: options.tickMs ?? 20,
    onError: (error) => errors.push(error),
  });
  try {
    await use({ app, service, monitor, errors });
  } finally {
    app.close();
    await service.close();
  }
}

/** A reference of short texts that are mostly of one class. */
export function baselineOf(label: "ham" | "spam"): Baseline {
  const builder = new BaselineBuilder(task.features({ head, vocabSize: 120 }));
  for (let i = 0; i < 400; i++) {
    const spam = (label === "spam") === (i % 5 > 0);
    const tokenIds = Array.from(
      { length: 4 + i % 9 },
      (_, k) => spam ? 28 + (i + k) % 15 : 5 + (i * 3 + k) % 23,
    );
    const p = 0.8 + (i % 20) / 100;
    builder.observe({
      characters: 20 + i % 41,
      tokenIds: [2, ...tokenIds, 3],
      unknownTokens: 0,
      probabilities: spam ? [1 - p, p] : [p, 1 - p],
    });
  }
  return builder.build();
}

/** A request with a JSON body. */
export function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}

/** Checks an error answer and returns its message. */
export async function errorOf(response: Response, status: number, type: string): Promise<string> {
  const body = await response.json();
  assert.equal(response.status, status, JSON.stringify(body));
  assert.deepEqual(Object.keys(body), ["error", "error_type"]);
  assert.equal(body.error_type, type);
  assert.doesNotMatch(body.error, /\n| at .*:\d+/);
  return body.error;
}

const manifest: Manifest = {
  format: "weir-bundle/2",
  name: "",
  version: "2.0.0",
  task: "",
  createdAt: "2026-01-01T00:00:00Z",
  architecture: "bert",
  head,
  signatures: {},
  limits: { maxTokens: 32, maxCharacters: 1000 },
  lineage: {
    runId: "stub",
    dataHash: `sha256:${"0".repeat(64)}`,
    baseModel: null,
    method: "full",
    seed: 1,
    device: "cpu",
    epochs: 1,
    steps: 1,
    trainSeconds: 0.1,
  },
  metrics: {},
  files: {},
};

/** A service that fails, or gives fixed answers. */
export function stubService(
  name: string,
  answer: (
    queries: readonly TextQuery[],
    options?: PredictOptions,
  ) => ReturnType<PredictService["predict"]>,
  answering: AnyServedTask = task,
): PredictService {
  return {
    task: answering,
    baseline: undefined,
    tokenText: () => undefined,
    predict: answer,
    predictTimed: async (queries, options) => ({
      answers: await answer(queries, options),
      timings: { characters: 0, tokens: 0, tokenizeMs: 0, queueMs: 0, inferenceMs: 0 },
    }),
    onObservation: () => () => {},
    onAnswer: () => () => {},
    onBatch: () => () => {},
    info: () => ({
      manifest: { ...manifest, name, task: answering.name },
      device: "wasm",
      workers: 1,
      maxTokens: 32,
      maxCharacters: 1000,
      maxClientBatch: 4,
      maxQueue: 1,
      maxBatchTokens: 64,
      autoTruncate: true,
      loadMs: 1,
    }),
    stats: () => ({ inputs: 0, failedInputs: 0, batches: 0, queued: 0, running: 0, workerRestarts: 0 }),
    close: () => Promise.resolve(),
  };
}

/** A service that always fails so. */
export function failingService(
  name: string,
  error: Error = new ServeError("backend", "Inference failed: no."),
): PredictService {
  return stubService(name, () => Promise.reject(error));
}
