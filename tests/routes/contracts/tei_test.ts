import assert from "node:assert/strict";
import { z } from "zod";
import { PredictRequestSchema } from "../../../routes/contracts/tei.ts";
import { createApp } from "../../../routes/app.ts";
import { ServeError, type ServeErrorKind } from "../../../src/serve/errors.ts";
import { servedTask } from "../../../src/tasks/served.ts";
import { errorOf, failingService, post, stubService, withApp } from "../harness.ts";

Deno.test("a text, a pair and a batch are answered in the shapes of text-embeddings-inference", () =>
  withApp(async ({ app }) => {
    const answer = async (inputs: unknown, more = {}) => {
      const response = await app.request("/predict", post({ inputs, ...more }));
      assert.equal(response.status, 200);
      assert.match(response.headers.get("content-type")!, /^application\/json/);
      return await response.json();
    };
    const single = await answer("free money now!");
    assert.deepEqual(Object.keys(single[0]), ["score", "label"]);
    assert.deepEqual(single.map((p: { label: string }) => p.label), ["spam", "ham"]);
    assert.ok(single[0].score > 0.97 && single[0].score < 0.98);

    // One string in a list is one text, two are a pair: one list of scores, as that server does it.
    assert.deepEqual(await answer(["free money now!"]), single);
    const pair = await answer(["click now", "the report"]);
    assert.equal(pair.length, 2);
    assert.equal(pair[0].label, "spam");
    assert.deepEqual(await answer([["free money now!"], ["click now", "the report"]]), [single, pair]);
    assert.deepEqual(await answer([["free money now!"]]), [single]);
    assert.equal((await answer("")).length, 2);

    const raw = await answer("free money now!", { raw_scores: true });
    assert.ok(Math.abs(raw[0].score - 2.1226332) < 1e-5);
  }));

Deno.test("truncation is as asked for: cut at either end, or refused with 413", () =>
  withApp(async ({ app }) => {
    const text = "the meeting ".repeat(60) + "free money ".repeat(60);
    const best = async (more: Record<string, unknown>) =>
      (await (await app.request("/predict", post({ inputs: text, ...more }))).json())[0].label;
    assert.equal(await best({}), "ham");
    assert.equal(await best({ truncate: null, truncation_direction: "right" }), "ham");
    assert.equal(await best({ truncate: true, truncation_direction: "Left" }), "spam");
    const refused = await app.request("/predict", post({ inputs: text, truncate: false }));
    assert.match(await errorOf(refused, 413, "Validation"), /at most 32 tokens/);
  }));

Deno.test("an answer says where its time went, and carries the request's id", () =>
  withApp(async ({ app }) => {
    const response = await app.request("/predict", post({ inputs: "free" }, { "x-request-id": "abc-1" }));
    assert.equal(response.headers.get("x-request-id"), "abc-1");
    assert.equal(response.headers.get("x-compute-characters"), "4");
    assert.equal(response.headers.get("x-compute-tokens"), "3");
    assert.equal(response.headers.get("x-compute-type"), "cpu");
    for (
      const name of [
        "x-compute-time",
        "x-total-time",
        "x-tokenization-time",
        "x-queue-time",
        "x-inference-time",
      ]
    ) {
      assert.match(response.headers.get(name)!, /^\d+$/, name);
    }
    const strange = await app.request("/health", { headers: { "x-request-id": "a\tb<script>" } });
    assert.match(strange.headers.get("x-request-id")!, /^[0-9a-f-]{36}$/);
  }));

