/**
 * GET /openapi.json.
 *
 * @module
 */
import type { OpenAPIHono } from "@hono/zod-openapi";

/** GET /openapi.json: generated from the schemas that validate requests. */
export function openapiRoutes(app: OpenAPIHono): void {
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "Weir",
      version: "0.1.0",
      description:
        "Models of text in the shapes of Hugging Face and of text-embeddings-inference, with drift of the traffic against the " +
        "training data.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
  });
}
