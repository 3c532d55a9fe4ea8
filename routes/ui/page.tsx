import type { OpenAPIHono } from "@hono/zod-openapi";
export function pageRoutes(_app: OpenAPIHono, _parts: unknown): void {}