const wrong: [string, unknown, number, RegExp][] = [
  ["broken JSON", '{"inputs": "a"', 400, /not JSON/],
  ["an empty body", "", 400, /not JSON/],
  ["a list", [], 422, /body/],
  ["null", "null", 422, /body/],
  ["no inputs", {}, 422, /inputs: expected a string, a pair/],
  ["a number", { inputs: 3 }, 422, /inputs: expected a string, a pair/],
  ["an empty list", { inputs: [] }, 422, /inputs/],
  ["an empty sequence", { inputs: [[]] }, 422, /inputs/],
  ["three strings", { inputs: ["a", "b", "c"] }, 422, /inputs/],
  ["three in a sequence", { inputs: [["a", "b", "c"]] }, 422, /inputs/],
  ["a mixture", { inputs: ["a", ["b"]] }, 422, /inputs/],
  ["numbers in a list", { inputs: [[1]] }, 422, /inputs/],
  ["a word for a switch", { inputs: "a", raw_scores: "yes" }, 422, /raw_scores/],
  ["a strange direction", { inputs: "a", truncation_direction: "up" }, 422, /truncation_direction/],
  ["half a surrogate pair", '{"inputs": "\\ud800"}', 400, /surrogate/],
  ["a million numbers", { inputs: new Array(300_000).fill(1) }, 422, /inputs/],
  ["an endless sequence", { inputs: [new Array(300_000).fill("a")] }, 422, /inputs/],
  [
    "too large a batch",
    { inputs: new Array(33).fill(["a"]) },
    413,
    /batch size 33 > maximum allowed batch size 32/,
  ],
  ["too large a body", { inputs: "x".repeat(2_000_001) }, 413, /larger than 2000000 bytes/],
  ["too long a text", { inputs: "x".repeat(1_000_001) }, 413, /1000000 characters/],
];

Deno.test("a malformed request is a JSON error of one line, never a success", async (t) => {
  await withApp(async ({ app, errors }) => {
    for (const [what, body, status, message] of wrong) {
      await t.step(what, async () => {
        const response = await app.request("/predict", post(body));
        assert.match(await errorOf(response, status, "Validation"), message);
      });
    }
    await t.step("not UTF-8", async () => {
      const body = new Uint8Array([...new TextEncoder().encode('{"inputs":"'), 0xff, 0xfe, 0x22, 0x7d]);
      const init = { method: "POST", headers: { "content-type": "application/json" }, body };
      assert.match(await errorOf(await app.request("/predict", init), 400, "Validation"), /not valid UTF-8/);
    });
    await t.step("no content type", async () => {
      const init = { method: "POST", body: '{"inputs":"a"}' };
      assert.match(
        await errorOf(await app.request("/predict", init), 415, "Validation"),
        /Content-Type.*text\/plain/,
      );
    });
    await t.step("a compressed body", async () => {
      const init = {
        method: "POST",
        headers: { "content-type": "application/json", "content-encoding": "gzip" },
        body: new Uint8Array([0x1f, 0x8b, 0x08]),
      };
      assert.match(
        await errorOf(await app.request("/predict", init), 415, "Validation"),
        /without `Content-Encoding`\. Given: gzip\./,
      );
    });
    await t.step("a body that is sent in pieces and never ends", async () => {
      let sent = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          sent += 65_536;
          controller.enqueue(new Uint8Array(65_536).fill(0x20));
        },
      });
      const init = { method: "POST", headers: { "content-type": "application/json" }, body, duplex: "half" };
      assert.match(await errorOf(await app.request("/predict", init), 413, "Validation"), /larger/);
      assert.ok(sent < 3_000_000);
    });
    assert.deepEqual(errors, []);
  });
});

Deno.test("a body of a megabyte is answered", () =>
  withApp(async ({ app }) => {
    const response = await app.request("/predict", post({ inputs: "free ".repeat(200_000) }));
    assert.equal((await response.json())[0].label, "spam");
  }));

Deno.test("a model is found by name, version and alias, and an unknown one is a 404 that names what is served", () => {
  const other = stubService("topic", () => Promise.resolve([[{ label: "sports", score: 1 }]]));
  return withApp(async ({ app }) => {
    const label = async (path: string) => {
      const response = await app.request(path, post({ inputs: "free money" }));
      assert.equal(response.status, 200, path);
      return (await response.json())[0].label;
    };
    assert.equal(await label("/models/spam/predict"), "spam");
    assert.equal(await label("/models/spam/predict?version=1.0.0"), "spam");
    assert.equal(await label("/models/spam/predict?version=champion"), "spam");
    assert.equal(await label("/models/topic/predict"), "sports");
    for (
      const path of [
        "/models/nope/predict",
        "/models/spam/predict?version=9.9.9",
        "/models/topic/predict?version=champion",
      ]
    ) {
      const message = await errorOf(await app.request(path, post({ inputs: "a" })), 404, "NotFound");
      assert.match(message, /Served: spam 1\.0\.0 \(champion\); topic 2\.0\.0\./);
    }
  }, { models: [{ service: other }] });
});

