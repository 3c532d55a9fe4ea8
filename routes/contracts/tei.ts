/**
 * The shapes of text-embeddings-inference, which its clients and load balancers know: /predict, /embed, /health and /info.
 *
 * @module
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { answerErrors, answerJson, checkForm, type Query, tooMany } from "../answer.ts";
import { readJson } from "../body.ts";
import { describeError, HttpError } from "../errors.ts";
import { fittingModel, identityOf, type Models, type ServedModel } from "../models.ts";
import { isRanked, isVector } from "../schemas.ts";
import type { Contract } from "./contract.ts";

/** The contract. */
export const tei: Contract = {
  mount(app, models) {
    mountPredict(app, models);
    mountEmbed(app, models);
    mountHealth(app, models.served);
  },
};

const inputsExpected =
  "expected a string, a pair of strings [string, string] or a batch of mixed strings and pairs [[string], [string, string], ...]";

const sequence = z.array(z.string()).min(1).max(2);

const truncation = {
  truncate: z.boolean().nullish().openapi({
    description: "Cut texts that are too long, or refuse them with 413; by default the server's setting.",
  }),
  truncation_direction: z.enum(["Right", "Left", "right", "left"]).default("Right").openapi({
    description: "Which end is cut off.",
  }),
};

/** The body of POST /predict. */
export const PredictRequestSchema = z.object({
  inputs: z.union([z.string(), sequence, z.array(sequence).min(1)], { error: inputsExpected }).openapi({
    description:
      "A text, a pair of texts, or a batch of them. A list of one or two strings is one input, a list of lists is a batch.",
    example: "What is Deep Learning?",
  }),
  ...truncation,
  raw_scores: z.boolean().default(false).openapi({ description: "Logits instead of probabilities." }),
}).openapi("PredictRequest");

const predictions = z.array(
  z.object({ score: z.number().openapi({ example: 0.98 }), label: z.string().openapi({ example: "spam" }) })
    .openapi("Prediction"),
);

/** The answer: one list for one input, a list of lists for a batch; the highest score first. */
export const PredictResponseSchema = z.union([predictions, z.array(predictions)]).openapi("PredictResponse");

const predictCommon = {
  method: "post" as const,
  tags: ["predict"],
  responses: {
    200: {
      description: "Every label with its score, the highest first",
      content: { "application/json": { schema: PredictResponseSchema } },
    },
    ...answerErrors,
  },
};

const predictBody = { content: { "application/json": { schema: PredictRequestSchema } }, required: true };

const predictRoute = createRoute({
  ...predictCommon,
  path: "/predict",
  summary: "Classify texts with the default model",
  request: { body: predictBody },
});

const namedRoute = createRoute({
  ...predictCommon,
  path: "/models/{name}/predict",
  summary: "Classify texts with a model of a name",
  request: {
    params: z.object({ name: z.string().openapi({ example: "spam" }) }),
    query: z.object({
      version: z.string().optional().openapi({ description: "A version or an alias", example: "champion" }),
    }),
    body: predictBody,
  },
  responses: { ...predictCommon.responses, 404: describeError("No such model is served") },
});

function mountPredict(app: OpenAPIHono, { served, bodyBytes }: Models): void {
  const classifiers = served.filter(isRanked);
  if (classifiers.length > 0) {
    app.openAPIRegistry.registerPath(predictRoute);
    app.openAPIRegistry.registerPath(namedRoute);
  }
  const find = (asked: { name?: string; reference?: string }) =>
    fittingModel(served, classifiers, "labels with scores", asked);
  app.post("/predict", (c) => predict(c, find({}), bodyBytes));
  app.post("/models/:name/predict", (c) => {
    const model = find({ name: c.req.param("name"), reference: c.req.query("version") });
    return predict(c, model, bodyBytes);
  });
}

