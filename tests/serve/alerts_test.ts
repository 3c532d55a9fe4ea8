// Alerts: what begins and ends, sent until it is taken.
import assert from "node:assert/strict";
import { type Alert, BaselineBuilder, DriftMonitor } from "../../src/drift/mod.ts";
import { type AlertState, tellAlerts } from "../../src/serve/alerts.ts";
import { createWebhook, isPrivateAddress, signatureOf } from "../../src/serve/webhook.ts";
import { featuresOf, type Observed, simulateTexts, type Traffic, USUAL } from "../drift/simulate.ts";

const builder = new BaselineBuilder(featuresOf());
const reference = simulateTexts(1);
for (let i = 0; i < 400; i++) builder.observe(reference(USUAL));
const baseline = builder.build();

function feed(
  monitor: DriftMonitor<Observed>,
  seed: number,
  count: number,
  kind: Partial<Traffic> = {},
): void {
  const text = simulateTexts(seed);
  for (let i = 0; i < count; i++) monitor.observe(text({ ...USUAL, ...kind }), i * 1000);
}

/** A receiver that answers as it is told, on loopback. */
function receiver(answers: number[]) {
  const got: { alert: Alert; text: string; signed: boolean }[] = [];
  const waiting: (() => void)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const body = await request.text();
    const { alert, text } = JSON.parse(body);
    const timestamp = request.headers.get("x-weir-timestamp")!;
    const signature = request.headers.get("x-weir-signature");
    const wanted = `v1=${await signatureOf("hush", `${timestamp}.${body}`)}`;
    const status = answers.shift() ?? 200;
    if (status === 200) got.push({ alert, text, signed: signature === wanted });
    waiting.splice(0).forEach((resolve) => resolve());
    return new Response("", { status });
  });
  const asked = () => new Promise<void>((resolve) => waiting.push(resolve));
  return { server, got, asked, url: `http://127.0.0.1:${server.addr.port}/hook` };
}

Deno.test("an alarm is sent when it begins and when it ends, signed, again until it is taken, and once", async () => {
  const { server, got, asked, url } = receiver([503, 500, 429]);
  try {
    const lines: string[] = [];
    const monitor = new DriftMonitor(featuresOf(), baseline, { windowSize: 200 });
    const send = createWebhook({ url, secret: "hush", allowPrivate: true });
    const options = {
      name: "toy",
      version: "1.0.0",
      log: (line: string) => void lines.push(line),
      send,
      retryMs: 1,
    };
    const alerts = tellAlerts(monitor as never, options);
    feed(monitor, 2, 400);
    feed(monitor, 3, 400, { spamShare: 0.7 });
    while (got.length === 0) await asked();
    assert.match(
      lines[0],
      /^toy 1\.0\.0: drift: Predicted class: "(spam|ham)": \d+% in the reference, \d+% now, since /,
    );
    assert.match(lines[0], /\(false alarms to expect: 1 in 100,000 windows\)$/);
    assert.equal(lines[1], `the alert ${got[0].alert.id} is sent again later: it answered 503`);
    feed(monitor, 4, 1200);
    while (!got.some(({ alert }) => alert.state === "ended")) await asked();
    await alerts.stop();
    assert.equal(new Set(got.map(({ alert }) => alert.id)).size, got.length, "each once");
    const own = got.filter(({ alert }) => alert.feature === "predictedClass");
    assert.deepEqual(own.map(({ alert }) => alert.state), ["raised", "ended"]);
    assert.ok(got.every(({ signed }) => signed));
    const { difference, kind } = own[0].alert;
    assert.ok(kind === "alarm" && Math.abs(difference!.value) > 0.2);
    assert.ok(difference!.low > 0 === difference!.high > 0, "the interval leaves 0 out");
    assert.match(own[1].text, /^toy 1\.0\.0: drift is over: Predicted class$/);
  } finally {
    await server.shutdown();
  }
});

Deno.test("what nobody took is sent after a restart, and what was raised before is not raised again", async () => {
  const log = () => {};
  const nobody = createWebhook({ url: "http://127.0.0.1:9/", allowPrivate: true, timeoutMs: 500 });
  const first = new DriftMonitor(featuresOf(), baseline, { windowSize: 200 });
  const down = tellAlerts(first as never, { name: "toy", version: "1.0.0", log, send: nobody, retryMs: 1 });
  feed(first, 3, 600, { spamShare: 0.7 });
  await new Promise((resolve) => setTimeout(resolve, 30));
  await down.stop();
  const state: AlertState = JSON.parse(JSON.stringify(down.state()));
  assert.ok(state.pending.length >= 1);
  const { server, got, asked, url } = receiver([]);
  try {
    const monitor = new DriftMonitor(featuresOf(), baseline, { windowSize: 200, state: first.save() });
    const send = createWebhook({ url, allowPrivate: true });
    const up = tellAlerts(monitor as never, { name: "toy", version: "1.0.0", log, send, state });
    feed(monitor, 5, 400, { spamShare: 0.7 });
    while (got.length < state.pending.length) await asked();
    await up.stop();
    const raised = got.filter(({ alert }) => alert.feature === "predictedClass");
    assert.deepEqual(raised.map(({ alert }) => alert.id), ["toy@1.0.0/predictedClass/raised/0"]);
    assert.deepEqual(up.state().pending, []);
  } finally {
    await server.shutdown();
  }
  const odd = tellAlerts(first as never, {
    name: "toy",
    version: "1.0.0",
    log,
    state: { pending: 7, known: [1] },
  });
  assert.deepEqual(odd.state(), { pending: [], known: [] });
  await odd.stop();
});

Deno.test("an alert that is refused is dropped with a line, and redirects are not followed", async () => {
  const { server, got, url } = receiver([400, 302]);
  try {
    const alert = { id: "x", model: "m", version: "1.0.0", title: "T", state: "ended" } as Alert;
    const send = createWebhook({ url, allowPrivate: true });
    assert.deepEqual(await send(alert), { status: "refused", why: "it answered 400" });
    assert.deepEqual(await send(alert), { status: "refused", why: "it answered 302" });
    assert.equal(got.length, 0);
  } finally {
    await server.shutdown();
  }
});

Deno.test("private addresses are refused unless they are allowed, and what is no address at once", async () => {
  const alert = { id: "x" } as Alert;
  for (
    const host of [
      "127.0.0.1",
      "localhost",
      "10.1.2.3",
      "192.168.0.9",
      "169.254.169.254",
      "[::1]",
      "[fd00::1]",
    ]
  ) {
    const delivery = await createWebhook({ url: `http://${host}/hook` })(alert);
    assert.equal(delivery.status, "refused", host);
    assert.match((delivery as { why: string }).why, /of this machine or of a private network/, host);
  }
  for (
    const address of ["100.64.0.1", "172.31.255.255", "0.0.0.0", "::ffff:7f00:1", "fe80::1", "198.18.0.1"]
  ) {
    assert.ok(isPrivateAddress(address), address);
  }
  for (const address of ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "192.169.1.1"]) {
    assert.ok(!isPrivateAddress(address), address);
  }
  for (const url of ["ftp://example.org", "nonsense", "javascript:1"]) {
    assert.throws(() => createWebhook({ url }), /must begin with https/);
  }
});