const failures: [ServeErrorKind, number, string, boolean][] = [
  ["overloaded", 429, "Overloaded", true],
  ["timeout", 503, "Overloaded", true],
  ["closed", 503, "Unhealthy", true],
  ["tokenizer", 422, "Tokenizer", false],
  ["backend", 424, "Backend", false],
  ["validation", 413, "Validation", false],
];

for (const [kind, status, type, retries] of failures) {
  Deno.test(`a failure of kind ${kind} is a ${status}${retries ? " with Retry-After" : ""}`, async () => {
    const error = new ServeError(kind, "what happened", {
      retryAfterMs: kind === "overloaded" ? 2_100 : undefined,
    });
    const app = createApp({ models: [{ service: failingService("m", error) }] });
    const response = await app.request("/predict", post({ inputs: "a" }));
    assert.equal(await errorOf(response, status, type), "what happened");
    assert.equal(response.headers.get("retry-after"), retries ? (kind === "overloaded" ? "3" : "1") : null);
    app.close();
  });
}

Deno.test("a bug is a 500 that tells the client nothing and the operator everything", async () => {
  const reported: [unknown, string][] = [];
  const bug = new Error("secret path /etc/x");
  const app = createApp({
    models: [{ service: failingService("m", bug) }],
    onError: (error, id) => reported.push([error, id]),
  });
  const response = await app.request("/predict", post({ inputs: "a" }, { "x-request-id": "r1" }));
  assert.equal(await errorOf(response, 500, "Internal"), "Something went wrong on the server.");
  assert.deepEqual(reported, [[bug, "r1"]]);
  app.close();
});

Deno.test("the schema in the OpenAPI document is the one that validates", async () => {
  const app = createApp({ models: [{ service: failingService("m") }] });
  const document = await (await app.request("/openapi.json")).json();
  const { inputs } = document.components.schemas.PredictRequest.properties;
  assert.equal(inputs.anyOf.length, 3);
  const example = { inputs: inputs.example };
  assert.ok(PredictRequestSchema.safeParse(example).success);
  app.close();
});

Deno.test("what a model does not answer with is not asked of it: the error says what it does", () => {
  const embeddings = { ...servedTask("text-classification"), name: "embeddings", title: "embeddings" };
  const vectors = { ...embeddings, answer: z.array(z.number()) };
  const embedder = stubService("minilm", (queries, options) => {
    assert.equal(options?.truncationDirection, "right");
    return Promise.resolve(queries.map((query) => [query.length, 0.5]));
  }, vectors);
  return withApp(async ({ app }) => {
    const embed = async (inputs: unknown) => await (await app.request("/embed", post({ inputs }))).json();
    assert.deepEqual(await embed("abc"), [[3, 0.5]]);
    assert.deepEqual(await embed(["abc", "de"]), [[3, 0.5], [2, 0.5]]);
    const refused = async (path: string, body: unknown) =>
      await errorOf(await app.request(path, post(body)), 422, "Validation");
    assert.match(await refused("/embed", { inputs: [["a", "b"]] }), /inputs: expected a string or a batch/);
    assert.equal(
      await refused("/models/minilm/predict", { inputs: "a" }),
      "minilm 2.0.0 does embeddings, and labels with scores were asked for; POST /v1/embeddings asks it.",
    );
    // The first model that can answers where none is named.
    assert.equal(
      (await (await app.request("/predict", post({ inputs: "free money" }))).json())[0].label,
      "spam",
    );
    const { models } = await (await app.request("/info")).json();
    assert.deepEqual(models.map((model: { task: string }) => model.task), [
      "text-classification",
      "embeddings",
    ]);
  }, { models: [{ service: embedder }] });
});

Deno.test("a server without an embedder says so at /embed", () =>
  withApp(async ({ app }) => {
    const message = await errorOf(await app.request("/embed", post({ inputs: "a" })), 422, "Validation");
    assert.match(message, /spam 1\.0\.0 \(champion\) does text classification, and vectors were asked for/);
  }));
