/**
 * What every request passes through, whatever it asks for, and the error for one that no route answers.
 *
 * @module
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { HttpError } from "./errors.ts";
import type { Metrics } from "./metrics.ts";
import type { Traffic } from "./traffic.ts";

/** Gives each request an id, the client's own where it sent a harmless one, and returns it in `x-request-id`. */
export function requestId(): MiddlewareHandler {
  return async function requestId(c, next) {
    const given = c.req.header("x-request-id");
    const id = given && /^[\w.:-]{1,128}$/.test(given) ? given : crypto.randomUUID();
    c.set("requestId", id);
    await next();
    c.res.headers.set("x-request-id", id);
  };
}

/** The id that `requestId` gave. */
export function requestIdOf(c: Context): string {
  return c.get("requestId") ?? "";
}

/** Sets the headers that keep browsers from reading an answer as anything but what it is. */
export function secureHeaders(): MiddlewareHandler {
  return async function secureHeaders(c, next) {
    await next();
    for (const [name, value] of securityHeaders) c.res.headers.set(name, value);
  };
}

const securityHeaders = [
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-resource-policy", "same-origin"],
  // Everything from this server, nothing inline, no frames.
  [
    "content-security-policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
];

/** Counts and times requests, for Prometheus and for the dashboard. */
export function observeRequests(
  { metrics, traffic, clock }: {
    readonly metrics: Pick<Metrics, "observeRequest">;
    readonly traffic: Pick<Traffic, "record">;
    readonly clock: () => number;
  },
): MiddlewareHandler {
  return async function observeRequests(c, next) {
    const started = performance.now();
    await next();
    const durationMs = performance.now() - started;
    const { status } = c.res;
    // The pattern, not the path, and no made-up method: a client must not be able to make up time series.
    const route = c.req.routePath === "/*" ? "other" : c.req.routePath;
    const method = methods.includes(c.req.method) ? c.req.method : "other";
    metrics.observeRequest({ route, method, status }, durationMs / 1_000);
    // What is posted is for a model.
    if (method === "POST" && route !== "other") {
      traffic.record(durationMs, { failed: status >= 400, atMs: clock() });
    }
  };
}

/** The error for a request that no route answers: 405 where others of its address do, else 404. */
export function unknownAddress(app: Pick<OpenAPIHono, "router">, c: Context): HttpError {
  const allowed = methods.filter((method) =>
    app.router.match(method, c.req.path)[0].some(([[, route]]) => route.method !== "ALL")
  );
  if (allowed.length === 0) {
    const message = "There is nothing at this address. /openapi.json lists what there is.";
    return new HttpError(404, "NotFound", message);
  }
  return new HttpError(
    405,
    "Validation",
    `${c.req.method.slice(0, 20)} is not answered at ${c.req.path.slice(0, 200)}; use ${allowed[0]}.`,
    { allow: allowed.join(", ") },
  );
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
