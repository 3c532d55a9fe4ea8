/**
 * The HTTP API, put together: contracts that models answer under, and what watches them.
 *
 * @module
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { contracts } from "./contracts/index.ts";
import { driftRoutes } from "./drift.ts";
import { errorResponse } from "./errors.ts";
import { createEventStreams } from "./event_streams.ts";
import { createMetrics, metricsRoutes } from "./metrics.ts";
import { observeRequests, requestId, requestIdOf, secureHeaders, unknownAddress } from "./middleware.ts";
import type { Models, ServedModel } from "./models.ts";
import { openapiRoutes } from "./openapi.ts";
import { createTraffic } from "./traffic.ts";
import { pageRoutes } from "./ui/page.tsx";

export type { ServedModel } from "./models.ts";

/** What an app is put together from. */
export interface AppParts {
  /** What is served; the first one that can answers requests that name none. */
  readonly models: readonly ServedModel[];
  /** What a client may use of the server. */
  readonly limits?: {
    /** Longest request body; 2,000,000 unless given. */
    readonly bodyBytes?: number;
    /** Event streams open at once; 64 unless given. */
    readonly streams?: number;
  };
  /** Wall clock, ms since 1970. */
  clock?(): number;
  /** Called with errors that are bugs, and the id that the client saw. */
  onError?(error: unknown, requestId: string): void;
  /** How often the page and the streams are brought up to date, ms; 1,000 unless given. */
  readonly tickMs?: number;
}

/** The HTTP API, without a socket: `app.request(...)` answers, `listen` puts it on the network. */
export interface App {
  /** Answers a path, or a request, as Hono's `app.request` does: for tests. */
  request(input: string | Request | URL, init?: RequestInit): Response | Promise<Response>;
  /** Answers a request: what a server calls. */
  fetch(request: Request): Response | Promise<Response>;
  /** Ends the event streams and stops watching the models; the models' services stay open. */
  close(): void;
}

/**
 * Puts the HTTP API together and feeds the models' monitors from what comes in.
 *
 * @example
 * ```ts
 * import { createService } from "../src/serve/service.ts";
 * import { createApp } from "./app.ts";
 * import assert from "node:assert/strict";
 *
 * const bundle = new URL("../tests/golden/serve/bundle", import.meta.url).pathname;
 * const service = await createService({ bundle, device: "wasm", warmUpMs: 0 });
 * const app = createApp({ models: [{ service }] });
 * const response = await app.request("/predict", {
 *   method: "POST",
 *   headers: { "content-type": "application/json" },
 *   body: JSON.stringify({ inputs: "free money now!" }),
 * });
 * const [best] = await response.json();
 * assert.equal(best.label, "spam");
 * app.close();
 * await service.close();
 * ```
 */
export function createApp(parts: AppParts): App {
  const { models, clock = Date.now, onError = () => {} } = parts;
  const served: Models = { served: models, bodyBytes: parts.limits?.bodyBytes ?? 2_000_000 };
  const app = new OpenAPIHono();
  const streams = createEventStreams({ limit: parts.limits?.streams, tickMs: parts.tickMs });
  const metrics = createMetrics(models);
  const traffic = createTraffic();
  const report = (error: unknown, c: Context) => onError(error, requestIdOf(c));
  const stops = models.flatMap(({ service, monitor }) =>
    monitor ? [service.onObservation((observation, atMs) => void monitor.observe(observation, atMs))] : []
  );

  app.use(requestId(), secureHeaders(), observeRequests({ metrics, traffic, clock }));

  for (const contract of contracts) contract.mount(app, served);
  metricsRoutes(app, metrics);
  driftRoutes(app, { models, streams });
  openapiRoutes(app);
  pageRoutes(app, { models: served, streams, traffic, clock });

  app.notFound((c) => errorResponse(unknownAddress(app, c), c, report));
  app.onError((error, c) => errorResponse(error, c, report));

  return {
    request: (input, init) => app.request(input, init),
    fetch: (request) => app.fetch(request),
    close() {
      streams.close();
      metrics.close();
      for (const stop of stops) stop();
    },
  };
}