async function predict(c: Context, model: ServedModel, bodyBytes: number): Promise<Response> {
  const json = await readJson(c.req.raw, bodyBytes);
  checkLengths(json, model.service.info().maxClientBatch);
  const { inputs, raw_scores, ...rest } = checkForm(PredictRequestSchema, json);
  const isBatch = typeof inputs !== "string" && typeof inputs[0] !== "string";
  const sequences = typeof inputs === "string"
    ? [[inputs]]
    : isBatch
    ? inputs as string[][]
    : [inputs as string[]];
  const queries = sequences.map(([text, pair]): Query => pair === undefined ? text : [text, pair]);
  const options = {
    ...truncationOf(rest),
    ...(raw_scores && { parameters: { function_to_apply: "none" } }),
  };
  return await answerJson(c, model, queries, options, (answers) => {
    // text-embeddings-inference's order of fields.
    const lists = (answers as z.infer<typeof predictions>[]).map((list) =>
      list.map(({ score, label }) => ({ score, label }))
    );
    return isBatch ? lists : lists[0];
  });
}

/** Refuses endless lists before the schema looks at, and complains of, each of their elements. */
function checkLengths(json: unknown, maxClientBatch: number): void {
  const inputs = (json as { inputs?: unknown } | null)?.inputs;
  if (!Array.isArray(inputs)) return;
  if (inputs.length > maxClientBatch && Array.isArray(inputs[0])) {
    throw tooMany(inputs.length, maxClientBatch);
  }
  if (inputs.length > Math.max(2, maxClientBatch) || inputs.some((x) => Array.isArray(x) && x.length > 2)) {
    throw new HttpError(422, "Validation", `inputs: ${inputsExpected}.`);
  }
}

const EmbedRequestSchema = z.object({
  inputs: z.union([z.string(), z.array(z.string()).min(1)], {
    error: "expected a string or a batch of strings [string, string, ...]",
  }).openapi({ description: "A text, or a batch of them.", example: "What is Deep Learning?" }),
  ...truncation,
  normalize: z.boolean().default(true).openapi({ description: "Vectors of length 1." }),
  dimensions: z.number().int().positive().nullish().openapi({
    description: "Only so many of the first numbers.",
  }),
}).openapi("EmbedRequest");

const embedRoute = createRoute({
  method: "post",
  path: "/embed",
  tags: ["embed"],
  summary: "Vectors of texts from the default model",
  request: { body: { content: { "application/json": { schema: EmbedRequestSchema } }, required: true } },
  responses: {
    200: {
      description: "A vector for each text, also for one that was sent alone",
      content: { "application/json": { schema: z.array(z.array(z.number())).openapi("EmbedResponse") } },
    },
    ...answerErrors,
  },
});

function mountEmbed(app: OpenAPIHono, { served, bodyBytes }: Models): void {
  const embedders = served.filter(isVector);
  if (embedders.length > 0) app.openAPIRegistry.registerPath(embedRoute);
  app.post("/embed", async (c) => {
    const model = fittingModel(served, embedders, "vectors");
    const json = await readJson(c.req.raw, bodyBytes);
    const given = (json as { inputs?: unknown } | null)?.inputs;
    const { maxClientBatch } = model.service.info();
    if (Array.isArray(given) && given.length > maxClientBatch) throw tooMany(given.length, maxClientBatch);
    const { inputs, normalize, dimensions, ...rest } = checkForm(EmbedRequestSchema, json);
    const texts = typeof inputs === "string" ? [inputs] : inputs;
    const options = { ...truncationOf(rest), parameters: { normalize, dimensions } };
    return await answerJson(c, model, texts, options, (vectors) => vectors);
  });
}

function truncationOf(
  { truncate, truncation_direction }: { truncate?: boolean | null; truncation_direction: string },
): { truncate?: boolean | null; truncationDirection: "left" | "right" } {
  return { truncate, truncationDirection: truncation_direction.toLowerCase() as "left" | "right" };
}

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
  labels: z.array(z.string()).optional().openapi({ description: "Of a classifier" }),
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

function mountHealth(app: OpenAPIHono, models: readonly ServedModel[]): void {
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
  app.openapi(infoRoute, (c) => c.json({ models: models.map(infoOf) }, 200));
}

function infoOf(model: ServedModel): z.infer<typeof ModelInfoSchema> {
  const info = model.service.info();
  const { name, version, task, createdAt, metrics, lineage, head } = info.manifest;
  const labels = z.array(z.string()).safeParse(head.labels);
  return {
    name,
    version,
    aliases: [...model.aliases ?? []],
    task,
    ...(labels.success && { labels: labels.data }),
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
    lineage: { ...lineage },
  };
}
