import assert from "node:assert/strict";
import { type BatcherOptions, createBatcher } from "../../src/serve/batcher.ts";
import { ServeError, type ServeErrorKind } from "../../src/serve/errors.ts";
import { type Executor, lastEvent } from "../../src/serve/executor.ts";

/** A batcher over texts whose Worker answers on request, on a clock that the test moves. */
function harness(options: Partial<BatcherOptions<string, string>> = {}) {
  const batches: { items: string[]; done: PromiseWithResolvers<string[]> }[] = [];
  const timers = new Set<{ at: number; callback: () => void }>();
  const clock = { ms: 0 };
  const executor = createBatcher<string, string>({
    run(items) {
      const done = Promise.withResolvers<string[]>();
      batches.push({ items, done });
      return done.promise;
    },
    tokensOf: (text) => text.length,
    now: () => clock.ms,
    setTimer(callback, ms) {
      const timer = { at: clock.ms + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    ...options,
  });
  return {
    batcher: asked(executor),
    batches,
    timers,
    advance(ms: number) {
      clock.ms += ms;
      for (const timer of [...timers]) {
        if (timer.at > clock.ms) continue;
        timers.delete(timer);
        timer.callback();
      }
    },
    /** answers the oldest open batch with its texts in capitals */
    async answer() {
      const batch = batches.find((b) => !answered.has(b))!;
      answered.add(batch);
      batch.done.resolve(batch.items.map((text) => text.toUpperCase()));
      await settle();
    },
    async fail(message: string, kind: ServeErrorKind = "backend") {
      const batch = batches.find((b) => !answered.has(b))!;
      answered.add(batch);
      batch.done.reject(new ServeError(kind, message));
      await settle();
    },
  };
}

/** A batcher whose answer to a request is a promise. */
function asked<Q, E>(executor: Executor<Q, E>) {
  return {
    submit: (...query: Parameters<typeof executor.submit>) => lastEvent(executor.submit(...query)),
    close: () => executor.close(),
    get queued() {
      return executor.queued;
    },
    get running() {
      return executor.running;
    },
  };
}

const answered = new WeakSet<object>();

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function kind(wanted: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ServeError, String(error));
    assert.equal(error.kind, wanted);
    return true;
  };
}

Deno.test("a single input goes to a free Worker at once, without waiting for company", async () => {
  const h = harness();
  const result = h.batcher.submit(["a"]);
  assert.deepEqual(h.batches.map((b) => b.items), [["a"]]);
  h.advance(3);
  await h.answer();
  assert.deepEqual(await result, [{ result: "A", queueMs: 0 }]);
});

Deno.test("what arrives while the Worker is busy goes together, and says how long it waited", async () => {
  const h = harness();
  const first = h.batcher.submit(["a"]);
  const second = h.batcher.submit(["b"]);
  h.advance(5);
  const third = h.batcher.submit(["c"]);
  assert.equal(h.batcher.queued, 2);
  await h.answer();
  assert.deepEqual(h.batches.map((b) => b.items), [["a"], ["b", "c"]]);
  await h.answer();
  assert.equal((await first)[0].result, "A");
  assert.deepEqual(await second, [{ result: "B", queueMs: 5 }]);
  assert.deepEqual(await third, [{ result: "C", queueMs: 0 }]);
});

Deno.test("at most `workers` batches are under way", async () => {
  const h = harness({ workers: 2 });
  const all = Promise.all(["a", "b", "c"].map((text) => h.batcher.submit([text])));
  assert.equal(h.batches.length, 2);
  assert.equal(h.batcher.running, 2);
  await h.answer();
  assert.equal(h.batches.length, 3);
  await h.answer();
  await h.answer();
  await all;
  assert.equal(h.batcher.running, 0);
});

Deno.test("a batch is of the oldest input's length bucket, so that short texts are not padded to long ones", async () => {
  const h = harness({ buckets: [4, 8] });
  const all = ["x", "short", "ab", "longer12", "cd", "much longer"].map((text) => h.batcher.submit([text]));
  for (let i = 0; i < 4; i++) await h.answer();
  await Promise.all(all);
  assert.deepEqual(h.batches.map((b) => b.items), [["x"], ["short", "longer12"], ["ab", "cd"], [
    "much longer",
  ]]);
});

Deno.test("a batch never exceeds its padded tokens, and no input overtakes an older one of its bucket", async () => {
  const h = harness({ buckets: [8], maxBatchTokens: 12 });
  const all = ["x", "aaa", "bbbbbb", "c", "ddddddd", "e"].map((text) => h.batcher.submit([text]));
  for (let i = 0; i < 5; i++) await h.answer();
  await Promise.all(all);
  // Two of width 6 are 12. "c" beside "ddddddd" would be 14, and "e" would fit beside "c" but is younger than "ddddddd".
  assert.deepEqual(h.batches.map((b) => b.items), [["x"], ["aaa", "bbbbbb"], ["c"], ["ddddddd"], ["e"]]);
});

Deno.test("an input of a higher priority goes first, and those of one priority in the order they came", async () => {
  const h = harness({ maxBatchItems: 1 });
  const all = Promise.all([
    h.batcher.submit(["running"]),
    h.batcher.submit(["a"]),
    h.batcher.submit(["b", "c"], { priority: 1 }),
    h.batcher.submit(["d"], { priority: 1 }),
    h.batcher.submit(["e"]),
  ]);
  for (let i = 0; i < 6; i++) await h.answer();
  await all;
  assert.deepEqual(h.batches.flatMap((b) => b.items), ["running", "b", "c", "d", "a", "e"]);
});

