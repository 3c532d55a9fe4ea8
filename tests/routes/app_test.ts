import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { errorOf, failingService, post, withApp } from "./harness.ts";

Deno.test("health says what is served, and is a 503 when nothing is", async () => {
  await withApp(async ({ app }) => {
    const response = await app.request("/health");
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      status: "ok",
      models: [{ name: "spam", version: "1.0.0", drift_alarm: false }],
    });
  });
  const empty = createApp({ models: [] });
  assert.match(await errorOf(await empty.request("/health"), 503, "Unhealthy"), /No model is loaded/);
  await errorOf(await empty.request("/predict", post({ inputs: "a" })), 404, "NotFound");
  empty.close();
});

Deno.test("info says what the model is and its limits", () =>
  withApp(async ({ app }) => {
    const { models: [model] } = await (await app.request("/info")).json();
    assert.equal(model.name, "spam");
    assert.deepEqual(model.labels, ["ham", "spam"]);
    assert.deepEqual(model.aliases, ["champion"]);
    assert.equal(model.max_input_length, 32);
    assert.equal(model.metrics.accuracy.value, 0.981);
    assert.equal(model.lineage.runId, "golden");
  }));

Deno.test("every answer carries the security headers, errors and the page too", () =>
  withApp(async ({ app }) => {
    for (const path of ["/", "/health", "/nothing", "/openapi.json", "/metrics", "/ui/client.js"]) {
      const response = await app.request(path);
      await response.body?.cancel();
      assert.equal(response.headers.get("x-content-type-options"), "nosniff", path);
      const policy = response.headers.get("content-security-policy")!;
      assert.match(policy, /default-src 'none'/, path);
      assert.doesNotMatch(policy, /unsafe|http|\*/, path);
      assert.match(response.headers.get("x-request-id")!, /./, path);
    }
  }));

Deno.test("an unknown address is a 404, a wrong method a 405 that says which", () =>
  withApp(async ({ app }) => {
    assert.match(await errorOf(await app.request("/nothing"), 404, "NotFound"), /openapi\.json/);
    const response = await app.request("/predict");
    assert.equal(response.headers.get("allow"), "POST");
    assert.match(await errorOf(response, 405, "Validation"), /GET is not answered at \/predict; use POST/);
    await errorOf(await app.request("/health", { method: "DELETE" }), 405, "Validation");
    for (const path of ["/models/spam/predict", "/models/none/predict", "/v1/text-classification"]) {
      const refused = await app.request(path);
      assert.equal(refused.headers.get("allow"), "POST");
      await errorOf(refused, 405, "Validation");
    }
  }));

Deno.test("the OpenAPI document lists every route, and every reference in it resolves", () =>
  withApp(async ({ app }) => {
    const document = await (await app.request("/openapi.json")).json();
    assert.equal(document.openapi, "3.1.0");
    assert.deepEqual(Object.keys(document.paths).sort(), [
      "/drift",
      "/drift/stream",
      "/health",
      "/info",
      "/metrics",
      "/models/{name}/predict",
      "/predict",
      "/v1/text-classification",
      "/v1/text-classification/schema",
    ]);
    for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      assert.ok(name in document.components.schemas, name);
    }
    for (const path of ["/predict", "/models/{name}/predict"]) {
      const { responses } = document.paths[path].post;
      for (const status of ["200", "400", "413", "422", "429", "503"]) {
        assert.ok(responses[status], `${path} ${status}`);
      }
    }
  }));

Deno.test("metrics count requests by route, inputs by label, batches, and drift", () =>
  withApp(async ({ app }) => {
    for (let i = 0; i < 45; i++) await app.request("/predict", post({ inputs: "free money" }));
    await app.request("/predict", post({ inputs: 3 }));
    await app.request(`/made-up-${crypto.randomUUID()}`);
    await app.request("/predict", { method: "MADE-UP" });
    await app.request("/predict", { method: "MADE-UP-TOO" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const text = await (await app.request("/metrics")).text();
    const value = (line: string) => {
      const found = text.split("\n").find((row) => row.startsWith(`${line} `));
      assert.ok(found, `${line} in\n${text}`);
      return Number(found.slice(line.length + 1));
    };
    assert.equal(value('weir_http_requests_total{method="POST",route="/predict",status="200"}'), 45);
    assert.equal(value('weir_http_requests_total{method="POST",route="/predict",status="422"}'), 1);
    assert.equal(value('weir_http_requests_total{method="GET",route="other",status="404"}'), 1);
    assert.equal(value('weir_http_requests_total{method="other",route="other",status="405"}'), 2);
    assert.doesNotMatch(text, /made-up/i);
    assert.equal(value('weir_http_request_duration_seconds_count{method="POST",route="/predict"}'), 46);
    assert.equal(value('weir_predictions_total{model="spam",version="1.0.0",label="spam"}'), 45);
    assert.equal(value('weir_batch_size_count{model="spam",version="1.0.0"}'), 45);
    assert.equal(value('weir_tokens_total{model="spam",version="1.0.0",kind="text"}'), 180);
    assert.equal(value('weir_drift_windows{model="spam",version="1.0.0"}'), 1);
    assert.ok(
      value('weir_drift_statistic{model="spam",version="1.0.0",feature="characters",statistic="ks"}') > 0.5,
    );
    assert.ok(value('weir_drift_effect_ratio{model="spam",version="1.0.0",feature="characters"}') > 1);
    assert.equal(value('weir_drift_alarm{model="spam",version="1.0.0"}'), 1);
    assert.ok(value('weir_drift_evidence_ratio{model="spam",version="1.0.0",feature="characters"}') > 1);
    assert.ok(value("process_resident_memory_bytes") > 1e7);
    for (const line of text.split("\n")) {
      assert.match(line, /^(#.*|[a-z_]+(\{[^}]*\})? [\d.e+-]+(Inf)?|)$/);
    }
  }));

Deno.test("two apps in one process do not share metrics", async () => {
  const apps = [1, 2].map(() => createApp({ models: [{ service: failingService("m") }] }));
  await apps[0].request("/health");
  assert.doesNotMatch(await (await apps[1].request("/metrics")).text(), /route="\/health"/);
  for (const app of apps) app.close();
});
