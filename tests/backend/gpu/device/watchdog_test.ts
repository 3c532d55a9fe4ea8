import assert from "node:assert/strict";
import { createWatchdog } from "../../../../src/backend/gpu/device/watchdog.ts";
import { BackendError } from "../../../../src/backend/interface.ts";

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

Deno.test("a wait that nothing answers fails, and names the last work and how much is before it", async () => {
  const watchdog = createWatchdog({ limitMs: 30, slowestFlops: 1e9 });
  watchdog.submit(() => {}, { label: 'a run of "first"', flops: 1000 });
  watchdog.submit(() => {}, { label: 'a run of "second"', flops: 1000 });
  await assert.rejects(
    watchdog.wait(new Promise(() => {})),
    (error: Error) =>
      error instanceof BackendError &&
      error.message ===
        'The GPU does not answer: nothing came back for 0.03 s; the last work it was given is a run of "second" and 1 ' +
          "more before it",
  );
  await assert.rejects(watchdog.wait(new Promise(() => {})), /nothing came back for 0\.03 s/);
});

Deno.test("a wait gives what it waited for, or its error, and leaves no timer", async () => {
  const watchdog = createWatchdog({ limitMs: 60_000, slowestFlops: 1e9 });
  assert.equal(await watchdog.wait(pause(5).then(() => 7)), 7);
  await assert.rejects(watchdog.wait(Promise.reject(new RangeError("no"))), RangeError);
});

Deno.test("an answer that came while the thread was blocked beyond the limit counts", async () => {
  const watchdog = createWatchdog({ limitMs: 40, slowestFlops: 1e9 });
  const answer = watchdog.wait(pause(10).then(() => pause(10)).then(() => "late"));
  block(120);
  assert.equal(await answer, "late");
});

Deno.test("much queued work may take longer, by what the device surely does and by what was measured of it", async () => {
  const watchdog = createWatchdog({ limitMs: 10, slowestFlops: 1e9 });
  assert.equal(watchdog.backlogMs, 0);
  watchdog.submit(() => {}, { label: "long", flops: 4e8 });
  assert.equal(watchdog.backlogMs, 400);
  await watchdog.wait(pause(150)); // 10 ms + ten times 400 ms
  assert.equal(watchdog.backlogMs, 0);
  watchdog.submit(() => {}, { label: "long", flops: 4e8 });
  assert.ok(watchdog.backlogMs < 390, `now it is known to take about 150 ms: ${watchdog.backlogMs}`);
});

Deno.test("much time for little arithmetic does not stretch the limit", async () => {
  const watchdog = createWatchdog({ limitMs: 200, slowestFlops: 1e9 });
  watchdog.submit(() => {}, { label: "small", flops: 10 });
  await watchdog.wait(pause(120));
  watchdog.submit(() => {}, { label: "larger", flops: 1e6 });
  assert.ok(watchdog.backlogMs <= 1, `${watchdog.backlogMs}`);
});

Deno.test("a guard that is given back leaves no thread", async () => {
  const watchdog = createWatchdog({ limitMs: 60_000, slowestFlops: 1e9 });
  {
    using _outer = watchdog.guard(() => "outer");
    using _inner = watchdog.guard(() => "inner");
    watchdog.submit(() => {}, { label: "work", flops: 1 });
    await watchdog.wait(pause(1));
  }
  watchdog.guard(() => "forgotten");
  watchdog.dispose();
});