Deno.test("a failure whose events nobody reads does not end the process", async () => {
  const executor = createBatcher<string, string>({
    run: () => Promise.reject(new ServeError("backend", "no")),
    tokensOf: () => 1,
  });
  executor.submit(["a"]);
  await executor.close();
  executor.submit(["b"]);
  await settle();
});

Deno.test("an input above the token budget goes alone", async () => {
  const h = harness({ maxBatchTokens: 4 });
  const result = h.batcher.submit(["far too long"]);
  await h.answer();
  assert.equal((await result)[0].result, "FAR TOO LONG");
});

Deno.test("a full queue refuses a request whole, and says when to try again", async () => {
  const h = harness({ maxQueue: 3 });
  const held = h.batcher.submit(["a"]);
  const waiting = h.batcher.submit(["b", "c"]);
  await assert.rejects(h.batcher.submit(["d", "e"]), (error) => {
    assert.ok(error instanceof ServeError);
    assert.equal(error.kind, "overloaded");
    assert.ok(error.retryAfterMs! > 0);
    return true;
  });
  assert.equal(h.batcher.queued, 2);
  const fits = h.batcher.submit(["f"]);
  await h.answer();
  await h.answer();
  await Promise.all([held, waiting, fits]);
  await assert.rejects(h.batcher.submit(["1", "2", "3", "4"]), kind("validation"));
});

Deno.test("an input that waits past its deadline fails, and one in time does not", async () => {
  const h = harness();
  const held = h.batcher.submit(["a"]);
  const late = h.batcher.submit(["b"], { deadline: 10 });
  const patient = h.batcher.submit(["c"], { deadline: 30 });
  h.advance(10);
  await assert.rejects(late, kind("timeout"));
  h.advance(10);
  await h.answer();
  await h.answer();
  assert.equal((await held)[0].result, "A");
  assert.equal((await patient)[0].result, "C");
  assert.equal(h.timers.size, 0);
});

Deno.test("a cancelled input leaves the queue, and one under way is dropped when it comes back", async () => {
  const h = harness();
  const [first, second] = [new AbortController(), new AbortController()];
  const running = h.batcher.submit(["a"], { signal: first.signal });
  const waiting = h.batcher.submit(["b"], { signal: second.signal });
  second.abort();
  await assert.rejects(waiting, kind("cancelled"));
  assert.equal(h.batcher.queued, 0);
  first.abort();
  await assert.rejects(running, kind("cancelled"));
  await h.answer();
  assert.equal(h.batches.length, 1);
  await assert.rejects(h.batcher.submit(["c"], { signal: second.signal }), kind("cancelled"));
});

Deno.test("a failed batch is halved until the input at fault is alone", async () => {
  const seen: string[][] = [];
  const gate = Promise.withResolvers<void>();
  const batcher = asked(createBatcher<string, string>({
    async run(items) {
      if (items[0] === "gate") await gate.promise;
      seen.push(items);
      if (items.includes("boom")) throw new ServeError("backend", "boom");
      return items.map((text) => text.toUpperCase());
    },
    tokensOf: () => 1,
  }));
  const held = batcher.submit(["gate"]);
  const results = Promise.allSettled(["a", "b", "boom", "d"].map((text) => batcher.submit([text])));
  gate.resolve();
  await held;
  const settled = await results;
  assert.deepEqual(settled.map((r) => r.status), ["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  assert.deepEqual(seen, [["gate"], ["a", "b", "boom", "d"], ["a", "b"], ["boom", "d"], ["boom"], ["d"]]);
  await batcher.close();
  assert.equal(batcher.running, 0);
});

Deno.test("a batch that hung fails whole: running its halves would hang again", async () => {
  const h = harness();
  const held = h.batcher.submit(["a"]);
  const hung = Promise.allSettled([h.batcher.submit(["b"]), h.batcher.submit(["c"])]);
  await h.answer();
  await h.fail("no answer", "timeout");
  for (const result of await hung) kind("timeout")((result as PromiseRejectedResult).reason);
  assert.equal(h.batches.length, 2);
  await held;
});

Deno.test("one failed input fails its request, whose others are not run any more", async () => {
  const h = harness({ buckets: [1], maxBatchItems: 1 });
  const result = h.batcher.submit(["a", "b", "c"]);
  result.catch(() => {});
  await h.fail("no");
  await assert.rejects(result, kind("backend"));
  assert.equal(h.batcher.queued, 0);
});

Deno.test("closing answers what is under way and refuses what waits and what comes", async () => {
  const h = harness();
  const running = h.batcher.submit(["a"]);
  const waiting = h.batcher.submit(["b"], { deadline: 1000 });
  const closing = h.batcher.close();
  await assert.rejects(waiting, kind("closed"));
  await assert.rejects(h.batcher.submit(["c"]), kind("closed"));
  await h.answer();
  assert.equal((await running)[0].result, "A");
  await closing;
  assert.equal(h.timers.size, 0);
});

Deno.test("a limit that makes no sense is refused when the batcher is made", () => {
  assert.throws(() => harness({ workers: 0 }), /workers is 0; wanted a whole number above 0/);
});
