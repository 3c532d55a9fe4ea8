import assert from "node:assert/strict";
import { createEventStreams, sseEvent } from "../../routes/event_streams.ts";

Deno.test("a reader that stops reading is cut off, and does not fill the memory", async () => {
  const streams = createEventStreams({ tickMs: 5 });
  let ended = 0;
  const stream = streams.open("", () => "x".repeat(1_000_000));
  stream.onEnd(() => ended++);
  for (let i = 0; i < 10; i++) stream.send("x".repeat(1_000_000));
  assert.equal(streams.count, 0);
  assert.equal(ended, 1);
  let bytes = 0;
  for await (const chunk of stream.response.body!) bytes += chunk.length;
  assert.ok(bytes < 6e6, `${bytes} bytes were kept`);
});

Deno.test("a quiet stream is kept open with comments, and its ticker stops with the last reader", async () => {
  const streams = createEventStreams({ tickMs: 1 });
  const stream = streams.open(sseEvent("hello", { a: 1 }), () => "");
  const reader = stream.response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, 'retry: 2000\n\nevent: hello\ndata: {"a":1}\n\n');
  assert.equal((await reader.read()).value, ": still here\n\n");
  await reader.cancel();
  assert.equal(streams.count, 0); // the test's sanitizer would report a timer that is left
});
