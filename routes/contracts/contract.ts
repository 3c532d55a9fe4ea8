/**
 * What a served contract is.
 *
 * @module
 */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Models } from "../models.ts";

/** One family of addresses in the shapes that some clients know. */
export interface Contract {
  /** Adds its routes, with their entries in the OpenAPI document. */
  mount(app: OpenAPIHono, models: Models): void;
}
