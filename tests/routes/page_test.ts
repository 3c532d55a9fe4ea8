import assert from "node:assert/strict";
import { createApp } from "../../routes/app.ts";
import { formatDrift } from "../../src/cli/drift.ts";
import { spaced } from "../../routes/ui/format.ts";
import { BaselineBuilder, DriftMonitor, type Feature, rates } from "../../src/drift/mod.ts";
import { servedTask } from "../../src/tasks/served.ts";
import { baselineOf, errorOf, failingService, post, stubService, withApp } from "./harness.ts";

Deno.test("the page shows the model, its metrics with intervals, and every feature", () =>
  withApp(async ({ app }) => {
    const response = await app.request("/");
    assert.match(response.headers.get("content-type")!, /^text\/html/);
    const html = await response.text();
    assert.match(html, /^<!doctype html>/i);
    for (const text of ["spam", "1.0.0", "champion", "0.981", "0.972 – 0.988", "Filling the first window"]) {
      assert.ok(html.includes(text), text);
    }
    for (const id of ["banner", "traffic", "windows", "feature-characters", "feature-tokenDistribution"]) {
      assert.ok(html.includes(`id="${id}"`), id);
    }
    // Nothing came in yet: there is no share that it could have.
    assert.doesNotMatch(html, /→ 0%|class="current/);
    // Everything comes from here, and nothing is inline: the policy would block it.
    for (const [, address] of html.matchAll(/(?:src|href)="([^"]*)"/g)) assert.match(address, /^\//);
    assert.doesNotMatch(html, /<script(?! src)| style="| on\w+="/);
    for (const [, file] of html.matchAll(/"(\/ui\/[a-z.]+\.(?:js|css|svg))"/g)) {
      const asset = await app.request(file);
      assert.equal(asset.status, 200, file);
      await asset.body?.cancel();
    }
  }));

Deno.test("the live parts follow the traffic to the alarm, with the words of the tokens", () =>
  withApp(async ({ app }) => {
    const stream = await app.request("/ui/stream");
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (let i = 0; i < 80; i++) {
      await app.request("/predict", post({ inputs: "free money now ".repeat(12) }));
    }
    let text = "";
    while (!text.includes('data-state=\\"alarm\\"')) text += (await reader.read()).value;
    await reader.cancel();
    const html = await (await app.request("/")).text();
    assert.match(html, /Drift: what comes in no longer looks like the training data/);
    assert.match(html, /for (2 windows|1 window), since <time datetime="\d{4}-\d\d-\d\dT/);
    assert.match(html, /Window 1, from \d{4}-\d\d-\d\d \d\d:\d\d UTC, /);
    assert.match(html, />free<\/text>/);
    assert.match(html, /cell alarm/);
    assert.match(html, /&lt; 0\.0001/);
  }));

Deno.test("a metric's name is written in words", () => {
  const names = ["macroF1", "f1", "f1.spam", "hitRate@1", "learntFrom", "mrr@10"];
  assert.deepEqual(names.map(spaced), [
    "macro F1",
    "F1",
    "F1 of spam",
    "hit rate@1",
    "learnt from",
    "mrr@10",
  ]);
});

Deno.test("a feature that has stopped arriving is shown as missing, and one without a reference is named", async () => {
  const { features, ...rest } = baselineOf("ham");
  const known = features.filter((feature) => feature.name !== "tokens");
  const watched = servedTask("text-classification").features({ head: { labels: ["ham", "spam"] } });
  const monitor = new DriftMonitor(watched, { ...rest, features: known }, { windowSize: 40 });
  const service = stubService("quiet", () => Promise.resolve([]));
  const app = createApp({ models: [{ service, monitor }] });
  for (let i = 0; i < 40; i++) {
    monitor.observe({ characters: 20 + i, tokenIds: [2, 5, 3], unknownTokens: 0, probabilities: [] }, i);
  }
  const html = await (await app.request("/")).text();
  assert.match(html, /<h3>Predicted class<\/h3><span class="chip alarm">Missing<\/span>/);
  assert.match(html, /no value in 100% of observations, 0% in the reference/);
  assert.match(html, /Nothing in the last window had this feature/);
  assert.match(html, /&quot;tokens&quot; is not watched for drift: the baseline has no reference of it/);
  assert.doesNotMatch(html, /NaN|undefined/);
  const metrics = await (await app.request("/metrics")).text();
  assert.match(metrics, /weir_drift_observations{model="quiet",version="2.0.0",feature="predictedClass"} 0/);
  assert.match(metrics, /weir_drift_observations{.*feature="characters"} 40/);
  assert.match(metrics, /weir_drift_statistic{.*feature="characters",statistic="ks"}/);
  app.close();
});

Deno.test("a feature of one's own is at /drift, in /metrics, on the page and in the report, whatever it is called", async () => {
  const features: Feature<number>[] = [
    {
      name: "waves",
      title: "Height of waves",
      kind: "numeric",
      unit: "",
      meaning: "a",
      scale: rates,
      read: (x) => x,
    },
    {
      name: "tide",
      title: "Tide",
      kind: "categorical",
      unit: "",
      meaning: "b",
      read: (x) => x < 0.5 ? "ebb" : "flood",
    },
  ];
  const builder = new BaselineBuilder(features);
  for (let i = 0; i < 400; i++) builder.observe(i % 100 / 100);
  const monitor = new DriftMonitor(features, builder.build(), { windowSize: 40 });
  const service = stubService("sea", () => Promise.resolve([]));
  const app = createApp({ models: [{ service, monitor: monitor as DriftMonitor<unknown> }] });
  const windows = Array.from({ length: 80 }, (_, i) => monitor.observe(0.9 + i % 10 / 100, i)).filter((w) =>
    !!w
  );
  const answer = async (path: string) => await (await app.request(path)).text();
  const [drift, metrics, html] = await Promise.all(["/drift", "/metrics", "/"].map(answer));
  const report = formatDrift(monitor.snapshot(), windows);
  for (const { name, title } of features) {
    assert.ok(JSON.parse(drift).alarmFeatures.includes(name), drift);
    assert.match(metrics, new RegExp(`weir_drift_feature_alarm{.*feature="${name}"} 1`));
    assert.match(metrics, new RegExp(`weir_drift_statistic{.*feature="${name}",statistic=`));
    assert.match(html, new RegExp(`id="feature-${name}"[^]*<h3>${title}</h3>`));
    assert.match(report, new RegExp(`^ALARM: .*${name}[^]*^${title} .*ALARM  .*$`, "m"));
  }
  app.close();
});

Deno.test("names and labels from a bundle are text on the page, never markup", async () => {
  const evil = `"><script>alert(1)</script>`;
  const service = stubService(evil, () => Promise.resolve([]));
  const app = createApp({ models: [{ service, aliases: [evil] }, { service: failingService("other") }] });
  const html = await (await app.request("/")).text();
  assert.ok(!html.includes("<script>alert"), html);
  assert.match(html, /&lt;script&gt;alert\(1\)/);
  assert.match(html, /Not watched/);
  assert.match(html, /other 2\.0\.0/);
  assert.equal((await app.request("/?model=other")).status, 200);
  await errorOf(await app.request("/?model=none"), 404, "NotFound");
  app.close();
});

Deno.test("the box shows a ranking as bars, and what was wrong as an error", () =>
  withApp(async ({ app }) => {
    const answer = await app.request("/ui/try?model=spam&version=1.0.0", post({ text: "free money now!" }));
    assert.match(answer.headers.get("content-type")!, /^text\/html/);
    assert.equal(answer.headers.get("x-compute-tokens"), "6");
    const html = await answer.text();
    assert.match(
      html,
      /^<div class="score best"><span>spam<\/span><svg .*<rect width="97\.\d+%".*<b>97\.\d%<\/b>/,
    );
    assert.doesNotMatch(html, / style="/);
    await errorOf(await app.request("/ui/try?model=none", post({ text: "a" })), 404, "NotFound");
    await errorOf(await app.request("/ui/try", post({ texts: "a" })), 422, "Validation");
  }));
