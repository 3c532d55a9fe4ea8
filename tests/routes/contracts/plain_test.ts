import assert from "node:assert/strict";
import { z } from "zod";
import { createApp } from "../../../routes/app.ts";
import { servedTask } from "../../../src/tasks/served.ts";
import type { AnyServedTask, TextQuery } from "../../../src/tasks/task.ts";
import { errorOf, post, stubService, withApp } from "../harness.ts";

/** A task that no contract knows: it counts words. */
const counting: AnyServedTask = {
  ...servedTask("text-classification"),
  name: "word-count",
  title: "counting words",
  parameters: z.strictObject({ least: z.number().int().optional() }),
  answer: z.object({ words: z.number() }),
  describe: (answer) => `${(answer as { words: number }).words} words`,
  outcome: undefined,
};

function countingService(name = "counter", asked: unknown[] = []) {
  return stubService(name, (queries, options) => {
    asked.push([queries, options?.parameters]);
    const words = (query: TextQuery) =>
      (typeof query === "string" ? query : query.join(" ")).split(" ").length;
    return Promise.resolve(queries.map((query) => ({ words: words(query) })));
  }, counting);
}

Deno.test("a task is asked in Hugging Face's shape: one input gives one answer, a list gives a list", () =>
  withApp(async ({ app }) => {
    const answer = async (inputs: unknown, more = {}) => {
      const response = await app.request("/v1/text-classification", post({ inputs, ...more }));
      const body = await response.json();
      assert.equal(response.status, 200, JSON.stringify(body));
      assert.match(response.headers.get("x-compute-tokens")!, /^\d+$/);
      return body;
    };
    const single = await answer("free money now!");
    assert.deepEqual(single.map((p: { label: string }) => p.label), ["spam", "ham"]);
    assert.deepEqual(await answer(["free money now!"]), [single]);
    assert.deepEqual(await answer({ text: "free money now!" }), single);
    const pair = await answer({ text: "click now", text_pair: "the report" });
    assert.notDeepEqual(pair, await answer("click now"));
    // Two strings are a batch of two; a pair stands inside a list.
    assert.deepEqual(await answer(["free money now!", ["click now", "the report"]]), [single, pair]);
    assert.equal((await answer(["click now", "the report"])).length, 2);

    const [best, ...others] = await answer("free money now!", {
      parameters: { top_k: 1, function_to_apply: "none" },
    });
    assert.ok(Math.abs(best.score - 2.1226332) < 1e-5);
    assert.deepEqual(others, []);
    const long = "the meeting ".repeat(60) + "free money ".repeat(60);
    assert.equal((await answer(long, { truncation_direction: "left" }))[0].label, "spam");
  }));

const wrong: [string, unknown, number, RegExp][] = [
  ["no inputs", {}, 422, /inputs: expected a string/],
  ["a number", { inputs: 3 }, 422, /inputs: expected a string/],
  ["an empty list", { inputs: [] }, 422, /inputs/],
  ["three in a pair", { inputs: [["a", "b", "c"]] }, 422, /inputs/],
  ["an object without a text", { inputs: { text_pair: "a" } }, 422, /inputs/],
  ["parameters in a list", { inputs: "a", parameters: [] }, 422, /parameters/],
  [
    "a parameter of another type",
    { inputs: "a", parameters: { top_k: "all" } },
    422,
    /`parameters` of text-classification: top_k/,
  ],
  ["too large a batch", { inputs: new Array(300_000).fill(1) }, 413, /batch size 300000 > .* 32/],
  ["half a surrogate pair", '{"inputs": [["a", "\\ud800"]]}', 400, /surrogate/],
  ["too long a text", { inputs: "a ".repeat(100), truncate: false }, 413, /at most 32 tokens/],
  ["a model that there is not", { inputs: "a", model: "ham" }, 404, /Served: spam 1\.0\.0 \(champion\)/],
  ["a version that there is not", { inputs: "a", model: "spam@9.9.9" }, 404, /"spam 9\.9\.9"/],
];

Deno.test("a malformed request is a JSON error of one line that names the field", async (t) => {
  await withApp(async ({ app, errors }) => {
    for (const [what, body, status, message] of wrong) {
      await t.step(what, async () => {
        const response = await app.request("/v1/text-classification", post(body));
        assert.match(await errorOf(response, status, status === 404 ? "NotFound" : "Validation"), message);
      });
    }
    assert.deepEqual(errors, []);
  });
});

Deno.test("a model is chosen by task, by name, and by version or alias", () => {
  const asked: unknown[] = [];
  return withApp(async ({ app }) => {
    const request = async (task: string, body: unknown) => {
      const response = await app.request(`/v1/${task}`, post(body));
      assert.equal(response.status, 200);
      return await response.json();
    };
    assert.deepEqual(await request("word-count", { inputs: "a b", parameters: { least: 1 } }), { words: 2 });
    assert.deepEqual(await request("word-count", { inputs: [["a", "b c"]], model: "counter@2.0.0" }), [{
      words: 3,
    }]);
    assert.deepEqual(asked, [[["a b"], { least: 1 }], [[["a", "b c"]], undefined]]);
    for (const model of ["spam", "spam@1.0.0", "spam@champion"]) {
      const [{ label }] = await request("text-classification", { inputs: "free money", model });
      assert.equal(label, "spam", model);
    }
    const other = await app.request("/v1/text-classification", post({ inputs: "a", model: "counter" }));
    assert.equal(
      await errorOf(other, 422, "Validation"),
      "counter 2.0.0 does counting words, and answers of text classification were asked for; POST /v1/word-count asks it.",
    );
    for (
      const [path, init] of [["/v1/translation", post({ inputs: "a" })], ["/v1/translation/schema"]] as const
    ) {
      assert.match(
        await errorOf(await app.request(path, init), 404, "NotFound"),
        /task "translation" .* Served: spam 1\.0\.0 \(champion\): text-classification; counter 2\.0\.0: word-count\./,
      );
    }
  }, { models: [{ service: countingService("counter", asked) }] });
});

Deno.test("the schemas of a task are served, and stand in the OpenAPI document", async () => {
  const app = createApp({ models: [{ service: countingService() }] });
  const schema = await (await app.request("/v1/word-count/schema")).json();
  assert.deepEqual([schema.task, schema.title], ["word-count", "counting words"]);
  assert.deepEqual(schema.answer.required, ["words"]);
  const [parameters] = schema.request.properties.parameters.anyOf;
  assert.deepEqual(Object.keys(parameters.properties), ["least"]);
  assert.deepEqual(schema.request.required, ["inputs"]);

  const { paths } = await (await app.request("/openapi.json")).json();
  // Nothing that no model here could answer.
  assert.ok(!("/predict" in paths) && !("/embed" in paths));
  const { post: operation } = paths["/v1/word-count"];
  assert.deepEqual(operation.requestBody.content["application/json"].schema, schema.request);
  assert.deepEqual(operation.responses["200"].content["application/json"].schema.anyOf[0], schema.answer);
  app.close();
});

Deno.test("the page, its box and the counts show a task that they do not know", async () => {
  const app = createApp({ models: [{ service: countingService() }] });
  const html = await (await app.request("/")).text();
  assert.match(html, /counting words/);
  const answer = await app.request("/ui/try?model=counter", post({ text: "a <b> c" }));
  assert.match(await answer.text(), /^<p>3 words<\/p><pre>\{\n {2}&quot;words&quot;: 3\n\}<\/pre>$/);
  app.close();
});
