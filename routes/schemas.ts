/**
 * A task's zod schemas as JSON schema: for documents, and to find what form its answers have.
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import type { ServedModel } from "./models.ts";

/** A JSON schema, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema as JSON schema; `io` says whether of what is sent (defaults may be missing) or of what comes back. */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return json;
}

/** A task's schema with what zod can do with it. */
export function zodOf(schema: ServedModel["service"]["task"]["answer"]): z.ZodType {
  return schema as z.ZodType;
}

/** Whether a model answers with labels and their scores, as classifiers do. */
export function isRanked(model: ServedModel): boolean {
  const { properties } = itemsOf(model);
  return Object.keys(properties ?? {}).sort().join() === "label,score";
}

/** Whether a model answers with a vector of numbers, as embedders do. */
export function isVector(model: ServedModel): boolean {
  return itemsOf(model).type === "number";
}

/** The schema of the elements of a model's answers; nothing where they are not lists. */
function itemsOf(model: ServedModel): { readonly type?: unknown; readonly properties?: object } {
  const { type, items } = jsonSchema(zodOf(model.service.task.answer), "output");
  return type === "array" ? items as ReturnType<typeof itemsOf> : {};
}
