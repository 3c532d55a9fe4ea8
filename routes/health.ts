import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { describeError } from "./errors.ts";
import { identityOf, type ServedModel } from "./models.ts";

const interval = z.object({
  value: z.number(),
  low: z.number(),
  high: z.number(),
  confidence: z.number(),
  n: z.number(),
}).openapi("Metric");

const ModelInfoSchema = z.object({
  name: z.string(),
  version: z.string(),
  aliases: z.array(z.string()),
  task: z.string(),
  labels: z.array(z.string()),
  created_at: z.string(),
  device: z.enum(["webgpu", "wasm", "native"]),
  workers: z.number(),
  max_input_length: z.number().openapi({ description: "tokens" }),
  max_client_batch_size: z.number(),
  max_batch_tokens: z.number(),
  max_queue: z.number(),
  auto_truncate: z.boolean(),
  load_ms: z.number(),
  metrics: z.record(z.string(), interval),
  lineage: z.record(z.string(), z.unknown()),
}).openapi("ModelInfo");

const InfoSchema = z.object({ models: z.array(ModelInfoSchema) }).openapi("Info");

const HealthSchema = z.object({
  status: z.literal("ok"),
  models: z.array(z.object({ name: z.string(), version: z.string(), drift_alarm: z.boolean().nullable() })),
}).openapi("Health");

const healthRoute = createRoute({
  method: "get",
  path: "/health",
  tags: ["operations"],
  summary: "Whether the server can answer",
  responses: {
    200: { description: "It can", content: { "application/json": { schema: HealthSchema } } },
    503: describeError("It cannot"),
  },
});

const infoRoute = createRoute({
  method: "get",
  path: "/info",
  tags: ["operations"],
  summary: "What is served, and its limits",
  responses: { 200: { description: "The models", content: { "application/json": { schema: InfoSchema } } } },
});

/** GET /health and GET /info. */
export function healthRoutes(app: OpenAPIHono, models: readonly ServedModel[]): void {
  app.openapi(healthRoute, (c) => {
    if (models.length === 0) {
      return c.json({ error: "No model is loaded.", error_type: "Unhealthy" as const }, 503);
    }
    return c.json({
      status: "ok" as const,
      models: models.map((model) => ({
        ...identityOf(model),
        drift_alarm: model.monitor ? model.monitor.snapshot().alarm : null,
      })),
    }, 200);
  });
  app.openapi(infoRoute, (c) => c.json({ models: models.map(describe) }, 200));
}

function describe(model: ServedModel): z.infer<typeof ModelInfoSchema> {
  const info = model.service.info();
  const { name, version, task, createdAt, metrics, lineage } = info.manifest;
  return {
    name,
    version,
    aliases: [...model.aliases ?? []],
    task,
    labels: info.labels,
    created_at: createdAt,
    device: info.device,
    workers: info.workers,
    max_input_length: info.maxTokens,
    max_client_batch_size: info.maxClientBatch,
    max_batch_tokens: info.maxBatchTokens,
    max_queue: info.maxQueue,
    auto_truncate: info.autoTruncate,
    load_ms: Math.round(info.loadMs),
    metrics,
    lineage,
  };
}
