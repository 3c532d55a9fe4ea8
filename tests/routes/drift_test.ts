import assert from "node:assert/strict";
import { DriftSnapshotSchema } from "../../routes/drift.ts";
import { errorOf, failingService, post, withApp } from "./harness.ts";

/** Reads events off a stream until `done` says so. */
async function readEvents(
  response: Response,
  done: (events: { event: string; data: unknown }[]) => boolean,
): Promise<{ event: string; data: unknown }[]> {
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const events: { event: string; data: unknown }[] = [];
  let text = "";
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  while (!done(events)) {
    const { value, done: ended } = await reader.read();
    if (ended) break;
    text += value;
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const match = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end));
      if (match) events.push({ event: match[1], data: JSON.parse(match[2]) });
    }
  }
  await reader.cancel();
  return events;
}

Deno.test("GET /drift is the monitor's snapshot, in the documented form, through an alarm", () =>
  withApp(async ({ app }) => {
    const snapshot = async () => {
      const json = await (await app.request("/drift")).json();
      const parsed = DriftSnapshotSchema.strict().safeParse(json);
      assert.ok(parsed.success, String(parsed.error));
      return parsed.data;
    };
    const before = await snapshot();
    assert.equal(before.model, "spam");
    assert.equal(before.alarm, false);
    assert.equal(before.latest, undefined);
    assert.deepEqual(before.windows, []);

    for (let i = 0; i < 85; i++) {
      await app.request("/predict", post({ inputs: `${i} ${"free money now ".repeat(12)}` }));
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    const after = await snapshot();
    assert.equal(after.windowsClosed, 2);
    assert.equal(after.open.n, 5);
    assert.equal(after.alarm, true);
    assert.ok(after.alarmFeatures.includes("predictedClass"), String(after.alarmFeatures));
    const length = after.latest!.features.find((feature) => feature.name === "characters")!;
    assert.ok(length.statistics.ks!.pValue < 1e-6);
    assert.match(
      length.change!.text,
      /^(larger: 100% are above the reference's median|> \d+: [\d.]+% in the reference, 100% now)/,
    );
    assert.deepEqual([length.alarm, length.notice], [true, false]);
    assert.equal(length.reference.labels.length, length.current.shares.length);
    const { models: [health] } = await (await app.request("/health")).json();
    assert.equal(health.drift_alarm, true);
  }));

Deno.test("the stream tells the state, the progress, and each window as it closes", () =>
  withApp(async ({ app }) => {
    const response = await app.request("/drift/stream");
    const reading = readEvents(
      response,
      (events) => events.some((e) => e.event === "window") && events.length >= 3,
    );
    for (let i = 0; i < 45; i++) {
      await app.request("/predict", post({ inputs: "the meeting is on monday" }));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const events = await reading;
    assert.equal(events[0].event, "snapshot");
    assert.ok(events.some((e) => e.event === "progress"));
    const window = events.find((e) => e.event === "window")!.data as { index: number; n: number };
    assert.deepEqual([window.index, window.n], [0, 40]);
  }));

Deno.test("a model that is not watched is a 404 that says so", () =>
  withApp(async ({ app }) => {
    for (const path of ["/drift?model=bare", "/drift/stream?model=bare"]) {
      assert.match(await errorOf(await app.request(path), 404, "NotFound"), /bare 2\.0\.0 is not watched/);
    }
    await errorOf(await app.request("/drift?model=spam&version=7"), 404, "NotFound");
  }, { models: [{ service: failingService("bare") }] }));

Deno.test("event streams are bounded, end when the app closes, and free their place when a reader leaves", async () => {
  let last: ReadableStreamDefaultReader<Uint8Array> | undefined;
  await withApp(async ({ app }) => {
    const first = await app.request("/drift/stream");
    const second = await app.request("/ui/stream");
    const refused = await app.request("/drift/stream");
    assert.equal(refused.headers.get("retry-after"), "10");
    assert.match(await errorOf(refused, 503, "Overloaded"), /2 event streams are open/);
    await first.body!.cancel();
    const third = await app.request("/drift/stream");
    assert.equal(third.status, 200);
    await second.body!.cancel();
    last = third.body!.getReader();
  }, { limits: { streams: 2 } });
  while (!(await last!.read()).done);
});
