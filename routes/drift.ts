/**
 * GET /drift and GET /drift/stream: the state of the drift monitor, and its windows as they close.
 *
 * @module
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { describeError, HttpError } from "./errors.ts";
import { type EventStreams, sseEvent } from "./event_streams.ts";
import { findModel, identityOf, type ServedModel } from "./models.ts";

const test = z.object({ statistic: z.number(), pValue: z.number() });

const histogram = z.object({
  labels: z.array(z.string()),
  shares: z.array(z.number()),
  items: z.array(z.union([z.string(), z.number()]).nullable()).optional().openapi({
    description:
      "where only the bins that changed most are shown: the id or name behind each, null for bins of several",
  }),
}).openapi("Histogram");

const FeatureResultSchema = z.object({
  name: z.string(),
  title: z.string(),
  kind: z.enum(["numeric", "categorical"]).openapi({
    description: "how the distributions are to be read: as ordered bins of a number, or as categories",
  }),
  n: z.number().openapi({
    description: "observations that had this feature; 0 where it has stopped arriving",
  }),
  statistics: z.object({
    ks: test.optional(),
    chiSquare: test.extend({ degreesOfFreedom: z.number() }).optional(),
    kl: z.number().optional().openapi({ description: "KL(reference || current), nats" }),
    js: z.number().optional().openapi({ description: "Jensen-Shannon distance" }),
    psi: z.number().optional().openapi({ description: "population stability index" }),
  }),
  effect: z.object({ name: z.string(), value: z.number(), threshold: z.number() }),
  pValue: z.number(),
  adjustedPValue: z.number(),
  drifted: z.boolean().openapi({ description: "effect and p-value both passed, in this window alone" }),
  evidence: z.object({ found: z.number(), needed: z.number() }).openapi({
    description:
      "of all windows so far: natural logarithms of the evidence found, and of what an alarm needs",
  }),
  alarm: z.boolean(),
  notice: z.boolean().openapi({
    description: "what is found of it is a notice about the traffic, and no drift",
  }),
  designEffect: z.number().openapi({
    description: "how many observations say as much as one independent one",
  }),
  change: z.object({
    text: z.string(),
    sinceMs: z.number(),
    share: z.object({ reference: z.number(), current: z.number() }),
    difference: z.object({ value: z.number(), low: z.number(), high: z.number() }),
  }).optional().openapi({ description: "the change that the evidence speaks for most, with a 95% interval" }),
}).openapi("FeatureResult");

const drawn = { reference: histogram, current: histogram };

const WindowSummarySchema = z.object({
  index: z.number(),
  startedAtMs: z.number(),
  closedAtMs: z.number(),
  n: z.number(),
  invalid: z.number(),
  alarm: z.boolean(),
  features: z.array(FeatureResultSchema),
}).openapi("WindowSummary");

const WindowReportSchema = WindowSummarySchema.extend({
  features: z.array(FeatureResultSchema.extend(drawn).openapi("FeatureReport")),
}).openapi("WindowReport");

/** The answer of GET /drift. */
export const DriftSnapshotSchema = z.object({
  model: z.string(),
  version: z.string(),
  alarm: z.boolean(),
  alarmFeatures: z.array(z.string()),
  notices: z.array(z.string()).openapi({
    description: "what is to be told of the traffic itself, and is no drift: repeats, empty inputs",
  }),
  windowSize: z.number(),
  windowMs: z.number().optional().openapi({
    description: "milliseconds after which a window closes that is not full",
  }),
  policy: z.record(z.string(), z.union([z.number(), z.record(z.string(), z.number())])),
  baseline: z.object({ observations: z.number() }),
  notes: z.array(z.string()).openapi({ description: "which features are not watched, and why" }),
  windowsClosed: z.number(),
  windows: z.array(WindowSummarySchema),
  latest: WindowReportSchema.optional(),
  open: z.object({
    n: z.number(),
    startedAtMs: z.number().optional(),
    invalid: z.number(),
    features: z.array(
      FeatureResultSchema.pick({ name: true, title: true, kind: true }).extend({
        unit: z.string(),
        meaning: z.string(),
        ...drawn,
      }).openapi("FeatureView"),
    ),
  }),
}).openapi("DriftSnapshot");

const query = z.object({
  model: z.string().optional().openapi({
    description: "Name of a served model; the default model if not given",
  }),
  version: z.string().optional().openapi({ description: "A version or an alias" }),
});

const snapshotRoute = createRoute({
  method: "get",
  path: "/drift",
  tags: ["drift"],
  summary: "How far the traffic is from the training data",
  request: { query },
  responses: {
    200: {
      description: "The state of the monitor",
      content: { "application/json": { schema: DriftSnapshotSchema } },
    },
    404: describeError("No such model is served, or it is not watched"),
  },
});

const streamRoute = createRoute({
  method: "get",
  path: "/drift/stream",
  tags: ["drift"],
  summary: "The same, live: server-sent events `snapshot`, `progress` and `window`",
  request: { query },
  responses: {
    200: {
      description:
        "`snapshot` once with the state, `window` for each window closed, `progress` while one fills",
      content: { "text/event-stream": { schema: z.string() } },
    },
    404: describeError("No such model is served, or it is not watched"),
    503: describeError("Too many streams are open"),
  },
});

/** GET /drift and GET /drift/stream. */
export function driftRoutes(
  app: OpenAPIHono,
  { models, streams }: { models: readonly ServedModel[]; streams: EventStreams },
): void {
  app.openAPIRegistry.registerPath(snapshotRoute);
  app.openAPIRegistry.registerPath(streamRoute);

  app.get("/drift", (c) => {
    const { model, monitor } = findWatched(models, c.req.query("model"), c.req.query("version"));
    return c.json(describe(model, monitor));
  });

  app.get("/drift/stream", (c) => {
    const { model, monitor } = findWatched(models, c.req.query("model"), c.req.query("version"));
    let sent = -1;
    const stream = streams.open(sseEvent("snapshot", describe(model, monitor)), () => {
      const { open, windowSize, windowsClosed } = monitor.snapshot();
      const count = windowsClosed * windowSize + open.n;
      if (count === sent) return "";
      sent = count;
      return sseEvent("progress", { n: open.n, windowSize, windowsClosed });
    });
    stream.onEnd(monitor.onWindow((report) => stream.send(sseEvent("window", report))));
    return stream.response;
  });
}

function findWatched(
  models: readonly ServedModel[],
  name?: string,
  version?: string,
): { model: ServedModel; monitor: NonNullable<ServedModel["monitor"]> } {
  const model = findModel(models, name, version);
  if (model.monitor) return { model, monitor: model.monitor };
  const identity = identityOf(model);
  throw new HttpError(
    404,
    "NotFound",
    `${identity.name} ${identity.version} is not watched for drift: its bundle has no baseline.json.`,
  );
}

function describe(
  model: ServedModel,
  monitor: NonNullable<ServedModel["monitor"]>,
): Record<string, unknown> {
  const { name, version } = identityOf(model);
  return { model: name, version, ...monitor.snapshot() };
}
