/**
 * GET /metrics: what Prometheus scrapes.
 *
 * @module
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { namedStatistics } from "../src/drift/statistic_names.ts";
import { identityOf, type ServedModel } from "./models.ts";

/** The Prometheus side of the server. */
export interface Metrics {
  observeRequest(labels: { route: string; method: string; status: number }, seconds: number): void;
  render(): Promise<string>;
  readonly contentType: string;
  /** Stops listening to the models. */
  close(): void;
}

const latencyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Makes the metrics of one app; gauges are read when they are scraped. */
export function createMetrics(models: readonly ServedModel[]): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: "weir_http_requests_total",
    help: "HTTP requests answered",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const durations = new Histogram({
    name: "weir_http_request_duration_seconds",
    help: "Time from request to answer",
    labelNames: ["method", "route"],
    buckets: latencyBuckets,
    registers,
  });
  const batchSize = new Histogram({
    name: "weir_batch_size",
    help: "Inputs run together",
    labelNames: ["model", "version"],
    buckets: [1, 2, 4, 8, 16, 32, 64],
    registers,
  });
  const inference = new Histogram({
    name: "weir_inference_duration_seconds",
    help: "Time of one batch in the model",
    labelNames: ["model", "version"],
    buckets: latencyBuckets,
    registers,
  });
  const tokens = new Counter({
    name: "weir_tokens_total",
    help: "Tokens run through the model, by whether they are text or padding",
    labelNames: ["model", "version", "kind"],
    registers,
  });
  const predictions = new Counter({
    name: "weir_predictions_total",
    help: "Inputs answered, by what their answer comes to, such as the label that scored highest",
    labelNames: ["model", "version", "label"],
    registers,
  });

  const stops = models.flatMap((model) => {
    const { name, version } = identityOf(model);
    const labels = { model: name, version };
    const { task } = model.service;
    return [
      model.service.onBatch((report) => {
        batchSize.observe(labels, report.items);
        inference.observe(labels, report.inferenceMs / 1_000);
        tokens.inc({ ...labels, kind: "text" }, report.tokens);
        tokens.inc({ ...labels, kind: "padding" }, report.paddedTokens - report.tokens);
      }),
      model.service.onAnswer((answer) => predictions.inc({ ...labels, label: task.outcome?.(answer) ?? "" })),
    ];
  });

  /** A gauge with a value per model. */
  function perModel(
    name: string,
    help: string,
    read: (model: ServedModel, set: (value: number, labels?: Record<string, string>) => void) => void,
    labelNames: string[] = [],
  ): void {
    new Gauge({
      name,
      help,
      labelNames: ["model", "version", ...labelNames],
      registers,
      collect() {
        this.reset();
        for (const model of models) {
          const { name, version } = identityOf(model);
          read(model, (value, labels) => this.set({ model: name, version, ...labels }, value));
        }
      },
    });
  }

  perModel("weir_queue_inputs", "Inputs that wait for a Worker", (m, set) => set(m.service.stats().queued));
  perModel(
    "weir_running_batches",
    "Batches in the model now",
    (m, set) => set(m.service.stats().running),
  );
  perModel(
    "weir_worker_restarts",
    "Workers replaced since the start",
    (m, set) => set(m.service.stats().workerRestarts),
  );
  perModel(
    "weir_drift_alarm",
    "1 while any feature is in alarm",
    (m, set) => m.monitor && set(m.monitor.snapshot().alarm ? 1 : 0),
  );
  perModel("weir_drift_windows", "Drift windows closed since the start", (m, set) => {
    if (m.monitor) set(m.monitor.snapshot().windowsClosed);
  });
  const features = (m: ServedModel) => m.monitor?.snapshot().latest?.features ?? [];
  perModel("weir_drift_feature_alarm", "1 while the feature is in alarm", (m, set) => {
    for (const feature of features(m)) set(feature.alarm ? 1 : 0, { feature: feature.name });
  }, ["feature"]);
  perModel(
    "weir_drift_evidence_ratio",
    "Evidence of a change over all windows, over what an alarm needs (of the logarithms)",
    (m, set) => {
      for (const { name, evidence } of features(m)) set(evidence.found / evidence.needed, { feature: name });
    },
    ["feature"],
  );
  perModel("weir_drift_statistic", "Distance from the baseline in the last window", (m, set) => {
    for (const { name: feature, statistics } of features(m)) {
      for (const { metric: statistic, value } of namedStatistics(statistics)) {
        set(value, { feature, statistic });
      }
    }
  }, ["feature", "statistic"]);
  perModel("weir_drift_observations", "Observations of the last window that had the feature", (m, set) => {
    for (const feature of features(m)) set(feature.n, { feature: feature.name });
  }, ["feature"]);
  perModel("weir_drift_p_value", "Adjusted p-value of the feature in the last window", (m, set) => {
    for (const feature of features(m)) set(feature.adjustedPValue, { feature: feature.name });
  }, ["feature"]);
  perModel(
    "weir_drift_effect_ratio",
    "Effect over threshold in the last window; above 1 matters",
    (m, set) => {
      for (const { name, effect } of features(m)) set(effect.value / effect.threshold, { feature: name });
    },
    ["feature"],
  );
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory of the server process",
    registers,
    collect() {
      this.set(Deno.memoryUsage().rss);
    },
  });

  return {
    observeRequest({ route, method, status }, seconds) {
      requests.inc({ method, route, status });
      durations.observe({ method, route }, seconds);
    },
    render: () => registry.metrics(),
    contentType: registry.contentType,
    close() {
      for (const stop of stops) stop();
    },
  };
}

const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  tags: ["operations"],
  summary: "Prometheus metrics",
  responses: {
    200: {
      description: "Prometheus text format",
      content: { "text/plain": { schema: z.string() } },
    },
  },
});

/** GET /metrics. */
export function metricsRoutes(app: OpenAPIHono, metrics: Metrics): void {
  app.openAPIRegistry.registerPath(metricsRoute);
  app.get(
    "/metrics",
    async (c) => c.body(await metrics.render(), 200, { "content-type": metrics.contentType }),
  );
}
