/**
 * Any task in Hugging Face's shape: `POST /v1/{task}` with `{ "inputs": ..., "parameters": ... }` gives the task's own
 * answers, and `GET /v1/{task}/schema` says what they are. Both come from the task's schemas alone.
 *
 * @module
 */
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { answerErrors, answerJson, checkForm, type Query, tooMany } from "../answer.ts";
import { readJson } from "../body.ts";
import { describeError, HttpError } from "../errors.ts";
import { describe, fittingModel, type Models, type ServedModel } from "../models.ts";
import { type JsonSchema, jsonSchema, zodOf } from "../schemas.ts";
import type { Contract } from "./contract.ts";

const text = z.union([
  z.string(),
  z.object({ text: z.string(), text_pair: z.string().nullish() }),
]);

const batch = z.array(z.union([text, z.tuple([z.string(), z.string()])])).min(1);

const requestSchema = z.object({
  inputs: z.union([text, batch], {
    error:
      "expected a string, { text, text_pair }, or a list of strings, such objects and pairs [text, text_pair]",
  }).describe(
    "A text, or two that the model reads together. A list is a batch, in which [text, text_pair] is a pair too.",
  ),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  model: z.string().optional().describe("name, name@version or name@alias; otherwise the first of the task"),
  truncate: z.boolean().nullish().describe(
    "Cut texts that are too long, or refuse them with 413; by default the server's setting.",
  ),
  truncation_direction: z.enum(["left", "right"]).default("right").describe("Which end is cut off."),
});

/** The contract. */
export const plain: Contract = {
  mount(app, models) {
    for (const { service: { task } } of firstOfEachTask(models)) documentTask(app, task);
    app.post("/v1/:task", (c) => answer(c, models));
    app.get("/v1/:task/schema", (c) => {
      const [{ service: { task } }] = modelsOf(c, models);
      return c.json({ task: task.name, title: task.title, ...schemasOf(task) });
    });
  },
};

async function answer(c: Context, models: Models): Promise<Response> {
  const candidates = modelsOf(c, models);
  const json = await readJson(c.req.raw, models.bodyBytes);
  checkLength(json, Math.max(...candidates.map(({ service }) => service.info().maxClientBatch)));
  const { inputs, parameters, model: asked, truncate, truncation_direction } = checkForm(requestSchema, json);
  const [name, reference] = asked?.split("@", 2) ?? [];
  const wanted = `answers of ${candidates[0].service.task.title}`;
  const model = fittingModel(models.served, candidates, wanted, { name, reference });
  const options = { parameters, truncate, truncationDirection: truncation_direction };
  return Array.isArray(inputs)
    ? await answerJson(c, model, inputs.map(queryOf), options, (answers) => answers)
    : await answerJson(c, model, [queryOf(inputs)], options, ([answer]) => answer);
}

/** The models of the address's task. */
function modelsOf(c: Context, { served }: Models): readonly ServedModel[] {
  const name = c.req.param("task") ?? "";
  const found = served.filter(({ service }) => service.task.name === name);
  if (found.length > 0) return found;
  throw new HttpError(
    404,
    "NotFound",
    `No model of a task ${JSON.stringify(name.slice(0, 80))} is served here. Served: ${
      served.map((model) => `${describe(model)}: ${model.service.task.name}`).join("; ") || "none"
    }.`,
  );
}

/** Refuses an endless list before the schema looks at each of its elements. */
function checkLength(json: unknown, most: number): void {
  const inputs = (json as { inputs?: unknown } | null)?.inputs;
  if (!Array.isArray(inputs) || inputs.length <= most) return;
  throw tooMany(inputs.length, most);
}

function queryOf(input: z.infer<typeof text> | [string, string]): Query {
  if (typeof input === "string" || Array.isArray(input)) return input;
  return typeof input.text_pair === "string" ? [input.text, input.text_pair] : input.text;
}

type Task = ServedModel["service"]["task"];

function firstOfEachTask({ served }: Models): Iterable<ServedModel> {
  return new Map(served.toReversed().map((model) => [model.service.task.name, model])).values();
}

/** What is sent and what comes back, as JSON schema. */
function schemasOf(task: Task): { request: JsonSchema; answer: JsonSchema } {
  return {
    request: jsonSchema(requestSchema.extend({ parameters: zodOf(task.parameters).nullish() }), "input"),
    answer: jsonSchema(zodOf(task.answer), "output"),
  };
}

function documentTask(app: OpenAPIHono, task: Task): void {
  const { request, answer } = schemasOf(task);
  const json = (schema: JsonSchema) => ({ "application/json": { schema } });
  app.openAPIRegistry.registerPath({
    method: "post",
    path: `/v1/${task.name}`,
    tags: ["tasks"],
    summary: `Ask for ${task.title}`,
    request: { body: { content: json(request), required: true } },
    responses: {
      200: {
        description: "One answer for one input, a list of answers for a list",
        content: json({ anyOf: [answer, { type: "array", items: answer }] }),
      },
      ...answerErrors,
      404: describeError("No such model is served"),
    },
  });
  app.openAPIRegistry.registerPath({
    method: "get",
    path: `/v1/${task.name}/schema`,
    tags: ["tasks"],
    summary: `What is sent and what comes back for ${task.title}, as JSON schema`,
    responses: {
      200: {
        description: "`request` and `answer`",
        content: {
          "application/json": {
            schema: z.object({
              task: z.string(),
              title: z.string(),
              request: z.record(z.string(), z.unknown()),
              answer: z.record(z.string(), z.unknown()),
            }),
          },
        },
      },
    },
  });
}
