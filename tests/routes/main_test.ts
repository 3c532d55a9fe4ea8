import assert from "node:assert/strict";
import { listen } from "../../routes/main.ts";
import { createApp } from "../../routes/app.ts";
import { post, stubService, withApp } from "./harness.ts";

Deno.test("the server answers over a socket, on loopback and a free port by default", () =>
  withApp(async ({ app }) => {
    const server = listen(app);
    assert.equal(server.hostname, "127.0.0.1");
    const response = await fetch(`${server.url}/predict`, post({ inputs: "free money" }));
    assert.equal((await response.json())[0].label, "spam");
    await server.close();
    await assert.rejects(fetch(`${server.url}/health`));
  }));

Deno.test("a body that is announced to be too large is refused before it is read", async () => {
  const app = createApp({
    models: [{ service: stubService("m", () => Promise.resolve([[]])) }],
    limits: { bodyBytes: 100 },
  });
  const server = listen(app);
  const connection = await Deno.connect({ hostname: server.hostname, port: server.port });
  const head =
    "POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 101\r\n\r\n";
  await connection.write(new TextEncoder().encode(head));
  const buffer = new Uint8Array(4096);
  const n = await connection.read(buffer);
  assert.match(new TextDecoder().decode(buffer.subarray(0, n!)), /^HTTP\/1\.1 413 /);
  connection.close();
  const small = await fetch(`${server.url}/predict`, post({ inputs: "a" }));
  assert.equal(small.status, 200);
  await small.body?.cancel();
  await server.close();
});

Deno.test("closing answers what is under way, and ends the event streams", async () => {
  const entered = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const service = stubService("slow", async () => {
    entered.resolve();
    await gate.promise;
    return [[{ label: "a", score: 1 }]];
  });
  const server = listen(createApp({ models: [{ service }] }));
  const stream = await fetch(`${server.url}/ui/stream`);
  const slow = fetch(`${server.url}/predict`, post({ inputs: "a" }));
  await entered.promise;
  const closing = server.close();
  for await (const _ of stream.body!);
  gate.resolve();
  assert.equal((await (await slow).json())[0].label, "a");
  await closing;
  await server.close();
});

Deno.test("a client that goes away cancels its request", async () => {
  const cancelled = Promise.withResolvers<void>();
  const service = stubService("slow", async (_, options) => {
    await new Promise<void>((resolve) => options!.signal!.addEventListener("abort", () => resolve()));
    cancelled.resolve();
    return [[{ label: "a", score: 1 }]];
  });
  const server = listen(createApp({ models: [{ service }] }));
  const abort = new AbortController();
  const asked = fetch(`${server.url}/predict`, { ...post({ inputs: "a" }), signal: abort.signal });
  setTimeout(() => abort.abort(), 50);
  await assert.rejects(asked);
  await cancelled.promise;
  await server.close();
});

Deno.test("a port that is taken is an error that says what to do", () => {
  const app = createApp({ models: [] });
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  assert.throws(
    () => listen(app, { port }),
    new RegExp(`Port 127\\.0\\.0\\.1:${port} is taken\\. Choose another with --port`),
  );
  assert.throws(() => listen(app, { hostname: "203.0.113.7" }), /no address 203\.0\.113\.7/);
  assert.throws(
    () => listen(app, { hostname: "300.1.1.1" }),
    /^UserError: 300\.1\.1\.1 is no address of a machine/,
  );
  taken.close();
  app.close();
});
